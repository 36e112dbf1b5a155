//! One call at one extension, as whoever watches that is told of it.

use crate::message::Replaces;
use serde::{Deserialize, Serialize};

/// How far it is (RFC 4235 section 3.7.1, without what no lamp shows).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineState {
    /// It rings, there or at the other end.
    Early,
    /// They speak.
    Confirmed,
}

/// Who speaks with whom, and by which dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Number of the other side; empty: it is withheld.
    pub number: String,
    /// Name of the other side.
    pub name: Option<String>,
    /// What an INVITE has to say that takes the extension's place: `to_tag` is ours, `from_tag` the extension's.
    pub replaces: Option<Replaces>,
}

/// One call at one extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The extension, as [`Grant::of`](super::Grant::of) has it.
    pub of: String,
    /// What names it in documents; the same as long as it lasts.
    pub id: String,
    /// The extension has called; else it was called.
    pub initiator: bool,
    /// How far it is.
    pub state: LineState,
    /// Told to those who may know.
    pub parties: Option<Parties>,
}

impl Line {
    pub(super) fn of(&self) -> &str {
        &self.of
    }

    /// As somebody sees it who may know who speaks with whom, or may not.
    pub(super) fn seen_by(&self, parties: bool) -> Self {
        Self {
            parties: self.parties.clone().filter(|_| parties),
            ..self.clone()
        }
    }
}
