//! The calls of a shard. One that runs a verb is taken out of its place, which stays: every message comes through here, and to make a
//! place in a tree costs more than to find one.

use crate::call::Call;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_types::CallId;

/// By their ids.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Calls(BTreeMap<CallId, Option<Box<Call>>>);

impl Calls {
    /// How many there are, one that is taken included.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One, unless it is taken.
    pub(crate) fn get(&self, id: &CallId) -> Option<&Call> {
        self.0.get(id)?.as_deref()
    }

    /// All but one that is taken.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Call> {
        self.0.values().filter_map(Option::as_deref)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        self.0.values_mut().filter_map(Option::as_deref_mut)
    }

    /// Takes one out of its place; [`Calls::put`] or [`Calls::remove`] follows.
    pub(super) fn take(&mut self, id: &CallId) -> Option<Box<Call>> {
        self.0.get_mut(id)?.take()
    }

    /// Puts one into its place, which is made for a new one.
    pub(super) fn put(&mut self, call: Box<Call>) {
        let id = call.id;
        match self.0.get_mut(&id) {
            Some(place) => *place = Some(call),
            None => drop(self.0.insert(id, Some(call))),
        }
    }

    /// The place goes, and what is in it.
    pub(super) fn remove(&mut self, id: &CallId) {
        self.0.remove(id);
    }
}
