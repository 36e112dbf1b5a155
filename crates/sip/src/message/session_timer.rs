//! Session-Expires and Min-SE (RFC 4028).

use super::{HeaderName, Headers, ParseError, event::token_and_params, readers::seconds};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresher {
    /// The one who sent the request.
    Uac,
    /// The one who answered it.
    Uas,
}

/// Session-Expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionExpires {
    /// Seconds.
    pub seconds: u32,
    /// Who refreshes, if it is said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let (n, params) = token_and_params(s)?;
        let refresher = match params.get("refresher") {
            Some(r) if r.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(r) if r.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(Self {
            seconds: seconds(&n).ok_or(ParseError::Number)?,
            refresher,
        })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seconds.fmt(f)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

impl Headers {
    /// Session-Expires, if it can be read.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(self.first(&HeaderName::SessionExpires)?).ok()
    }
    /// Min-SE in seconds.
    pub fn min_se(&self) -> Option<u32> {
        seconds(&token_and_params(self.first(&HeaderName::MinSe)?).ok()?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let h = Headers::new()
            .with("x", "4000;refresher=UAC")
            .with("Min-SE", " 90;x=y");
        let se = SessionExpires {
            seconds: 4000,
            refresher: Some(Refresher::Uac),
        };
        assert_eq!(h.session_expires(), Some(se));
        assert_eq!(se.to_string(), "4000;refresher=uac");
        assert_eq!(h.min_se(), Some(90));
        assert_eq!(SessionExpires::parse("soon"), Err(ParseError::Number));
    }
}
