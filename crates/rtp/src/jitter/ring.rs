//! Sound of codecs with an octet for each tick, in its place: packets of any length go in, pieces of any length come out.

use super::{CAPACITY, Run};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ring {
    octets: Vec<u8>,
    /// A bit per octet: it came, and has not been played.
    have: Vec<u64>,
    silence: u8,
}

impl Ring {
    pub(super) fn new(silence: u8) -> Self {
        Self {
            octets: vec![silence; CAPACITY],
            have: vec![0; CAPACITY / 64],
            silence,
        }
    }

    pub(super) fn reset(&mut self) {
        self.have.fill(0);
    }

    pub(super) fn has(&self, tick: u32) -> bool {
        let i = index(tick);
        self.have[i / 64] >> (i % 64) & 1 == 1
    }

    fn mark(&mut self, tick: u32) {
        let i = index(tick);
        self.have[i / 64] |= 1 << (i % 64);
    }

    pub(super) fn clear(&mut self, tick: u32) {
        let i = index(tick);
        self.have[i / 64] &= !(1 << (i % 64));
    }

    /// Keeps a payload, as far as it is not over by `next`. Says whether any of it is new.
    pub(super) fn put(&mut self, tick: u32, next: u32, payload: &[u8]) -> bool {
        let mut fresh = false;
        for (i, octet) in payload.iter().enumerate() {
            let tick = tick.wrapping_add(i as u32);
            if (tick.wrapping_sub(next) as i32) < 0 || self.has(tick) {
                continue;
            }
            self.octets[index(tick)] = *octet;
            self.mark(tick);
            fresh = true;
        }
        fresh
    }

    /// Remembers a payload that is not to be played.
    pub(super) fn remember(&mut self, tick: u32, payload: &[u8]) {
        for (i, octet) in payload.iter().enumerate() {
            self.octets[index(tick.wrapping_add(i as u32))] = *octet;
        }
    }

    /// Silence that is to be played.
    pub(super) fn fill(&mut self, from: u32, length: u32) {
        for i in 0..length {
            let tick = from.wrapping_add(i);
            self.octets[index(tick)] = self.silence;
            self.mark(tick);
        }
    }

    /// The last `length` octets before `next`, whatever became of them.
    pub(super) fn recent(&self, next: u32, length: u32, mut run: impl FnMut(Run<'_>)) {
        let from = index(next.wrapping_sub(length));
        let first = (length as usize).min(CAPACITY - from);
        run(Run::Audio(&self.octets[from..from + first]));
        if first < length as usize {
            run(Run::Audio(&self.octets[..length as usize - first]));
        }
    }

    /// What waits, holes as silence.
    pub(super) fn waiting(&self, from: u32, length: u32, mut run: impl FnMut(Run<'_>)) {
        let mut done = 0;
        while done < length {
            let here = self.has(from.wrapping_add(done));
            let at = index(from.wrapping_add(done));
            let mut n = 1;
            while done + n < length
                && at + (n as usize) < CAPACITY
                && self.has(from.wrapping_add(done + n)) == here
            {
                n += 1;
            }
            run(if here {
                Run::Audio(&self.octets[at..at + n as usize])
            } else {
                Run::Silence(n as usize)
            });
            done += n;
        }
    }

    /// Hands out one piece of at most `left` ticks. Returns its length, and whether it had come.
    pub(super) fn play(
        &mut self,
        next: u32,
        left: u32,
        first: u32,
        run: &mut impl FnMut(Run<'_>),
    ) -> (u32, bool) {
        let is_early = |tick: u32| (tick.wrapping_sub(first) as i32) < 0;
        let here = self.has(next);
        let early = !here && is_early(next);
        let at = index(next);
        let mut n = 1;
        // A run ends where the ring does.
        while n < left && at + (n as usize) < CAPACITY {
            let tick = next.wrapping_add(n);
            if self.has(tick) != here || (!here && early != is_early(tick)) {
                break;
            }
            n += 1;
        }
        if here {
            run(Run::Audio(&self.octets[at..at + n as usize]));
            (0..n).for_each(|i| self.clear(next.wrapping_add(i)));
        } else if early {
            run(Run::Silence(n as usize));
        } else {
            run(Run::Lost(n as usize));
        }
        (n, here)
    }
}

fn index(tick: u32) -> usize {
    tick as usize % CAPACITY
}
