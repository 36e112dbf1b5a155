//! Keys as tones (ITU-T Q.23): made, and recognised (Q.24) where a leg has no RFC 4733.

use crate::RATE;
use serde::{Deserialize, Serialize};
use std::{f64::consts::TAU, sync::LazyLock};

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// The low and the high frequency of a key, if it is one (`0-9*#A-D`, either case).
pub fn frequencies(key: char) -> Option<(f64, f64)> {
    let key = key.to_ascii_uppercase();
    KEYS.iter().zip(ROWS).find_map(|(row, low)| {
        let column = row.iter().position(|k| *k == key)?;
        COLUMNS.get(column).map(|high| (low, *high))
    })
}

/// Makes keys as tones, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DtmfTone {
    keys: Vec<char>,
    on: u32,
    off: u32,
    /// Samples made of the key in front.
    at: u32,
}

/// -9 dBm0 for the pair, the upper 2 dB louder, as Q.23 allows and long lines like.
const LOW: f64 = 6000.0;
const HIGH: f64 = 7500.0;
const EDGE: u32 = 16;

impl DtmfTone {
    /// Presses `keys`, each `on_ms` long and `off_ms` apart. What is no key is left out.
    pub fn new(keys: &str, on_ms: u32, off_ms: u32) -> Self {
        Self {
            keys: keys.chars().filter(|k| frequencies(*k).is_some()).collect(),
            on: on_ms * RATE / 1000,
            off: off_ms * RATE / 1000,
            at: 0,
        }
    }

    /// Appends keys.
    pub fn press(&mut self, keys: &str) {
        self.keys
            .extend(keys.chars().filter(|k| frequencies(*k).is_some()));
    }

    /// All pressed and let go.
    pub fn done(&self) -> bool {
        self.keys.is_empty()
    }

    /// Fills `out`; silence once done.
    pub fn fill(&mut self, out: &mut [i16]) {
        for s in out {
            *s = self.sample();
        }
    }

    fn sample(&mut self) -> i16 {
        let Some((low, high)) = self.keys.first().and_then(|k| frequencies(*k)) else {
            return 0;
        };
        let at = self.at;
        self.at += 1;
        if self.at >= self.on + self.off {
            self.at = 0;
            self.keys.remove(0);
        }
        if at >= self.on {
            return 0;
        }
        let t = f64::from(at) / f64::from(RATE);
        let edge = f64::from((at + 1).min(self.on - at).min(EDGE)) / f64::from(EDGE);
        (((TAU * low * t).sin() * LOW + (TAU * high * t).sin() * HIGH) * edge) as i16
    }
}

/// Samples in one look: 12.75 ms, short enough for keys of 40 ms, long enough to tell the rows apart.
const WINDOW: usize = 102;

/// Recognises keys in sound: two windows alike start a key, two without it end it. Fed with any length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DtmfDetector {
    window: Vec<i16>,
    last: Option<char>,
    /// The key that has been reported and is still down.
    down: Option<char>,
    misses: u8,
}

impl DtmfDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A key that was told goes on.
    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// Takes sound; calls `key` once for each key that began in it.
    pub fn feed(&mut self, samples: &[i16], mut key: impl FnMut(char)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let missing = WINDOW.saturating_sub(self.window.len());
            let (now, later) = rest.split_at(missing.min(rest.len()));
            self.window.extend_from_slice(now);
            rest = later;
            if self.window.len() < WINDOW {
                return;
            }
            let seen = look(&self.window);
            self.window.clear();
            if let Some(k) = self.step(seen) {
                key(k);
            }
        }
    }

    fn step(&mut self, seen: Option<char>) -> Option<char> {
        let twice = seen.is_some() && seen == self.last;
        self.last = seen;
        if self.down.is_some() && seen != self.down {
            self.misses += 1;
            if self.misses >= 2 {
                self.down = None;
            }
        } else {
            self.misses = 0;
        }
        if twice && self.down.is_none() {
            self.down = seen;
            self.misses = 0;
            return seen;
        }
        None
    }
}

/// By what each frequency of the rows, and of the columns, turns from one sample to the next: twice the cosine.
static TURNS: LazyLock<([f32; 4], [f32; 4])> = LazyLock::new(|| {
    let turn = |hz: f64| (2.0 * (TAU * hz / f64::from(RATE)).cos()) as f32;
    (ROWS.map(turn), COLUMNS.map(turn))
});
/// The weakest amplitude of either frequency.
const FAINT: f32 = 150.0;
/// One frequency is at the most so many times the other: 8 dB.
const TWIST: f32 = 2.5;
/// The share of a window's power that is the two frequencies, at the least.
const PURE: f32 = 0.75;

/// The key that a window holds, by the tests of Q.24: loud enough, one frequency of each group far above the
/// others, the two within 8 dB of each other, and little else in the window (speech has more). What cannot be a key by its power,
/// or by its rows, is looked at no further: most sound is that.
fn look(window: &[i16]) -> Option<char> {
    let power: f32 =
        window.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / window.len() as f32;
    // Two faint frequencies have no less.
    if power < FAINT * FAINT {
        return None;
    }
    let (row, low) = strongest(window, &TURNS.0)?;
    if (low * low) * (1.0 + TWIST * TWIST) / 2.0 <= PURE * power {
        return None;
    }
    let (column, high) = strongest(window, &TURNS.1)?;
    let twist = (low / high).max(high / low) < TWIST;
    let pure = (low * low + high * high) / 2.0 > PURE * power;
    (twist && pure).then(|| KEYS.get(row)?.get(column).copied())?
}

/// Which of a group is in the window, with its amplitude, if it is loud enough and alone. Goertzel's algorithm, all four at once.
fn strongest(window: &[i16], turn: &[f32; 4]) -> Option<(usize, f32)> {
    let (mut a, mut b) = ([0f32; 4], [0f32; 4]);
    for s in window {
        let s = f32::from(*s);
        for i in 0..4 {
            let next = s + turn[i] * a[i] - b[i];
            (b[i], a[i]) = (a[i], next);
        }
    }
    let (mut first, mut second, mut index) = (0.0, 0.0, 0);
    for i in 0..4 {
        let energy = (a[i] * a[i] + b[i] * b[i] - turn[i] * a[i] * b[i]).max(0.0);
        let amplitude = 2.0 * energy.sqrt() / window.len() as f32;
        if amplitude > first {
            (second, first, index) = (first, amplitude, i);
        } else if amplitude > second {
            second = amplitude;
        }
    }
    (first > FAINT && first > 2.0 * second).then_some((index, first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    fn heard(samples: &[i16], chunk: usize) -> String {
        let mut detector = DtmfDetector::new();
        let mut keys = String::new();
        for c in samples.chunks(chunk) {
            detector.feed(c, |k| keys.push(k));
        }
        keys
    }

    fn pressed(keys: &str, on: u32, off: u32) -> Vec<i16> {
        let mut tone = DtmfTone::new(keys, on, off);
        let mut out = Vec::new();
        while !tone.done() {
            let mut frame = [0; 80];
            tone.fill(&mut frame);
            out.extend(frame);
        }
        out
    }

    #[test]
    fn every_key_is_heard_once_through_either_law() {
        let all = "1234567890*#ABCD";
        for (on, off) in [(40, 40), (100, 60), (500, 100)] {
            let clean = pressed(all, on, off);
            for law in [Law::Mu, Law::A] {
                let coded: Vec<i16> = clean.iter().map(|s| law.decode(law.encode(*s))).collect();
                assert_eq!(heard(&coded, 80), all, "{law:?} {on}/{off}");
            }
            let faint: Vec<i16> = clean.iter().map(|s| s / 12).collect();
            assert_eq!(heard(&faint, 33), all);
        }
        assert_eq!(heard(&pressed("11 22x", 60, 60), 160), "1122");
    }

    #[test]
    fn other_sounds_are_no_keys() {
        let mut ring = crate::ToneSource::ringback("GB");
        let mut sound = vec![0; 8000];
        ring.fill(&mut sound);
        assert_eq!(heard(&sound, 80), "");
        assert_eq!(heard(&crate::music::built_in(), 80), "");
        let mut rng = tandem_types::Rng::seeded(3);
        let noise: Vec<i16> = (0..80_000)
            .map(|_| (rng.u32() >> 18) as i16 - 8192)
            .collect();
        assert_eq!(heard(&noise, 80), "");
    }
}
