//! The jitter buffer: uneven packets in, even sound out. For codecs with one octet per tick of the RTP clock (G.711,
//! G.722), so packets of any length go in and frames of any length come out.
//!
//! Octets lie in a ring at their timestamp; each [`JitterBuffer::pull`] takes some out at the play-out point. A packet's
//! *margin* is how far before its sound is heard it arrives. The spread of the margins over the last seconds is the
//! jitter; that and a little more, between the configured bounds, is the delay that is wanted. Whoever plays the sound asks
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

pub use delay::Correction;

use delay::Delay;
use serde::{Deserialize, Serialize};

/// Half a second and a little.
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
    /// The octet of silence, for pauses that the sender announced by its sequence numbers.
    pub silence: u8,
}

impl JitterConfig {
    /// 10 to 200 ms, 40 ms as long as nothing is known.
    pub fn adaptive(silence: u8) -> Self {
        Self {
            first_ms: 40,
            min_ms: 10,
            max_ms: 200,
            silence,
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
    /// Octets that arrived.
    Audio(&'a [u8]),
    /// So many octets never came, or not yet: to be concealed.
    Lost(usize),
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

/// The buffer of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JitterBuffer {
    config: JitterConfig,
    ring: Vec<u8>,
    /// A bit per octet: it came, and has not been played.
    have: Vec<u64>,
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
    stray: Option<u32>,
    delay: Delay,
    counts: JitterCounts,
}

impl JitterBuffer {
    /// An empty buffer. The bounds are brought into 10 to 400 ms and into order.
    pub fn new(config: JitterConfig) -> Self {
        let min_ms = config.min_ms.clamp(10, 400);
        let max_ms = config.max_ms.clamp(min_ms, 400);
        let first_ms = config.first_ms.clamp(min_ms, max_ms);
        Self {
            config: JitterConfig {
                first_ms,
                min_ms,
                max_ms,
                ..config
            },
            ring: vec![config.silence; CAPACITY],
            have: vec![0; CAPACITY / 64],
            playing: false,
            next: 0,
            ahead: 0,
            end: 0,
            played: 0,
            first: 0,
            newest: None,
            resumed: false,
            stray: None,
            delay: Delay::default(),
            counts: JitterCounts::default(),
        }
    }

    /// Forgets everything but the counts: another stream follows.
    pub fn reset(&mut self) {
        self.have.fill(0);
        self.playing = false;
        self.newest = None;
        self.stray = None;
        self.delay = Delay::default();
    }

    /// Another stream follows, of a codec whose silence is this.
    pub fn reset_to(&mut self, silence: u8) {
        self.config.silence = silence;
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

    /// What was not pulled yet, in octets: pulling so many empties the buffer.
    pub fn depth(&self) -> u32 {
        if self.playing {
            (self.end.wrapping_sub(self.next) as i32).max(0) as u32
        } else {
            0
        }
    }

    /// Takes a packet's payload.
    pub fn insert(&mut self, sequence: u16, timestamp: u32, payload: &[u8]) -> Inserted {
        if payload.is_empty() || payload.len() > CAPACITY / 2 {
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
        self.delay.note(margin + self.ahead as i32);
        let length = payload.len() as i32;
        if margin + length <= 0 {
            self.counts.late += 1;
            return Inserted::Late;
        }
        if margin + length > CAPACITY as i32 {
            self.leap(margin + length);
        }
        self.fill_pause(sequence, timestamp);
        self.write(timestamp, payload)
    }

    /// A packet of this timestamp was played by other means (relayed): the buffer only follows, so that
    /// [`Self::recent`] knows the sound and a later [`Self::insert`] goes on from there at once.
    pub fn follow(&mut self, sequence: u16, timestamp: u32, payload: &[u8]) {
        if payload.len() > CAPACITY / 2 {
            return;
        }
        let end = timestamp.wrapping_add(payload.len() as u32);
        if self.playing
            && (end.wrapping_sub(self.end) as i32) < 0
            && end.wrapping_sub(self.end) as i32 > -ELSEWHERE
        {
            return; // overtaken
        }
        for (i, octet) in payload.iter().enumerate() {
            self.ring[index(timestamp.wrapping_add(i as u32))] = *octet;
        }
        if !self.playing || self.depth() > 0 {
            self.reset();
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

    /// The last octets before the play-out point, oldest first: as many as `out` holds, at most half a second. False if
    /// nothing was ever played.
    pub fn recent(&self, out: &mut [u8]) -> bool {
        let length = out.len() as u32;
        for (i, o) in out.iter_mut().enumerate() {
            *o = self.ring[index(self.next.wrapping_sub(length).wrapping_add(i as u32))];
        }
        self.playing && self.next.wrapping_sub(self.first) as i32 >= 0
    }

    /// Copies what waits for its turn, holes as silence, and says how many octets. Nothing changes.
    pub fn waiting(&self, out: &mut [u8]) -> usize {
        let before = (self.first.wrapping_sub(self.next) as i32).max(0) as u32;
        let from = self.next.wrapping_add(before);
        let length = (self.depth().saturating_sub(before) as usize).min(out.len());
        for (i, o) in out.iter_mut().enumerate().take(length) {
            let tick = from.wrapping_add(i as u32);
            *o = if self.has(tick) {
                self.ring[index(tick)]
            } else {
                self.config.silence
            };
        }
        length
    }

    /// Hands out the next `length` octets piece by piece. They are heard when what was pulled before them is over.
    pub fn pull(&mut self, length: usize, mut run: impl FnMut(Run<'_>)) {
        self.ahead += length as u32;
        if self.playing {
            self.play(length as u32, &mut run);
        } else {
            run(Run::Silence(length));
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

    /// Whether the next `length` octets are all there.
    pub fn ready(&self, length: usize) -> bool {
        self.playing && (0..length as u32).all(|i| self.has(self.next.wrapping_add(i)))
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
        for i in 0..by.min(CAPACITY as u32) {
            self.clear(self.next.wrapping_add(i));
        }
        self.next = self.next.wrapping_add(by);
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
            for i in 0..length as u32 {
                let tick = from.wrapping_add(i);
                self.ring[index(tick)] = self.config.silence;
                self.mark(tick);
            }
        }
    }

    fn write(&mut self, timestamp: u32, payload: &[u8]) -> Inserted {
        let mut fresh = false;
        for (i, octet) in payload.iter().enumerate() {
            let tick = timestamp.wrapping_add(i as u32);
            if (tick.wrapping_sub(self.next) as i32) < 0 || self.has(tick) {
                continue;
            }
            self.ring[index(tick)] = *octet;
            self.mark(tick);
            fresh = true;
        }
        let end = timestamp.wrapping_add(payload.len() as u32);
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

    /// Plays `length` octets from the play-out point in runs.
    fn play(&mut self, length: u32, run: &mut impl FnMut(Run<'_>)) {
        let mut left = length;
        while left > 0 {
            let here = self.has(self.next);
            let early = !here && (self.next.wrapping_sub(self.first) as i32) < 0;
            let at = index(self.next);
            let mut n = 1;
            // A run ends where the ring does.
            while n < left && at + (n as usize) < CAPACITY {
                let tick = self.next.wrapping_add(n);
                let same = self.has(tick) == here
                    && (here || early == ((tick.wrapping_sub(self.first) as i32) < 0));
                if !same {
                    break;
                }
                n += 1;
            }
            if here {
                run(Run::Audio(&self.ring[at..at + n as usize]));
                (0..n).for_each(|i| self.clear(self.next.wrapping_add(i)));
            } else if early {
                run(Run::Silence(n as usize));
            } else {
                run(Run::Lost(n as usize));
            }
            self.next = self.next.wrapping_add(n);
            if here {
                self.played = self.next;
            }
            left -= n;
        }
    }

    fn has(&self, tick: u32) -> bool {
        let i = index(tick);
        self.have[i / 64] >> (i % 64) & 1 == 1
    }
    fn mark(&mut self, tick: u32) {
        let i = index(tick);
        self.have[i / 64] |= 1 << (i % 64);
    }
    fn clear(&mut self, tick: u32) {
        let i = index(tick);
        self.have[i / 64] &= !(1 << (i % 64));
    }
}

fn index(tick: u32) -> usize {
    tick as usize % CAPACITY
}

#[cfg(test)]
mod tests;
