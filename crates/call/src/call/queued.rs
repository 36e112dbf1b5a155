//! The caller waits in a queue until somebody is free: the place in it, what they are told meanwhile, and where they go when nobody
//! takes them. Who is rung is decided by the house ([`crate::queues`]); how, by the same machine as without a queue.
//!
//! ```text
//!   enters --refused (full, nobody there, closing)--> turned away: words, then the way out
//!     |
//!     v        say_at: place, usual wait, key (not while somebody is being told)
//!   waiting <---+
//!     |   '-----'
//!     | the key, never mind    --> `leave_to`, or the agent, or the way out
//!     | max_wait, everybody left, closing --> words, then `overflow`, or the agent, or `otherwise`
//!     | taken                  --> with the person
//! ```

use super::{Call, Ctx, Purpose, Reaching, Stage};
use crate::{
    queues::{Member, Missed, Order, QueueId, Ticket},
    reach,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_dialplan::{Destination, LineRules, Plan, Queue};
use tandem_types::{
    LegId, Mono, Party, Reason, Termination, Wall,
    context::HandoffReason,
    journal::{QueueEnd, What},
    media::Lane,
};

/// Whoever is free is rung at once, and often answers before anything needs to be announced.
const FIRST_WORD: Duration = Duration::from_secs(3);

/// A caller's place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InLine {
    pub(super) name: String,
    since: Mono,
    /// When they are told how it stands.
    say_at: Option<Mono>,
    /// They are not to wait any more, for this reason.
    end: Option<QueueEnd>,
}

impl InLine {
    pub(super) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        Some((self.say_at?, "a caller who waits is told how long"))
    }
}

impl Call {
    /// The rules of a queue in which callers wait.
    pub(super) fn line_rules<'p>(&self, cx: &Ctx<'p>, to: &Destination) -> Option<&'p LineRules> {
        self.queue(cx, to)?.line.as_ref()
    }

    /// The queue that the caller waits in, or waited in just now.
    fn queue_of_line<'p>(&self, cx: &Ctx<'p>, line: &InLine) -> Option<&'p Queue> {
        self.dialplan(cx.plan)?.queues.get(&line.name)
    }

    fn queue_id(&self, name: &str) -> QueueId {
        format!("{}/{name}", self.dialplan.as_deref().unwrap_or_default())
    }

    /// Takes a place in the queue that is being reached, if callers wait there.
    pub(super) fn enter_line(&mut self, cx: &mut Ctx<'_>, to: &Destination) {
        let Destination::Queue(name) = to else { return };
        let queue = self.queue_id(name);
        let Some(ticket) = ticket(cx.plan, &queue) else {
            return;
        };
        let place = (cx.now.mono, self.place(cx, &queue));
        let joined = match is_open(cx.plan, &queue, cx.now.wall) {
            true => cx.house.join_line(place, self.id, ticket),
            false => Err(QueueEnd::Closed),
        };
        let line = InLine {
            name: name.clone(),
            since: cx.now.mono,
            say_at: None,
            end: joined.err(),
        };
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        r.line = Some(line);
        match joined {
            Ok(position) => {
                let queue = name.clone();
                self.journal(cx, What::QueueEntered { queue, position });
                self.talk_input(cx, tandem_agent::Input::TransferQueued);
                self.line_is_told(cx);
            }
            Err(end) => self.turned_away(cx, end),
        }
    }

    /// Announcements begin: before that an agent was speaking.
    pub(super) fn line_is_told(&mut self, cx: &Ctx<'_>) {
        let every = self.announcements(cx);
        if let Stage::Reaching(r) = &mut self.stage
            && let Some(line) = r.line.as_mut().filter(|_| r.reach.is_ready())
        {
            line.say_at = every.map(|every| cx.now.mono + every.min(FIRST_WORD));
        }
    }

    /// From one to the next, if any are made.
    fn announcements(&self, cx: &Ctx<'_>) -> Option<Duration> {
        let Stage::Reaching(r) = &self.stage else {
            return None;
        };
        let rules = self.queue_of_line(cx, r.line.as_ref()?)?.line.as_ref()?;
        Some(rules.announce_every).filter(|every| !every.is_zero())
    }

    /// What the house wants done for a caller who waits.
    pub(crate) fn ordered(&mut self, cx: &mut Ctx<'_>, order: Order) {
        let waits = |r: &Reaching| r.line.as_ref().is_some_and(|l| l.end.is_none());
        match (&mut self.stage, order) {
            (Stage::Reaching(r), Order::Ring(_, targets)) if waits(r) => {
                r.reach.ring(targets);
                self.drain_reach(cx);
            }
            (Stage::Reaching(r), Order::TurnAway(_, end)) if waits(r) => self.turned_away(cx, end),
            (_, Order::Ring(..) | Order::TurnAway(..)) => cx.house.queues.leave(self.id),
        }
    }

    fn turned_away(&mut self, cx: &mut Ctx<'_>, end: QueueEnd) {
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        if let Some(line) = &mut r.line {
            line.end = Some(end);
            line.say_at = None;
        }
        let reason = match end {
            QueueEnd::Closed => Reason::Closed,
            QueueEnd::Full => Reason::Capacity,
            QueueEnd::Closing => Reason::Draining,
            QueueEnd::NobodyThere => Reason::Unreachable,
            QueueEnd::Taken
            | QueueEnd::Left
            | QueueEnd::TooLong
            | QueueEnd::HungUp
            | QueueEnd::SentOn
            | QueueEnd::Ended => Reason::NoAnswer,
        };
        r.reach.turn_away(Termination::new(Party::Gateway, reason));
        self.drain_reach(cx);
    }

    /// An attempt to reach a person for the caller who waits has failed.
    pub(super) fn line_missed(&mut self, cx: &mut Ctx<'_>, leg: LegId, end: Termination) {
        let Stage::Reaching(r) = &self.stage else {
            return;
        };
        let Some((_, target)) = r.targets.iter().find(|(l, _)| *l == leg) else {
            return;
        };
        // Of a person with several phones the last counts.
        let others = |(l, t): &&(LegId, Destination)| t == target && r.reach.has(*l);
        if r.targets.iter().any(|other| others(&other)) {
            return;
        }
        let target = target.clone();
        self.member_missed(cx, &target, end);
    }

    pub(super) fn member_missed(
        &mut self,
        cx: &mut Ctx<'_>,
        target: &Destination,
        end: Termination,
    ) {
        let how = match (end.reason, end.sip) {
            (Reason::NoAnswer, 0 | 408) | (Reason::Silent, _) => Missed::Unanswered,
            _ => Missed::Refused,
        };
        if let Some(person) = cx.house.queues.missed(cx.now.mono, self.id, target, how) {
            self.paused_unanswered(cx, target, person);
        }
    }

    pub(super) fn paused_unanswered(
        &mut self,
        cx: &mut Ctx<'_>,
        target: &Destination,
        person: String,
    ) {
        let text = format!("{target} ({person}) did not answer and is paused");
        self.journal(cx, What::Alarm { text });
        let by = "unanswered".to_owned();
        let paused = true;
        self.journal(cx, What::PersonPaused { person, paused, by });
    }

    /// The caller waits no longer.
    pub(super) fn leave_line(&mut self, cx: &mut Ctx<'_>, line: &InLine, end: QueueEnd) {
        cx.house.queues.leave(self.id);
        self.backs.waited = Some((line.name.clone(), line.since));
        let waited = cx.now.mono.since(line.since).as_millis();
        let what = What::QueueLeft {
            queue: line.name.clone(),
            end,
            waited_ms: u64::try_from(waited).unwrap_or(u64::MAX),
        };
        self.journal(cx, what);
    }

    /// The caller is gone, or about to be, if they waited.
    pub(super) fn not_waiting(&mut self, cx: &mut Ctx<'_>, r: &mut Reaching, end: QueueEnd) {
        if let Some(line) = r.line.take() {
            self.leave_line(cx, &line, end);
        }
    }

    /// The person at this leg has them.
    pub(super) fn taken_from_line(&mut self, cx: &mut Ctx<'_>, r: &Reaching, leg: LegId) {
        let Some(line) = &r.line else { return };
        let target = r.targets.iter().find(|(l, _)| *l == leg);
        if let Some((_, target)) = target {
            cx.house.queues.taken(cx.now.mono, self.id, target);
        }
        let queue = self.queue_id(&line.name);
        self.leave_line(cx, line, QueueEnd::Taken);
        self.served(cx, &queue);
    }

    /// Nobody took a caller who waited: how that ended, and what comes before everything else that is to come.
    pub(super) fn out_of_line(
        &mut self,
        cx: &mut Ctx<'_>,
        line: &InLine,
        end: Termination,
    ) -> (QueueEnd, Option<Destination>) {
        let how = line.end.unwrap_or(match (end.by, end.reason) {
            (Party::Caller, Reason::Cancelled) => QueueEnd::Left,
            _ => QueueEnd::TooLong,
        });
        self.leave_line(cx, line, how);
        let rules = self.queue_of_line(cx, line).and_then(|q| q.line.as_ref());
        let to = rules.and_then(|l| match how {
            QueueEnd::Left if l.leave_to.is_some() => l.leave_to.clone(),
            QueueEnd::Closed if l.closed.is_some() => l.closed.clone(),
            QueueEnd::Left if self.talk.is_some() => None,
            _ => l.overflow.clone(),
        });
        (how, to)
    }

    /// What a caller is told who is sent on.
    pub(super) fn words_of_line(
        &self,
        cx: &Ctx<'_>,
        line: &InLine,
        how: QueueEnd,
    ) -> Option<String> {
        let queue = self.queue_of_line(cx, line)?;
        let what = match how {
            QueueEnd::TooLong => "too_long",
            QueueEnd::Full => "full",
            QueueEnd::NobodyThere => "nobody",
            QueueEnd::Closed => "closed",
            QueueEnd::Closing => "closing",
            QueueEnd::Taken
            | QueueEnd::Left
            | QueueEnd::HungUp
            | QueueEnd::SentOn
            | QueueEnd::Ended => return None,
        };
        let text = queue.line.as_ref()?.says(what);
        Some(text.replace("{to}", &queue.spoken))
    }

    /// A person would rather have the caller wait for somebody else: what the agent knew goes along.
    pub(super) fn sent_to_queue(&mut self, cx: &mut Ctx<'_>) {
        let before = std::mem::replace(&mut self.stage, Stage::Talking);
        let name = self.dialplan(cx.plan).and_then(|d| d.warm.send_to.clone());
        let (Stage::Reaching(mut r), Some(name)) = (before, name) else {
            return;
        };
        self.not_waiting(cx, &mut r, QueueEnd::SentOn);
        let end = Termination::new(Party::Callee, Reason::Declined);
        if let Some(t) = r.transfer.take() {
            let failed = Some(end.reason);
            self.journal(
                cx,
                What::TransferEnded {
                    transfer: t.id,
                    failed,
                },
            );
            self.handoff_failed(cx, t.handoff, end);
        }
        let to = Destination::Queue(name);
        if self.referrer.is_some() && self.passing_failed(cx, end) {
            return; // who wanted to pass them on has them still
        }
        let trigger = "a person's key: to the queue";
        match self.offer_on(cx, &to, HandoffReason::PersonPassedOn, trigger) {
            Some(package) => self.transfer_to_people(cx, package, to, r.otherwise, true),
            None => self.enter_with(cx, to, r.otherwise),
        }
    }

    /// The next destination has the caller, who has waited for these words.
    pub(super) fn sent_on(
        &mut self,
        cx: &mut Ctx<'_>,
        next: Destination,
        otherwise: VecDeque<Destination>,
        words: Option<String>,
        end: Termination,
    ) {
        match (words, &next) {
            (Some(words), Destination::Hangup) => return self.farewell(cx, &words, end),
            (Some(words), _) => {
                let words = self.speech(cx.plan, words);
                self.play(cx, self.caller, words, Lane::Voice, Purpose::Notice);
            }
            (None, _) => {}
        }
        self.enter_with(cx, next, otherwise);
    }

    /// The key of a caller who would rather not wait. Says whether it was that.
    pub(super) fn key_in_line(&mut self, cx: &mut Ctx<'_>, key: char) -> bool {
        let Stage::Reaching(r) = &self.stage else {
            return false;
        };
        // Until an agent has finished speaking the key is its own.
        let line = r
            .line
            .as_ref()
            .filter(|l| l.end.is_none() && r.reach.is_ready());
        let queue = line.and_then(|l| self.queue_of_line(cx, l));
        let Some(rules) = queue.and_then(|q| q.line.as_ref()) else {
            return false;
        };
        if rules.leave_key != Some(key) {
            return false;
        }
        let did = "leaves the queue".to_owned();
        let (leg, digit) = (self.caller, key);
        self.journal(cx, What::KeyPressed { leg, digit, did });
        // Who stays with an agent tells it so.
        let agents = self.dialplan(cx.plan).and_then(|d| d.rules.cancel_key);
        if let (None, true, Some(cancel)) = (&rules.leave_to, self.talk.is_some(), agents) {
            self.talk_input(cx, tandem_agent::Input::Digit(cancel));
        } else if let Stage::Reaching(r) = &mut self.stage {
            r.reach.handle_input(cx.now.mono, reach::Input::Abandon);
            self.drain_reach(cx);
        }
        true
    }

    /// Tells the caller how it stands, when it is time.
    pub(super) fn announce_due(&mut self, cx: &mut Ctx<'_>) {
        let every = self.announcements(cx);
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        let Some(line) = r.line.as_mut() else { return };
        if line.say_at.is_none_or(|at| cx.now.mono < at) {
            return;
        }
        line.say_at = every.map(|every| cx.now.mono + every);
        if r.reach.is_answered() {
            return; // they are about to be taken
        }
        let line = line.clone();
        if let Some(text) = self.how_it_stands(cx, &line) {
            let words = self.speech(cx.plan, text);
            self.play(cx, self.caller, words, Lane::Voice, Purpose::Notice);
        }
    }

    fn how_it_stands(&self, cx: &Ctx<'_>, line: &InLine) -> Option<String> {
        let queue = self.queue_of_line(cx, line)?;
        let rules = queue.line.as_ref()?;
        let n = cx.house.queues.position(self.id)?;
        let place = match n {
            1 => rules.says("next"),
            _ => rules.says("position"),
        };
        let mut words = vec![place.replace("{n}", &n.to_string())];
        if let Some(usual) = cx.house.queues.usual_wait(&self.queue_id(&line.name)) {
            words.push(rules.says("wait").replace("{minutes}", &minutes(usual)));
        }
        if let Some(key) = rules.leave_key {
            words.push(rules.says("key").replace("{key}", &key_name(key)));
        }
        Some(words.join(" ").replace("{to}", &queue.spoken))
    }
}

/// Rounded up: nobody is angry about less.
fn minutes(wait: Duration) -> String {
    match wait.as_secs().div_ceil(60) {
        0 | 1 => "one minute".to_owned(),
        n => format!("{n} minutes"),
    }
}

fn key_name(key: char) -> String {
    match key {
        '*' => "star".to_owned(),
        '#' => "hash".to_owned(),
        k => k.to_string(),
    }
}

/// Whether callers come in then.
pub(crate) fn is_open(plan: &Plan, queue: &str, at: Wall) -> bool {
    let of = queue.split_once('/');
    let of = of.and_then(|(d, name)| Some((plan.dialplans.get(d)?, name)));
    let hours = of.and_then(|(d, name)| {
        let rules = d.queues.get(name)?.line.as_ref()?;
        d.hours.get(rules.within.as_ref()?)
    });
    hours.is_none_or(|h| h.is_open(at))
}

/// What waiting in a queue means, which is called `DIALPLAN/NAME`; `None`: nobody waits there.
pub(crate) fn ticket(plan: &Plan, queue: &str) -> Option<Ticket> {
    let (dialplan, name) = queue.split_once('/')?;
    let found = plan.dialplans.get(dialplan)?.queues.get(name)?;
    let rules = found.line.as_ref()?;
    Some(Ticket {
        queue: queue.to_owned(),
        members: found.members.iter().map(|m| member(plan, m)).collect(),
        strategy: found.strategy,
        max_waiting: rules.max_waiting,
        after_call: rules.after_call,
        ring_again: rules.ring_again,
        pause_after: rules.pause_after,
    })
}

/// Whom a member of a queue is.
pub(crate) fn member(plan: &Plan, target: &Destination) -> Member {
    let (person, registers) = match target {
        Destination::Ext(number) => {
            let extension = plan.extension(number);
            match extension.and_then(|e| e.registers.as_ref()) {
                Some((user, _)) => (user.clone(), true),
                None => (number.clone(), false),
            }
        }
        Destination::Sip(uri) => (uri.clone(), false),
        other => (other.to_string(), false),
    };
    Member {
        person,
        target: target.clone(),
        registers,
    }
}
