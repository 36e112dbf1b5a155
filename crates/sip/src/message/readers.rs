//! Typed readers of headers that every message has, sharing the message's buffer.

use super::{CSeq, Header, HeaderName, Headers, NameAddr, ParseError, Via, lexer};
use std::sync::{Arc, OnceLock};

/// What the first value of a line says, read when it is first asked for. Copies of the line share it.
#[derive(Clone, Default)]
pub(super) struct Typed(OnceLock<Arc<Value>>);

enum Value {
    NameAddr(Result<NameAddr, ParseError>),
    Via(Result<Via, ParseError>),
}

impl Typed {
    /// Of a line that was written from it.
    pub(super) fn via(via: Via) -> Self {
        Self(Arc::new(Value::Via(Ok(via))).into())
    }
}

impl Header {
    /// By its name: a Via, or a name and address.
    fn typed(&self) -> &Value {
        self.typed.0.get_or_init(|| {
            let text = self.shared();
            let first = lexer::ListValues::new(&text, self.name().is_list()).next();
            let first = first.ok_or(ParseError::Empty);
            Arc::new(match self.name() {
                HeaderName::Via => Value::Via(first.and_then(|s| Via::cut(&text, s))),
                _ => Value::NameAddr(first.and_then(|s| NameAddr::cut(&text, s))),
            })
        })
    }

    /// The first value as a name and address.
    pub fn name_addr(&self) -> Result<&NameAddr, ParseError> {
        match self.typed() {
            Value::NameAddr(read) => read.as_ref().map_err(|e| *e),
            Value::Via(_) => Err(ParseError::Uri),
        }
    }

    pub(super) fn first_via(&self) -> Option<&Via> {
        match self.typed() {
            Value::Via(read) => read.as_ref().ok(),
            Value::NameAddr(_) => None,
        }
    }
}

impl Headers {
    /// The first value of this name as a name and address.
    pub fn name_addr(&self, name: &HeaderName) -> Option<&NameAddr> {
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
    pub fn top_via(&self) -> Option<&Via> {
        self.line(&HeaderName::Via)?.first_via()
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
