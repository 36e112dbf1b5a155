//! What failed last at each trunk, for an admin who looks.

use crate::switch::Failed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_sip::api::Failure;
use tandem_types::Now;

/// By trunk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lately(BTreeMap<String, Failed>);

impl Lately {
    /// A request of ours to a trunk came to nothing.
    pub(crate) fn failed(&mut self, now: Now, trunk: &str, request: &str, failure: &Failure) {
        let how = match failure {
            Failure::Response(r) => format!("{} {}", r.status, plain(&r.phrase)),
            Failure::TimedOut => "no answer".to_owned(),
            Failure::Unreachable => "could not be sent".to_owned(),
            Failure::Cancelled => return,
        };
        self.note(now, trunk, format!("{request}: {how}"));
    }

    pub(crate) fn note(&mut self, now: Now, trunk: &str, what: String) {
        let at = now.wall;
        self.0.insert(trunk.to_owned(), Failed { at, what });
    }

    pub(crate) fn of(&self, trunk: &str) -> Option<&Failed> {
        self.0.get(trunk)
    }

    /// Those of other trunks are forgotten.
    pub(crate) fn retain(&mut self, stays: impl Fn(&str) -> bool) {
        self.0.retain(|trunk, _| stays(trunk));
    }
}

/// A far end's words as they may stand in a terminal.
pub(crate) fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(80).collect()
}
