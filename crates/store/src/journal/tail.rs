//! The last lines of a journal, kept for whoever makes rows of them in the same process: reading them back and taking them apart
//! again costs more than writing them did.

use super::reader::{Batch, Entry, Position};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What the journals of one directory tell a [`crate::Projector`] of it. Nothing depends on it: what is not here is read from the files.
#[derive(Debug, Default)]
pub struct Follower {
    pub(crate) wake: Notify,
    /// There are enough of them for a transaction.
    pub(crate) many: Notify,
    tails: Mutex<BTreeMap<u16, VecDeque<Entry>>>,
}

/// Lines that may wait for a shard's rows. A projector that is further behind reads the files.
const LINES: usize = 16_384;
/// Lines that are worth a transaction: the more there are, the less is gained by more.
const MANY: usize = 2048;

impl Follower {
    fn tails(&self) -> MutexGuard<'_, BTreeMap<u16, VecDeque<Entry>>> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines that were just written, in order.
    pub(crate) fn tell(&self, shard: u16, lines: impl Iterator<Item = Entry>) {
        let mut tails = self.tails();
        let tail = tails.entry(shard).or_default();
        if tail.len() >= LINES {
            // Half of them would be of no use to whoever is behind.
            tail.clear();
        }
        let before = tail.len();
        tail.extend(lines);
        let many = before < MANY && tail.len() >= MANY;
        drop(tails);
        self.wake.notify_one();
        if many {
            self.many.notify_one();
        }
    }

    /// At most `max` lines from `from` on; `None`: they are not here.
    pub(crate) fn take(&self, shard: u16, from: Position, max: usize) -> Option<Batch> {
        let mut tails = self.tails();
        let tail = tails.get_mut(&shard)?;
        while tail.pop_front_if(|line| line.at < from).is_some() {}
        let mut batch = Batch {
            next: from,
            ..Batch::default()
        };
        while batch.entries.len() < max
            && let Some(line) = tail.pop_front_if(|line| line.at == batch.next)
        {
            batch.next = line.next;
            batch.entries.push(line);
        }
        let length = |line: &Entry| line.next.byte - line.at.byte;
        batch.behind = tail.iter().map(length).sum();
        (!batch.entries.is_empty()).then_some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(segment: u32, from: u64, to: u64) -> Entry {
        let at = |byte| Position { segment, byte };
        Entry {
            at: at(from),
            next: at(to),
            line: Err((String::new(), String::new())),
        }
    }

    fn taken(follower: &Follower, byte: u64, max: usize) -> Option<(usize, u64, u64)> {
        let from = Position { segment: 1, byte };
        let batch = follower.take(0, from, max)?;
        Some((batch.entries.len(), batch.next.byte, batch.behind))
    }

    #[test]
    fn lines_are_given_once_in_order_and_only_from_where_they_were_asked() {
        let follower = Follower::default();
        assert_eq!(taken(&follower, 0, 9), None);
        let lines = [(10, 20), (20, 35), (35, 40), (40, 50)];
        follower.tell(0, lines.iter().map(|(a, b)| line(1, *a, *b)));
        assert_eq!(taken(&follower, 0, 9), None, "what is before is not here");
        assert_eq!(taken(&follower, 10, 1), Some((1, 20, 30)));
        // It has read the next one from the file.
        assert_eq!(taken(&follower, 35, 9), Some((2, 50, 0)));
        assert_eq!(taken(&follower, 50, 9), None);
    }

    #[test]
    fn the_next_segment_is_begun_by_its_file() {
        let follower = Follower::default();
        follower.tell(0, [line(1, 10, 20), line(2, 99, 120)].into_iter());
        assert_eq!(taken(&follower, 10, 9), Some((1, 20, 21)));
        assert_eq!(taken(&follower, 20, 9), None, "a header is between");
        let within = Position {
            segment: 2,
            byte: 99,
        };
        assert!(follower.take(0, within, 9).is_some());
    }

    #[test]
    fn nobody_who_reads_is_no_reason_to_grow() {
        let follower = Follower::default();
        for i in 0..3 * LINES as u64 {
            follower.tell(0, std::iter::once(line(1, i, i + 1)));
        }
        assert!(follower.tails().get(&0).is_some_and(|t| t.len() <= LINES));
    }
}
