//! URIs: `sip:` and `sips:` (RFC 3261 section 19), `tel:` (RFC 3966), and all others untouched.

use super::{
    Host, Params, ParseError, Text,
    lexer::{percent_decode, percent_encode, split, split_before, write_port},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// Text as it is written in a URI, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escaped {
    raw: Text,
    /// Only where it differs from `raw`.
    plain: Option<Box<str>>,
}

impl Escaped {
    /// With `%HH`.
    pub fn raw(&self) -> &str {
        &self.raw
    }
    /// Without.
    pub fn plain(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.raw)
    }
    fn from_wire(raw: Text) -> Self {
        let plain = match percent_decode(&raw) {
            Cow::Borrowed(_) => None,
            Cow::Owned(s) => Some(s.into()),
        };
        Self { raw, plain }
    }
    /// A user part that says `plain`.
    pub fn user(plain: &str) -> Self {
        Self::from_wire(percent_encode(plain, b"&=+$,;?/"))
    }
}

impl Serialize for Escaped {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(s)
    }
}
impl<'de> Deserialize<'de> for Escaped {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::from_wire(Text::deserialize(d)?))
    }
}

/// `sip:user:password@host:port;params?headers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipUri {
    /// `sips:`.
    pub secure: bool,
    /// User part.
    pub user: Option<Escaped>,
    /// Password, as written. Not recommended by anybody.
    pub password: Option<Box<Text>>,
    /// Host.
    pub host: Host,
    /// Port; absent is not the same as 5060 (RFC 3261 section 19.1.4).
    pub port: Option<u16>,
    /// Parameters.
    pub params: Params,
    /// Headers after the `?`, escaped as written.
    pub headers: Params,
}

/// Any URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uri {
    /// `sip:` and `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel {
        /// With visual separators as written.
        number: Text,
        /// Parameters, e.g. `phone-context`.
        params: Params,
    },
    /// Any other scheme, whole.
    Other(Text),
}

impl Uri {
    /// A `sip:` URI to `host` or `host:port`. The user is escaped; characters that no host has are dropped.
    pub fn sip<'a>(user: impl Into<Option<&'a str>>, host_port: &str) -> Self {
        let (host, port) =
            Host::parse_with_port(&Text::default(), host_port).unwrap_or_else(|_| {
                let ok = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
                (
                    Host::Name(host_port.chars().filter(ok).collect::<String>().into()),
                    None,
                )
            });
        Self::plain(user.into(), host, port)
    }

    /// A `sip:` URI to an address and port. The user is escaped.
    pub fn at<'a>(user: impl Into<Option<&'a str>>, addr: SocketAddr) -> Self {
        Self::plain(user.into(), addr.ip().into(), Some(addr.port()))
    }

    fn plain(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self::Sip(SipUri {
            secure: false,
            user: user.filter(|u| !u.is_empty()).map(Escaped::user),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: Params::new(),
        })
    }

    /// The same as `sips:`.
    #[must_use]
    pub fn secured(mut self) -> Self {
        if let Self::Sip(uri) = &mut self {
            uri.secure = true;
        }
        self
    }

    /// Reads all of `s`.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(s);
        Self::cut(&text, &text)
    }

    /// Reads `s`, a piece of `of`.
    pub(crate) fn cut(of: &Text, s: &str) -> Result<Self, ParseError> {
        let (scheme, rest) = split(s, b':').ok_or(ParseError::Uri)?;
        let scheme_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        if !scheme
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphabetic)
            || !scheme.bytes().all(scheme_char)
            || rest.is_empty()
            || rest
                .bytes()
                .any(|b| b <= b' ' || matches!(b, b'<' | b'>' | b'"' | 0x7f))
        {
            return Err(ParseError::Uri);
        }
        if scheme.eq_ignore_ascii_case("sip") {
            SipUri::cut(of, rest, false).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("sips") {
            SipUri::cut(of, rest, true).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("tel") {
            let (number, params) = split_before(rest, b';');
            if number.is_empty() {
                return Err(ParseError::Uri);
            }
            Ok(Self::Tel {
                number: of.cut(number),
                params: uri_params(of, params)?,
            })
        } else {
            Ok(Self::Other(of.cut(s)))
        }
    }

    /// The scheme, as written for schemes that are not known.
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(u) if u.secure => "sips",
            Self::Sip(_) => "sip",
            Self::Tel { .. } => "tel",
            Self::Other(s) => s.split(':').next().unwrap_or_default(),
        }
    }

    /// The `sip:` or `sips:` URI that it is.
    pub fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(u) => Some(u),
            _ => None,
        }
    }
    /// The same, to change it.
    pub fn as_sip_mut(&mut self) -> Option<&mut SipUri> {
        match self {
            Self::Sip(u) => Some(u),
            _ => None,
        }
    }

    /// The user of a `sip:` URI without escapes, or the number of a `tel:` URI.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Sip(u) => u.user.as_ref().map(Escaped::plain),
            Self::Tel { number, .. } => Some(number),
            Self::Other(_) => None,
        }
    }

    /// The host of a `sip:` URI.
    pub fn host(&self) -> Option<&Host> {
        self.as_sip().map(|u| &u.host)
    }

    /// The port of a `sip:` URI, if it names one.
    pub fn port(&self) -> Option<u16> {
        self.as_sip().and_then(|u| u.port)
    }

    /// `host` or `host:port`, as written after the `@`.
    pub fn host_port(&self) -> Option<String> {
        self.as_sip().map(|u| HostPort(&u.host, u.port).to_string())
    }

    /// The address and port, where the host is an IP address.
    pub fn socket_addr(&self, default_port: u16) -> Option<SocketAddr> {
        let u = self.as_sip()?;
        Some(SocketAddr::new(
            u.host.ip()?,
            u.port.unwrap_or(default_port),
        ))
    }

    /// The IP address, where the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host()?.ip()
    }

    /// The `transport` parameter.
    pub fn transport(&self) -> Option<&str> {
        self.param("transport")
    }

    /// A URI parameter, its value as written; a flag is `""`. The name may be written with escapes.
    pub fn param(&self, name: &str) -> Option<&str> {
        match self {
            Self::Sip(SipUri { params, .. }) | Self::Tel { params, .. } => named(params, name),
            Self::Other(_) => None,
        }
    }
    /// A URI parameter without escapes.
    pub fn param_text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.param(name).map(percent_decode)
    }

    /// With a URI parameter, escaped as needed.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl fmt::Display) -> Self {
        match &mut self {
            Self::Sip(SipUri { params, .. }) | Self::Tel { params, .. } => {
                params.set_escaped(name, value)
            }
            Self::Other(_) => {}
        }
        self
    }
    /// With a parameter that has no value, e.g. `lr`.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        match &mut self {
            Self::Sip(SipUri { params, .. }) | Self::Tel { params, .. } => params.set_flag(name),
            Self::Other(_) => {}
        }
        self
    }

    /// With a header after the `?`, escaped (`Replaces` in Refer-To).
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl fmt::Display) -> Self {
        if let Self::Sip(u) = &mut self {
            u.headers
                .put(name, Some(percent_encode(&value.to_string(), b"[]/?:+$")));
        }
        self
    }
    /// A header after the `?`, without escapes.
    pub fn header(&self, name: &str) -> Option<String> {
        Some(percent_decode(named(&self.as_sip()?.headers, name)?).into_owned())
    }
    /// Without the headers after the `?`, which no Request-URI may have.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        if let Self::Sip(u) = &mut self {
            u.headers = Params::new();
        }
        self
    }

    /// The same URI by RFC 3261 section 19.1.4 (RFC 3966 section 4 for `tel:`).
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (
                Self::Tel {
                    number: a,
                    params: p,
                },
                Self::Tel {
                    number: b,
                    params: q,
                },
            ) => {
                let digits = |s: &str| {
                    s.chars()
                        .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
                        .map(|c| c.to_ascii_lowercase())
                        .collect::<String>()
                };
                digits(a) == digits(b) && p.len() == q.len() && same_in_both(p, q, |_| true)
            }
            (Self::Other(a), Self::Other(b)) => a == b,
            _ => false,
        }
    }
}

impl SipUri {
    fn cut(of: &Text, rest: &str, secure: bool) -> Result<Self, ParseError> {
        // No `@` may stand unescaped but the one after the user; user parts may hold `;` and `?`.
        let (userinfo, rest) = match split(rest, b'@') {
            Some((u, r)) => (Some(u), r),
            None => (None, rest),
        };
        let (user, password) = match userinfo {
            None => (None, None),
            Some("") => return Err(ParseError::Uri),
            Some(info) => match split(info, b':') {
                Some((u, p)) => (Some(u), Some(p)),
                None => (Some(info), None),
            },
        };
        let (rest, headers) = split(rest, b'?').unwrap_or((rest, ""));
        let (host_port, params) = split_before(rest, b';');
        let (host, port) = Host::parse_with_port(of, host_port)?;
        Ok(Self {
            secure,
            user: user.map(|u| Escaped::from_wire(of.cut(u))),
            password: password.map(|p| Box::new(of.cut(p))),
            host,
            port,
            params: uri_params(of, params)?,
            headers: uri_headers(of, headers)?,
        })
    }

    fn equivalent(&self, other: &Self) -> bool {
        // Present in one URI alone, these never match.
        let must = |name: &str| {
            ["user", "ttl", "method", "maddr", "transport"]
                .iter()
                .any(|n| n.eq_ignore_ascii_case(name))
        };
        let password = |u: &Self| {
            u.password
                .as_deref()
                .map(|p| percent_decode(p).into_owned())
        };
        self.secure == other.secure
            && self.user.as_ref().map(Escaped::plain) == other.user.as_ref().map(Escaped::plain)
            && password(self) == password(other)
            && self.host.equivalent(&other.host)
            && self.port == other.port
            && same_in_both(&self.params, &other.params, must)
            && self.headers.len() == other.headers.len()
            && same_in_both(&self.headers, &other.headers, |_| true)
    }
}

/// Parameters that both have are equal, without case; those that `must` names are in both or in neither.
fn same_in_both(a: &Params, b: &Params, must: impl Fn(&str) -> bool) -> bool {
    // Of a name that is there twice the first counts, as everywhere.
    let half = |a: &Params, b: &Params| {
        a.iter().all(|p| {
            let name = percent_decode(&p.name);
            match (named(a, &name), named(b, &name)) {
                (Some(u), Some(v)) => percent_decode(u).eq_ignore_ascii_case(&percent_decode(v)),
                _ => !must(&name),
            }
        })
    };
    half(a, b) && half(b, a)
}

/// The value of a parameter whose name, escaped or not, is `name`.
fn named<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    let found = params
        .iter()
        .find(|p| percent_decode(&p.name).eq_ignore_ascii_case(name))?;
    Some(found.value.as_deref().unwrap_or_default())
}

fn uri_params(of: &Text, s: &str) -> Result<Params, ParseError> {
    let mut out = Params::new();
    if s.is_empty() {
        return Ok(out);
    }
    // Doubled and trailing semicolons are met in the wild and mean nothing.
    for one in s.split(';').filter(|p| !p.is_empty()) {
        let (name, value) = split(one, b'=').map_or((one, None), |(n, v)| (n, Some(v)));
        if name.is_empty() {
            return Err(ParseError::Param);
        }
        out.push_raw(of.cut(name), value.map(|v| of.cut(v)));
    }
    Ok(out)
}

fn uri_headers(of: &Text, s: &str) -> Result<Params, ParseError> {
    let mut out = Params::new();
    if s.is_empty() {
        return Ok(out);
    }
    for one in s.split('&').filter(|h| !h.is_empty()) {
        let (name, value) = split(one, b'=').ok_or(ParseError::Uri)?;
        if name.is_empty() {
            return Err(ParseError::Uri);
        }
        out.push_raw(of.cut(name), Some(of.cut(value)));
    }
    Ok(out)
}

struct HostPort<'a>(&'a Host, Option<u16>);

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        match self.1 {
            Some(port) => write_port(f, port),
            None => Ok(()),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(&user.raw)?;
            if let Some(password) = &self.password {
                f.write_str(":")?;
                f.write_str(password)?;
            }
            f.write_str("@")?;
        }
        HostPort(&self.host, self.port).fmt(f)?;
        self.params.fmt(f)?;
        for (i, h) in self.headers.iter().enumerate() {
            let sep = if i == 0 { '?' } else { '&' };
            write!(
                f,
                "{sep}{}={}",
                h.name,
                h.value.as_deref().unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(u) => u.fmt(f),
            Self::Tel { number, params } => write!(f, "tel:{number}{params}"),
            Self::Other(s) => f.write_str(s),
        }
    }
}

impl FromStr for Uri {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(s)
    }
}
