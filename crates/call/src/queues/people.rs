//! One person who may be rung for callers who wait.

use super::Missed;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{CallId, Mono};

/// Why somebody is not rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Why {
    /// They said so, or somebody for them.
    Asked,
    /// They did not answer.
    Unanswered,
}

/// What somebody is left in peace for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rest {
    /// Work after a call.
    AfterCall,
    /// They did not take one.
    Missed,
}

/// See the diagram in [`super`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    /// Somebody is rung by one at a time.
    pub(super) rung_for: Option<CallId>,
    /// When their last call was over.
    pub(super) idle_since: Mono,
    /// In peace until then.
    pub(super) rest: Option<(Mono, Rest)>,
    /// What they are owed when the call is over that they are in.
    owed: Duration,
    /// They have answered in a call that is not over.
    pub(super) talks: bool,
    /// Calls in a row that they did not answer.
    pub(super) unanswered: u32,
    pub(super) paused: Option<Why>,
}

impl Person {
    /// They have a caller of a queue.
    pub(super) fn took(&mut self, after_call: Duration) {
        self.rung_for = None;
        self.unanswered = 0;
        self.talks = true;
        self.owed = after_call;
    }

    /// They speak in a call: somebody is at the phone. Says whether they may be rung again for it.
    pub(super) fn answered(&mut self) -> bool {
        self.talks = true;
        self.unanswered = 0;
        let back = self.paused == Some(Why::Unanswered);
        if back {
            self.paused = None;
        }
        back
    }

    /// They were rung, and did not take the caller. Says whether they are paused for it.
    pub(super) fn missed(&mut self, until: Mono, how: Missed, most: u32) -> bool {
        self.rung_for = None;
        self.rest = Some((until, Rest::Missed));
        match how {
            Missed::Refused => self.unanswered = 0,
            Missed::Unanswered => self.unanswered += 1,
        }
        let pauses = most > 0 && self.unanswered >= most && self.paused.is_none();
        if pauses {
            self.paused = Some(Why::Unanswered);
        }
        pauses
    }

    /// The last call that they were in is over.
    pub(super) fn hung_up(&mut self, now: Mono) {
        if !std::mem::take(&mut self.talks) {
            return; // it only rang
        }
        self.idle_since = now;
        let owed = std::mem::take(&mut self.owed);
        if !owed.is_zero() {
            self.rest = Some((now + owed, Rest::AfterCall));
        }
    }

    /// Until when they are left in peace.
    pub(super) fn rests(&self) -> Option<Mono> {
        self.rest.map(|(until, _)| until)
    }

    /// Says whether that is over now.
    pub(super) fn rested(&mut self, now: Mono) -> bool {
        let over = self.rests().is_some_and(|until| now >= until);
        if over {
            self.rest = None;
        }
        over
    }
}
