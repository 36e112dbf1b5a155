//! Hosts: names, IPv4, IPv6 in brackets.

use super::{ParseError, Text, lexer};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Where a URI or a Via points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Host {
    /// A domain name, spelled as it came.
    Name(Text),
    /// Four numbers.
    V4(Ipv4Addr),
    /// In brackets on the wire.
    V6(Ipv6Addr),
}

impl Host {
    /// The address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(ip) => Some((*ip).into()),
            Self::V6(ip) => Some((*ip).into()),
        }
    }

    /// Equal as RFC 3261 section 19.1.4 has it: names without case.
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            _ => self == other,
        }
    }

    pub(crate) fn parse(of: &Text, s: &str) -> Result<Self, ParseError> {
        if let Some(v6) = s.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            return three_colons(v6)
                .as_deref()
                .unwrap_or(v6)
                .parse()
                .map(Self::V6)
                .map_err(|_| ParseError::Host);
        }
        // A name may begin with a digit, so only what is an address is one.
        if s.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && let Ok(v4) = s.parse()
        {
            return Ok(Self::V4(v4));
        }
        let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if s.is_empty() || !s.bytes().all(ok) {
            return Err(ParseError::Host);
        }
        Ok(Self::Name(of.cut(s)))
    }

    /// `host[:port]`, with white space around the colon (Via has it).
    pub(crate) fn parse_with_port(of: &Text, s: &str) -> Result<(Self, Option<u16>), ParseError> {
        let from = memchr::memrchr(b']', s.as_bytes()).unwrap_or(0);
        let colon = memchr::memchr(b':', &s.as_bytes()[from..]).map(|at| at + from);
        match colon {
            None => Ok((Self::parse(of, lexer::trim(s))?, None)),
            Some(at) => {
                let port =
                    lexer::number(lexer::trim(&s[at + 1..])).map_err(|_| ParseError::Host)?;
                Ok((Self::parse(of, lexer::trim(&s[..at]))?, Some(port)))
            }
        }
    }
}

/// The grammar of RFC 3261 has a colon too many before an IPv4 address within an IPv6 address, and some write it so
/// (RFC 5118 section 4.10): `2001:db8:::192.0.2.1` as it was meant.
fn three_colons(v6: &str) -> Option<String> {
    let (head, v4) = v6.split_once(":::")?;
    v4.parse::<Ipv4Addr>().ok()?;
    Some(format!("{head}::{v4}"))
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl FromStr for Host {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(&Text::default(), s)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => f.write_str(Dotted::new(*ip).as_str()),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// Four numbers as text: a call writes forty of them, and the standard library takes a thousand instructions for each.
pub(super) struct Dotted {
    text: [u8; 15],
    len: usize,
}

impl Dotted {
    pub(super) fn new(ip: Ipv4Addr) -> Self {
        let mut new = Self {
            text: [0; 15],
            len: 0,
        };
        for (i, octet) in ip.octets().into_iter().enumerate() {
            if i > 0 {
                new.push(b'.');
            }
            if octet >= 100 {
                new.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                new.push(b'0' + octet / 10 % 10);
            }
            new.push(b'0' + octet % 10);
        }
        new
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    pub(super) fn as_str(&self) -> &str {
        let text = self.text.get(..self.len).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn four_numbers_read_as_the_standard_library_writes_them(bits: u32) {
            let ip = Ipv4Addr::from(bits);
            let text = Dotted::new(ip);
            prop_assert_eq!(text.as_str(), ip.to_string());
        }
    }
}
