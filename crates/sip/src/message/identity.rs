//! Who calls, as the network says it: P-Asserted-Identity (RFC 3325) with `verstat` (3GPP TS 24.229 section 7.2A.20), Privacy
//! (RFC 3323), Remote-Party-ID (draft-ietf-sip-privacy-04, still what many PBXs write).

use super::{HeaderName, Headers, NameAddr, lexer::trim};
use serde::{Deserialize, Serialize};

/// What the network that verified a caller's number (STIR) says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verstat {
    /// The signature is right.
    Passed,
    /// It is not.
    Failed,
    /// Nothing was signed, or nothing verified.
    NotValidated,
}

/// What a caller wants hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privacy(Vec<String>);

impl Privacy {
    /// `id`, `user`, `header`, `session`, `history`, `critical`.
    pub fn wants(&self, what: &str) -> bool {
        self.0.iter().any(|p| p.eq_ignore_ascii_case(what))
    }
    /// The caller's identity must not be shown to the called person.
    pub fn hides_caller(&self) -> bool {
        !self.wants("none") && ["id", "user", "header"].iter().any(|w| self.wants(w))
    }
}

/// One Remote-Party-ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteParty(pub NameAddr);

impl RemoteParty {
    /// Of the caller; this is so if nothing is said.
    pub fn is_calling(&self) -> bool {
        let party = self.0.params.get("party");
        party.is_none_or(|p| p.eq_ignore_ascii_case("calling"))
    }
    /// Whoever wrote it checked it.
    pub fn is_screened(&self) -> bool {
        let screen = self.0.params.get("screen");
        screen.is_some_and(|s| s.eq_ignore_ascii_case("yes"))
    }
    /// It must not be shown (`full`, `name`, `uri`, with or without `-network`).
    pub fn is_private(&self) -> bool {
        let privacy = self.0.params.get("privacy");
        privacy.is_some_and(|p| !p.eq_ignore_ascii_case("off"))
    }
}

impl NameAddr {
    /// `verstat` of the URI, or of the header where some put it.
    pub fn verstat(&self) -> Option<Verstat> {
        // Of a number in a SIP URI it stands in the user part (RFC 3261 section 19.1.6).
        let user = self.uri.user().unwrap_or_default();
        let mut of_number = user.split(';').skip(1).filter_map(|p| p.split_once('='));
        let of_number = of_number.find(|(name, _)| name.eq_ignore_ascii_case("verstat"));
        let value = of_number
            .map(|(_, value)| value)
            .or_else(|| self.uri.param("verstat"))
            .or_else(|| self.params.get("verstat"))?;
        let known = [
            ("TN-Validation-Passed", Verstat::Passed),
            ("TN-Validation-Failed", Verstat::Failed),
            ("No-TN-Validation", Verstat::NotValidated),
        ];
        // ATIS-1000074 has levels behind the words: TN-Validation-Passed-A.
        known
            .into_iter()
            .find(|(word, _)| {
                value
                    .get(..word.len())
                    .is_some_and(|v| v.eq_ignore_ascii_case(word))
            })
            .map(|(_, verstat)| verstat)
    }
}

impl Headers {
    /// All identities that the network asserts: at most one `sip:` and one `tel:`.
    pub fn asserted(&self) -> Vec<NameAddr> {
        self.name_addrs(&HeaderName::PAssertedIdentity)
    }
    /// What was verified of the caller, wherever it stands: P-Asserted-Identity, else From.
    pub fn verstat(&self) -> Option<Verstat> {
        let asserted = self.asserted();
        asserted
            .iter()
            .find_map(NameAddr::verstat)
            .or_else(|| self.name_addr(&HeaderName::From)?.verstat())
    }
    /// Privacy. Values are separated by semicolons (RFC 3323 section 4.2); commas are met too.
    pub fn privacy(&self) -> Privacy {
        let values = self
            .all(&HeaderName::Privacy)
            .flat_map(|v| v.split([';', ',']))
            .map(trim)
            .filter(|v| !v.is_empty());
        Privacy(values.map(str::to_owned).collect())
    }
    /// All Remote-Party-IDs that can be read.
    pub fn remote_parties(&self) -> Vec<RemoteParty> {
        let all = self.name_addrs(&HeaderName::RemotePartyId);
        all.into_iter().map(RemoteParty).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_asserted_identities_and_what_was_verified() {
        let h = Headers::new().with(
            "P-Asserted-Identity",
            "\"A, B\" <sip:+441@x;user=phone>, <tel:+441;verstat=TN-Validation-Passed-A>",
        );
        assert_eq!(h.asserted().len(), 2);
        assert_eq!(h.verstat(), Some(Verstat::Passed));
        let from = |v: &str| Headers::new().with("f", format!("<sip:+441@x;verstat={v}>;tag=1"));
        assert_eq!(
            from("tn-validation-failed").verstat(),
            Some(Verstat::Failed)
        );
        assert_eq!(
            from("No-TN-Validation").verstat(),
            Some(Verstat::NotValidated)
        );
        assert_eq!(from("Whatever").verstat(), None);
        let number =
            NameAddr::parse("<sip:+441;verstat=TN-Validation-Failed@x;user=phone>").unwrap();
        assert_eq!(number.verstat(), Some(Verstat::Failed));
        let outside = NameAddr::parse("<sip:a@x>;verstat=TN-Validation-Passed").unwrap();
        assert_eq!(outside.verstat(), Some(Verstat::Passed));
    }

    #[test]
    fn privacy_is_a_list_of_words() {
        let p = |v: &str| Headers::new().with("Privacy", v).privacy();
        assert!(p("id;critical").hides_caller() && p("id;critical").wants("CRITICAL"));
        assert!(p("User, header").hides_caller());
        assert!(!p("none").hides_caller() && !p("id;none").hides_caller());
        assert!(!p("history").hides_caller() && !p("").hides_caller());
        assert!(!Headers::new().privacy().hides_caller());
    }

    #[test]
    fn remote_party_id_is_read() {
        let h = Headers::new()
            .with(
                "Remote-Party-ID",
                "\"R 1\" <sip:200@x>;party=calling;screen=yes;privacy=off",
            )
            .with("Remote-Party-ID", "<sip:201@x>;party=called;privacy=full");
        let all = h.remote_parties();
        assert!(all[0].is_calling() && all[0].is_screened() && !all[0].is_private());
        assert!(!all[1].is_calling() && !all[1].is_screened() && all[1].is_private());
        let bare = RemoteParty(NameAddr::parse("<sip:202@x>").unwrap());
        assert!(bare.is_calling() && !bare.is_private());
    }
}
