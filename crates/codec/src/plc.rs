//! Packet loss concealment in the manner of ITU-T G.711 Appendix I: the lost sound is made of the last
//! pitch periods of what was heard, and fades away over 60 ms.
//!
//! Unlike the Appendix this adds no delay: instead of overlapping the tail of the last good frame, the first
//! 2 ms of made-up sound start at the last sample heard and slide onto the pitch period.
//!
//! ```text
//!          good(frame)                    conceal(frame)
//!        .-----------.                   .--------------.   60 ms: silence
//!        v           |   conceal         v              |
//!     [Hearing] -----+-------------> [Concealing: 1 period, after 10 ms 2, after 20 ms 3;
//!        ^                            20 % softer per 10 ms after the first]
//!        |                                   |
//!        '----- good: cross-fade 4..10 ms ---'
//! ```

use serde::{Deserialize, Serialize};

/// Pitch periods that are looked for: 200 Hz down to 66 Hz.
const PITCH_MIN: usize = 40;
const PITCH_MAX: usize = 120;
/// The stretch that is compared with the sound one period earlier: 20 ms.
const CORRELATION: usize = 160;
/// What is remembered: three of the longest periods, a quarter of one for the joint, and no less than the search needs.
const HISTORY: usize = PITCH_MAX * 3 + PITCH_MAX / 4;
const FRAME: usize = 80;
/// From here on there is silence: 60 ms.
const FADED: usize = 6 * FRAME;
/// The slide from the last sample heard onto the pitch period: 2 ms.
const SLIDE: usize = 16;

/// Remembers what was heard on one leg at 8 kHz, and makes up what was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concealer {
    /// What was heard or made up, newest last.
    history: Vec<i16>,
    /// The history as it was when the loss began.
    heard: Vec<i16>,
    /// Pitch in samples, found when the loss began.
    pitch: usize,
    /// The turn that is repeated now.
    turn: Turn,
    /// The turn that fades out, and how many samples of it are left.
    old: Turn,
    fade: usize,
    /// Samples made up since the last good one.
    lost: usize,
    /// What the first made-up sample is off from the last one heard.
    slide: f32,
}

/// The last `periods` pitch periods, repeated; `at` samples into them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Turn {
    periods: usize,
    at: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Concealer {
    /// Has heard silence.
    pub fn new() -> Self {
        let turn = Turn { periods: 1, at: 0 };
        Self {
            history: vec![0; HISTORY],
            heard: vec![0; HISTORY],
            pitch: PITCH_MIN,
            turn,
            old: turn,
            fade: 0,
            lost: 0,
            slide: 0.0,
        }
    }

    /// Takes sound that did arrive. After a loss its start is blended with what was made up, in place.
    pub fn good(&mut self, frame: &mut [i16]) {
        if self.lost > 0 && !frame.is_empty() {
            // Longer losses have drifted further from the truth: 4 ms, and 4 ms more for each 10 ms, up to 10 ms.
            let blend = (32 + 32 * ((self.lost - 1) / FRAME))
                .min(FRAME)
                .min(frame.len());
            for (i, s) in frame.iter_mut().take(blend).enumerate() {
                let made = f32::from(self.made_up());
                let w = (i + 1) as f32 / (blend + 1) as f32;
                *s = (made + (f32::from(*s) - made) * w) as i16;
            }
            self.lost = 0;
        }
        self.remember(frame);
    }

    /// How many more samples are to be made up, so that `next` follows on them in phase: for sound that goes on where it had
    /// stopped, whatever was made up meanwhile. Less than a period; 0 where nothing is being made up.
    pub fn in_phase(&self, next: &[i16]) -> usize {
        if self.lost == 0 || self.lost >= FADED || next.len() < PITCH_MIN {
            return 0;
        }
        // What would be made up next is what was a period ago, and two periods ago is as good and long enough.
        let begin = HISTORY - 2 * self.pitch;
        let likeness = |at: &usize| -> i64 {
            let made = &self.history[begin + at..begin + at + PITCH_MIN];
            let pairs = next.iter().zip(made);
            pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
        };
        (0..self.pitch).max_by_key(likeness).unwrap_or(0)
    }

    /// Makes up as much as `out` holds. Says whether there is anything to hear in it: false once faded.
    pub fn conceal(&mut self, out: &mut [i16]) -> bool {
        if self.lost == 0 {
            self.start();
        }
        let audible = self.lost < FADED;
        for s in out.iter_mut() {
            *s = self.made_up();
        }
        self.remember(out);
        audible
    }

    /// Milliseconds made up since the last good sample.
    pub fn lost_ms(&self) -> u32 {
        (self.lost / crate::PER_MS) as u32
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.history.fill(0);
        self.lost = 0;
    }

    fn remember(&mut self, sound: &[i16]) {
        let keep = &sound[sound.len().saturating_sub(HISTORY)..];
        self.history.copy_within(keep.len().., 0);
        self.history[HISTORY - keep.len()..].copy_from_slice(keep);
    }

    fn start(&mut self) {
        self.heard.copy_from_slice(&self.history);
        self.pitch = find_pitch(&self.heard);
        self.turn = Turn { periods: 1, at: 0 };
        self.fade = 0;
        // In a periodic sound the sample before the cycle equals the last one heard.
        let before = f32::from(self.heard[HISTORY - 1 - self.pitch]);
        self.slide = f32::from(self.heard[HISTORY - 1]) - before;
    }

    /// The next made-up sample.
    fn made_up(&mut self) -> i16 {
        if self.lost >= FADED {
            self.lost += 1;
            return 0;
        }
        // More periods as the loss goes on, or it sounds like a buzzer.
        if (self.lost == FRAME || self.lost == 2 * FRAME) && self.turn.periods < 3 {
            self.old = self.turn;
            self.turn.periods += 1;
            self.fade = self.pitch / 4;
        }
        let mut wave = self.next_of_turn();
        if self.fade > 0 {
            let w = self.fade as f32 / (self.pitch / 4 + 1) as f32;
            let old = self.sample_of(self.old);
            self.old.at = (self.old.at + 1) % (self.old.periods * self.pitch);
            wave += (old - wave) * w;
            self.fade -= 1;
        }
        if self.lost < SLIDE {
            wave += self.slide * (1.0 - (self.lost + 1) as f32 / (SLIDE + 1) as f32);
        }
        let gain = 1.0 - self.lost.saturating_sub(FRAME) as f32 / (FADED - FRAME) as f32;
        self.lost += 1;
        (wave * gain).clamp(-32768.0, 32767.0) as i16
    }

    fn next_of_turn(&mut self) -> f32 {
        let wave = self.sample_of(self.turn);
        self.turn.at = (self.turn.at + 1) % (self.turn.periods * self.pitch);
        wave
    }

    /// A sample of the repeated periods. The last quarter of a period slides into what came before the first
    /// one, so that the joint is smooth.
    fn sample_of(&self, turn: Turn) -> f32 {
        let length = turn.periods * self.pitch;
        let start = HISTORY - length;
        let wave = f32::from(self.heard[start + turn.at]);
        let quarter = self.pitch / 4;
        let Some(i) = (turn.at + quarter).checked_sub(length) else {
            return wave;
        };
        let before = f32::from(self.heard[start - quarter + i]);
        let w = (i + 1) as f32 / (quarter + 1) as f32;
        wave + (before - wave) * w
    }
}

/// The lag at which the last 20 ms look most like what came before (normalised cross-correlation).
fn find_pitch(history: &[i16]) -> usize {
    let tail = &history[HISTORY - CORRELATION..];
    let (mut best, mut pitch) = (0.0, PITCH_MAX);
    for lag in PITCH_MIN..=PITCH_MAX {
        let earlier = &history[HISTORY - CORRELATION - lag..HISTORY - lag];
        let (mut product, mut energy) = (0i64, 1i64);
        for (a, b) in tail.iter().zip(earlier) {
            product += i64::from(*a) * i64::from(*b);
            energy += i64::from(*b) * i64::from(*b);
        }
        let likeness = product as f64 / (energy as f64).sqrt();
        // A little better is not better: multiples of the period are as alike as the period.
        if likeness > best * 1.02 {
            (best, pitch) = (likeness, lag);
        }
    }
    pitch
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::meter::{ToneMeter, level_dbov};
    use std::f64::consts::TAU;

    /// A voice-like sound: a 110 Hz buzz with three formants.
    pub(crate) fn voice(n: usize) -> Vec<i16> {
        (0..n)
            .map(|i| {
                let t = i as f64 / 8000.0;
                let sum: f64 = (1..=20)
                    .map(|k| {
                        let hz = 110.0 * f64::from(k);
                        let gain: f64 = [500.0, 1500.0, 2500.0]
                            .iter()
                            .map(|f: &f64| 1.0 / (1.0 + ((hz - f) / 120.0).powi(2)))
                            .sum();
                        gain * (TAU * hz * t + f64::from(k)).sin()
                    })
                    .sum();
                (sum * 5000.0) as i16
            })
            .collect()
    }

    /// Loses frames of 10 ms by `lost`, makes them up with `conceal`.
    fn through(sound: &[i16], lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut plc = Concealer::new();
        let mut out = Vec::new();
        for (i, frame) in sound.chunks(80).enumerate() {
            let mut frame = frame.to_vec();
            if lost(i) {
                let _ = plc.conceal(&mut frame);
            } else {
                plc.good(&mut frame)
            }
            out.extend(frame);
        }
        out
    }

    fn error_db(a: &[i16], b: &[i16]) -> f64 {
        let noise: f64 = a
            .iter()
            .zip(b)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum();
        let signal: f64 = a.iter().map(|a| f64::from(*a).powi(2)).sum();
        10.0 * (noise.max(1.0) / signal).log10()
    }

    fn steepest(sound: &[i16]) -> i32 {
        sound
            .windows(2)
            .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn sound_without_loss_is_untouched() {
        let sound = voice(8000);
        assert_eq!(through(&sound, |_| false), sound);
    }

    #[test]
    fn a_lost_packet_of_a_voice_is_made_up_better_than_by_silence_or_by_repetition() {
        let sound = voice(8000);
        // 20 ms lost once every 100 ms.
        let lost = |i: usize| i > 10 && i % 10 < 2;
        let made = error_db(&sound, &through(&sound, lost));
        let mut silent = sound.clone();
        let mut repeated = sound.clone();
        for i in (0..sound.len() / 80).filter(|i| lost(*i)) {
            silent[i * 80..(i + 1) * 80].fill(0);
            // What repeating the last packet of 20 ms does.
            let from = (i - 2) * 80;
            repeated.copy_within(from..from + 80, i * 80);
        }
        let (silence, repetition) = (error_db(&sound, &silent), error_db(&sound, &repeated));
        assert!(
            made < silence - 4.0,
            "{made} dB against {silence} dB of silence"
        );
        assert!(
            made < repetition - 6.0,
            "{made} dB against {repetition} dB of repetition"
        );
    }

    #[test]
    fn a_long_loss_fades_and_is_silent_after_60_ms() {
        let sound = voice(8000);
        let out = through(&sound, |i| i >= 50);
        let level = |ms: usize| level_dbov(&out[4000 + ms * 8..4000 + ms * 8 + 80]);
        let before = level_dbov(&sound[3200..4000]);
        assert!(
            (level(0) - before).abs() < 2.0,
            "the first 10 ms are as loud"
        );
        assert!(level(20) < level(0) && level(40) < level(20) - 2.0);
        assert!(out[4000 + 480..].iter().all(|s| *s == 0));
    }

    #[test]
    fn joints_do_not_click() {
        let sound = voice(16_000);
        for burst in 1..12usize {
            let out = through(&sound, |i| i > 10 && i % 20 < burst);
            assert!(
                steepest(&out) <= steepest(&sound) * 3 / 2,
                "burst of {burst}"
            );
        }
        let tone: Vec<i16> = (0..8000)
            .map(|i| (8000.0 * (TAU * 432.1 * f64::from(i) / 8000.0).sin()) as i16)
            .collect();
        let out = through(&tone, |i| i % 10 == 9);
        assert!(ToneMeter::default().share(&out, 432.1) > 0.95);
        assert!(
            steepest(&out) <= steepest(&tone) * 3 / 2,
            "{} {}",
            steepest(&out),
            steepest(&tone)
        );
    }

    #[test]
    fn sound_that_was_held_up_goes_on_in_phase() {
        for hz in [432.1, 1250.0, 2225.0] {
            let at = |i| (8000.0 * (TAU * hz * f64::from(i) / 8000.0).sin()) as i16;
            let tone: Vec<i16> = (0..4000).map(at).collect();
            for held_up in (80..240).step_by(7) {
                let mut plc = Concealer::new();
                let mut heard = tone[..1600].to_vec();
                plc.good(&mut heard);
                let mut made = vec![0; held_up];
                assert!(plc.conceal(&mut made));
                let more = plc.in_phase(&tone[1600..1680]);
                assert!(more < 120, "{hz} Hz: {more}");
                made.resize(held_up + more, 0);
                plc.conceal(&mut made[held_up..]);
                let mut rest = tone[1600..2400].to_vec();
                plc.good(&mut rest);
                heard.extend(made.iter().chain(&rest));
                // Across the joint it is as loud as its two sides are.
                let joint = 1600 + held_up + more;
                let loud = |from: usize, to: usize| {
                    ToneMeter::default().amplitude(&heard[joint + from - 80..joint + to - 80], hz)
                };
                let sides = 0.4 * loud(0, 80) + 0.6 * loud(160, 300);
                let across = loud(0, 200);
                assert!(
                    across > 0.85 * sides,
                    "{hz} Hz, {held_up}: {across} of {sides}"
                );
            }
        }
    }

    #[test]
    fn pieces_of_any_length_are_taken() {
        let mut plc = Concealer::new();
        let mut sound = voice(2000);
        plc.good(&mut sound);
        let (mut whole, mut pieces) = (plc.clone(), plc);
        let mut a = vec![0; 500];
        assert!(whole.conceal(&mut a));
        let mut b = Vec::new();
        for n in [1, 0, 79, 160, 13, 247] {
            let mut piece = vec![0; n];
            pieces.conceal(&mut piece);
            b.extend(piece);
        }
        assert_eq!(a, b);
        assert_eq!(whole.lost_ms(), 62);
        assert!(!whole.conceal(&mut a), "nothing left to hear");
    }

    proptest::proptest! {
        #[test]
        fn noise_and_odd_lengths_do_no_harm(seed: u64, steps in proptest::collection::vec((proptest::bool::ANY, 0usize..500), 1..20)) {
            let mut rng = tandem_types::Rng::seeded(seed);
            let mut plc = Concealer::new();
            for (good, n) in steps {
                let mut frame: Vec<i16> = (0..n).map(|_| rng.u32() as i16).collect();
                if good { plc.good(&mut frame) } else { plc.conceal(&mut frame); }
            }
        }
    }
}
