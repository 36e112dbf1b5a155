//! When nothing else is left: the last resort, and goodbye.

use super::{Conversation, Output, State, playout::Kind, triage::Asked};
use std::time::Duration;
use tandem_types::{Now, context::HandoffReason};

/// A goodbye is over by then, played or not.
const GOODBYE: Duration = Duration::from_secs(15);

impl Conversation {
    /// To the last resort; without one, goodbye.
    pub(super) fn escalate(&mut self, now: Now, reason: HandoffReason, trigger: &str) {
        let rules = self.brain.rules().clone();
        let target = rules.operator.as_ref().or(rules.on_human.as_ref());
        match target {
            Some(t) if self.may_try(t) => self.go(now, t, reason, trigger, true),
            _ if reason == HandoffReason::Timeout && !self.guards.time_is_up => {
                self.end_with(now, "goodbye")
            }
            _ => self.end_with(now, "nobody"),
        }
    }

    /// Providers are down and nothing else is left.
    pub(super) fn providers_down(&mut self, now: Now, why: &str) {
        let rules = self.brain.rules().clone();
        let targets = [rules.on_provider_down.as_ref(), rules.operator.as_ref()];
        match targets.into_iter().flatten().find(|t| self.may_try(t)) {
            Some(target) => self.go(now, target, HandoffReason::ProviderOutage, why, true),
            None => {
                let text = self.phrase(now, "trouble", &[]);
                self.reply(now, &text);
            }
        }
    }

    pub(super) fn nobody_there(&mut self, now: Now) {
        let nobody = self.phrase(now, "nobody", &[]);
        let more = self.phrase(now, "anything_else", &[]);
        self.reply(now, &format!("{nobody} {more}"));
        self.asked = Some(Asked::AnythingElse);
    }

    /// Goodbye, then the end.
    pub(super) fn end(&mut self, now: Now) {
        self.end_with(now, "goodbye");
    }

    pub(super) fn end_with(&mut self, now: Now, phrase: &str) {
        let goodbye = self.phrase(now, "goodbye", &[]);
        let text = match phrase {
            "goodbye" => goodbye,
            other => format!("{} {goodbye}", self.phrase(now, other, &[])),
        };
        let reply = self.open_reply();
        self.say(now, reply, &text, Kind::Words, true);
        self.close_reply(now, reply);
        self.end_after_words(now);
    }

    /// The end, once what is being said is said.
    pub(super) fn end_after_words(&mut self, now: Now) {
        self.drop_chat();
        self.asked = None;
        self.ears.unanswered.clear();
        self.ears.unclear = None;
        self.state = State::Ending {
            by: now.mono + GOODBYE,
        };
    }

    pub(super) fn settle_ending(&mut self, now: Now) {
        let State::Ending { by } = self.state else {
            return;
        };
        let done = self.playout.queue.is_empty() && !self.ears.busy() && !self.held;
        if done || now.mono >= by {
            self.give_up_on_all(now);
            self.listen(false);
            self.guards.ai_pauses(now);
            self.state = State::Over;
            self.outputs.push_back(Output::Hangup);
        }
    }
}
