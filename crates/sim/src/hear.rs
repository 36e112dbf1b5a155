//! Ears: what a recording holds, in windows of 100 ms, against tones that are known.

use std::time::Duration;

/// One window.
pub const WINDOW: usize = 800;
/// A window quieter than this (mean square root, of 32767) is nothing: comfort noise of G.711 silence is under it.
const NOTHING: f64 = 40.0;
/// Share of a window's power that makes a tone its main sound.
const MAIN: f64 = 0.6;
/// Share that makes a tone audible in a mixture.
const PRESENT: f64 = 0.08;

/// Share of the power of `pcm` at `hz` (Goertzel), 0 to 1.
pub fn share(pcm: &[i16], hz: f64) -> f64 {
    tandem_codec::ToneMeter::default().share(pcm, hz)
}

/// Root mean square.
pub fn loudness(pcm: &[i16]) -> f64 {
    let sum: f64 = pcm.iter().map(|s| f64::from(*s).powi(2)).sum();
    (sum / pcm.len().max(1) as f64).sqrt()
}

/// The share of windows whose main sound is the tone.
pub fn mostly(pcm: &[i16], hz: f64) -> f64 {
    windows(pcm, |w| share(w, hz) > MAIN)
}

/// The share of windows in which the tone is audible, perhaps among others.
pub fn audible(pcm: &[i16], hz: f64) -> f64 {
    windows(pcm, |w| share(w, hz) > PRESENT)
}

/// The share of windows with any sound at all.
pub fn sounding(pcm: &[i16]) -> f64 {
    windows(pcm, |_| true)
}

/// The longest stretch without any sound, and where it begins.
pub fn longest_nothing(pcm: &[i16]) -> (Duration, Duration) {
    let (mut longest, mut at) = (0, 0);
    let mut run = 0;
    for (i, window) in pcm.chunks(WINDOW).enumerate() {
        run = if loudness(window) < NOTHING {
            run + 1
        } else {
            0
        };
        if run > longest {
            (longest, at) = (run, i + 1 - run);
        }
    }
    let length = |n: usize| Duration::from_millis(n as u64 * 100);
    (length(longest), length(at))
}

fn windows(pcm: &[i16], holds: impl Fn(&[i16]) -> bool) -> f64 {
    let all = pcm.chunks_exact(WINDOW);
    let n = all.len();
    let hits = all.filter(|w| loudness(w) >= NOTHING && holds(w)).count();
    hits as f64 / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::tone;

    #[test]
    fn tones_are_told_apart_alone_and_mixed() {
        let (a, b) = (
            tone(440.0, Duration::from_secs(1)),
            tone(1260.0, Duration::from_secs(1)),
        );
        assert!(mostly(&a, 440.0) > 0.99 && audible(&a, 1260.0) < 0.01);
        let both: Vec<i16> = a.iter().zip(&b).map(|(a, b)| a / 2 + b / 2).collect();
        assert!(audible(&both, 440.0) > 0.99 && audible(&both, 1260.0) > 0.99);
        assert!(audible(&both, 700.0) < 0.01);
        assert!(
            audible(&b, 1200.0) < 0.01,
            "the next tone of the gateway's texts"
        );
    }

    #[test]
    fn nothing_is_found_where_it_is() {
        let mut pcm = tone(440.0, Duration::from_secs(1));
        pcm.extend(vec![3; 8000 * 2]);
        pcm.extend(tone(440.0, Duration::from_millis(500)));
        assert_eq!(
            longest_nothing(&pcm),
            (Duration::from_secs(2), Duration::from_secs(1))
        );
    }
}
