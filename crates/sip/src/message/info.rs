//! Alert-Info, Call-Info and Error-Info (RFC 3261 sections 20.4, 20.9 and 20.18, RFC 7462): something to be fetched or done, with parameters.

use super::{HeaderName, Headers, NameAddr, Params, Uri, lexer::trim, readers::seconds};
use serde::{Deserialize, Serialize};

/// One value. Phones also take values without a URI (`info=alert-autoanswer`, `Bellcore-dr2`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// What stands in angle brackets.
    pub uri: Option<Uri>,
    /// A word without a URI.
    pub word: Option<String>,
    /// Parameters.
    pub params: Params,
}

impl Info {
    /// Reads a value; what it is not is absent.
    pub fn parse(s: &str) -> Self {
        let s = trim(s);
        if let Ok(NameAddr { uri, params, .. }) = NameAddr::parse(s)
            && s.contains('<')
        {
            return Self {
                uri: Some(uri),
                word: None,
                params,
            };
        }
        let (word, rest) = s.split_once(';').unwrap_or((s, ""));
        let mut params = Params::new();
        let parts = rest.split(';').map(trim).filter(|p| !p.is_empty());
        let (word, first) = match word.split_once('=') {
            Some(_) => (None, Some(word)),
            None => (Some(trim(word)).filter(|w| !w.is_empty()), None),
        };
        for part in first.into_iter().chain(parts) {
            match part.split_once('=') {
                Some((name, value)) => params.set(trim(name), trim(value).trim_matches('"')),
                None => params.set_flag(trim(part)),
            }
        }
        Self {
            uri: None,
            word: word.map(str::to_owned),
            params,
        }
    }
    /// `icon`, `info`, `card`, `ccmp`, ... of Call-Info.
    pub fn purpose(&self) -> Option<&str> {
        self.params.get("purpose")
    }
    /// `info=` of Alert-Info, by which many phones choose a ring.
    pub fn info(&self) -> Option<&str> {
        self.params.get("info")
    }
    /// `answer-after` in seconds: the phone is to answer by itself.
    pub fn answer_after(&self) -> Option<u32> {
        self.params.get("answer-after").and_then(seconds)
    }
}

impl Headers {
    /// All Alert-Infos.
    pub fn alert_info(&self) -> Vec<Info> {
        self.values(&HeaderName::AlertInfo)
            .map(Info::parse)
            .collect()
    }
    /// All Call-Infos.
    pub fn call_info(&self) -> Vec<Info> {
        self.values(&HeaderName::CallInfo)
            .map(Info::parse)
            .collect()
    }
    /// All Error-Infos.
    pub fn error_info(&self) -> Vec<Info> {
        self.values(&HeaderName::ErrorInfo)
            .map(Info::parse)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_field_are_read() {
        let h = Headers::new()
            .with("Alert-Info", "<http://www.example.com/sounds/moo.wav>, <urn:alert:source:internal>;info=alert-internal")
            .with("Alert-Info", "info=alert-autoanswer;delay=0")
            .with("Alert-Info", "Bellcore-dr2")
            .with("Call-Info", "<http://wwww.example.com/alice/photo.jpg> ;purpose=icon, <sip:x>;answer-after=0")
            .with("Call-Info", "<urn:x-cisco-remotecc:callinfo>; security= NotAuthenticated; isVoip")
            .with("Error-Info", "<sip:not-in-service-recording@atlanta.example>");
        let alert = h.alert_info();
        assert_eq!(alert.len(), 4);
        assert_eq!(alert[0].uri.as_ref().map(Uri::scheme), Some("http"));
        assert_eq!(alert[1].info(), Some("alert-internal"));
        assert_eq!(
            (alert[2].uri.as_ref(), alert[2].info()),
            (None, Some("alert-autoanswer"))
        );
        assert_eq!(alert[2].params.get("delay"), Some("0"));
        assert_eq!(alert[3].word.as_deref(), Some("Bellcore-dr2"));
        let call = h.call_info();
        assert_eq!(call[0].purpose(), Some("icon"));
        assert_eq!(call[1].answer_after(), Some(0));
        assert_eq!(call[2].params.get("security"), Some("NotAuthenticated"));
        assert!(call[2].params.has("isvoip") && call[2].answer_after().is_none());
        assert_eq!(h.error_info().len(), 1);
    }
}
