//! How many of the new calls are let in after there were too many.
//!
//! A call that is let in comes back with a dozen messages, some time later: whoever looks at what waits alone lets in a burst each time
//! that nothing waits, and is buried by it when the answers come; then answers are late, everybody repeats, and nothing is carried
//! any more. So the share of new calls that is let in follows how busy the thread is (after RFC 6357 section 5 and the occupancy
//! of RFC 7339's default algorithm).
//!
//! ```text
//!             too much waits                           too much waits: three quarters of the share
//!   whole ------------------> a share of new calls <-- else: as many more as there is time for, half as many at the most
//!     ^                          |   ^                 |
//!     +------- all of them ------+   +---------------- every 100 ms
//! ```

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// All of them.
const WHOLE: u32 = 1024;
/// One in 64 is always let in, so that there is something to measure.
const LEAST: u32 = WHOLE / 64;
/// Thousandths of the time that the thread is to be busy.
const GOAL: u32 = 900;

/// The share of new calls that is let in. Read at each packet.
pub(crate) struct Admission {
    share: AtomicU32,
    /// What is owed to those who are next.
    credit: AtomicU32,
    /// Too much waited since the last look.
    crowded: AtomicBool,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            share: AtomicU32::new(WHOLE),
            credit: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
        }
    }
}

impl Admission {
    /// Too much waits.
    pub(crate) fn crowded(&self) {
        self.crowded.store(true, Relaxed);
    }

    /// All are let in.
    pub(crate) fn is_whole(&self) -> bool {
        self.share.load(Relaxed) >= WHOLE
    }

    /// Whether the next new call is let in: evenly spread.
    pub(crate) fn admits(&self) -> bool {
        let share = self.share.load(Relaxed);
        let before = self.credit.fetch_add(share, Relaxed) % WHOLE;
        before + share >= WHOLE
    }

    /// For how many thousandths of the time since the last look the thread had something to do.
    pub(crate) fn settle(&self, busy: u32) {
        let crowded = self.crowded.swap(false, Relaxed);
        let share = self.share.load(Relaxed);
        let next = if crowded {
            (share * 3 / 4).max(LEAST)
        } else {
            let room = share * GOAL / busy.max(1);
            room.clamp(share, share * 3 / 2).min(WHOLE)
        };
        self.share.store(next, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_crowded_lets_everybody_in_however_busy_it_is() {
        let a = Admission::default();
        for _ in 0..100 {
            a.settle(1000);
            assert!(a.is_whole() && a.admits());
        }
    }

    #[test]
    fn the_share_falls_with_the_crowd_and_comes_back_when_there_is_time() {
        let a = Admission::default();
        for _ in 0..5 {
            a.crowded();
            a.settle(1000);
        }
        let let_in = |a: &Admission| (0..1024).filter(|_| a.admits()).count();
        let share = let_in(&a);
        assert!((235..245).contains(&share), "{share}: 0.75 five times over");
        a.settle(GOAL);
        a.settle(1000);
        assert_eq!(let_in(&a), share, "as busy as it should be");
        for _ in 0..100 {
            a.crowded();
            a.settle(1000);
        }
        assert_eq!(let_in(&a), 16, "never nobody");
        a.settle(GOAL / 2);
        assert_eq!(let_in(&a), 24, "half as many more at the most");
        for _ in 0..10 {
            a.settle(GOAL / 2);
        }
        assert!(a.is_whole());
    }
}
