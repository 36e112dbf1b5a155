//! While a caller is being put through: they are told how to come back, and they may change their mind, by a key or in words.
//!
//! ```text
//!   Leaving --"never mind", nobody is rung yet------------------------> Talking
//!      |  '---"never mind", phones ring: offered, Abandon--> Away ----> Talking (the call says TransferFailed)
//!      v                                                      ^  \---> WithPerson (it was too late)
//!     Away --"never mind": Abandon----------------------------'
//!      '--- after 10 s of ringing, then every 25 s: which key it is
//! ```

use super::{Conversation, Output, State};
use std::time::Duration;
use tandem_types::{Now, agent::Target, context::ActionTaken};

/// A caller is told which key brings them back when phones have been rung for so long, and then again.
pub(super) const FIRST_HINT: Duration = Duration::from_secs(10);
const NEXT_HINT: Duration = Duration::from_secs(25);

impl Conversation {
    /// The caller is being put through, and may change their mind.
    pub(super) fn leaves(&self) -> bool {
        matches!(self.state, State::Leaving(_) | State::Away(_))
    }

    pub(super) fn on_transfer_begun(&mut self, now: Now, handoff: tandem_types::HandoffId) {
        if let State::Leaving(leaving) = &mut self.state
            && leaving.offer.handoff == handoff
        {
            leaving.begun = Some(now.mono);
        }
    }

    /// What rings can be taken back.
    pub(super) fn on_transfer_rang(&mut self, now: Now) {
        // A person who passes them on has told them where to.
        if let State::Away(away) = &mut self.state
            && away.person.is_none()
        {
            away.hint_at.get_or_insert(now.mono + FIRST_HINT);
        }
    }

    pub(super) fn on_transfer_answered(&mut self, now: Now) {
        match &mut self.state {
            State::Leaving(leaving) => leaving.answered = true,
            // Somebody is being told: it is no time for it.
            State::Away(away) => {
                away.hint_at = away.hint_at.map(|_| now.mono + NEXT_HINT);
            }
            State::Waiting
            | State::Talking
            | State::WithPerson { .. }
            | State::Ending { .. }
            | State::Over => {}
        }
    }

    /// They were to be passed on, and nobody took them.
    pub(super) fn on_person_keeps(&mut self) {
        if let State::Away(away) = &self.state
            && let Some((handoff, target)) = away.person.clone()
        {
            self.state = State::WithPerson { handoff, target };
            self.listen(false);
        }
    }

    /// Which key brings them back.
    pub(super) fn say_hint(&mut self, now: Now) {
        let queued = self.queued;
        let State::Away(away) = &mut self.state else {
            return;
        };
        if queued {
            away.hint_at = None; // the queue says it
            return;
        }
        away.hint_at = Some(now.mono + NEXT_HINT);
        let target = away.target.clone();
        let Some(key) = self.brain.rules().cancel_key else {
            return;
        };
        let (to, key) = (self.spoken(&target), super::phrases::key_name(key));
        let text = self.phrase(now, "waiting", &[("to", &to), ("key", &key)]);
        self.announce(now, &text);
    }

    /// The caller would rather stay.
    pub(super) fn never_mind(&mut self, now: Now) {
        let begun = match &self.state {
            State::Leaving(leaving) => leaving.begun.is_some(),
            State::Away(_) => true,
            State::Waiting
            | State::Talking
            | State::WithPerson { .. }
            | State::Ending { .. }
            | State::Over => return,
        };
        if !begun {
            let State::Leaving(leaving) = self.state.clone() else {
                return;
            };
            return self.kept(now, &leaving.target);
        }
        self.offer_what_rings(now);
        if let State::Away(away) = &mut self.state
            && !std::mem::replace(&mut away.abandoned, true)
        {
            let handoff = away.handoff;
            self.outputs.push_back(Output::Abandon { handoff });
        }
    }

    /// What phones ring for is on record before it ends, though it was never carried out.
    pub(super) fn offer_what_rings(&mut self, now: Now) {
        if matches!(&self.state, State::Leaving(leaving) if leaving.begun.is_some()) {
            self.offered(now);
        }
    }

    /// They stay with the agent, whose words to the contrary are cut.
    pub(super) fn kept(&mut self, now: Now, target: &Target) {
        self.memory.actions.push(ActionTaken {
            what: format!("transfer {}", target.0),
            result: "the caller changed their mind".to_owned(),
            at: now.wall,
        });
        self.stop_saying(now);
        self.back_in_talk(now);
        if self.guards.time_is_up {
            return self.end_with(now, "goodbye");
        }
        let to = self.spoken(target);
        let text = self.phrase(now, "kept", &[("to", &to)]);
        self.reply(now, &text);
    }
}
