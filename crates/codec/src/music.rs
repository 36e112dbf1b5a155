//! The built-in hold music: sixteen bars of slow arpeggios over a soft bass, made here at start. It loops without a
//! seam, belongs to nobody else, and stays inside the telephone band at about -24 dBov, under a voice.

use crate::RATE;
use std::{f64::consts::TAU, sync::OnceLock};

/// Chords as semitones above A3 (220 Hz), lowest first; each lasts two bars. A turn of I vi IV V with colours.
const CHORDS: [[i32; 5]; 8] = [
    [-9, 3, 7, 10, 14], // C  add 9
    [-12, 0, 3, 7, 10], // Am 7
    [-4, 0, 3, 8, 12],  // F  maj 7 over F
    [-2, 2, 5, 10, 14], // G
    [-5, 2, 7, 10, 14], // Em 7
    [-12, 0, 3, 7, 12], // Am
    [-7, 0, 5, 8, 12],  // Dm 7
    [-2, 0, 5, 10, 15], // G sus 4
];
/// Which note of the chord each eighth plays, up and down.
const FIGURE: [usize; 8] = [1, 2, 3, 4, 3, 2, 3, 2];
/// An eighth at 84 beats a minute, in samples.
const EIGHTH: usize = (RATE as usize * 60) / (84 * 2);
/// A pluck has died away after this long.
const RING: usize = RATE as usize * 2;

/// About 46 s of music at 8 kHz, the same each time; its end runs into its start. Made once in a process.
pub fn built_in() -> Vec<i16> {
    static MUSIC: OnceLock<Vec<i16>> = OnceLock::new();
    MUSIC.get_or_init(play).clone()
}

fn play() -> Vec<i16> {
    let length = CHORDS.len() * 16 * EIGHTH;
    let mut mix = vec![0f32; length];
    for (c, chord) in CHORDS.iter().enumerate() {
        for bar in 0..2 {
            let start = (c * 2 + bar) * 8 * EIGHTH;
            pluck(&mut mix, start, hertz(chord[0]), 0.50, 0.9);
            for (i, note) in FIGURE.iter().enumerate() {
                // The second bar of each chord breathes: it leaves two eighths out.
                if bar == 1 && (i == 5 || i == 7) {
                    continue;
                }
                let accent = if i % 4 == 0 { 0.42 } else { 0.30 };
                pluck(
                    &mut mix,
                    start + i * EIGHTH,
                    hertz(chord[*note] + 12),
                    accent,
                    0.55,
                );
            }
        }
    }
    let power = mix.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / length as f64;
    let scale = 2070.0 / power.sqrt().max(1e-9); // -24 dBov
    mix.iter()
        .map(|s| (f64::from(*s) * scale).clamp(-32767.0, 32767.0) as i16)
        .collect()
}

fn hertz(semitones: i32) -> f64 {
    220.0 * 2f64.powf(f64::from(semitones) / 12.0)
}

/// One soft pluck: four partials, the higher ones dying sooner; what rings past the end goes on at the start.
fn pluck(mix: &mut [f32], start: usize, hz: f64, gain: f64, decay_s: f64) {
    let length = mix.len();
    for i in 0..RING {
        let t = i as f64 / f64::from(RATE);
        let attack = (t / 0.006).min(1.0);
        let release = ((RING - i) as f64 / 800.0).min(1.0);
        let wave: f64 = (1..=4)
            .map(|k| {
                let k = f64::from(k);
                (TAU * hz * k * t).sin() * (-t * k.sqrt() / decay_s * 2.2).exp() / (k * k)
            })
            .sum();
        mix[(start + i) % length] += (wave * gain * attack * release) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::level_dbov;

    #[test]
    fn it_is_moderate_everywhere_and_never_silent() {
        let music = built_in();
        assert!(music.len() > 40 * RATE as usize);
        assert!((level_dbov(&music) + 24.0).abs() < 0.5);
        for (i, second) in music.chunks_exact(RATE as usize).enumerate() {
            let level = level_dbov(second);
            assert!((-34.0..-16.0).contains(&level), "second {i}: {level} dBov");
        }
        assert!(music.iter().all(|s| s.unsigned_abs() < 24_000));
    }

    #[test]
    fn it_is_the_same_each_time_and_loops_without_a_click() {
        let music = built_in();
        assert_eq!(music, play());
        let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
        let inside = music.windows(2).map(|w| step(w[0], w[1])).max().unwrap();
        assert!(step(music[0], music[music.len() - 1]) <= inside);
        assert!(inside < 8000, "{inside}");
    }
}
