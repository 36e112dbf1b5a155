//! Authorization and Proxy-Authorization (RFC 7616 section 3.4).

use super::{Algorithm, DigestError, Qop, pairs::Pairs};
use serde::{Deserialize, Serialize};

/// What a client answered. Texts as they stand between the quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// Who.
    pub username: String,
    /// Of the challenge.
    pub realm: String,
    /// Of the challenge.
    pub nonce: String,
    /// digest-uri.
    pub uri: String,
    /// Hexadecimal.
    pub response: String,
    /// MD5 if it is not said.
    pub algorithm: Algorithm,
    /// Quality of protection with nc as written and the cnonce.
    pub qop: Option<(Qop, String)>,
    /// The client's nonce.
    pub cnonce: Option<String>,
    /// Of the challenge.
    pub opaque: Option<String>,
}

impl Authorization {
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, DigestError> {
        let p = Pairs::parse(s)?;
        let algorithm = match p.get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::parse(name).ok_or(DigestError::Algorithm)?,
        };
        let qop = match p.get("qop") {
            None => None,
            Some(name) => Some((Qop::parse(name).ok_or(DigestError::Qop)?, p.need("nc")?)),
        };
        let cnonce = p.get("cnonce").map(str::to_owned);
        if qop.is_some() && cnonce.is_none() {
            return Err(DigestError::Incomplete);
        }
        Ok(Self {
            username: p.need("username")?,
            realm: p.need("realm")?,
            nonce: p.need("nonce")?,
            uri: p.need("uri")?,
            response: p.need("response")?,
            algorithm,
            qop,
            cnonce,
            opaque: p.get("opaque").map(str::to_owned),
        })
    }

    /// nc as a number: eight hexadecimal digits. Without qop there is none, and the nonce is good once.
    pub(crate) fn nonce_count(&self) -> Result<u32, DigestError> {
        match &self.qop {
            None => Ok(1),
            Some((_, nc)) if nc.len() == 8 && nc.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u32::from_str_radix(nc, 16).map_err(|_| DigestError::Syntax)
            }
            Some(_) => Err(DigestError::Syntax),
        }
    }
}
