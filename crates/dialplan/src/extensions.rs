//! Phones by their number, and by the user name that they register with.

use crate::{Extension, Patterns};
use std::{collections::BTreeMap, ops::Deref};

/// All extensions, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extensions {
    list: Vec<Extension>,
    patterns: Patterns,
    users: BTreeMap<String, usize>,
}

impl Extensions {
    /// The first that matches, and which it is.
    pub fn find(&self, number: &str) -> Option<(usize, &Extension)> {
        let at = self.patterns.find(number)?;
        Some((at, self.list.get(at)?))
    }

    /// Who registers as `user` may pick up what rings at `other`: they have a group in common.
    pub fn may_pick_up(&self, user: &str, other: &str) -> bool {
        let groups = |user: &str| self.of_user(user).map_or(&[][..], |e| &e.pickup);
        let others = groups(other);
        user == other || groups(user).iter().any(|group| others.contains(group))
    }

    /// That which registers with this user name.
    pub fn of_user(&self, user: &str) -> Option<&Extension> {
        self.list.get(*self.users.get(user)?)
    }
}

impl FromIterator<Extension> for Extensions {
    fn from_iter<I: IntoIterator<Item = Extension>>(all: I) -> Self {
        let list: Vec<Extension> = all.into_iter().collect();
        let users = list
            .iter()
            .enumerate()
            .filter_map(|(at, e)| Some((e.registers.as_ref()?.0.clone(), at)));
        Self {
            patterns: list.iter().map(|e| e.pattern.clone()).collect(),
            users: users.collect(),
            list,
        }
    }
}

impl Deref for Extensions {
    type Target = [Extension];
    fn deref(&self) -> &[Extension] {
        &self.list
    }
}
