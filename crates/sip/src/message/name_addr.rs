//! `"Display" <uri>;params`: From, To, Contact, Route and their kin (RFC 3261 section 20.10).

use super::{
    Params, ParseError, Text, Uri,
    lexer::{quoted_len, split, split_before, trim, unquote, write_quoted},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// A URI with an optional name and the header's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameAddr {
    /// Without quotes and escapes.
    pub display: Option<Text>,
    /// The URI.
    pub uri: Uri,
    /// Parameters of the header, not of the URI.
    pub params: Params,
}

impl NameAddr {
    /// A URI alone.
    pub const fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }
    /// With a display name.
    #[must_use]
    pub fn with_display(mut self, display: impl Into<Text>) -> Self {
        self.display = Some(display.into()).filter(|d| !d.is_empty());
        self
    }
    /// With this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }
    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|t| !t.is_empty())
    }

    /// Reads one value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(s);
        Self::cut(&text, &text)
    }

    /// Reads `s`, a piece of `of`.
    pub(crate) fn cut(of: &Text, s: &str) -> Result<Self, ParseError> {
        let s = trim(s);
        if s.is_empty() {
            return Err(ParseError::Empty);
        }
        let (display, rest) = if s.starts_with('"') {
            let (quoted, rest) = s.split_at(quoted_len(s).ok_or(ParseError::OpenQuote)?);
            let rest = trim(rest);
            if !rest.starts_with('<') {
                return Err(ParseError::Brackets);
            }
            (Some(quoted), rest)
        } else {
            match memchr::memchr(b'<', s.as_bytes()) {
                Some(at) => (Some(trim(&s[..at])), &s[at..]),
                None => return Self::bare(of, s),
            }
        };
        let display = match display {
            None | Some("") => None,
            Some(d) if d.starts_with('"') => match unquote(d) {
                Cow::Borrowed("") => None,
                Cow::Borrowed(d) => Some(of.cut(d)),
                Cow::Owned(d) => Some(d.into()),
            },
            // Wider than the grammar's tokens (accents, dots, brackets are met), but nothing that would
            // read as another value or a parameter.
            Some(d)
                if d.bytes()
                    .any(|b| b.is_ascii_control() || matches!(b, b'"' | b',' | b';' | b'>')) =>
            {
                return Err(ParseError::DisplayName);
            }
            Some(d) => Some(of.cut(d)),
        };
        let inner = rest.strip_prefix('<').ok_or(ParseError::Brackets)?;
        let (uri, params) = split(inner, b'>').ok_or(ParseError::Brackets)?;
        Ok(Self {
            display,
            uri: Uri::cut(of, uri)?,
            params: Params::parse(of, params)?,
        })
    }

    /// Without angle brackets all parameters are the header's, and the URI can have no headers.
    fn bare(of: &Text, s: &str) -> Result<Self, ParseError> {
        let (uri, params) = split_before(s, b';');
        let uri = Uri::cut(of, trim(uri))?;
        if uri.as_sip().is_some_and(|u| !u.headers.is_empty()) {
            return Err(ParseError::UriHeaders);
        }
        Ok(Self {
            display: None,
            uri,
            params: Params::parse(of, params)?,
        })
    }
}

impl From<Uri> for NameAddr {
    fn from(uri: Uri) -> Self {
        Self::new(uri)
    }
}

impl FromStr for NameAddr {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(s)
    }
}

/// Always with angle brackets, so that the URI's parameters stay the URI's.
impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write_quoted(f, display)?;
            f.write_str(" ")?;
        }
        f.write_str("<")?;
        self.uri.fmt(f)?;
        f.write_str(">")?;
        self.params.fmt(f)
    }
}
