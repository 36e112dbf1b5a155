//! How much of a window is one frequency (Goertzel's algorithm), and how loud it is. What the tests and the
//! simulator hear with.

use crate::RATE;
use std::f64::consts::TAU;

/// Listens for frequencies in windows of sound.
#[derive(Clone, Copy, Debug)]
pub struct ToneMeter {
    rate: u32,
}

impl Default for ToneMeter {
    fn default() -> Self {
        Self { rate: RATE }
    }
}

impl ToneMeter {
    /// A meter for sound of `rate` samples per second.
    pub fn new(rate: u32) -> Self {
        Self { rate: rate.max(1) }
    }

    /// The share of the window's power that is the sine at `hz`: 1 for that tone alone, near 0 where it is
    /// absent or the window is silent. Windows of 20 ms tell 100 Hz apart, longer ones less.
    pub fn share(&self, samples: &[i16], hz: f64) -> f64 {
        let total: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        if total < 1.0 {
            return 0.0;
        }
        let n = samples.len() as f64;
        (2.0 * self.energy(samples, hz) / (n * total)).clamp(0.0, 1.0)
    }

    /// The amplitude of the sine at `hz` in sample units (0 to 32767).
    pub fn amplitude(&self, samples: &[i16], hz: f64) -> f64 {
        if samples.is_empty() {
            return 0.0;
        }
        2.0 * self.energy(samples, hz).sqrt() / samples.len() as f64
    }

    /// Whether the window is mostly the tone at `hz`, and audible at all (over -50 dBov).
    pub fn hears(&self, samples: &[i16], hz: f64) -> bool {
        level_dbov(samples) > -50.0 && self.share(samples, hz) > 0.5
    }

    /// The mean frequency of a tone near `hz` that goes on all along (other tones 40 Hz away do no harm): its cycles,
    /// counted by its phase in windows of 50 ms, over the time. 0 where there are fewer than 60 ms.
    pub fn frequency(&self, samples: &[i16], hz: f64) -> f64 {
        let (window, step) = (self.rate as usize / 20, self.rate as usize / 100);
        let w = TAU * hz / f64::from(self.rate);
        // A Hann window, and the phase as from the beginning of the samples: a tone at `hz` stands still.
        let phase = |from: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, s) in samples[from..from + window].iter().enumerate() {
                let hann = 1.0 - (TAU * i as f64 / window as f64).cos();
                let angle = w * (from + i) as f64;
                re += f64::from(*s) * hann * angle.cos();
                im -= f64::from(*s) * hann * angle.sin();
            }
            im.atan2(re) / TAU
        };
        let Some(last) = samples.len().checked_sub(window).map(|n| n / step) else {
            return 0.0;
        };
        let phases: Vec<f64> = (0..=last).map(|n| phase(n * step)).collect();
        let turns: f64 = phases
            .windows(2)
            .map(|p| p[1] - p[0])
            .map(|d| d - d.round())
            .sum();
        match last {
            0 => 0.0,
            _ => hz + turns / last as f64 * 100.0,
        }
    }

    /// |X(hz)|^2 of the discrete Fourier transform at any frequency.
    fn energy(&self, samples: &[i16], hz: f64) -> f64 {
        let w = TAU * hz / f64::from(self.rate);
        let coefficient = 2.0 * w.cos();
        let (mut a, mut b) = (0.0f64, 0.0f64);
        for s in samples {
            let c = f64::from(*s) + coefficient * a - b;
            b = a;
            a = c;
        }
        (a * a + b * b - coefficient * a * b).max(0.0)
    }
}

/// Mean power in dB below a full-scale square wave (dBov, RFC 6464); -127 for silence.
pub fn level_dbov(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return -127.0;
    }
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let mean = sum / samples.len() as f64;
    (10.0 * (mean / (32768.0 * 32768.0)).max(1e-13).log10()).max(-127.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, amplitude: f64, n: usize) -> Vec<i16> {
        (0..n)
            .map(|i| (amplitude * (TAU * hz * i as f64 / 8000.0).sin()) as i16)
            .collect()
    }

    #[test]
    fn one_tone_is_all_of_its_window_and_none_of_another() {
        let meter = ToneMeter::default();
        let s = sine(700.0, 8000.0, 800);
        assert!(meter.share(&s, 700.0) > 0.99);
        assert!(meter.share(&s, 900.0) < 0.01);
        assert!((meter.amplitude(&s, 700.0) - 8000.0).abs() < 40.0);
        assert!(meter.hears(&s, 700.0) && !meter.hears(&s, 1100.0));
        assert!(!meter.hears(&[0; 800], 700.0));
    }

    #[test]
    fn two_tones_share() {
        let (a, b) = (sine(500.0, 4000.0, 800), sine(1200.0, 4000.0, 800));
        let both: Vec<i16> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let meter = ToneMeter::default();
        assert!((meter.share(&both, 500.0) - 0.5).abs() < 0.02);
        assert!((meter.share(&both, 1200.0) - 0.5).abs() < 0.02);
    }

    #[test]
    fn a_frequency_is_measured_beside_others() {
        let (a, b) = (sine(500.3, 4000.0, 8000), sine(620.0, 8000.0, 8000));
        let both: Vec<i16> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let meter = ToneMeter::default();
        for (near, is) in [(500.0, 500.3), (495.0, 500.3), (621.0, 620.0)] {
            let hz = meter.frequency(&both, near);
            assert!((hz - is).abs() < 0.02, "{near}: {hz}");
        }
        assert_eq!(meter.frequency(&both[..300], 500.0), 0.0);
    }

    #[test]
    fn levels_are_below_full_scale() {
        assert!((level_dbov(&[i16::MIN; 80])).abs() < 0.01);
        assert!((level_dbov(&sine(1000.0, 32767.0, 800)) + 3.01).abs() < 0.05);
        assert_eq!(level_dbov(&[0; 80]), -127.0);
        assert_eq!(level_dbov(&[]), -127.0);
    }
}
