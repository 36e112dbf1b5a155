//! How a call came here over other numbers: Diversion (RFC 5806) and History-Info (RFC 7044).

use super::{HeaderName, Headers, NameAddr, Reason, readers::seconds};
use serde::{Deserialize, Serialize};

/// One Diversion: a number that forwarded the call. The first of a message is the last that did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diversion(pub NameAddr);

impl Diversion {
    /// `unconditional`, `user-busy`, `no-answer`, `deflection`, ...
    pub fn reason(&self) -> Option<&str> {
        self.0.params.get("reason")
    }
    /// How many diversions it stands for; one if nothing is said.
    pub fn counter(&self) -> u32 {
        self.0.params.get("counter").and_then(seconds).unwrap_or(1)
    }
    /// It must not be shown.
    pub fn is_private(&self) -> bool {
        let privacy = self.0.params.get("privacy");
        privacy.is_some_and(|p| !p.eq_ignore_ascii_case("off"))
    }
}

/// Why History-Info has an entry (RFC 7044 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retarget {
    /// `rc`: a contact of the same user, under this index.
    Contact(String),
    /// `mp`: another user.
    Mapped(String),
    /// `np`: nothing changed.
    Forwarded(String),
}

/// One entry of History-Info: a target that the call had, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry(pub NameAddr);

impl HistoryEntry {
    /// `1.1.2`: its place in the tree. RFC 7044 section 10.1 demands it, not all write it.
    pub fn index(&self) -> Option<&str> {
        self.0.params.get("index").filter(|i| !i.is_empty())
    }
    /// What led to it.
    pub fn retarget(&self) -> Option<Retarget> {
        let of = |name| {
            self.0
                .params
                .get(name)
                .filter(|i| !i.is_empty())
                .map(str::to_owned)
        };
        of("rc")
            .map(Retarget::Contact)
            .or_else(|| of("mp").map(Retarget::Mapped))
            .or_else(|| of("np").map(Retarget::Forwarded))
    }
    /// Why the call left it: the Reason within its URI.
    pub fn reason(&self) -> Option<Reason> {
        Reason::parse(&self.0.uri.header("Reason")?).ok()
    }
    /// Why the call came to it (RFC 4458): 302 unconditional, 404, 408 no answer, 480 deflection, 486 busy, 487, 503.
    pub fn cause(&self) -> Option<u16> {
        self.0.uri.param("cause")?.parse().ok()
    }
    /// It must not be shown.
    pub fn is_private(&self) -> bool {
        let privacy = self.0.uri.header("Privacy");
        privacy.is_some_and(|p| {
            p.split(';')
                .any(|w| w.trim().eq_ignore_ascii_case("history"))
        })
    }
}

impl Headers {
    /// All Diversions that can be read, the last first.
    pub fn diversions(&self) -> Vec<Diversion> {
        let all = self.name_addrs(&HeaderName::Diversion);
        all.into_iter().map(Diversion).collect()
    }
    /// All entries of History-Info that can be read, the first first.
    pub fn history(&self) -> Vec<HistoryEntry> {
        let all = self.name_addrs(&HeaderName::HistoryInfo);
        all.into_iter().map(HistoryEntry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diversions_are_read() {
        let h = Headers::new()
            .with(
                "Diversion",
                "<sip:2099@x>;reason=no-answer;counter=2;privacy=off, <tel:+441>;privacy=full",
            )
            .with("Diversion", "\"L\" <sip:210@x>;reason=\"unconditional\"");
        let all = h.diversions();
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].reason(), all[0].counter()), (Some("no-answer"), 2));
        assert!(!all[0].is_private() && all[1].is_private());
        assert_eq!(
            (all[2].reason(), all[2].counter()),
            (Some("unconditional"), 1)
        );
    }

    #[test]
    fn the_history_of_a_forwarded_call_is_read() {
        let h = Headers::new().with(
            "History-Info",
            "<sip:+4411@x?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1, \
             <sip:+4422@x;cause=302>;index=1.1;mp=1, <sip:200@y>;index=1.1.1;rc=1.1, <sip:z@y>;np=1",
        );
        let all = h.history();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].reason().and_then(|r| r.sip()), Some(302));
        assert!(all[0].is_private() && !all[1].is_private());
        assert_eq!((all[0].retarget(), all[0].cause()), (None, None));
        assert_eq!((all[1].index(), all[1].cause()), (Some("1.1"), Some(302)));
        assert_eq!(all[1].retarget(), Some(Retarget::Mapped("1".into())));
        assert_eq!(all[2].retarget(), Some(Retarget::Contact("1.1".into())));
        assert_eq!(all[3].retarget(), Some(Retarget::Forwarded("1".into())));
        assert_eq!(all[3].index(), None);
    }
}
