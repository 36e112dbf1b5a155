//! Queues as an admin reads them.

use super::{
    Member, QueueId, Queues, Ticket,
    people::{Rest, Why},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tandem_types::{CallId, Mono};

/// A queue in which callers wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// The dialplan.
    pub dialplan: String,
    /// Its name.
    pub queue: String,
    /// The longest first.
    pub waiting: Vec<WaitingRow>,
    /// In the plan's order.
    pub members: Vec<MemberRow>,
    /// Seconds that those had waited who were taken last; `None`: too few were.
    pub usual_wait_s: Option<u64>,
}

/// A caller who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// The call.
    pub call: CallId,
    /// 1 is next.
    pub position: usize,
    /// Seconds so far.
    pub waited_s: u64,
    /// Who is rung for them.
    pub rung: Vec<String>,
}

/// A member of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// As the plan writes it: `ext:201`.
    pub member: String,
    /// What the phone registers as, else what is dialled.
    pub person: String,
    /// `free`, `rung`, `in a call`, `after a call`, `left in peace`, `paused`, `paused: did not answer`, `not registered`.
    pub state: String,
    /// Seconds until that is over by itself, where it is.
    pub for_s: Option<u64>,
    /// Calls in a row that they did not answer.
    pub unanswered: u32,
}

impl Queues {
    /// This queue now, by the members that a plan gives it.
    pub(crate) fn row(
        &self,
        now: Mono,
        queue: &QueueId,
        members: &[Member],
        present: &dyn Fn(&str) -> bool,
    ) -> QueueRow {
        let (dialplan, name) = queue.split_once('/').unwrap_or((queue, ""));
        let line = self.lines.get(queue);
        let waiting = line.map_or(&[][..], |l| &l.waiting);
        QueueRow {
            dialplan: dialplan.to_owned(),
            queue: name.to_owned(),
            waiting: (1..)
                .zip(waiting)
                .map(|(position, w)| WaitingRow {
                    call: w.call,
                    position,
                    waited_s: now.since(w.since).as_secs(),
                    rung: self.rung_for(w.call, &w.ticket),
                })
                .collect(),
            members: members
                .iter()
                .map(|m| self.member_row(now, m, present))
                .collect(),
            usual_wait_s: self.usual_wait(queue).map(|wait| wait.as_secs()),
        }
    }

    /// Queues in which somebody waits by a plan that may not be in force any more.
    pub(crate) fn waited_in(&self) -> impl Iterator<Item = (&QueueId, &Ticket)> {
        let lines = self.lines.iter();
        lines.filter_map(|(id, line)| Some((id, &line.waiting.first()?.ticket)))
    }

    fn rung_for(&self, call: CallId, ticket: &Ticket) -> Vec<String> {
        let rung = |m: &&Member| {
            let person = self.people.get(&m.person);
            person.is_some_and(|p| p.rung_for == Some(call))
        };
        let all: BTreeSet<String> = ticket
            .members
            .iter()
            .filter(rung)
            .map(|m| m.target.to_string())
            .collect();
        all.into_iter().collect()
    }

    fn member_row(&self, now: Mono, m: &Member, present: &dyn Fn(&str) -> bool) -> MemberRow {
        let person = self.people.get(&m.person).cloned().unwrap_or_default();
        let rest = person.rest.filter(|(until, _)| now < *until);
        let state = match (person.paused, rest) {
            (Some(Why::Asked), _) => "paused",
            (Some(Why::Unanswered), _) => "paused: did not answer",
            (None, _) if person.rung_for.is_some() => "rung",
            (None, _) if self.in_calls.contains_key(&m.person) => "in a call",
            (None, _) if m.registers && !present(&m.person) => "not registered",
            (None, Some((_, Rest::AfterCall))) => "after a call",
            (None, Some((_, Rest::Missed))) => "left in peace",
            (None, None) => "free",
        };
        let rests = matches!(state, "after a call" | "left in peace");
        MemberRow {
            member: m.target.to_string(),
            person: m.person.clone(),
            state: state.to_owned(),
            for_s: rest
                .filter(|_| rests)
                .map(|(until, _)| until.since(now).as_secs()),
            unanswered: person.unanswered,
        }
    }
}
