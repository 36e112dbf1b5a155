//! Moving the caller: to another agent within the machine, to anybody else by the call, to the end.
//!
//! The source owns the caller until the target has them; whatever fails comes back here with its
//! memory.

use super::{
    Conversation, Leaving, Output, State,
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
    context::{ActionTaken, HandoffReason, Holder, Hop},
    journal::{HandoffEnd, What},
};

/// A transfer waits for its announcement at most this long: the caller must not, and the person's
/// phone may ring meanwhile.
const ANNOUNCEMENT: Duration = Duration::from_secs(4);

/// A goodbye is over by then, played or not.
const GOODBYE: Duration = Duration::from_secs(15);

impl Conversation {
    /// To a destination of the dialplan. `announce`: the caller has not been told yet.
    pub(super) fn go(
        &mut self,
        now: Now,
        target: &Target,
        reason: HandoffReason,
        trigger: &str,
        announce: bool,
    ) {
        self.drop_chat();
        self.asked = None;
        self.ears.unclear = None;
        self.ears.unanswered.clear();
        self.guards.no_match = 0;
        match target.0.split_once(':') {
            Some(("agent", name)) => self.hand_over(now, target, name, reason, trigger, announce),
            _ if target.0 == "hangup" => self.end(now),
            _ => self.leave(now, target, reason, trigger, announce),
        }
    }

    /// To another agent: offered, acknowledged and completed in one step, with the hash of what the
    /// receiver really got.
    fn hand_over(
        &mut self,
        now: Now,
        target: &Target,
        name: &str,
        reason: HandoffReason,
        trigger: &str,
        announce: bool,
    ) {
        let rules = self.brain.rules().clone();
        if name == self.agent {
            let text = self.phrase(now, "how_help", &[]);
            self.reply(now, &text);
            return;
        }
        if !rules.agents.contains_key(name) {
            self.refused(&target.0, "no such agent");
            self.guards.failed.insert(target.clone(), u8::MAX);
            return self.escalate(now, reason, trigger);
        }
        let last_resort = rules.operator.as_ref() == Some(target);
        if self.guards.handoffs >= rules.max_handoffs && !last_resort {
            self.refused(&target.0, "max_handoffs");
            return self.escalate(now, HandoffReason::LoopGuard, "max_handoffs");
        }
        if self.is_ping_pong(name) && !last_resort {
            self.refused(
                &target.0,
                "no handoff back without a new word of the caller",
            );
            return self.escalate(now, HandoffReason::LoopGuard, "ping-pong");
        }
        let offer = self.offer(now, target, reason, trigger);
        let package = package::build(&self.memory, offer);
        self.journal(What::HandoffOffered {
            sha256: package.sha256(),
            package: Box::new(package.clone()),
        });
        if announce {
            let to = self.spoken(target);
            let text = self.phrase(now, "handing_over", &[("to", &to)]);
            self.reply(now, &text);
        }
        self.receive(now, name, package);
    }

    /// The receiving agent's side.
    fn receive(&mut self, now: Now, name: &str, package: tandem_types::context::ContextPackage) {
        let from = match &package.from {
            Holder::Agent(a) => self.spoken(&Target(format!("agent:{a}"))),
            _ => "my colleague".to_owned(),
        };
        self.guards.handoffs += 1;
        self.memory.hops.push(Hop {
            from: package.from.clone(),
            to: package.to.clone(),
            reason: package.reason,
            handoff: package.handoff,
            at: now.wall,
        });
        self.enter(name);
        let handoff = package.handoff;
        let briefed = self.briefed.insert(Box::new(package));
        let sha256 = briefed.sha256();
        self.journal(What::HandoffAcknowledged {
            handoff,
            sha256,
            delivered: None,
        });
        self.journal(What::AgentEntered {
            agent: name.to_owned(),
            handoff: Some(handoff),
        });
        self.journal(What::HandoffEnded {
            handoff,
            end: HandoffEnd::Completed,
            reason: None,
        });
        self.greet_after_handoff(now, &from);
    }

    /// From here on this agent has the caller.
    fn enter(&mut self, name: &str) {
        self.agent = name.to_owned();
        self.guards.turns_at_entry = self.memory.caller_turns;
        self.entry_turn = self.memory.turn_count;
    }

    /// The first words show what is known. An agent without a model goes on by what its own classifier
    /// makes of the goal; one with a model is asked at once.
    fn greet_after_handoff(&mut self, now: Now, from: &str) {
        let spec = self.brain.spec(&self.agent);
        let own = spec.says.get("greeting_after_handoff").cloned();
        let template = match (own, self.memory.goal.is_some()) {
            (Some(own), _) => own,
            (None, true) if spec.providers.is_some() => "Hello, this is {me}.".to_owned(),
            (None, true) => String::new(),
            (None, false) => "Hello, this is {me}. How can I help?".to_owned(),
        };
        let facts = package::spelt(&package::facts(&self.memory.entities));
        let fill = [("from", from), ("known", facts.as_str())];
        let mut text = match template.is_empty() {
            true => self.phrase(now, "greeting_after_handoff", &fill),
            false => self.fill(now, &template, &fill),
        };
        let names =
            |e: &tandem_types::context::Entity| template.contains(&format!("{{{}}}", e.name));
        let shown = template.contains("{known}") || self.memory.entities.iter().any(names);
        if !facts.is_empty() && !shown {
            text.push_str(&format!(" I have your {facts}."));
        }
        if spec.providers.is_some() {
            self.reply(now, &text);
            return self.open_with_model(now, &text);
        }
        let goal = self.memory.goal.clone().unwrap_or_default();
        let guess = self
            .brain
            .model(&self.agent)
            .map(|m| m.classify(&goal))
            .unwrap_or_default();
        let sure = guess
            .intent
            .filter(|_| guess.confidence >= spec.min_confidence);
        let answered = sure
            .as_ref()
            .is_some_and(|i| spec.answers.contains_key(i) && !spec.routes.contains_key(i));
        self.reply(now, &text);
        if let (true, Some(intent)) = (answered, &sure) {
            return self.answer(now, intent);
        }
        let routed = sure.as_ref().and_then(|i| spec.routes.get(i)).cloned();
        let mut people = spec
            .hands_off_to
            .iter()
            .filter(|t| !t.0.starts_with("agent:") && t.0 != "hangup");
        let only = match (people.next(), people.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        };
        let target = routed.filter(|t| !t.0.starts_with("agent:")).or(only);
        self.asked = target.map(|target| Asked::Offer {
            target,
            intent: sure,
        });
    }

    /// To anybody but an agent: said first, then asked of the call.
    fn leave(
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
        self.state = State::Leaving(Leaving {
            target: target.clone(),
            reason,
            trigger: trigger.to_owned(),
            by: now.mono + ANNOUNCEMENT,
        });
    }

    /// Once it is said and the caller has finished, or it takes too long.
    pub(super) fn settle_leaving(&mut self, now: Now) {
        let State::Leaving(leaving) = &self.state else {
            return;
        };
        let done = self.playout.queue.is_empty() && !self.ears.busy();
        if self.held || !(done || now.mono >= leaving.by) {
            return;
        }
        let Leaving {
            target,
            reason,
            trigger,
            ..
        } = leaving.clone();
        let digits = std::mem::take(&mut self.keys);
        if !digits.digits.is_empty() {
            self.keyed(digits.digits, false);
            self.settle_turns(now);
        }
        let offer = self.offer(now, &target, reason, &trigger);
        let package = package::build(&self.memory, offer);
        let handoff = package.handoff;
        let sha256 = package.sha256();
        self.journal(What::HandoffOffered {
            package: Box::new(package.clone()),
            sha256: sha256.clone(),
        });
        self.listen(false);
        self.guards.ai_pauses(now);
        self.state = State::Away {
            handoff,
            target: target.clone(),
            reason,
        };
        self.outputs.push_back(Output::Transfer {
            package: Box::new(package),
            sha256,
            target,
        });
    }

    /// The caller is back: says why, remembers, offers what is left.
    pub(super) fn on_transfer_failed(
        &mut self,
        now: Now,
        handoff: HandoffId,
        reason: Reason,
        more: Option<String>,
    ) {
        let State::Away {
            handoff: ours,
            target,
            reason: why,
        } = self.state.clone()
        else {
            return;
        };
        if ours != handoff {
            return;
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
        self.back_in_talk(now);
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
        let State::Away {
            handoff: ours,
            target,
            reason,
        } = self.state.clone()
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
        self.memory.hops.push(Hop {
            from: Holder::Agent(self.agent.clone()),
            to: holder_of(&target),
            reason,
            handoff,
            at: now.wall,
        });
        self.guards.failed.clear();
        self.stop_saying(now);
        self.state = State::WithPerson { handoff, target };
    }

    /// A person gave the caller back: says again that this is an AI.
    pub(super) fn on_returned(&mut self, now: Now, note: Option<String>) {
        let (handoff, target) = match self.state.clone() {
            State::WithPerson { handoff, target }
            | State::Away {
                handoff, target, ..
            } => (handoff, target),
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
            result: note.clone().unwrap_or_else(|| "no note".to_owned()),
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
        let note = note.unwrap_or_default();
        let text = self.phrase(now, "returned", &[("note", &note)]);
        let reply = self.open_reply();
        self.disclose(now, reply);
        self.say(now, reply, &text, Kind::Words, true);
        self.close_reply(now, reply);
    }

    fn back_in_talk(&mut self, now: Now) {
        self.state = State::Talking;
        self.listen(!self.held);
        self.guards.ai_begins(now);
        self.guards.heard_from();
        self.guards.no_match = 0;
        self.guards.turns_at_entry = self.memory.caller_turns;
    }

    /// The first agent of a call, or the next one that the call itself chose.
    pub(super) fn on_begin(&mut self, now: Now, agent: String) {
        match self.state {
            State::Waiting | State::Away { .. } | State::WithPerson { .. } => {}
            State::Talking | State::Leaving(_) | State::Ending { .. } | State::Over => return,
        }
        self.enter(&agent);
        self.back_in_talk(now);
        if !self.brain.rules().agents.contains_key(&agent) {
            self.refused(&format!("agent:{agent}"), "no such agent");
            return self.escalate(now, HandoffReason::Policy, "no such agent");
        }
        self.journal(What::AgentEntered {
            agent,
            handoff: None,
        });
        let spec = self.brain.spec(&self.agent);
        let text = match &spec.greeting {
            Some(greeting) => self.fill(now, greeting, &[]),
            None => self.phrase(now, "greeting", &[]),
        };
        self.reply(now, &text);
    }

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

    fn failures(&self, target: &Target) -> u8 {
        self.guards.failed.get(target).copied().unwrap_or(0)
    }

    fn may_try(&self, target: &Target) -> bool {
        let here = target.0.strip_prefix("agent:") == Some(self.agent.as_str());
        !here && self.failures(target) < LAST_ATTEMPTS
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

    fn end_with(&mut self, now: Now, phrase: &str) {
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

    pub(super) fn refused(&mut self, wanted: &str, rule: &str) {
        self.journal(What::Refused {
            wanted: wanted.to_owned(),
            rule: rule.to_owned(),
        });
    }
}
