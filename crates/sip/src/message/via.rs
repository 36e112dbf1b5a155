//! Via (RFC 3261 section 20.42, RFC 3581).

use super::{
    Host, Params, ParseError, Text,
    host::Dotted,
    lexer::{all_token, split, split_before, trim, write_port},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// The branch of RFC 3261 begins so; it is followed by something unique.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One hop that the request took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, ... spelled as it came.
    pub transport: Text,
    /// sent-by host.
    pub host: Host,
    /// sent-by port.
    pub port: Option<u16>,
    /// Parameters.
    pub params: Params,
}

impl Via {
    /// A Via of ours: with this branch, and `rport` to be filled in.
    pub fn new(transport: &str, sent_by: SocketAddr, branch: &str) -> Self {
        Self {
            transport: transport.into(),
            host: sent_by.ip().into(),
            port: Some(sent_by.port()),
            params: Params::new().with("branch", branch).with_flag("rport"),
        }
    }
    /// The whole branch.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|b| !b.is_empty())
    }
    /// The branch, if it names a transaction by RFC 3261: the magic cookie with something behind it.
    pub fn magic_branch(&self) -> Option<&str> {
        let b = self.branch()?;
        let cookie = b.get(..MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && b.len() > MAGIC_COOKIE.len()).then_some(b)
    }
    /// Where the request was seen to come from. IPv6 is met with and without brackets.
    pub fn received(&self) -> Option<IpAddr> {
        let r = self.params.get("received")?;
        r.strip_prefix('[')
            .and_then(|r| r.strip_suffix(']'))
            .unwrap_or(r)
            .parse()
            .ok()
    }
    /// The port that the request was seen to come from.
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }
    /// The sender wants the response at the port that it sent from (RFC 3581).
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }
    /// Notes where the request came from: `received` always if `rport` was asked for, else where it
    /// differs from sent-by (RFC 3261 section 18.2.1, RFC 3581 section 4).
    pub fn note_source(&mut self, from: SocketAddr) {
        let rport = self.wants_rport();
        if rport || self.host.ip() != Some(from.ip()) {
            match from.ip() {
                IpAddr::V4(ip) => self.params.set("received", Dotted::new(ip).as_str()),
                IpAddr::V6(ip) => self.params.set("received", ip),
            }
        }
        if rport {
            self.params.set("rport", from.port());
        }
    }
    /// Where a response goes by what the Via says (RFC 3261 section 18.2.2): received and rport, then maddr, then sent-by
    /// if that is an address.
    pub fn response_addr(&self) -> Option<SocketAddr> {
        let port = self.rport().or(self.port).unwrap_or(5060);
        let maddr = self.params.get("maddr").and_then(|m| m.parse().ok());
        let ip = maddr
            .or_else(|| self.received())
            .or_else(|| self.host.ip())?;
        Some(SocketAddr::new(ip, port))
    }

    /// Reads one value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(s);
        Self::cut(&text, &text)
    }

    pub(crate) fn cut(of: &Text, s: &str) -> Result<Self, ParseError> {
        // SIP / 2.0 / UDP host : port ;params, with white space around each.
        let (name, rest) = split(s, b'/').ok_or(ParseError::Incomplete)?;
        let (version, rest) = split(rest, b'/').ok_or(ParseError::Incomplete)?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(ParseError::Token);
        }
        let rest = trim(rest);
        let white = memchr::memchr2(b' ', b'\t', rest.as_bytes());
        let (transport, rest) = rest.split_at(white.ok_or(ParseError::Incomplete)?);
        let rest = &rest[1..];
        if !all_token(transport) {
            return Err(ParseError::Token);
        }
        let (sent_by, params) = split_before(rest, b';');
        let (host, port) = Host::parse_with_port(of, trim(sent_by))?;
        Ok(Self {
            transport: of.cut(transport),
            host,
            port,
            params: Params::parse(of, params)?,
        })
    }
}

impl FromStr for Via {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(s)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SIP/2.0/")?;
        f.write_str(&self.transport)?;
        f.write_str(" ")?;
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            write_port(f, port)?;
        }
        self.params.fmt(f)
    }
}
