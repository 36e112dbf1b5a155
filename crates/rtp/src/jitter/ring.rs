//! Sound of codecs with an octet for each tick, in its place: packets of any length go in, pieces of any length come out.
//!
//! As long as sound only passes by (a relayed leg's), the ring is a short one, that remembers the last of it.

use super::{CAPACITY, Run};
use serde::{Deserialize, Serialize};

/// What is remembered of sound that only passed by: 64 ms.
const MEMORY: usize = 512;
/// Marks lie in words of so many bits.
const WORD: usize = u64::BITS as usize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ring {
    /// [`CAPACITY`] once anything was to be played, [`MEMORY`] before, none before anything came.
    octets: Vec<u8>,
    /// A bit per octet: it came, and has not been played. As many as octets, or none as long as nothing was to be played.
    have: Vec<u64>,
    silence: u8,
}

impl Ring {
    pub(super) fn new(silence: u8) -> Self {
        Self {
            octets: Vec::new(),
            have: Vec::new(),
            silence,
        }
    }

    pub(super) fn reset(&mut self) {
        self.have.fill(0);
    }

    pub(super) fn has(&self, tick: u32) -> bool {
        let i = index(tick);
        self.have
            .get(i / WORD)
            .is_some_and(|word| word >> (i % WORD) & 1 == 1)
    }

    /// Of the next `length` ticks, how many are all there.
    pub(super) fn whole(&self, tick: u32, length: u32) -> u32 {
        self.alike(tick, length, true)
    }

    /// How many ticks from this one on, at most `length`, have come, or (not `here`) have not.
    fn alike(&self, tick: u32, length: u32, here: bool) -> u32 {
        if self.have.is_empty() {
            return if here { 0 } else { length };
        }
        let mut n = 0;
        while n < length {
            let (word, bit) = place(tick.wrapping_add(n));
            let marks = self.have[word] >> bit;
            let run = if here { !marks } else { marks }.trailing_zeros();
            let left = (WORD - bit) as u32;
            n += run.min(left);
            if run < left {
                break;
            }
        }
        n.min(length)
    }

    /// Marks so many ticks, all in one word, as there or not.
    fn mark(&mut self, tick: u32, length: usize, there: bool) {
        let (word, bit) = place(tick);
        let bits = bits(bit, length);
        if let Some(marks) = self.have.get_mut(word) {
            *marks = if there { *marks | bits } else { *marks & !bits };
        }
    }

    pub(super) fn clear(&mut self, tick: u32, length: u32) {
        for (tick, n) in pieces(tick, length) {
            self.mark(tick, n, false);
        }
    }

    /// Room for what is to be played; what passed by before `next` stays.
    fn widen(&mut self, next: u32) {
        if !self.have.is_empty() {
            return;
        }
        self.have = vec![0; CAPACITY / WORD];
        let memory = std::mem::replace(&mut self.octets, vec![self.silence; CAPACITY]);
        for tick in (1..=memory.len() as u32).map(|back| next.wrapping_sub(back)) {
            self.octets[index(tick)] = memory[tick as usize % MEMORY];
        }
    }

    /// Keeps a payload, as far as it is not over by `next`. Says whether any of it is new.
    pub(super) fn put(&mut self, tick: u32, next: u32, payload: &[u8]) -> bool {
        self.widen(next);
        let over = (next.wrapping_sub(tick) as i32).max(0) as usize;
        let mut rest = payload.get(over..).unwrap_or_default();
        let mut fresh = false;
        for (tick, n) in pieces(tick.wrapping_add(over as u32), rest.len() as u32) {
            let (now, later) = rest.split_at(n);
            let (word, bit) = place(tick);
            let known = self.have[word] & bits(bit, n);
            let to = &mut self.octets[index(tick)..][..n];
            if known == 0 {
                to.copy_from_slice(now);
            } else {
                let new = |i: &usize| known >> (bit + i) & 1 == 0;
                (0..n).filter(new).for_each(|i| to[i] = now[i]);
            }
            fresh |= known != bits(bit, n);
            self.mark(tick, n, true);
            rest = later;
        }
        fresh
    }

    /// Remembers a payload that is not to be played.
    pub(super) fn remember(&mut self, tick: u32, payload: &[u8]) {
        if self.octets.is_empty() {
            self.octets = vec![self.silence; MEMORY];
        }
        let size = self.octets.len();
        let before = payload.len().saturating_sub(size);
        let kept = &payload[before..];
        let at = tick.wrapping_add(before as u32) as usize % size;
        let (first, wrapped) = kept.split_at(kept.len().min(size - at));
        self.octets[at..at + first.len()].copy_from_slice(first);
        self.octets[..wrapped.len()].copy_from_slice(wrapped);
    }

    /// Silence that is to be played.
    pub(super) fn fill(&mut self, from: u32, length: u32, next: u32) {
        self.widen(next);
        for (tick, n) in pieces(from, length) {
            self.octets[index(tick)..][..n].fill(self.silence);
            self.mark(tick, n, true);
        }
    }

    /// The last `length` octets before `next`, whatever became of them; at most what is remembered.
    pub(super) fn recent(&self, next: u32, length: u32, mut run: impl FnMut(Run<'_>)) {
        let size = self.octets.len();
        let length = (length as usize).min(size);
        if length == 0 {
            return;
        }
        let from = next.wrapping_sub(length as u32) as usize % size;
        let first = length.min(size - from);
        run(Run::Audio(&self.octets[from..from + first]));
        if first < length {
            run(Run::Audio(&self.octets[..length - first]));
        }
    }

    /// What waits, holes as silence.
    pub(super) fn waiting(&self, from: u32, length: u32, mut run: impl FnMut(Run<'_>)) {
        let mut done = 0;
        while done < length {
            let tick = from.wrapping_add(done);
            let here = self.has(tick);
            let n = self.alike(tick, length - done, here);
            match here {
                true => {
                    // A run ends where the ring does.
                    let at = index(tick);
                    let n = (n as usize).min(CAPACITY - at);
                    run(Run::Audio(&self.octets[at..at + n]));
                    done += n as u32;
                }
                false => {
                    run(Run::Silence(n as usize));
                    done += n;
                }
            }
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
        let here = self.has(next);
        let n = self.alike(next, left, here);
        let before = first.wrapping_sub(next) as i32;
        if here {
            let at = index(next);
            let n = n.min((CAPACITY - at) as u32);
            run(Run::Audio(&self.octets[at..at + n as usize]));
            self.clear(next, n);
            return (n, true);
        }
        if before > 0 {
            let n = n.min(before as u32);
            run(Run::Silence(n as usize));
            return (n, false);
        }
        run(Run::Lost(n as usize));
        (n, false)
    }
}

fn index(tick: u32) -> usize {
    tick as usize % CAPACITY
}

/// The word of a tick's mark, and the bit in it.
fn place(tick: u32) -> (usize, usize) {
    let i = index(tick);
    (i / WORD, i % WORD)
}

/// So many bits from this one on.
fn bits(bit: usize, length: usize) -> u64 {
    let ones = u64::MAX >> (WORD - length.clamp(1, WORD));
    ones << bit
}

/// So many ticks from this one on, cut where the words of their marks begin: each piece's first, and its length.
fn pieces(tick: u32, length: u32) -> impl Iterator<Item = (u32, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let tick = tick.wrapping_add(done);
        let n = (length - done).min((WORD - index(tick) % WORD) as u32);
        done += n;
        (n > 0).then_some((tick, n as usize))
    })
}
