//! Which agent has the caller: the first one, and handoffs from one to another within the machine.

use super::{Conversation, State, triage::Asked};
use crate::package;
use tandem_types::{
    Now,
    agent::{AgentSpec, Target},
    context::{ContextPackage, Entity, HandoffReason, Holder, Hop},
    journal::{HandoffEnd, What},
};

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
    fn receive(&mut self, now: Now, name: &str, package: ContextPackage) {
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

    /// The first words show what is known, and what follows them asks for none of it. An agent with a model is asked at
    /// once how to go on; one without goes on by what its own classifier makes of the goal: it answers, offers its
    /// people, or lets the caller go on.
    fn greet_after_handoff(&mut self, now: Now, from: &str) {
        let spec = self.brain.spec(&self.agent);
        let (mut text, asks) = self.what_is_known(now, from);
        if spec.has_model {
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
        if let (true, Some(intent)) = (answered, &sure) {
            self.reply(now, &text);
            return self.answer(now, intent);
        }
        let routed = sure.as_ref().and_then(|i| spec.routes.get(i)).cloned();
        let target = routed
            .filter(|t| !t.0.starts_with("agent:"))
            .or_else(|| its_people(&spec));
        if !asks {
            let next = match &target {
                Some(target) => self.phrase(now, "offer", &[("to", &self.spoken(target))]),
                None => self.phrase(now, "go_on", &[]),
            };
            text = format!("{text} {next}");
        }
        self.reply(now, &text);
        self.asked = target.map(|target| Asked::Offer {
            target,
            intent: sure,
        });
    }

    /// The first words to a caller who was handed over, and whether there is a question in them already.
    fn what_is_known(&self, now: Now, from: &str) -> (String, bool) {
        let spec = self.brain.spec(&self.agent);
        let has_goal = self.memory.goal.is_some();
        let own = spec.says.get("greeting_after_handoff").cloned();
        // Nothing is known to fill it with: "I understand: ." would be all.
        let fits = |t: &String| !t.is_empty() && (has_goal || !t.contains("{goal}"));
        let template = match own.filter(fits) {
            Some(own) => own,
            None if has_goal && !spec.has_model => String::new(),
            None => "Hello, this is {me}.".to_owned(),
        };
        let known = self
            .memory
            .entities
            .iter()
            .filter(|e| package::identifies(e) && package::is_given(e));
        let facts = package::spelt(&package::facts(&known.cloned().collect::<Vec<_>>()));
        let fill = [("from", from), ("known", facts.as_str())];
        let mut text = match template.is_empty() {
            true => self.phrase(now, "greeting_after_handoff", &fill),
            false => self.fill(now, &template, &fill),
        };
        let asks = text.ends_with('?');
        let names = |e: &Entity| template.contains(&format!("{{{}}}", e.name));
        let shown = template.contains("{known}") || self.memory.entities.iter().any(names);
        if !facts.is_empty() && !shown {
            text.push_str(&format!(" I have your {facts}."));
        }
        if has_goal || asks {
            return (text, asks);
        }
        let how_help = self.phrase(now, "how_help", &[]);
        (format!("{text} {how_help}"), true)
    }

    /// The first agent of a call, or the next one that the call itself chose.
    pub(super) fn on_begin(&mut self, now: Now, agent: String) {
        match self.state {
            State::Waiting | State::Away(_) | State::WithPerson { .. } => {}
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
        match spec.greeting.clone() {
            Some(greeting) => self.greet(now, greeting),
            None => {
                let text = self.phrase(now, "greeting", &[]);
                self.reply(now, &text);
            }
        }
    }

    pub(super) fn refused(&mut self, wanted: &str, rule: &str) {
        self.journal(What::Refused {
            wanted: wanted.to_owned(),
            rule: rule.to_owned(),
        });
    }
}

/// The one destination with people that an agent has. One that hands on to several agents sorts callers: it does not
/// offer its people before it knows more.
fn its_people(spec: &AgentSpec) -> Option<Target> {
    let (agents, people): (Vec<_>, Vec<_>) = spec
        .hands_off_to
        .iter()
        .filter(|t| t.0 != "hangup")
        .partition(|t| t.0.starts_with("agent:"));
    match (agents.len(), people.as_slice()) {
        (0 | 1, [one]) => Some((*one).clone()),
        _ => None,
    }
}
