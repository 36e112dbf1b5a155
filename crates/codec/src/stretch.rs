//! Time-scale modification at 8 kHz: sound is made shorter or longer by whole periods of itself, so its pitch stays.
//!
//! The place where the sound is most like itself a little later (or earlier) is looked for, and one is blended into the other
//! over 10 ms (waveform-similarity overlap-add: Verhelst and Roelands, ICASSP 1993). In a pause nothing has to be alike.
//!
//! ```text
//!                  played | waits
//!   shorten:  ...---------|=====\.........            what lies between is left out
//!                         |      \....=====----...    a lag later
//!                                ^ blended
//!   lengthen: ...---------|=====\                     and then the last period once more
//!                   ......|......\====------------...
//!                   ^ a lag earlier
//! ```

/// Lags that are looked for: 2.5 ms, and a packet of 20 ms. The period of a voice lies between them.
const SHORTEST: usize = 20;
const LONGEST: usize = 160;
/// One sound is blended into the other over so many samples.
const OVERLAP: usize = 80;
/// What is compared besides: so many samples before.
const BEFORE: usize = 40;
/// What is kept of what was played.
const PAST: usize = LONGEST + BEFORE;
/// The longest packet that is decoded whole: 120 ms.
const PACKET: usize = 960;
/// What may wait.
const AHEAD: usize = 2 * LONGEST + 2 * OVERLAP + PACKET;
/// Normalised cross-correlation from which on nothing is heard of a joint, and that which will do in a hurry.
const ALIKE: f32 = 0.9;
const RATHER_ALIKE: f32 = 0.5;
/// Root mean square of a pause: -47 dBov, or so far below the loudest of the last seconds (24 dB).
const PAUSE: f32 = 150.0;
const BELOW_LOUD: f32 = 16.0;
/// What is left of the loudest after 10 ms: half of it after 14 s.
const FORGET: f32 = 0.9995;

/// How much a joint may be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    /// Not at all: in pauses, and where the sound repeats itself.
    Calm,
    /// A little, rather than that sound comes too late.
    Urgent,
}

/// The sound that one sender's leg is about to hear, and the last that was heard of it.
#[derive(Clone, Debug)]
pub struct Stretcher {
    /// [`PAST`] samples that were played, then what waits.
    sound: [i16; PAST + AHEAD],
    end: usize,
    /// The loudest of late, as root mean square.
    loud: f32,
}

impl Default for Stretcher {
    fn default() -> Self {
        Self {
            sound: [0; PAST + AHEAD],
            end: PAST,
            loud: 0.0,
        }
    }
}

impl Stretcher {
    /// The least and the most that [`Self::shorten`] and [`Self::lengthen`] do in one go.
    pub const STEP: std::ops::RangeInclusive<usize> = SHORTEST..=LONGEST;

    /// Nothing waits; `heard` was played last.
    pub fn restart(&mut self, heard: &[i16]) {
        self.end = PAST;
        self.sound.fill(0);
        let keep = &heard[heard.len().saturating_sub(PAST)..];
        self.sound[PAST - keep.len()..PAST].copy_from_slice(keep);
    }

    /// What waits, in samples.
    pub fn ahead(&self) -> usize {
        self.end - PAST
    }

    /// What waits.
    pub fn waiting(&self) -> &[i16] {
        &self.sound[PAST..self.end]
    }

    /// Appends sound, as far as there is room for it.
    pub fn push(&mut self, sound: &[i16]) {
        let room = &mut self.sound[self.end..];
        let n = sound.len().min(room.len());
        debug_assert_eq!(n, sound.len(), "more than {AHEAD} samples wait");
        room[..n].copy_from_slice(&sound[..n]);
        self.end += n;
    }

    /// Leaves out at most `most` samples of what waits, and says how many: none where that would be heard.
    pub fn shorten(&mut self, most: usize, hurry: Hurry) -> usize {
        let reach = self.ahead().saturating_sub(OVERLAP);
        let Some(lag) = self.lag(most.min(reach), hurry, |at, lag| at + lag) else {
            return 0;
        };
        for i in 0..OVERLAP {
            let (now, later) = (self.sound[PAST + i], self.sound[PAST + lag + i]);
            self.sound[PAST + lag + i] = blend(now, later, i, OVERLAP);
        }
        self.sound.copy_within(PAST + lag..self.end, PAST);
        self.end -= lag;
        lag
    }

    /// Puts at most `most` samples in, and says how many: none where that would be heard.
    pub fn lengthen(&mut self, most: usize, hurry: Hurry) -> usize {
        if self.ahead() < OVERLAP {
            return 0;
        }
        let room = self.sound.len() - self.end;
        let Some(lag) = self.lag(most.min(room), hurry, |at, lag| at - lag) else {
            return 0;
        };
        let mut joint = [0; OVERLAP];
        for (i, s) in joint.iter_mut().enumerate() {
            *s = blend(self.sound[PAST + i], self.sound[PAST - lag + i], i, OVERLAP);
        }
        let rest = PAST - lag + OVERLAP..self.end;
        self.sound.copy_within(rest, PAST + OVERLAP);
        self.sound[PAST..PAST + OVERLAP].copy_from_slice(&joint);
        self.end += lag;
        lag
    }

    /// Appends what waits, and `more` after it, to `out`, made so much longer or shorter that it is whole times `unit`: at
    /// that joint at which it is most like itself.
    pub fn rest(&self, more: &[i16], unit: usize, out: &mut Vec<i16>) {
        let mut all = self.sound[..self.end].to_vec();
        all.extend_from_slice(more);
        let n = all.len() - PAST;
        let (over, width) = (n % unit, OVERLAP.min(n));
        if over == 0 {
            return out.extend_from_slice(&all[PAST..]);
        }
        let lags = |first: usize| (first..=LONGEST).step_by(unit);
        let cuts = lags(over)
            .filter(|cut| cut + width <= n)
            .flat_map(|cut| joints(n - cut - width).map(move |at| (at, at + cut)));
        let repeats =
            lags(unit - over).flat_map(|lag| joints(n - width).map(move |at| (at, at - lag)));
        let likeness = |(at, to): (usize, usize)| {
            let alike = alike(&all[at..at + width], &all[to..to + width]);
            ((at, to), alike)
        };
        let Some(((at, to), _)) = cuts
            .chain(repeats)
            .map(likeness)
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
        else {
            return;
        };
        out.extend_from_slice(&all[PAST..at]);
        out.extend((0..width).map(|i| blend(all[at + i], all[to + i], i, width)));
        out.extend_from_slice(&all[to + width..]);
    }

    /// Hands out what comes next; silence where nothing waits.
    pub fn play(&mut self, out: &mut [i16]) {
        let n = out.len().min(self.ahead());
        out[..n].copy_from_slice(&self.sound[PAST..PAST + n]);
        out[n..].fill(0);
        self.sound.copy_within(n..self.end, 0);
        self.end -= n;
        self.loud = (self.loud * FORGET).max(rms(out));
    }

    /// The lag, of at most `most`, at which the sound at the joint is most like itself; `to`: where that lag leads.
    fn lag(&self, most: usize, hurry: Hurry, to: impl Fn(usize, usize) -> usize) -> Option<usize> {
        let most = most.min(LONGEST);
        if most < SHORTEST {
            return None;
        }
        let from = PAST - BEFORE;
        let window = BEFORE + OVERLAP;
        let here = &self.sound[from..from + window];
        let likeness = |lag| {
            let there = to(from, lag);
            alike(here, &self.sound[there..there + window])
        };
        // All that may be left out, or heard twice.
        let farthest = to(from, most);
        let level = rms(&self.sound[from.min(farthest)..from.max(farthest) + window]);
        if level < PAUSE || level * BELOW_LOUD < self.loud {
            // As much as may be, and of that what fits best.
            let lags = (most / 2).max(SHORTEST)..=most;
            return best(lags.map(|lag| (lag, likeness(lag)))).map(|(lag, _)| lag);
        }
        let enough = match hurry {
            Hurry::Calm => ALIKE,
            Hurry::Urgent => RATHER_ALIKE,
        };
        best((SHORTEST..=most).map(|lag| (lag, likeness(lag))))
            .filter(|(_, likeness)| *likeness > enough)
            .map(|(lag, _)| lag)
    }
}

fn best(lags: impl Iterator<Item = (usize, f32)>) -> Option<(usize, f32)> {
    lags.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// Where a joint may begin: every millisecond of so many samples.
fn joints(samples: usize) -> impl Iterator<Item = usize> {
    (PAST..=PAST + samples).step_by(crate::PER_MS)
}

/// From one sample to the other, `i` samples into a joint of `width`.
fn blend(from: i16, to: i16, i: usize, width: usize) -> i16 {
    let (from, to) = (i32::from(from), i32::from(to));
    (from + (to - from) * (i as i32 + 1) / (width as i32 + 1)) as i16
}

/// Normalised cross-correlation, -1 to 1; 1 for two silences.
fn alike(a: &[i16], b: &[i16]) -> f32 {
    let (mut product, mut here, mut there) = (0i64, 0i64, 0i64);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (i64::from(*a), i64::from(*b));
        product += a * b;
        here += a * a;
        there += b * b;
    }
    if here == 0 && there == 0 {
        return 1.0;
    }
    product as f32 / ((here.max(1) as f32).sqrt() * (there.max(1) as f32).sqrt())
}

fn rms(sound: &[i16]) -> f32 {
    let energy: i64 = sound.iter().map(|s| i64::from(*s) * i64::from(*s)).sum();
    (energy as f32 / sound.len().max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests;
