//! Comfort noise: an open line on which nobody speaks. At -50 dBov it is heard in a quiet room and never taken for a voice.

use crate::RATE;
use tandem_types::Rng;

/// Root mean square, of 32767: -50 dBov, within the -60 to -40 that RFC 3389 senders tell.
const LOUDNESS: f64 = 104.0;
/// Long enough that nobody hears it come round.
const SECONDS: usize = 4;
/// The end fades into the start over so many samples.
const SEAM: usize = 400;

/// Four seconds of noise at 8 kHz, the same each time; its end runs into its start.
pub fn noise() -> Vec<i16> {
    let length = SECONDS * RATE as usize;
    let mut rng = Rng::seeded(0x0c0f_0047);
    let mut low = 0.0;
    // One pole at about 600 Hz: lines hum more than they hiss.
    let made: Vec<f64> = (0..length + SEAM)
        .map(|_| {
            let white = rng.below(20_001) as f64 / 10_000.0 - 1.0;
            low += 0.38 * (white - low);
            low
        })
        .collect();
    let mut looped = made[..length].to_vec();
    for i in 0..SEAM {
        let share = (i as f64 / SEAM as f64 * std::f64::consts::FRAC_PI_2).sin();
        let rest = (1.0 - share * share).sqrt();
        looped[i] = made[i] * share + made[length + i] * rest;
    }
    let power = looped.iter().map(|s| s * s).sum::<f64>() / length as f64;
    let scale = LOUDNESS / power.sqrt().max(1e-9);
    looped.iter().map(|s| (s * scale) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_soft_all_along_and_has_no_seam() {
        let pcm = noise();
        for window in pcm.chunks_exact(800) {
            let power = window.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 800.0;
            let db = 10.0 * (power / 32767f64.powi(2)).log10();
            assert!((-54.0..-46.0).contains(&db), "{db}");
        }
        let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
        let largest = pcm.windows(2).map(|w| step(w[0], w[1])).max().unwrap();
        assert!(step(pcm[0], pcm[pcm.len() - 1]) <= largest);
    }
}
