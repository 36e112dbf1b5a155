//! Who is rung for whom.

use super::{Line, Member, Order, Queues, Ticket};
use tandem_dialplan::{Destination, Strategy};
use tandem_types::{CallId, Mono, journal::QueueEnd};

impl Queues {
    /// Callers get the people who are free, those first who have waited longest, whichever queue they are in.
    pub(super) fn give(&mut self, now: Mono, present: &dyn Fn(&str) -> bool) {
        let mut all: Vec<(Mono, CallId, Ticket)> = Vec::new();
        for line in self.lines.values() {
            for w in &line.waiting {
                all.push((w.since, w.call, w.ticket.clone()));
            }
        }
        all.sort_by_key(|(since, call, _)| (*since, *call));
        for (_, call, ticket) in all {
            let rung = self.people.values().any(|p| p.rung_for == Some(call));
            if rung {
                continue;
            }
            if self.closing {
                self.turn_away(call, QueueEnd::Closing);
                continue;
            }
            if !self.anybody(&ticket, present) {
                self.turn_away(call, QueueEnd::NobodyThere);
                continue;
            }
            let targets = self.choose(now, call, &ticket, present);
            if !targets.is_empty() {
                self.orders.push_back(Order::Ring(call, targets));
            }
        }
    }

    fn turn_away(&mut self, call: CallId, end: QueueEnd) {
        self.leave(call);
        self.stirred = false; // nobody has become free by it
        self.orders.push_back(Order::TurnAway(call, end));
    }

    /// Somebody is there who takes calls, if not just now.
    pub(super) fn anybody(&self, ticket: &Ticket, present: &dyn Fn(&str) -> bool) -> bool {
        ticket.members.iter().any(|m| {
            let paused = self
                .people
                .get(&m.person)
                .is_some_and(|p| p.paused.is_some());
            !paused && (self.is_there(m, present) || self.in_calls.contains_key(&m.person))
        })
    }

    fn is_there(&self, m: &Member, present: &dyn Fn(&str) -> bool) -> bool {
        !m.registers || present(&m.person)
    }

    /// Whether they may be rung now.
    fn is_free(&self, now: Mono, m: &Member, present: &dyn Fn(&str) -> bool) -> bool {
        let at_rest = self.people.get(&m.person).is_some_and(|p| {
            let rests = p.rests().is_some_and(|until| now < until);
            rests || p.paused.is_some() || p.rung_for.is_some()
        });
        !at_rest && !self.in_calls.contains_key(&m.person) && self.is_there(m, present)
    }

    /// Whom the strategy rings for a caller; they are taken by it.
    fn choose(
        &mut self,
        now: Mono,
        call: CallId,
        ticket: &Ticket,
        present: &dyn Fn(&str) -> bool,
    ) -> Vec<Destination> {
        let free: Vec<(usize, &Member)> = ticket
            .members
            .iter()
            .enumerate()
            .filter(|(_, m)| self.is_free(now, m, present))
            .collect();
        let line = self.lines.get(&ticket.queue);
        let chosen: Vec<Member> = match ticket.strategy {
            Strategy::RingAll => free.iter().map(|(_, m)| (*m).clone()).collect(),
            Strategy::InOrder => free
                .first()
                .map(|(_, m)| (*m).clone())
                .into_iter()
                .collect(),
            Strategy::RoundRobin => {
                let behind = line.and_then(|l| behind(l, ticket)).unwrap_or(0);
                let next = free.iter().find(|(at, _)| *at >= behind).or(free.first());
                next.map(|(_, m)| (*m).clone()).into_iter().collect()
            }
            Strategy::LongestIdle => {
                let idle = |m: &Member| self.people.get(&m.person).map(|p| p.idle_since);
                let longest = free.iter().min_by_key(|(at, m)| (idle(m), *at));
                longest.map(|(_, m)| (*m).clone()).into_iter().collect()
            }
        };
        for member in &chosen {
            let person = self.people.entry(member.person.clone()).or_default();
            person.rung_for = Some(call);
        }
        if let (Some(line), Some(last)) = (self.lines.get_mut(&ticket.queue), chosen.last()) {
            line.last = Some(last.person.clone());
        }
        let mut targets: Vec<Destination> = Vec::new();
        for member in chosen {
            if !targets.contains(&member.target) {
                targets.push(member.target);
            }
        }
        targets
    }
}

/// The member behind whoever was rung last.
fn behind(line: &Line, ticket: &Ticket) -> Option<usize> {
    let last = line.last.as_ref()?;
    let at = ticket.members.iter().position(|m| m.person == *last)?;
    Some(at + 1)
}
