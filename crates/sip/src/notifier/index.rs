//! Who watches what, who is in which calls, and which subscription has something to do next: thousands of lamps are not looked through
//! for each change of a call, nor for each deadline.

use super::{Line, Package, State, Subscription, SubscriptionId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tandem_types::{CallId, Mono};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    /// By whose state they are about.
    watching: BTreeMap<String, BTreeSet<SubscriptionId>>,
    /// By whose messages they are about.
    #[serde(default)]
    waiting: BTreeMap<String, BTreeSet<SubscriptionId>>,
    /// By who has subscribed.
    users: BTreeMap<String, BTreeSet<SubscriptionId>>,
    /// By whose lines they have.
    calls: BTreeMap<String, BTreeSet<CallId>>,
    due: BTreeSet<(Mono, SubscriptionId)>,
}

fn add<T: Ord>(to: &mut BTreeMap<String, BTreeSet<T>>, of: &str, what: T) {
    if let Some(all) = to.get_mut(of) {
        all.insert(what);
    } else {
        to.insert(of.to_owned(), BTreeSet::from([what]));
    }
}

fn take<T: Ord>(from: &mut BTreeMap<String, BTreeSet<T>>, of: &str, what: &T) {
    let Some(all) = from.get_mut(of) else { return };
    all.remove(what);
    if all.is_empty() {
        from.remove(of);
    }
}

impl Index {
    /// One that is new.
    pub(super) fn watch(&mut self, id: SubscriptionId, s: &Subscription) {
        add(&mut self.users, &s.user, id);
        match s.package {
            Package::Dialog => add(&mut self.watching, &s.of, id),
            Package::MessageSummary => add(&mut self.waiting, &s.of, id),
        }
    }

    pub(super) fn forget(&mut self, id: SubscriptionId, s: &Subscription) {
        take(&mut self.users, &s.user, &id);
        take(&mut self.watching, &s.of, &id);
        take(&mut self.waiting, &s.of, &id);
        if let Some(at) = s.due {
            self.due.remove(&(at, id));
        }
    }

    /// How many somebody has.
    pub(super) fn of_user(&self, user: &str) -> usize {
        self.users.get(user).map_or(0, BTreeSet::len)
    }

    /// Those that are about one of these, each once.
    pub(super) fn watching(&self, of: &[&str]) -> BTreeSet<SubscriptionId> {
        let all = of.iter().filter_map(|of| self.watching.get(*of));
        all.flatten().copied().collect()
    }

    /// Those that are about the messages of this one.
    pub(super) fn waiting(&self, of: &str) -> Vec<SubscriptionId> {
        self.waiting
            .get(of)
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    /// A call has other lines than before.
    pub(super) fn called<'l>(
        &mut self,
        call: CallId,
        before: impl Iterator<Item = &'l Line>,
        after: impl Iterator<Item = &'l Line>,
    ) {
        before.for_each(|line| take(&mut self.calls, line.of(), &call));
        after.for_each(|line| add(&mut self.calls, line.of(), call));
    }

    /// What a subscription is about, as far as its user may know it.
    pub(super) fn lines_of(
        &self,
        all: &BTreeMap<CallId, Vec<Line>>,
        s: &Subscription,
    ) -> Vec<Line> {
        let calls = self.calls.get(&s.of).into_iter().flatten();
        let theirs = calls.filter_map(|call| all.get(call)).flatten();
        let theirs = theirs.filter(|line| line.of() == s.of);
        match s.package {
            Package::Dialog => theirs.map(|line| line.seen_by(s.parties)).collect(),
            Package::MessageSummary => Vec::new(),
        }
    }

    /// Its state, or the time that it has, may be another.
    pub(super) fn settle(&mut self, id: SubscriptionId, s: &mut Subscription) {
        let due = match s.state {
            State::Quiet => Some(s.expires),
            State::Waiting { until } => Some(until.min(s.expires)),
            // Its transaction ends by itself.
            State::Telling { .. } | State::Leaving => None,
        };
        if s.due == due {
            return;
        }
        if let Some(at) = s.due {
            self.due.remove(&(at, id));
        }
        s.due = due;
        self.due.extend(due.map(|at| (at, id)));
    }

    pub(super) fn next(&self) -> Option<Mono> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The next whose time has come. Whoever takes it says so in the subscription.
    pub(super) fn pop_due(&mut self, now: Mono) -> Option<SubscriptionId> {
        let (at, id) = *self.due.first()?;
        (at <= now).then(|| {
            self.due.pop_first();
            id
        })
    }
}
