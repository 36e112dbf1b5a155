//! Reason (RFC 3326): why a request was sent, or a call ended.

use super::{
    HeaderName, Headers, Params, ParseError, Text,
    lexer::{all_token, number, trim},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `Q.850`, `SIP`, `preemption`, ...
    pub protocol: Text,
    /// `cause`, `text` and others.
    pub params: Params,
}

impl Reason {
    /// A cause of this protocol. An empty text is left out.
    pub fn new(protocol: &str, cause: u16, text: &str) -> Self {
        let mut params = Params::new().with("cause", cause);
        if !text.is_empty() {
            params.set_quoted("text", text);
        }
        Self {
            protocol: protocol.into(),
            params,
        }
    }
    /// An ISDN cause (ITU-T Q.850).
    pub fn from_q850(cause: u16, text: &str) -> Self {
        Self::new("Q.850", cause, text)
    }
    /// A SIP status.
    pub fn from_sip(status: u16, text: &str) -> Self {
        Self::new("SIP", status, text)
    }
    /// The cause, if it is a number.
    pub fn cause(&self) -> Option<u16> {
        number(self.params.get("cause")?).ok()
    }
    /// The text, without quotes.
    pub fn text(&self) -> Option<String> {
        self.params.text("text").map(|t| t.into_owned())
    }
    /// The cause, if it is one of Q.850 (1 to 127).
    pub fn q850(&self) -> Option<u8> {
        let cause = self
            .protocol
            .eq_ignore_ascii_case("Q.850")
            .then(|| self.cause())??;
        u8::try_from(cause).ok().filter(|c| (1..=127).contains(c))
    }
    /// The cause, if it is a SIP status.
    pub fn sip(&self) -> Option<u16> {
        self.protocol
            .eq_ignore_ascii_case("SIP")
            .then(|| self.cause())?
    }
    /// Reads one value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(s);
        let end = text.find(';').unwrap_or(text.len());
        let (protocol, params) = text.split_at(end);
        let protocol = trim(protocol);
        if !all_token(protocol) {
            return Err(ParseError::Token);
        }
        Ok(Self {
            protocol: text.cut(protocol),
            params: Params::parse(&text, params)?,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

impl Headers {
    /// All reasons that can be read.
    pub fn reasons(&self) -> Vec<Reason> {
        self.values(&HeaderName::Reason)
            .filter_map(|v| Reason::parse(v).ok())
            .collect()
    }
    /// The Q.850 cause, if there is one.
    pub fn q850(&self) -> Option<u8> {
        self.reasons().iter().find_map(Reason::q850)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_reasons_are_told_apart() {
        let h = Headers::new()
            .with(
                HeaderName::Reason,
                r#"SIP ;cause=200 ;text="Call completed elsewhere, \"really\"""#,
            )
            .with("reason", "q.850; cause=17, preemption;cause=999999");
        let all = h.reasons();
        assert_eq!(
            all[0].text().as_deref(),
            Some("Call completed elsewhere, \"really\"")
        );
        assert_eq!((all[0].sip(), all[0].q850()), (Some(200), None));
        assert_eq!((all[1].sip(), all[1].q850()), (None, Some(17)));
        assert_eq!(all[2].cause(), None, "beyond 16 bits");
        assert_eq!(h.q850(), Some(17));
    }

    #[test]
    fn it_is_written_as_rfc_3326_shows_it() {
        let r = Reason::from_sip(200, "Call completed elsewhere");
        assert_eq!(
            r.to_string(),
            r#"SIP;cause=200;text="Call completed elsewhere""#
        );
        assert_eq!(
            Reason::from_q850(16, "Terminated").to_string(),
            r#"Q.850;cause=16;text="Terminated""#
        );
        assert_eq!(Reason::parse(&r.to_string()), Ok(r));
    }
}
