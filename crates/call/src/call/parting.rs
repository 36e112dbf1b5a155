//! A person who has answered, and whom the caller does not need any more, is told a last word before their phone is free.
//!
//! ```text
//!   dismissed --word--> Parting --said, or not to be said, 3 s, they hang up--> gone
//! ```
//! It goes on beside whatever the caller does meanwhile; a call whose caller is gone waits for it.

use super::{Call, Ctx, Purpose, Stage};
use crate::reach::Part;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{LegId, Mono, Reason, media::Lane};

/// The longest last word.
const WORD: Duration = Duration::from_secs(3);

/// A leg that is told one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parting {
    until: Mono,
    reason: Reason,
}

impl Call {
    pub(super) fn dismiss(&mut self, cx: &mut Ctx<'_>, leg: LegId, part: Part, reason: Reason) {
        let text = match part {
            Part::CallerLeft => "The caller has hung up. Goodbye.",
            Part::CallerStays => "The caller has decided not to wait. Thank you, and goodbye.",
            Part::TakenElsewhere => "Somebody else has taken the call. Thank you, and goodbye.",
            Part::TooLate => "The caller is no longer waiting. Thank you, and goodbye.",
            Part::Brief | Part::More | Part::AskAgain => return self.hang(cx, leg, reason),
        };
        let until = cx.now.mono + WORD;
        self.partings.insert(leg.index, Parting { until, reason });
        let words = self.speech(cx.plan, text);
        self.play(cx, leg, words, Lane::Voice, Purpose::Parting(leg));
    }

    /// It is said, or cannot be.
    pub(super) fn parted(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        if let Some(parting) = self.partings.remove(&leg.index) {
            self.hang(cx, leg, parting.reason);
            self.if_nobody_is_left(cx);
        }
    }

    /// The leg is gone by itself.
    pub(super) fn parting_is_over(&mut self, cx: &mut Ctx<'_>, leg: LegId) -> bool {
        let was = self.partings.remove(&leg.index).is_some();
        if was {
            self.if_nobody_is_left(cx);
        }
        was
    }

    pub(super) fn parting_timeout(&self) -> Option<(Mono, &'static str)> {
        let first = self.partings.values().map(|p| p.until).min()?;
        Some((first, "a last word to a person"))
    }

    pub(super) fn partings_due(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now.mono;
        let due = self.partings.iter().filter(|(_, p)| now >= p.until);
        let due: Vec<u32> = due.map(|(index, _)| *index).collect();
        for index in due {
            let leg = LegId {
                call: self.id,
                index,
            };
            self.stop(cx, |p| *p == Purpose::Parting(leg));
            self.parted(cx, leg);
        }
    }

    /// The caller is gone, and now everybody else is.
    pub(super) fn if_nobody_is_left(&mut self, cx: &mut Ctx<'_>) {
        if matches!(self.stage, Stage::Leaving) && self.partings.is_empty() {
            self.finish(cx);
        }
    }
}
