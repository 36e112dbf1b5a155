//! The jitter buffer: uneven packets in, even sound out. Codecs with an octet for each tick (G.711, G.722) lie in a ring, so
//! packets of any length go in and frames of any length come out; those of Opus are kept, and handed out, whole.
//!
//! Sound lies at its tick ([`Timeline`](crate::Timeline)); each [`JitterBuffer::pull`] takes some out at the play-out point. A packet's
//! *margin* is how far before its sound is heard it arrives. The least of the last seconds, and a little less, need not have been
//! waited for: without that, between the configured bounds, is the delay that is wanted. Whoever plays the sound asks
//! how far it is from that ([`JitterBuffer::correction`]), leaves sound out or puts some in where nobody hears it, and says
//! so ([`JitterBuffer::pass`]), which absorbs the drift of the sender's clock as well.
//!
//! ```text
//!                 timestamps jump twice, SSRC changes (reset)
//!               .---------------------------------------------.
//!               v                                             |
//!          [Empty] --first packet: turn in `first`> [Playing: margin > 0  keep
//!                                                    margin < 0, nothing after it played: wait for it (turn back)
//!                                                    margin < 0, otherwise: late, dropped]
//! ```

mod delay;
mod packets;
mod ring;

pub use delay::Correction;

use delay::Delay;
use packets::Packets;
use ring::Ring;
use serde::{Deserialize, Serialize};

/// Ticks: half a second and a little.
const CAPACITY: usize = 4096;
const PER_MS: u32 = 8;
/// What lies this far from the play-out point belongs to another timeline.
const ELSEWHERE: i32 = 8000;
/// After this much nothing, a packet that comes late starts a talk spurt: it gets the whole delay again.
const STALLED: i32 = 1600;

/// Bounds of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JitterConfig {
    /// The delay of a stream that begins, in milliseconds.
    pub first_ms: u32,
    /// The least.
    pub min_ms: u32,
    /// The greatest. The same as `min_ms` and `first_ms`: a fixed buffer.
    pub max_ms: u32,
    /// What is in it.
    pub holds: Holds,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holds {
    /// A codec with an octet for each tick.
    Octets {
        /// The octet of silence, for pauses that the sender announced by its sequence numbers.
        silence: u8,
    },
    /// A codec whose packets are decoded whole.
    Packets,
}

impl JitterConfig {
    /// As little as need be, to 200 ms; 40 ms as long as nothing is known.
    pub fn adaptive(holds: Holds) -> Self {
        Self {
            first_ms: 40,
            min_ms: 0,
            max_ms: 200,
            holds,
        }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It will be played.
    Kept,
    /// It is there already.
    Duplicate,
    /// Its turn is over.
    Late,
    /// Too far from what waits; a second like it restarts the buffer.
    Stray,
}

/// A piece of what is to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// Octets that arrived, a tick each.
    Audio(&'a [u8]),
    /// A packet that arrived, which is to be decoded whole.
    Packet {
        /// What it carries.
        payload: &'a [u8],
        /// Ticks of its sound whose turn is over.
        skip: usize,
        /// Ticks of its sound after those.
        ticks: usize,
    },
    /// So many ticks never came, or not yet: to be concealed.
    Lost(usize),
    /// So many ticks were lost just before this packet, which has its turn next and may have a copy of them in it.
    Recover {
        /// How many.
        ticks: usize,
        /// What the packet carries.
        from: &'a [u8],
    },
    /// So many ticks before the first packet: silence.
    Silence(usize),
}

/// What a buffer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JitterCounts {
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Times that more came than fits.
    pub overflow: u64,
    /// Ticks left out to shorten the delay.
    pub left_out: u64,
    /// Ticks put in to lengthen it.
    pub put_in: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Store {
    Octets(Ring),
    Packets(Packets),
}

impl Store {
    fn new(holds: Holds) -> Self {
        match holds {
            Holds::Octets { silence } => Self::Octets(Ring::new(silence)),
            Holds::Packets => Self::Packets(Packets::default()),
        }
    }
}

/// The buffer of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JitterBuffer {
    config: JitterConfig,
    store: Store,
    playing: bool,
    /// The tick that is pulled next.
    next: u32,
    /// Ticks that were pulled and are not heard yet.
    ahead: u32,
    /// One after the newest tick that came.
    end: u32,
    /// One after the newest tick that was played from sound that came.
    played: u32,
    /// Before this tick nothing was ever sent.
    first: u32,
    newest: Option<u16>,
    /// Sound goes on where it had stopped, later than it should.
    resumed: bool,
    /// Ticks until more is pulled.
    until_pull: u32,
    stray: Option<u32>,
    delay: Delay,
    counts: JitterCounts,
}

impl JitterBuffer {
    /// An empty buffer. The bounds are brought into 0 to 400 ms, the greatest into 10 and more, and into order.
    pub fn new(config: JitterConfig) -> Self {
        let min_ms = config.min_ms.min(400);
        let max_ms = config.max_ms.clamp(min_ms.max(10), 400);
        let first_ms = config.first_ms.clamp(min_ms, max_ms);
        Self {
            config: JitterConfig {
                first_ms,
                min_ms,
                max_ms,
                ..config
            },
            store: Store::new(config.holds),
            playing: false,
            next: 0,
            ahead: 0,
            end: 0,
            played: 0,
            first: 0,
            newest: None,
            resumed: false,
            until_pull: 0,
            stray: None,
            delay: Delay::default(),
            counts: JitterCounts::default(),
        }
    }

    /// Forgets everything but the counts: another stream follows.
    pub fn reset(&mut self) {
        match &mut self.store {
            Store::Octets(ring) => ring.reset(),
            Store::Packets(packets) => packets.reset(),
        }
        self.playing = false;
        self.newest = None;
        self.stray = None;
        self.delay = Delay::default();
    }

    /// Another stream follows, of another codec.
    pub fn reset_to(&mut self, holds: Holds) {
        if std::mem::replace(&mut self.config.holds, holds) != holds {
            self.store = Store::new(holds);
        }
        self.reset();
    }

    /// What it did so far.
    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    /// Sound that is not heard yet, in milliseconds, counted up to the newest packet.
    pub fn depth_ms(&self) -> u32 {
        (self.depth() + self.ahead) / PER_MS
    }

    /// What was not pulled yet, in ticks: pulling so many empties the buffer.
    pub fn depth(&self) -> u32 {
        if self.playing {
            (self.end.wrapping_sub(self.next) as i32).max(0) as u32
        } else {
            0
        }
    }

    /// More is pulled in so many ticks: whoever knows that has sound wait no longer than need be. 0 as long as nobody says so.
    pub fn pulled_in(&mut self, ticks: u32) {
        self.until_pull = ticks;
    }

    /// Takes a packet's payload: `ticks` of sound, from the tick `timestamp` on.
    pub fn insert(
        &mut self,
        sequence: u16,
        timestamp: u32,
        ticks: u32,
        payload: &[u8],
    ) -> Inserted {
        if !self.fits(ticks, payload) {
            return Inserted::Stray;
        }
        if !self.playing {
            self.start(timestamp);
        }
        let mut margin = timestamp.wrapping_sub(self.next) as i32;
        let after_played = timestamp.wrapping_sub(self.played) as i32;
        let fits = self.end.wrapping_sub(timestamp) as i32 <= CAPACITY as i32 / 2;
        if margin < 0 && fits && (0..ELSEWHERE).contains(&after_played) {
            margin = self.turn_back(timestamp);
        } else if margin.abs() > ELSEWHERE {
            let followed = |s| timestamp.wrapping_sub(s) < ELSEWHERE as u32;
            if self.depth() > 0 && self.stray.is_none_or(|s| !followed(s)) {
                self.stray = Some(timestamp);
                return Inserted::Stray;
            }
            self.reset();
            self.start(timestamp);
            margin = timestamp.wrapping_sub(self.next) as i32;
        }
        self.stray = None;
        self.delay.note(margin + self.ahead as i32, self.until_pull);
        let length = ticks as i32;
        if margin + length <= 0 {
            self.counts.late += 1;
            return Inserted::Late;
        }
        if margin + length > CAPACITY as i32 {
            self.leap(margin + length);
        }
        self.fill_pause(sequence, timestamp);
        let fresh = match &mut self.store {
            Store::Octets(ring) => ring.put(timestamp, self.next, payload),
            Store::Packets(packets) => packets.put((sequence, timestamp, ticks), payload, true),
        };
        let end = timestamp.wrapping_add(ticks);
        if (end.wrapping_sub(self.end) as i32) > 0 {
            self.end = end;
        }
        if fresh {
            Inserted::Kept
        } else {
            self.counts.duplicate += 1;
            Inserted::Duplicate
        }
    }

    fn fits(&self, ticks: u32, payload: &[u8]) -> bool {
        let octets = matches!(self.store, Store::Packets(_)) || payload.len() == ticks as usize;
        octets && !payload.is_empty() && (1..=CAPACITY as u32 / 2).contains(&ticks)
    }

    /// A packet of this timestamp was played by other means (relayed): the buffer only follows, so that
    /// [`Self::recent`] knows the sound and a later [`Self::insert`] goes on from there at once.
    pub fn follow(&mut self, sequence: u16, timestamp: u32, ticks: u32, payload: &[u8]) {
        if !self.fits(ticks, payload) {
            return;
        }
        let end = timestamp.wrapping_add(ticks);
        if self.playing
            && (end.wrapping_sub(self.end) as i32) < 0
            && end.wrapping_sub(self.end) as i32 > -ELSEWHERE
        {
            return; // overtaken
        }
        if !self.playing || self.depth() > 0 {
            self.reset();
        }
        match &mut self.store {
            Store::Octets(ring) => ring.remember(timestamp, payload),
            Store::Packets(packets) => {
                packets.put((sequence, timestamp, ticks), payload, false);
            }
        }
        (self.playing, self.first, self.newest) = (true, end, Some(sequence));
        (self.next, self.end, self.played) = (end, end, end);
    }

    /// A packet of this sequence number came that has no sound in it (an event): not a gap.
    pub fn passed(&mut self, sequence: u16) {
        if self.newest.is_some_and(|n| sequence == n.wrapping_add(1)) {
            self.newest = Some(sequence);
        }
    }

    /// The last that came before the play-out point, oldest first: as many ticks of octets, at most half a second, or 64 ms if they
    /// only passed by, or the last packets. False if nothing was ever played.
    pub fn recent(&self, ticks: u32, run: impl FnMut(Run<'_>)) -> bool {
        let known = self.playing && self.next.wrapping_sub(self.first) as i32 >= 0;
        match &self.store {
            _ if !known => {}
            Store::Octets(ring) => ring.recent(self.next, ticks, run),
            Store::Packets(packets) => packets.recent(self.next, run),
        }
        known
    }

    /// Hands out what waits for its turn, holes in octets as silence. Nothing changes.
    pub fn waiting(&self, run: impl FnMut(Run<'_>)) {
        let before = (self.first.wrapping_sub(self.next) as i32).max(0) as u32;
        let from = self.next.wrapping_add(before);
        match &self.store {
            Store::Octets(ring) => ring.waiting(from, self.depth().saturating_sub(before), run),
            Store::Packets(packets) => packets.waiting(from, run),
        }
    }

    /// Hands out the next `length` ticks piece by piece; of packets more, as far as the last one goes. They are heard when what was
    /// pulled before them is over.
    pub fn pull(&mut self, length: usize, mut run: impl FnMut(Run<'_>)) {
        if !self.playing {
            self.ahead += length as u32;
            return run(Run::Silence(length));
        }
        let mut left = length as u32;
        while left > 0 {
            let (n, came) = match &mut self.store {
                Store::Octets(ring) => ring.play(self.next, left, self.first, &mut run),
                Store::Packets(packets) => packets.play(self.next, left, self.first, &mut run),
            };
            self.next = self.next.wrapping_add(n);
            self.ahead += n;
            if came {
                self.played = self.next;
            }
            left = left.saturating_sub(n);
        }
    }

    /// Time goes by: so many ticks of what was pulled were heard, after `left_out` of it were left out, or, where that is
    /// negative, put in.
    pub fn pass(&mut self, heard: usize, left_out: i32) {
        self.ahead = self
            .ahead
            .saturating_add_signed(-left_out)
            .saturating_sub(heard as u32);
        self.delay.shift(-left_out);
        self.delay.pass(heard as u32);
        let count = u64::from(left_out.unsigned_abs());
        match left_out {
            0.. => self.counts.left_out += count,
            _ => self.counts.put_in += count,
        }
    }

    /// Whether sound goes on where it had stopped since this was asked last: a packet came after its turn, and nothing was
    /// played meanwhile, so its turn is now.
    pub fn resumed(&mut self) -> bool {
        std::mem::take(&mut self.resumed)
    }

    /// How far the delay is from what is wanted.
    pub fn correction(&self) -> Correction {
        self.delay.correction(&self.config)
    }

    /// Whether the next `length` ticks are all there.
    pub fn ready(&self, length: usize) -> bool {
        let length = length as u32;
        self.playing
            && match &self.store {
                Store::Octets(ring) => ring.whole(self.next, length) == length,
                Store::Packets(packets) => {
                    (0..length).all(|i| packets.has(self.next.wrapping_add(i)))
                }
            }
    }

    fn start(&mut self, timestamp: u32) {
        self.playing = true;
        self.next = timestamp.wrapping_sub(self.config.first_ms * PER_MS);
        (self.end, self.played, self.first) = (timestamp, timestamp, timestamp);
    }

    /// A packet came too late, but nothing after it was played: its turn is now. Returns its new margin.
    fn turn_back(&mut self, timestamp: u32) -> i32 {
        let waited = self.next.wrapping_sub(self.played) as i32;
        let delay = if waited > STALLED {
            self.config.first_ms * PER_MS
        } else {
            0
        };
        self.resumed = true;
        let to = timestamp.wrapping_sub(delay);
        if waited > STALLED {
            self.delay = Delay::default();
            self.first = timestamp;
        } else {
            let by = self.next.wrapping_sub(to) as i32;
            self.delay.shift(by);
        }
        self.next = to;
        delay as i32
    }

    /// More came than fits: the oldest is given up.
    fn leap(&mut self, needed: i32) {
        let by = (needed - CAPACITY as i32 / 2) as u32;
        let to = self.next.wrapping_add(by);
        match &mut self.store {
            Store::Octets(ring) => {
                ring.clear(self.next, by.min(CAPACITY as u32));
            }
            Store::Packets(packets) => packets.give_up(to),
        }
        self.next = to;
        self.delay.shift(-(by as i32));
        self.counts.overflow += 1;
    }

    /// The sequence has no gap but the timestamp has: the sender was silent (DTX), nothing is lost.
    fn fill_pause(&mut self, sequence: u16, timestamp: u32) {
        let in_order = self
            .newest
            .is_none_or(|n| (sequence.wrapping_sub(n) as i16) > 0);
        let adjacent = self.newest.is_some_and(|n| sequence == n.wrapping_add(1));
        if in_order {
            self.newest = Some(sequence);
        }
        let gap = timestamp.wrapping_sub(self.end) as i32;
        if adjacent && gap > 0 {
            let from = if (self.end.wrapping_sub(self.next) as i32) < 0 {
                self.next
            } else {
                self.end
            };
            let length = (timestamp.wrapping_sub(from) as i32).clamp(0, CAPACITY as i32);
            if let Store::Octets(ring) = &mut self.store {
                ring.fill(from, length as u32, self.next);
            }
        }
    }
}

#[cfg(test)]
mod tests;
