//! A new plan while calls go on.
//!
//! ```text
//!              reload, it has calls              the last of them is over
//!   newest -------------------------> older ------------------------------> gone
//!     ^  \                                                                   ^
//!     |   +------------------------ reload, it has none ---------------------+
//!   every new call
//! ```
//! A call goes by the plan that was in force when it came in, to its end: its menus, agents, queues, trunks and limits. What spans
//! calls (phones, registrations, questions to trunks, bans) goes by the newest at once.

use super::Switch;
use crate::{
    api::Output,
    call::{Call, Stage},
};
use std::{collections::BTreeMap, sync::Arc};
use tandem_agent::Brain;
use tandem_dialplan::Plan;
use tandem_types::{
    CallId, Now,
    journal::{Event, What},
};

/// A plan, and what was trained from it.
#[derive(Clone, Debug, Default)]
pub struct Edition {
    /// Checked.
    pub plan: Arc<Plan>,
    /// By dialplan; from [`super::brains_of`] the same plan.
    pub brains: BTreeMap<String, Arc<Brain>>,
}

impl Switch {
    /// New calls go by this from now on. `by` says who wanted it, `sha256` which files it was read from: both go into the journal.
    /// What was in force before is given back, unless calls still go by it. Drain the outputs.
    ///
    /// Listeners, and whatever else a switch was made with, stay: a plan that has others is for a new switch.
    pub fn reload(
        &mut self,
        now: Now,
        edition: Edition,
        by: String,
        sha256: String,
    ) -> Option<Edition> {
        let before = Edition {
            plan: std::mem::replace(&mut self.plan, edition.plan),
            brains: std::mem::replace(&mut self.brains, edition.brains),
        };
        let used = self.calls.values().any(|c| c.edition == self.edition);
        let over = if used {
            self.older.insert(self.edition, before);
            None
        } else {
            Some(before)
        };
        self.edition += 1;
        let older: Vec<Arc<Plan>> = self.older.values().map(|e| e.plan.clone()).collect();
        self.house.reload(now, &self.plan, &older);
        self.out.push_back(Output::Journal(Box::new(Event {
            call: CallId::generate(now.wall, &mut self.rng),
            seq: 1,
            at: now.wall,
            what: What::Reloaded { by, sha256 },
        })));
        self.all_messages_wait(now);
        self.settle(now);
        self.told();
        over
    }

    /// Calls that go by plans before the newest.
    pub fn of_older_plans(&self) -> usize {
        let all = self.calls.values();
        all.filter(|c| c.edition != self.edition).count()
    }

    /// The plans before the newest that calls still go by.
    pub fn older(&self) -> &BTreeMap<u32, Edition> {
        &self.older
    }

    /// Gives a deserialised shard what is not in its snapshot: the newest plan and those before it. A call whose own is not there any
    /// more goes on by the newest.
    pub fn attach(&mut self, newest: Edition, older: BTreeMap<u32, Edition>) {
        for call in self.calls.values_mut() {
            let brains = older
                .get(&call.edition)
                .map_or(&newest.brains, |e| &e.brains);
            if let (Some(talk), Some(brain)) = (
                &mut call.talk,
                call.dialplan.as_ref().and_then(|d| brains.get(d)),
            ) {
                talk.attach(brain.clone());
            }
        }
        (self.plan, self.brains) = (newest.plan, newest.brains);
        self.older = older;
    }

    /// A call with nothing in it yet that goes by the newest plan.
    pub(super) fn new_call(&self, id: CallId, now: Now, stage: Stage) -> Box<Call> {
        let mut call = Box::new(Call::new(id, now, stage));
        call.edition = self.edition;
        call
    }

    /// Lets go of plans that no call goes by any more.
    pub(super) fn forget_editions(&mut self) {
        // Ids count up with time: the calls of an old plan stand in front.
        let calls = &self.calls;
        self.older
            .retain(|edition, _| calls.values().any(|c| c.edition == *edition));
    }
}
