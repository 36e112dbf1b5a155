//! Callers who wait in queues, and the people who may be rung for them: one owner of each person's state, whichever queues and
//! calls they are in.
//!
//! ```text
//!   a caller:  join --nobody there, full, closing--> turned away
//!                |
//!                v           somebody is free           nobody of them took it
//!             waiting ----------- Ring ----------> rung for <----+
//!                ^  |                                 |  |       |
//!                |  |                                 |  +-------+ somebody else is free
//!                |  '-- hung up, the key, max_wait: gone |
//!                |  '-- everybody left: TurnAway         v
//!                +------------------------------------ taken --> gone
//!
//!   a person:                    not registered
//!                 paused        /                         declined, busy: `ring_again`
//!        2 unanswered, key,    v           +------------------------------------------------+
//!        command   ^--------> free --Ring--> rung --takes it--> in a call --over--> after the call --time--> free
//!                              '--- a call of their own -----------^
//! ```
//! Whoever waits longest is served first. A caller for whom phones ring keeps the place; the next free person is the next caller's.
//!
//! | event | effect |
//! |---|---|
//! | the caller hangs up, presses the key, has waited too long | out of the line at once; who was rung for them is free, and not blamed |
//! | a person declines, is busy, cannot be reached | left in peace for `ring_again`; the caller keeps the place |
//! | a person does not answer | the same; `pause_after` times in a row: paused |
//! | every member is paused, or not registered | TurnAway for all who wait and have nobody rung for them |
//! | the gateway closes | TurnAway for them too; those for whom somebody is rung have this last chance |
//! | a person who was paused for not answering speaks in any call | they are there again |
//! | a person's call is over | free, or after-call work where this queue asks for it |

mod order;
mod people;
mod rows;

pub use rows::{MemberRow, QueueRow, WaitingRow};

use people::Person;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tandem_dialplan::{Destination, Strategy};
use tandem_types::{CallId, Mono, journal::QueueEnd};

/// Waits that are remembered for telling others how long it takes.
const REMEMBERED: usize = 8;
/// Fewer tell nothing.
const TELLING: usize = 3;

/// Which queue: `DIALPLAN/NAME`.
pub(crate) type QueueId = String;

/// One who may be rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Whom a leg of theirs belongs to: what their phone registers as, else what is dialled.
    pub(crate) person: String,
    /// What is dialled.
    pub(crate) target: Destination,
    /// Only there while a phone is registered.
    pub(crate) registers: bool,
}

/// A queue as one caller's plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) queue: QueueId,
    pub(crate) members: Arc<[Member]>,
    pub(crate) strategy: Strategy,
    pub(crate) max_waiting: Option<u32>,
    pub(crate) after_call: Duration,
    pub(crate) ring_again: Duration,
    pub(crate) pause_after: u32,
}

/// How an attempt to reach a person failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// It rang, and nobody answered, or said nothing to the question.
    Unanswered,
    /// They said no, or could not be rung.
    Refused,
}

/// What a call is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Ring these for the caller.
    Ring(CallId, Vec<Destination>),
    /// The caller does not wait here any more.
    TurnAway(CallId, QueueEnd),
}

impl Order {
    pub(crate) fn call(&self) -> CallId {
        match self {
            Self::Ring(call, _) | Self::TurnAway(call, _) => *call,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    call: CallId,
    /// Whose place they have: of somebody who waits since then.
    since: Mono,
    joined: Mono,
    ticket: Ticket,
}

/// Those who wait in one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    /// The longest first.
    waiting: Vec<Waiting>,
    /// Who was rung last.
    last: Option<String>,
    /// How long the last who were taken had waited.
    waits: VecDeque<Duration>,
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queues {
    lines: BTreeMap<QueueId, Line>,
    people: BTreeMap<String, Person>,
    /// Whose legs each call has, and whether they have answered.
    legs: BTreeMap<CallId, Vec<(String, bool)>>,
    /// Who was paused for not answering, and speaks: to be told.
    #[serde(default)]
    back: Vec<String>,
    /// The same by person.
    in_calls: BTreeMap<String, u32>,
    closing: bool,
    /// Something may have changed since callers were last given people.
    stirred: bool,
    orders: VecDeque<Order>,
}

impl Queues {
    /// A caller wants to wait from now on, in the place of one who waits since then; the place, or why not. `present`: whose phones are
    /// registered.
    pub(crate) fn join(
        &mut self,
        (joined, since): (Mono, Mono),
        call: CallId,
        ticket: Ticket,
        present: &dyn Fn(&str) -> bool,
    ) -> Result<u32, QueueEnd> {
        self.leave(call);
        for member in &*ticket.members {
            self.people.entry(member.person.clone()).or_default();
        }
        if self.closing {
            return Err(QueueEnd::Closing);
        }
        if !self.anybody(&ticket, present) {
            return Err(QueueEnd::NobodyThere);
        }
        let line = self.lines.entry(ticket.queue.clone()).or_default();
        let most = ticket.max_waiting.map_or(usize::MAX, |n| n as usize);
        if line.waiting.len() >= most {
            return Err(QueueEnd::Full);
        }
        let at = line.waiting.partition_point(|w| w.since <= since);
        let waiting = Waiting {
            call,
            since,
            joined,
            ticket,
        };
        line.waiting.insert(at, waiting);
        self.stirred = true;
        Ok(u32::try_from(at + 1).unwrap_or(u32::MAX))
    }

    /// The caller does not wait any more. Nobody who was rung for them is blamed.
    pub(crate) fn leave(&mut self, call: CallId) {
        let mut was = false;
        for line in self.lines.values_mut() {
            let before = line.waiting.len();
            line.waiting.retain(|w| w.call != call);
            was |= line.waiting.len() != before;
        }
        if was {
            self.release(call);
        }
    }

    fn release(&mut self, call: CallId) {
        for person in self.people.values_mut() {
            if person.rung_for == Some(call) {
                person.rung_for = None;
            }
        }
        self.orders.retain(|o| o.call() != call);
        self.stirred = true;
    }

    /// This member has the caller.
    pub(crate) fn taken(&mut self, now: Mono, call: CallId, target: &Destination) {
        let Some((waiting, person)) = self.rung(call, target) else {
            return self.leave(call);
        };
        let (queue, joined) = (waiting.ticket.queue.clone(), waiting.joined);
        let after_call = waiting.ticket.after_call;
        if let Some(p) = self.people.get_mut(&person) {
            p.took(after_call);
        }
        if let Some(line) = self.lines.get_mut(&queue) {
            line.waits.push_back(now.since(joined));
            if line.waits.len() > REMEMBERED {
                line.waits.pop_front();
            }
        }
        self.leave(call);
    }

    /// This member calls the caller back, who does not wait any more.
    pub(crate) fn calls_back(&mut self, call: CallId, target: &Destination) {
        if let Some((waiting, person)) = self.rung(call, target) {
            let after_call = waiting.ticket.after_call;
            if let Some(p) = self.people.get_mut(&person) {
                p.took(after_call);
            }
        }
        self.leave(call);
    }

    /// This member was rung for the caller and does not take them. Says who was paused for it.
    pub(crate) fn missed(
        &mut self,
        now: Mono,
        call: CallId,
        target: &Destination,
        how: Missed,
    ) -> Option<String> {
        let (waiting, person) = self.rung(call, target)?;
        let (again, most) = (waiting.ticket.ring_again, waiting.ticket.pause_after);
        let p = self.people.get_mut(&person)?;
        if p.rung_for != Some(call) {
            return None;
        }
        self.stirred = true;
        p.missed(now + again, how, most).then_some(person)
    }

    /// Who waits, and whom of the members this is.
    fn rung(&self, call: CallId, target: &Destination) -> Option<(&Waiting, String)> {
        let mut all = self.lines.values().flat_map(|l| &l.waiting);
        let waiting = all.find(|w| w.call == call)?;
        let member = waiting
            .ticket
            .members
            .iter()
            .find(|m| m.target == *target)?;
        Some((waiting, member.person.clone()))
    }

    /// The place of a caller: 1 is next.
    pub(crate) fn position(&self, call: CallId) -> Option<usize> {
        let mut lines = self.lines.values();
        lines
            .find_map(|l| l.waiting.iter().position(|w| w.call == call))
            .map(|at| at + 1)
    }

    /// How long those had waited who were taken last, where that tells something.
    pub(crate) fn usual_wait(&self, queue: &QueueId) -> Option<Duration> {
        let waits = &self.lines.get(queue)?.waits;
        let n = u32::try_from(waits.len())
            .ok()
            .filter(|n| *n >= TELLING as u32)?;
        Some(waits.iter().sum::<Duration>() / n)
    }

    /// No caller waits any more.
    pub(crate) fn close(&mut self) {
        self.closing = true;
        self.stirred = true;
    }

    /// Phones came or went: look again who can be rung.
    pub(crate) fn stir(&mut self) {
        self.stirred = true;
    }

    /// Whether people came or went, or became free, since orders were drained.
    pub(crate) fn is_stirred(&self) -> bool {
        self.stirred
    }

    /// The next thing that a call is to do. Drain after every mutation.
    pub(crate) fn poll_order(
        &mut self,
        now: Mono,
        present: &dyn Fn(&str) -> bool,
    ) -> Option<Order> {
        if std::mem::take(&mut self.stirred) {
            self.give(now, present);
        }
        self.orders.pop_front()
    }

    /// When somebody may be rung again, for those who wait.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let tickets = self.lines.values().filter_map(|l| l.waiting.first());
        let members: BTreeSet<&str> = tickets
            .flat_map(|w| w.ticket.members.iter().map(|m| m.person.as_str()))
            .collect();
        let rests = members.iter().filter_map(|m| self.people.get(*m)?.rests());
        rests
            .min()
            .map(|at| (at, "somebody of a queue is free again"))
    }

    /// Early is a no-op.
    pub(crate) fn handle_timeout(&mut self, now: Mono) {
        for person in self.people.values_mut() {
            self.stirred |= person.rested(now);
        }
    }

    /// Nothing is left of a call.
    pub(crate) fn forget(&mut self, now: Mono, call: CallId) {
        self.leave(call);
        self.in_call(now, call, std::iter::empty());
    }

    /// Whose legs a call has now, and whether each has answered.
    pub(crate) fn in_call<'l>(
        &mut self,
        now: Mono,
        call: CallId,
        legs: impl Iterator<Item = (&'l str, bool)> + Clone,
    ) {
        let known = self.legs.get(&call).map_or(&[][..], Vec::as_slice);
        // Most of what happens to a call changes nothing here.
        let mut now_and_then = legs.clone().zip(known);
        let same = legs.clone().count() == known.len()
            && now_and_then.all(|((p, up), known)| p == known.0 && up == known.1);
        if same {
            return;
        }
        let legs: Vec<(String, bool)> = legs.map(|(p, up)| (p.to_owned(), up)).collect();
        for (person, up) in &legs {
            *self.in_calls.entry(person.clone()).or_default() += 1;
            let person_up = self.people.get_mut(person).filter(|_| *up);
            if person_up.is_some_and(people::Person::answered) {
                self.back.push(person.clone());
                self.stirred = true;
            }
        }
        let before = match legs.is_empty() {
            true => self.legs.remove(&call),
            false => self.legs.insert(call, legs),
        };
        for (person, _) in before.unwrap_or_default() {
            let Some(n) = self.in_calls.get_mut(&person) else {
                continue;
            };
            *n = n.saturating_sub(1);
            if *n == 0 {
                self.in_calls.remove(&person);
                if let Some(p) = self.people.get_mut(&person) {
                    p.hung_up(now);
                    self.stirred = true;
                }
            }
        }
    }

    /// Who was paused for not answering and speaks now, once.
    pub(crate) fn poll_back(&mut self) -> Option<String> {
        self.back.pop()
    }

    /// They were paused in an earlier run, and nothing is known of them in this one.
    pub(crate) fn paused_before(&mut self, person: &str, unanswered: bool) {
        let why = match unanswered {
            true => people::Why::Unanswered,
            false => people::Why::Asked,
        };
        let p = self.people.entry(person.to_owned()).or_default();
        p.paused.get_or_insert(why);
        self.stirred = true;
    }

    /// Nobody rings them from now on, or they may be rung again. Says whether that is new.
    pub(crate) fn pause(&mut self, person: &str, paused: bool) -> bool {
        let p = self.people.entry(person.to_owned()).or_default();
        let was = p.paused.is_some();
        p.paused = paused.then_some(people::Why::Asked);
        p.unanswered = 0;
        self.stirred = true;
        was != paused
    }
}

#[cfg(test)]
mod tests;
