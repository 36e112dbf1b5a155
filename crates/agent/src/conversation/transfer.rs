//! To anybody but an agent: announced here, carried out by the call. The source owns the caller until
//! the target has them; whatever fails comes back with its memory.

use super::{
    Away, Conversation, Leaving, Output, Return, State,
    guards::{ATTEMPTS, LAST_ATTEMPTS},
    phrases::reason_in_words,
    playout::Kind,
    triage::Asked,
};
use crate::package::{self, holder_of};
use std::time::Duration;
use tandem_types::{
    HandoffId, Now, Reason,
    agent::Target,
    context::{ActionTaken, ContextPackage, HandoffReason, Holder, Hop},
    journal::What,
};

/// A transfer waits for its announcement at most this long: the caller must not, and the person's
/// phone may ring meanwhile.
const ANNOUNCEMENT: Duration = Duration::from_secs(4);

impl Conversation {
    /// To anybody but an agent: said first, then asked of the call.
    pub(super) fn leave(
        &mut self,
        now: Now,
        target: &Target,
        reason: HandoffReason,
        trigger: &str,
        announce: bool,
    ) {
        if self.failures(target) >= ATTEMPTS {
            self.refused(&target.0, "three attempts have failed");
            return self.nobody_there(now);
        }
        if announce {
            let to = self.spoken(target);
            let text = self.phrase(now, "transferring", &[("to", &to)]);
            self.announce(now, &text);
        }
        let offer = self.offer(now, target, reason, trigger);
        self.outputs.push_back(Output::Ring {
            package: Box::new(package::build(&self.memory, offer.clone())),
            target: target.clone(),
        });
        self.state = State::Leaving(Leaving {
            target: target.clone(),
            offer,
            by: now.mono + ANNOUNCEMENT,
            begun: None,
            answered: false,
        });
    }

    /// Once it is said and the caller has finished, or it takes too long. Somebody who has answered already need not wait
    /// for our words to end, only for the caller's.
    pub(super) fn settle_leaving(&mut self, now: Now) {
        let State::Leaving(leaving) = &self.state else {
            return;
        };
        let said = self.playout.queue.is_empty() || leaving.answered;
        let done = said && !self.ears.busy() && !self.held;
        let late = now.mono >= leaving.by && (leaving.answered || !self.held);
        if !done && !late {
            return;
        }
        let Some((package, sha256, target)) = self.offered(now) else {
            return;
        };
        self.outputs.push_back(Output::Transfer {
            package,
            sha256,
            target,
        });
    }

    /// The package is complete, and the call has the caller: what it is, with its hash.
    pub(super) fn offered(&mut self, now: Now) -> Option<(Box<ContextPackage>, String, Target)> {
        let State::Leaving(leaving) = self.state.clone() else {
            return None;
        };
        let digits = std::mem::take(&mut self.keys);
        if !digits.digits.is_empty() {
            self.keyed(digits.digits, false);
            self.settle_turns(now);
            if self.state != State::Leaving(leaving.clone()) {
                return None; // they said so: never mind
            }
        }
        let (handoff, reason) = (leaving.offer.handoff, leaving.offer.reason);
        let package = Box::new(package::build(&self.memory, leaving.offer));
        let sha256 = package.sha256();
        self.journal(What::HandoffOffered {
            package: package.clone(),
            sha256: sha256.clone(),
        });
        self.guards.ai_pauses(now);
        self.state = State::Away(Away {
            handoff,
            target: leaving.target.clone(),
            reason,
            hint_at: leaving.begun.map(|at| at + super::waiting::FIRST_HINT),
            abandoned: false,
            person: None,
        });
        Some((package, sha256, leaving.target))
    }

    /// The caller is back: says why, remembers, offers what is left.
    pub(super) fn on_transfer_failed(
        &mut self,
        now: Now,
        handoff: HandoffId,
        reason: Reason,
        more: Option<String>,
    ) {
        let State::Away(Away {
            handoff: ours,
            target,
            reason: why,
            abandoned,
            ..
        }) = self.state.clone()
        else {
            return;
        };
        if ours != handoff {
            return;
        }
        if abandoned {
            return self.kept(now, &target);
        }
        let failures = self.guards.failed.entry(target.clone()).or_default();
        *failures = failures.saturating_add(1);
        let left = *failures < ATTEMPTS;
        let mut words = reason_in_words(reason).to_owned();
        if let Some(more) = more.map(|m| m.trim().to_owned()).filter(|m| !m.is_empty()) {
            words = format!("{words}; {}", more.trim_end_matches('.'));
        }
        self.memory.actions.push(ActionTaken {
            what: format!("transfer {}", target.0),
            result: words.clone(),
            at: now.wall,
        });
        // That somebody is still being tried is true no more.
        self.stop_saying(now);
        self.back_in_talk(now);
        self.keys_of_the_wait();
        if self.guards.time_is_up {
            return self.end_with(now, "nobody");
        }
        let to = self.spoken(&target);
        let fill = [("reason", words.as_str()), ("to", to.as_str())];
        let worth = !matches!(
            reason,
            Reason::Blocked
                | Reason::NotAllowed
                | Reason::WrongNumber
                | Reason::NoRoute
                | Reason::Limit
        );
        let (phrase, asked) = match left && worth {
            true => (
                "back",
                Asked::Retry {
                    target,
                    reason: why,
                },
            ),
            false => ("back_without_retry", Asked::AnythingElse),
        };
        let text = self.phrase(now, phrase, &fill);
        self.reply(now, &text);
        self.asked = Some(asked);
    }

    /// A person has the caller.
    pub(super) fn on_transfer_done(&mut self, now: Now, handoff: HandoffId) {
        let State::Away(Away {
            handoff: ours,
            target,
            reason,
            person,
            ..
        }) = self.state.clone()
        else {
            return;
        };
        if ours != handoff {
            return;
        }
        self.memory.actions.push(ActionTaken {
            what: format!("transfer {}", target.0),
            result: "connected".to_owned(),
            at: now.wall,
        });
        let from = person.map_or_else(
            || Holder::Agent(self.agent.clone()),
            |(_, from)| holder_of(&from),
        );
        self.memory.hops.push(Hop {
            from,
            to: holder_of(&target),
            reason,
            handoff,
            at: now.wall,
        });
        self.guards.failed.clear();
        self.stop_saying(now);
        self.listen(false);
        self.state = State::WithPerson { handoff, target };
    }

    /// The caller is back from a person: says again that this is an AI.
    pub(super) fn on_returned(&mut self, now: Now, note: Option<String>, how: Return) {
        let (handoff, target) = match self.state.clone() {
            State::WithPerson { handoff, target }
            | State::Away(Away {
                handoff, target, ..
            }) => (handoff, target),
            State::Waiting
            | State::Talking
            | State::Leaving(_)
            | State::Ending { .. }
            | State::Over => return,
        };
        let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        self.memory.hops.push(Hop {
            from: holder_of(&target),
            to: Holder::Agent(self.agent.clone()),
            reason: HandoffReason::PersonReturned,
            handoff,
            at: now.wall,
        });
        self.memory.actions.push(ActionTaken {
            what: format!("back from {}", target.0),
            result: note.clone().unwrap_or_else(|| {
                let how = match how {
                    Return::GivenBack => "no note",
                    Return::HungUp => "they hung up",
                    Return::Lost => "the connection was lost",
                };
                how.to_owned()
            }),
            at: now.wall,
        });
        self.back_in_talk(now);
        self.journal(What::AgentEntered {
            agent: self.agent.clone(),
            handoff: None,
        });
        if self.guards.time_is_up {
            return self.end_with(now, "goodbye");
        }
        let (note, to) = (note.unwrap_or_default(), self.spoken(&target));
        let key = match how {
            Return::GivenBack => "returned",
            Return::HungUp => "person_left",
            Return::Lost => "person_lost",
        };
        let text = self.phrase(now, key, &[("note", &note), ("to", &to)]);
        self.asked = match how {
            Return::GivenBack => None,
            Return::HungUp => Some(Asked::AnythingElse),
            Return::Lost => Some(Asked::Retry {
                target,
                reason: HandoffReason::TransferFailed,
            }),
        };
        let reply = self.open_reply();
        self.disclose_again(now, reply);
        self.say(now, reply, &text, Kind::Words, true);
        self.close_reply(now, reply);
    }

    pub(super) fn back_in_talk(&mut self, now: Now) {
        self.state = State::Talking;
        self.queued = false;
        // What was not understood while nobody listened for it needs no answer now.
        self.ears.unclear = None;
        self.ears.waiting_since = None;
        self.listen(!self.held);
        self.guards.ai_begins(now);
        self.guards.heard_from();
        self.guards.no_match = 0;
        self.guards.turns_at_entry = self.memory.caller_turns;
        self.playout.failed_in_a_row = 0;
    }

    fn failures(&self, target: &Target) -> u8 {
        self.guards.failed.get(target).copied().unwrap_or(0)
    }

    pub(super) fn may_try(&self, target: &Target) -> bool {
        let here = target.0.strip_prefix("agent:") == Some(self.agent.as_str());
        !here && self.failures(target) < LAST_ATTEMPTS
    }
}
