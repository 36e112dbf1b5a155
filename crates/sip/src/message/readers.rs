//! Typed readers of headers that every message has, sharing the message's buffer.

use super::{CSeq, Header, HeaderName, Headers, NameAddr, ParseError, Via, lexer};

impl Header {
    /// The first value as a name and address.
    pub fn name_addr(&self) -> Result<NameAddr, ParseError> {
        let text = self.shared();
        let first = lexer::ListValues::new(&text, self.name().is_list()).next();
        NameAddr::cut(&text, first.ok_or(ParseError::Empty)?)
    }
}

impl Headers {
    /// The first value of this name as a name and address.
    pub fn name_addr(&self, name: &HeaderName) -> Option<NameAddr> {
        self.line(name)?.name_addr().ok()
    }
    /// All values of this name that are a name and address (Route, Record-Route, P-Asserted-Identity, ...).
    pub fn name_addrs(&self, name: &HeaderName) -> Vec<NameAddr> {
        self.values(name)
            .filter_map(|v| NameAddr::parse(v).ok())
            .collect()
    }
    /// CSeq.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.first(&HeaderName::CSeq)?).ok()
    }
    /// The first Via.
    pub fn top_via(&self) -> Option<Via> {
        let text = self.line(&HeaderName::Via)?.shared();
        Via::cut(&text, lexer::ListValues::new(&text, true).next()?).ok()
    }
    /// All Vias that can be read.
    pub fn vias(&self) -> Vec<Via> {
        self.values(&HeaderName::Via)
            .filter_map(|v| Via::parse(v).ok())
            .collect()
    }
    /// Content-Type without parameters, in lower case.
    pub fn content_type(&self) -> Option<String> {
        let v = self.first(&HeaderName::ContentType)?;
        Some(lexer::trim(v.split(';').next()?).to_ascii_lowercase())
    }
    /// Content-Length, if it is a number.
    pub fn content_length(&self) -> Option<usize> {
        lexer::number(self.first(&HeaderName::ContentLength)?).ok()
    }
    /// Max-Forwards. One that is no number below 256 counts as absent (RFC 4475 section 3.1.2.4).
    pub fn max_forwards(&self) -> Option<u8> {
        lexer::number(self.first(&HeaderName::MaxForwards)?).ok()
    }
    /// Expires in seconds. What is too large for 32 bits is their maximum; what is no number is absent.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.first(&HeaderName::Expires)?)
    }
}

/// Delta-seconds, saturating (RFC 3261 section 20.19: up to 2^32-1).
pub(crate) fn seconds(s: &str) -> Option<u32> {
    let s = lexer::trim(s);
    (!s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().unwrap_or(u32::MAX))
}
