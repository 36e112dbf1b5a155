//! Queues and their people, as an admin reads and sets them.

use super::Switch;
use crate::{
    api::Output,
    call::queued::member,
    queues::{Member, QueueRow},
};
use std::collections::BTreeMap;
use tandem_dialplan::{Destination, Plan};
use tandem_types::{
    CallId, Now,
    journal::{Event, What},
};

impl Switch {
    /// Every queue in which callers wait.
    pub fn queue_rows(&self, now: Now) -> Vec<QueueRow> {
        let mut all: BTreeMap<String, Vec<Member>> = BTreeMap::new();
        for (queue, ticket) in self.house.queues.waited_in() {
            all.insert(queue.clone(), ticket.members.to_vec());
        }
        for (plan, d) in self.plan.dialplans.iter() {
            let lines = d.queues.iter().filter(|(_, q)| q.line.is_some());
            for (name, queue) in lines {
                let members = queue.members.iter().map(|m| member(&self.plan, m));
                all.insert(format!("{plan}/{name}"), members.collect());
            }
        }
        let present = |user: &str| self.house.registrar.is_registered(user);
        let row = |(queue, members): (&String, &Vec<Member>)| {
            self.house.queues.row(now.mono, queue, members, &present)
        };
        all.iter().map(row).collect()
    }

    /// Queues do not ring this person any more, or do again.
    pub(super) fn pause(&mut self, now: Now, person: String, paused: bool) {
        if !self.house.queues.pause(&person, paused) {
            return;
        }
        self.person_paused(now, person, paused, "command");
    }

    /// On record, by itself: it is no call's.
    pub(super) fn person_paused(&mut self, now: Now, person: String, paused: bool, by: &str) {
        let by = by.to_owned();
        self.out.push_back(Output::Journal(Box::new(Event {
            call: CallId::generate(now.wall, &mut self.rng),
            seq: 1,
            at: now.wall,
            what: What::PersonPaused { person, paused, by },
        })));
    }
}

/// Whose phone a member of some queue is: by the number that is dialled, or by what the phone registers as.
pub fn person_of(plan: &Plan, who: &str) -> Option<String> {
    let queues = plan.dialplans.values().flat_map(|d| d.queues.values());
    let lines = queues.filter(|q| q.line.is_some());
    let mut members = lines.flat_map(|q| q.members.iter().map(|m| member(plan, m)));
    let is_them = |m: &Member| {
        let number = matches!(&m.target, Destination::Ext(n) if n == who);
        number || m.person == who || m.target.to_string() == who
    };
    members.find(is_them).map(|m| m.person)
}
