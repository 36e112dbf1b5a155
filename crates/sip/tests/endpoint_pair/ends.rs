//! How sessions end: each once.

use crate::world::*;
use std::collections::BTreeMap;
use tandem_sip::api::*;

/// Each session that was ever told of ended once, and nothing followed.
#[derive(Default)]
pub(crate) struct Ends(BTreeMap<(Node, SessionId), bool>);

impl Ends {
    pub(crate) fn note(&mut self, node: Node, event: &Event) {
        let (session, over) = match event {
            Event::Invited { session, .. }
            | Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::Acked { session, .. }
            | Event::Refresh { session }
            | Event::Pracked { session, .. }
            | Event::Request { session, .. } => (*session, false),
            Event::Response {
                session: Some(session),
                ..
            } => (*session, false),
            Event::Failed { session, .. } | Event::Ended { session, .. } => (*session, true),
            Event::Response { session: None, .. } | Event::OutOfDialog { .. } => return,
        };
        let ended = self.0.entry((node, session)).or_default();
        assert!(!*ended, "{event:?} after the end");
        *ended = over;
    }
    pub(crate) fn begin(&mut self, node: Node, session: SessionId) {
        self.0.insert((node, session), false);
    }
    pub(crate) fn open(&self) -> Vec<(Node, SessionId)> {
        self.0
            .iter()
            .filter(|(_, over)| !**over)
            .map(|(key, _)| *key)
            .collect()
    }
    pub(crate) fn all(&self) -> Vec<(Node, SessionId)> {
        self.0.keys().copied().collect()
    }
}
