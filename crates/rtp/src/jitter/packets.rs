//! Packets that are decoded whole (Opus), in their order. The last that were played stay, so that another decoder can be led to
//! where the stream stands.

use super::Run;
use serde::{Deserialize, Serialize};

/// No sender has more waiting in half a second than this; the oldest would be given up.
const MOST: usize = 128;
/// Played packets that are kept: after so many a decoder that had heard nothing sounds like one that had heard all.
const KEPT: usize = 4;
/// What is made up has whole multiples of 2.5 ms.
const GRAIN: u32 = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packets {
    slots: Vec<Slot>,
    /// The sequence number that was played last.
    last: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    tick: u32,
    /// 0: the slot holds nothing.
    ticks: u32,
    sequence: u16,
    /// Has not been played.
    waits: bool,
    payload: Vec<u8>,
}

impl Slot {
    fn end(&self) -> u32 {
        self.tick.wrapping_add(self.ticks)
    }
}

/// How far `a` is after `b`.
fn after(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

impl Packets {
    pub(super) fn reset(&mut self) {
        for slot in &mut self.slots {
            (slot.ticks, slot.waits) = (0, false);
        }
        self.last = None;
    }

    fn covering(&self, tick: u32) -> Option<usize> {
        let covers = |s: &Slot| s.waits && (0..s.ticks as i32).contains(&after(tick, s.tick));
        self.slots.iter().position(covers)
    }

    /// The first that begins after a tick.
    fn following(&self, tick: u32) -> Option<usize> {
        let later = |(_, s): &(usize, &Slot)| s.waits && after(s.tick, tick) > 0;
        let slots = self.slots.iter().enumerate().filter(later);
        slots
            .min_by_key(|(_, s)| after(s.tick, tick))
            .map(|(i, _)| i)
    }

    pub(super) fn has(&self, tick: u32) -> bool {
        self.covering(tick).is_some()
    }

    /// Keeps a packet, to be played (`waits`) or only remembered. Says whether it is new.
    pub(super) fn put(
        &mut self,
        (sequence, tick, ticks): (u16, u32, u32),
        payload: &[u8],
        waits: bool,
    ) -> bool {
        if self.has(tick) {
            return false;
        }
        let slot = self.free();
        (slot.sequence, slot.tick, slot.ticks, slot.waits) = (sequence, tick, ticks, waits);
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
        if !waits {
            self.last = Some(sequence);
        }
        true
    }

    fn free(&mut self) -> &mut Slot {
        let newest = self.slots.iter().map(|s| s.tick);
        let newest = newest.reduce(|a, b| if after(a, b) > 0 { a } else { b });
        let age = |s: &Slot| after(newest.unwrap_or(0), s.tick);
        let mut played = self.slots.iter().filter(|s| !s.waits).count();
        if self.slots.iter().any(|s| s.ticks == 0) {
            played = usize::MAX;
        }
        let taken = if played <= KEPT && self.slots.len() < MOST {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        } else {
            let key = |s: &Slot| (s.ticks == 0, !s.waits, age(s));
            let oldest = self.slots.iter().enumerate().max_by_key(|(_, s)| key(s));
            oldest.map_or(0, |(i, _)| i)
        };
        &mut self.slots[taken]
    }

    /// What is over by `next` is not played any more.
    pub(super) fn give_up(&mut self, next: u32) {
        for slot in &mut self.slots {
            slot.waits &= after(slot.end(), next) > 0;
        }
    }

    /// The last packets before `next`, as far as they follow on each other.
    pub(super) fn recent(&self, next: u32, mut run: impl FnMut(Run<'_>)) {
        let mut begin = next;
        let before = |end: u32| {
            let ends_here = |s: &&Slot| !s.waits && s.ticks > 0 && s.end() == end;
            self.slots.iter().find(ends_here)
        };
        for _ in 0..KEPT {
            begin = before(begin).map_or(begin, |s| s.tick);
        }
        while begin != next {
            let starts = |s: &&Slot| !s.waits && s.ticks > 0 && s.tick == begin;
            let Some(slot) = self.slots.iter().find(starts) else {
                return;
            };
            run(slot.whole());
            begin = slot.end();
        }
    }

    /// What waits, holes left out.
    pub(super) fn waiting(&self, next: u32, mut run: impl FnMut(Run<'_>)) {
        let mut at = self.covering(next).or_else(|| self.following(next));
        while let Some(slot) = at.and_then(|i| self.slots.get(i)) {
            run(slot.whole());
            at = self.following(slot.tick);
        }
    }

    /// Hands out one piece: a packet, or what is missing before the next. Returns its length, which may be more than `left`, and
    /// whether it had come.
    pub(super) fn play(
        &mut self,
        next: u32,
        left: u32,
        first: u32,
        run: &mut impl FnMut(Run<'_>),
    ) -> (u32, bool) {
        if let Some(i) = self.covering(next) {
            let slot = &mut self.slots[i];
            let skip = next.wrapping_sub(slot.tick);
            slot.waits = false;
            self.last = Some(slot.sequence);
            run(Run::Packet {
                payload: &slot.payload,
                skip: skip as usize,
                ticks: (slot.ticks - skip) as usize,
            });
            return (slot.ticks - skip, true);
        }
        let early = after(first, next);
        if early > 0 {
            let n = left.min(early as u32);
            run(Run::Silence(n as usize));
            return (n, false);
        }
        let made_up = left.next_multiple_of(GRAIN);
        let Some(slot) = self.following(next).map(|i| &self.slots[i]) else {
            run(Run::Lost(made_up as usize));
            return (made_up, false);
        };
        let gap = slot.tick.wrapping_sub(next);
        if gap > slot.ticks {
            let n = made_up.min(gap - slot.ticks);
            run(Run::Lost(n as usize));
            return (n, false);
        }
        // Where no number is missing the sender was silent.
        if self
            .last
            .is_some_and(|l| slot.sequence == l.wrapping_add(1))
        {
            run(Run::Lost(gap as usize));
        } else {
            run(Run::Recover {
                ticks: gap as usize,
                from: &slot.payload,
            });
        }
        (gap, false)
    }
}

impl Slot {
    fn whole(&self) -> Run<'_> {
        Run::Packet {
            payload: &self.payload,
            skip: 0,
            ticks: self.ticks as usize,
        }
    }
}
