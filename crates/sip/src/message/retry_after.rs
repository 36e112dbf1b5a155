//! Retry-After (RFC 3261 section 20.33).

use super::{
    HeaderName, Headers, ParseError,
    lexer::{number, trim},
    readers::seconds,
};
use serde::{Deserialize, Serialize};

/// When to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryAfter {
    /// Seconds, at most 2^32-1.
    pub seconds: u32,
    /// What stands in parentheses.
    pub comment: Option<String>,
    /// How long they will be there then, in seconds.
    pub duration: Option<u32>,
}

impl RetryAfter {
    /// Reads a value: `18000 (in a meeting);duration=3600`.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let s = trim(s);
        let end = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        let (digits, rest) = s.split_at(end);
        let (comment, params) = match trim(rest).strip_prefix('(') {
            Some(inner) => {
                let (comment, params) = inner.rsplit_once(')').ok_or(ParseError::Brackets)?;
                (Some(comment.to_owned()), params)
            }
            None => (None, rest),
        };
        let duration = params.split(';').find_map(|p| {
            let (name, value) = p.split_once('=')?;
            trim(name)
                .eq_ignore_ascii_case("duration")
                .then(|| number(trim(value)).ok())?
        });
        Ok(Self {
            seconds: seconds(digits).ok_or(ParseError::Number)?,
            comment,
            duration,
        })
    }
}

impl Headers {
    /// Retry-After, if it can be read.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        RetryAfter::parse(self.first(&HeaderName::RetryAfter)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_rfc_3261_are_read() {
        let read = |s| RetryAfter::parse(s).map(|r| (r.seconds, r.comment, r.duration));
        assert_eq!(read("120"), Ok((120, None, None)));
        assert_eq!(read("18000;duration=3600"), Ok((18000, None, Some(3600))));
        assert_eq!(
            read("120 (I'm in a meeting)"),
            Ok((120, Some("I'm in a meeting".into()), None))
        );
        assert_eq!(
            read("949302838503028349304023988").map(|r| r.0),
            Ok(u32::MAX)
        );
        assert_eq!(read("soon"), Err(ParseError::Number));
        assert_eq!(read("5 (never ends"), Err(ParseError::Brackets));
    }
}
