//! A list of patterns of which the first that matches counts, found without asking each.

use crate::{Pattern, trie::Index};
use std::{fmt, ops::Deref};

/// Patterns in the order of their file.
#[derive(Clone, Default)]
pub struct Patterns {
    list: Vec<Pattern>,
    index: Index,
    /// Those that are `sip:` URIs.
    addresses: Vec<usize>,
}

impl Patterns {
    /// The first that matches this number ([`Pattern::matches`]).
    pub fn find(&self, number: &str) -> Option<usize> {
        self.index.first(number)
    }

    /// The first that matches this number, whether either has a leading `+` or not ([`Pattern::matches_loosely`]).
    pub fn find_loosely(&self, number: &str) -> Option<usize> {
        self.index.first_loosely(number)
    }

    /// The first that matches this URI ([`Pattern::matches_uri`]).
    pub fn find_uri(&self, uri: &str) -> Option<usize> {
        let mut all = self.addresses.iter().copied();
        all.find(|id| self.list[*id].matches_uri(uri))
    }

    /// One more, behind all others.
    pub(crate) fn push(&mut self, pattern: Pattern) {
        let id = self.list.len();
        match pattern.pieces() {
            Some(pieces) => self.index.insert(pieces, id),
            None => self.addresses.push(id),
        }
        self.list.push(pattern);
    }
}

impl FromIterator<Pattern> for Patterns {
    fn from_iter<I: IntoIterator<Item = Pattern>>(all: I) -> Self {
        let mut patterns = Self::default();
        all.into_iter().for_each(|p| patterns.push(p));
        patterns
    }
}

impl Deref for Patterns {
    type Target = [Pattern];
    fn deref(&self) -> &[Pattern] {
        &self.list
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list.iter().map(Pattern::as_str))
            .finish()
    }
}
