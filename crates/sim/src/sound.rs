//! Sounds of the simulator: words that an engine would have said become a tone of their own, words of a scripted caller
//! become a noise that voice activity detection takes for speech.

use std::{collections::BTreeMap, f64::consts::TAU, time::Duration};
use tandem_types::Rng;

/// Samples per second.
pub const RATE: usize = 8000;
/// What one word of the gateway lasts.
const WORD_MS: usize = 60;
/// The longest text that the gateway says.
const LONGEST_MS: usize = 6000;
/// What one word of a caller lasts: natural speech, so that segments are of natural length.
const CALLER_WORD_MS: usize = 320;
/// Tones of the gateway's words: from here, in steps, with room below for the phones' own voices.
const FIRST_HZ: f64 = 1200.0;
const STEP_HZ: f64 = 60.0;
const TONES: usize = 34;

/// Which tone stands for which text.
#[derive(Clone, Debug, Default)]
pub struct TextTones(BTreeMap<String, f64>);

impl TextTones {
    /// The tone of a text; the same text has the same tone. After 34 texts tones are used again.
    pub fn hz(&mut self, text: &str) -> f64 {
        let n = self.0.len();
        *self
            .0
            .entry(text.to_owned())
            .or_insert_with(|| FIRST_HZ + STEP_HZ * (n % TONES) as f64)
    }

    /// The tone of a text that was said before.
    pub fn known(&self, text: &str) -> Option<f64> {
        self.0.get(text).copied()
    }
}

/// How long the gateway takes to say a text.
pub fn spoken(text: &str) -> Duration {
    let words = text.split_whitespace().count().max(1);
    Duration::from_millis((words * WORD_MS).min(LONGEST_MS) as u64)
}

/// A text as the gateway says it: one tone.
pub fn said(text: &str, hz: f64) -> Vec<i16> {
    tone(hz, spoken(text))
}

/// A sine of medium loudness. Each sample from the two before it: runs make minutes of these.
pub fn tone(hz: f64, lasting: Duration) -> Vec<i16> {
    let step = TAU * hz / RATE as f64;
    let (mut last, mut now) = (-6000.0 * step.sin(), 0.0);
    let next = 2.0 * step.cos();
    (0..samples(lasting))
        .map(|_| {
            let out = now;
            (last, now) = (now, next * now - last);
            out as i16
        })
        .collect()
}

/// How long a caller takes to say a text.
pub fn uttered(text: &str) -> Duration {
    let words = text.split_whitespace().count().max(1);
    Duration::from_millis((words * CALLER_WORD_MS) as u64)
}

/// A text as a scripted caller says it: a buzz at the pitch of a voice, through the resonances of vowels that change with every
/// syllable, louder and softer four times a second.
pub fn utterance(text: &str, rng: &mut Rng) -> Vec<i16> {
    /// First, second and third formant of five vowels (Peterson and Barney, 1952), in Hz.
    const VOWELS: [[f64; 3]; 5] = [
        [730.0, 1090.0, 2440.0],
        [270.0, 2290.0, 3010.0],
        [570.0, 840.0, 2410.0],
        [530.0, 1840.0, 2480.0],
        [300.0, 870.0, 2240.0],
    ];
    let total = samples(uttered(text));
    let syllable = samples(Duration::from_millis(250));
    let rise = |i: usize| {
        (std::f64::consts::PI * i as f64 / syllable as f64)
            .sin()
            .powf(0.6)
    };
    let loudness: Vec<f64> = (0..syllable).map(rise).collect();
    let vowels = VOWELS.map(|formants| formants.map(Resonance::at));
    let mut out = Vec::with_capacity(total);
    let (mut filters, mut phase) = ([[0.0f64; 2]; 3], 0.0f64);
    let mut vowel = &vowels[0];
    for i in 0..total {
        if i % syllable == 0 {
            vowel = &vowels[rng.below(VOWELS.len() as u64) as usize];
        }
        let within = (i % syllable) as f64 / syllable as f64;
        // The pitch falls a little within each syllable.
        phase += (135.0 - 25.0 * within) / RATE as f64;
        let pulse = if phase >= 1.0 {
            phase -= 1.0;
            1.0
        } else {
            0.0
        };
        let breath = (rng.below(2000) as f64 / 1000.0 - 1.0) * 0.02;
        let voiced: f64 = vowel
            .iter()
            .zip(&mut filters)
            .map(|(resonance, f)| resonance.step(f, pulse + breath))
            .sum();
        out.push((voiced * loudness[i % syllable] * 2600.0).clamp(-30_000.0, 30_000.0) as i16);
    }
    out
}

/// A two-pole resonator, 90 Hz wide.
#[derive(Clone, Copy)]
struct Resonance(f64, f64);

impl Resonance {
    fn at(hz: f64) -> Self {
        let r = (-std::f64::consts::PI * 90.0 / RATE as f64).exp();
        Self(2.0 * r * (TAU * hz / RATE as f64).cos(), r * r)
    }

    fn step(self, state: &mut [f64; 2], input: f64) -> f64 {
        let y = input + self.0 * state[0] - self.1 * state[1];
        *state = [y, state[0]];
        y
    }
}

/// Samples in a time.
pub fn samples(d: Duration) -> usize {
    d.as_millis() as usize * RATE / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_its_own_tone_and_length() {
        let mut tones = TextTones::default();
        let (a, b) = (tones.hz("one two three"), tones.hz("four"));
        assert_ne!(a, b);
        assert_eq!(tones.hz("one two three"), a);
        assert_eq!(spoken("one two three"), Duration::from_millis(180));
        assert_eq!(spoken(&"word ".repeat(500)), Duration::from_secs(6));
        assert_eq!(said("four", b).len(), 480);
    }

    #[test]
    fn an_utterance_is_loud_and_as_long_as_its_words() {
        let pcm = utterance("I have a question about my bill", &mut Rng::seeded(1));
        assert_eq!(pcm.len(), 7 * 320 * 8);
        let power = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64;
        let db = 10.0 * (power / 32768f64.powi(2)).log10();
        assert!((-30.0..-10.0).contains(&db), "{db}");
    }
}
