//! Mixtures of sines with a cadence, and the ringback tone of each country.
//!
//! Frequencies and cadences are those of ITU-T E.180 Supplement 2 ("Various tones used in national
//! networks"); a country that is not listed gets what most of the world uses, 425 Hz, 1 s on and 4 s off.

use crate::RATE;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// What sounds while a tone is on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Mix {
    /// One sine.
    One(f64),
    /// The sum of two sines (written `a+b` in E.180).
    Sum(f64, f64),
    /// The first modulated by the second (written `a x b` in E.180).
    Modulated(f64, f64),
}

/// A tone and the rhythm in which it comes and goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence {
    /// What sounds.
    pub mix: Mix,
    /// Milliseconds on, off, on, off, ...; repeated from the start.
    pub pattern: &'static [u32],
}

const DOUBLE: &[u32] = &[400, 200, 400, 2000];
const ONE_FOUR: &[u32] = &[1000, 4000];

/// The ringback tone of a country (ISO 3166, two letters, any case).
pub fn ringback(country: &str) -> Cadence {
    let mut upper = [0u8; 2];
    for (u, c) in upper.iter_mut().zip(country.bytes()) {
        *u = c.to_ascii_uppercase();
    }
    let (mix, pattern): (Mix, &'static [u32]) = match &upper {
        b"GB" | b"IE" | b"NZ" | b"MT" => (Mix::Sum(400.0, 450.0), DOUBLE),
        b"AU" => (Mix::Sum(400.0, 450.0), DOUBLE),
        b"US" | b"CA" | b"PR" => (Mix::Sum(440.0, 480.0), &[2000, 4000]),
        b"HK" => (Mix::Sum(440.0, 480.0), &[400, 200, 400, 3000]),
        b"IN" => (Mix::Modulated(400.0, 25.0), DOUBLE),
        b"SG" | b"MY" => (Mix::Modulated(425.0, 24.0), DOUBLE),
        b"ZA" => (Mix::Modulated(400.0, 33.0), DOUBLE),
        b"JP" => (Mix::Modulated(400.0, 16.0), &[1000, 2000]),
        b"FR" => (Mix::One(440.0), &[1500, 3500]),
        b"ES" => (Mix::One(425.0), &[1500, 3000]),
        b"BE" => (Mix::One(425.0), &[1000, 3000]),
        b"SE" | b"AT" | b"PT" => (Mix::One(425.0), &[1000, 5000]),
        b"RU" => (Mix::One(425.0), &[800, 3200]),
        b"IL" => (Mix::One(400.0), &[1000, 3000]),
        b"KR" => (Mix::Sum(440.0, 480.0), &[1000, 2000]),
        b"CN" => (Mix::One(450.0), ONE_FOUR),
        _ => (Mix::One(425.0), ONE_FOUR),
    };
    Cadence { mix, pattern }
}

/// Makes a tone sample by sample; runs on for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToneSource {
    mix: Mix,
    /// Samples on, off, ...; empty: always on.
    pattern: Vec<u32>,
    amplitude: f64,
    /// Samples since the start of the pattern.
    at: u32,
    /// Samples since the start of the tone; sets the phase.
    phase: u32,
}

/// -16 dBm0 or so: where networks put their tones.
const TONE_AMPLITUDE: f64 = 4500.0;
/// Above the tones of all networks' dial, ringing, busy and congestion (ITU-T E.180: up to 620 Hz; 950 Hz begins the
/// special information tone), so that it is taken for none of them.
const BEEP_HZ: f64 = 880.0;
/// Milliseconds on, off, on, off. Nobody hears more than 3 s of nothing.
const BEEPS: [u32; 4] = [120, 120, 120, 1640];
/// A tone's edges are rounded over this many samples (2.5 ms) so that they do not click.
const EDGE: u32 = 20;

impl ToneSource {
    /// A tone that does not stop. `amplitude` is its peak in sample units (0 to 32767).
    pub fn steady(mix: Mix, amplitude: f64) -> Self {
        Self {
            mix,
            pattern: Vec::new(),
            amplitude: amplitude.clamp(0.0, 32767.0),
            at: 0,
            phase: 0,
        }
    }

    /// The ringback tone of a country.
    pub fn ringback(country: &str) -> Self {
        let cadence = ringback(country);
        Self::in_rhythm(cadence.mix, cadence.pattern)
    }

    /// Two short tones every two seconds.
    pub fn beeps() -> Self {
        Self::in_rhythm(Mix::One(BEEP_HZ), &BEEPS)
    }

    /// `pattern` in milliseconds on, off, ...
    fn in_rhythm(mix: Mix, pattern: &[u32]) -> Self {
        Self {
            mix,
            pattern: pattern.iter().map(|ms| ms * RATE / 1000).collect(),
            amplitude: TONE_AMPLITUDE,
            at: 0,
            phase: 0,
        }
    }

    /// Fills `out` with the next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for s in out {
            *s = self.sample();
        }
    }

    fn sample(&mut self) -> i16 {
        let envelope = self.envelope();
        let t = f64::from(self.phase) / f64::from(RATE);
        // A whole number of cycles for every integer frequency: no phase error however long it runs.
        self.phase = (self.phase + 1) % RATE;
        if envelope == 0.0 {
            return 0;
        }
        let wave = match self.mix {
            Mix::One(a) => (TAU * a * t).sin(),
            Mix::Sum(a, b) => ((TAU * a * t).sin() + (TAU * b * t).sin()) / 2.0,
            Mix::Modulated(a, b) => (TAU * a * t).sin() * (1.0 + (TAU * b * t).sin()) / 2.0,
        };
        (wave * envelope * self.amplitude) as i16
    }

    /// 0 to 1: where in the rhythm this sample stands; moves on by one.
    fn envelope(&mut self) -> f64 {
        let total: u32 = self.pattern.iter().sum();
        if total == 0 {
            return 1.0;
        }
        let at = self.at % total;
        self.at = (at + 1) % total;
        let mut start = 0;
        for (i, len) in self.pattern.iter().enumerate() {
            if at < start + len {
                if i % 2 == 1 {
                    return 0.0;
                }
                let edge = (at - start + 1).min(start + len - at).min(EDGE);
                return f64::from(edge) / f64::from(EDGE);
            }
            start += len;
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{ToneMeter, level_dbov};

    fn seconds(source: &mut ToneSource, s: f64) -> Vec<i16> {
        let mut out = vec![0; (s * f64::from(RATE)) as usize];
        source.fill(&mut out);
        out
    }

    #[test]
    fn each_country_has_its_rhythm_and_its_frequencies() {
        let meter = ToneMeter::default();
        for (country, hz, on, off) in [
            ("GB", 400.0, 0.4, 0.2),
            ("us", 480.0, 2.0, 4.0),
            ("DE", 425.0, 1.0, 4.0),
            ("FR", 440.0, 1.5, 3.5),
        ] {
            let mut source = ToneSource::ringback(country);
            let tone = seconds(&mut source, on);
            assert!(meter.share(&tone[200..], hz) > 0.45, "{country}");
            assert!(
                level_dbov(&seconds(&mut source, off)) < -100.0,
                "{country}: silence follows"
            );
            assert!(
                level_dbov(&seconds(&mut source, 0.2)) > -35.0,
                "{country}: it comes again"
            );
        }
    }

    #[test]
    fn a_modulated_tone_has_its_carrier_and_both_sides() {
        let tone = seconds(&mut ToneSource::ringback("IN"), 0.4);
        let meter = ToneMeter::default();
        assert!(meter.share(&tone, 400.0) > 0.5);
        assert!(meter.share(&tone, 375.0) > 0.05 && meter.share(&tone, 425.0) > 0.05);
    }

    #[test]
    fn an_unknown_country_gets_a_tone_too() {
        for odd in ["", "x", "XX", "GBR and more", "\u{e9}"] {
            let tone = seconds(&mut ToneSource::ringback(odd), 0.4);
            assert!(level_dbov(&tone) > -30.0, "{odd}");
        }
    }

    #[test]
    fn edges_do_not_click() {
        let tone = seconds(&mut ToneSource::ringback("GB"), 3.0);
        let step = tone
            .windows(2)
            .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
            .max();
        // The steepest slope of the tone itself: amplitude x 2 pi x 450 / 8000.
        assert!(step < Some(1600), "{step:?}");
    }
}
