//! CSeq (RFC 3261 section 20.16) and RAck (RFC 3262).

use super::{
    Method, ParseError,
    lexer::{is_ws, number, trim},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The order of requests in a dialog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// Of the request.
    pub method: Method,
}

impl CSeq {
    /// Both.
    pub const fn new(number: u32, method: Method) -> Self {
        Self { number, method }
    }
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let (n, method) = trim(s).split_once(is_ws).ok_or(ParseError::Incomplete)?;
        let number: u32 = number(n)?;
        if number > i32::MAX as u32 {
            return Err(ParseError::Number);
        }
        Ok(Self {
            number,
            method: Method::parse(trim(method))?,
        })
    }
}

impl FromStr for CSeq {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(s)
    }
}
impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// Which reliable provisional response a PRACK acknowledges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RAck {
    /// The RSeq.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let (n, cseq) = trim(s).split_once(is_ws).ok_or(ParseError::Incomplete)?;
        Ok(Self {
            rseq: number(n)?,
            cseq: CSeq::parse(cseq)?,
        })
    }
}
impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}
