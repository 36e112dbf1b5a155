//! Sound in memory; what was not asked for longest goes first.

use super::Key;
use std::{collections::BTreeMap, sync::Arc};

/// Least recently used, bounded by samples.
pub(super) struct Lru {
    room: usize,
    used: usize,
    clock: u64,
    by_key: BTreeMap<Key, (u64, Arc<[i16]>)>,
    by_age: BTreeMap<u64, Key>,
}

impl Lru {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            used: 0,
            clock: 0,
            by_key: BTreeMap::new(),
            by_age: BTreeMap::new(),
        }
    }

    pub(super) fn find(&mut self, key: &Key) -> Option<Arc<[i16]>> {
        let (age, pcm) = self.by_key.get_mut(key)?;
        self.by_age.remove(age);
        self.clock += 1;
        *age = self.clock;
        self.by_age.insert(self.clock, *key);
        Some(pcm.clone())
    }

    /// What is larger than all the room is not kept.
    pub(super) fn insert(&mut self, key: Key, pcm: Arc<[i16]>) {
        if pcm.len() > self.room {
            return;
        }
        self.clock += 1;
        self.used += pcm.len();
        self.by_age.insert(self.clock, key);
        if let Some((age, old)) = self.by_key.insert(key, (self.clock, pcm)) {
            self.used -= old.len();
            self.by_age.remove(&age);
        }
        while self.used > self.room {
            let Some((_, oldest)) = self.by_age.pop_first() else {
                return;
            };
            if let Some((_, pcm)) = self.by_key.remove(&oldest) {
                self.used -= pcm.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key([n; 32])
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let mut lru = Lru::new(10);
        lru.insert(key(1), vec![0; 4].into());
        lru.insert(key(2), vec![0; 4].into());
        assert!(lru.find(&key(1)).is_some());
        lru.insert(key(3), vec![0; 4].into());
        assert!(lru.find(&key(2)).is_none());
        assert!(lru.find(&key(1)).is_some() && lru.find(&key(3)).is_some());
    }

    #[test]
    fn replacing_counts_once_and_a_giant_is_not_kept() {
        let mut lru = Lru::new(10);
        for _ in 0..20 {
            lru.insert(key(1), vec![0; 6].into());
        }
        lru.insert(key(2), vec![0; 4].into());
        lru.insert(key(3), vec![0; 11].into());
        assert!(
            lru.find(&key(1)).is_some()
                && lru.find(&key(2)).is_some()
                && lru.find(&key(3)).is_none()
        );
    }
}
