//! Change of rate by a polyphase filter: a windowed sinc, so the phase is linear, with about 2 ms of delay
//! whatever the rates, and 60 dB against aliases beyond the transition band of 900 Hz.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Half the length of the filter: the delay.
const DELAY_S: f64 = 0.001_95;
/// Kaiser window for 60 dB of stop band.
const KAISER_BETA: f64 = 5.65;
/// The filter is 6 dB down this far below the smaller Nyquist frequency, so that little folds back.
const CUTOFF_MARGIN_HZ: f64 = 300.0;

/// Turns sound of one rate into sound of another, piece by piece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resampler {
    /// Output samples per `down` input samples, in lowest terms.
    up: usize,
    down: usize,
    /// Taps of each of the `up` phases, newest sample first.
    taps: usize,
    filter: Vec<f32>,
    /// The last `taps` input samples, then what the next call appends.
    line: Vec<f32>,
    /// Where the next output stands after the end of the line, in steps of 1/`up` input samples.
    at: usize,
}

impl Resampler {
    /// Between two rates in Hz. A rate of 0 is taken for 1.
    pub fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from.max(1), to.max(1));
        let divisor = gcd(from, to);
        let (up, down) = ((to / divisor) as usize, (from / divisor) as usize);
        let taps = if from == to {
            1
        } else {
            ((2.0 * DELAY_S * f64::from(from)) as usize).max(4)
        };
        let filter = if from == to {
            vec![1.0]
        } else {
            design(from, to, up, taps)
        };
        Self {
            up,
            down,
            taps,
            filter,
            line: vec![0.0; taps - 1],
            at: 0,
        }
    }

    /// How late a sample comes out, in seconds.
    pub fn delay(&self, from: u32) -> f64 {
        (self.taps as f64 - 1.0 / self.up as f64) / 2.0 / f64::from(from.max(1))
    }

    /// Takes `input` and appends what can be made of it to `out`.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        if self.up == self.down {
            out.extend_from_slice(input);
            return;
        }
        self.line.extend(input.iter().map(|s| f32::from(*s)));
        // `at / up` is the newest input sample that the output needs, counted behind the history.
        while self.at / self.up < input.len() {
            let (base, phase) = (self.at / self.up, self.at % self.up);
            let window = &self.line[base..base + self.taps];
            let coefficients = &self.filter[phase * self.taps..(phase + 1) * self.taps];
            let sum: f32 = window.iter().zip(coefficients).map(|(x, c)| x * c).sum();
            out.push(sum.round().clamp(-32768.0, 32767.0) as i16);
            self.at += self.down;
        }
        self.at -= input.len() * self.up;
        self.line.drain(..input.len());
    }
}

/// All at once, with the delay cut off and the end brought out: `from` and `to` in Hz.
pub fn whole(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let mut out = Vec::new();
    resampler.process(samples, &mut out);
    if from != to {
        resampler.process(
            &vec![0; (f64::from(from) * DELAY_S * 2.0) as usize + 2],
            &mut out,
        );
        let skip = (resampler.delay(from) * f64::from(to)).round() as usize;
        out.drain(..skip.min(out.len()));
    }
    let want = samples.len() as u64 * u64::from(to.max(1)) / u64::from(from.max(1));
    out.truncate(want as usize);
    out
}

/// The taps of all phases, reversed so that a plain dot product with the line (oldest first) convolves.
fn design(from: u32, to: u32, up: usize, taps: usize) -> Vec<f32> {
    let length = taps * up;
    let centre = (length as f64 - 1.0) / 2.0;
    let cutoff =
        f64::from(from.min(to)) / 2.0 - CUTOFF_MARGIN_HZ.min(f64::from(from.min(to)) / 8.0);
    // Cycles per sample at the upsampled rate.
    let fc = cutoff / (f64::from(from) * up as f64);
    let mut prototype: Vec<f64> = (0..length)
        .map(|i| {
            let x = i as f64 - centre;
            let sinc = if x.abs() < 1e-9 {
                2.0 * fc
            } else {
                (2.0 * PI * fc * x).sin() / (PI * x)
            };
            let r = x / (centre + 0.5);
            sinc * bessel_i0(KAISER_BETA * (1.0 - r * r).max(0.0).sqrt()) / bessel_i0(KAISER_BETA)
        })
        .collect();
    let gain = up as f64 / prototype.iter().sum::<f64>();
    prototype.iter_mut().for_each(|c| *c *= gain);
    let mut filter = Vec::with_capacity(length);
    for phase in 0..up {
        filter.extend((0..taps).map(|t| prototype[(taps - 1 - t) * up + phase] as f32));
    }
    filter
}

/// The modified Bessel function of order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::ToneMeter;

    fn sine(hz: f64, rate: u32, n: usize) -> Vec<i16> {
        (0..n)
            .map(|i| (10_000.0 * (2.0 * PI * hz * i as f64 / f64::from(rate)).sin()) as i16)
            .collect()
    }

    const PAIRS: [(u32, u32); 7] = [
        (8000, 16000),
        (16000, 8000),
        (24000, 8000),
        (22050, 8000),
        (48000, 8000),
        (44100, 16000),
        (8000, 48000),
    ];

    #[test]
    fn speech_band_passes_unchanged_at_every_ratio() {
        for (from, to) in PAIRS {
            for hz in [200.0, 1000.0, 3000.0] {
                let out = whole(&sine(hz, from, from as usize), from, to);
                assert_eq!(
                    out.len(),
                    to as usize,
                    "{from}->{to}: a second stays a second"
                );
                let middle = &out[to as usize / 4..to as usize * 3 / 4];
                let meter = ToneMeter::new(to);
                let db = 20.0 * (meter.amplitude(middle, hz) / 10_000.0).log10();
                assert!(db.abs() < 0.5, "{from}->{to} {hz} Hz: {db} dB");
                assert!(
                    meter.share(middle, hz) > 0.9999,
                    "{from}->{to} {hz} Hz: images"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_represented_is_gone_not_folded() {
        for (from, to) in PAIRS {
            if from < to {
                continue;
            }
            let nyquist = f64::from(to) / 2.0;
            for hz in [
                nyquist + 250.0,
                nyquist + 1000.0,
                f64::from(from) / 2.0 - 500.0,
            ] {
                let out = whole(&sine(hz, from, from as usize), from, to);
                let level = crate::meter::level_dbov(&out[200..out.len() - 200]);
                // The tone went in at -13.3 dBov.
                assert!(level < -13.3 - 50.0, "{from}->{to} {hz} Hz: {level} dBov");
            }
        }
    }

    #[test]
    fn pieces_make_the_same_sound_as_the_whole() {
        for (from, to) in PAIRS {
            let sound = sine(777.0, from, 5000);
            let (mut a, mut b) = (Vec::new(), Vec::new());
            Resampler::new(from, to).process(&sound, &mut a);
            let mut pieces = Resampler::new(from, to);
            for piece in sound.chunks(37) {
                pieces.process(piece, &mut b);
            }
            assert_eq!(a, b, "{from}->{to}");
        }
    }

    #[test]
    fn the_delay_stays_under_two_milliseconds() {
        for (from, to) in PAIRS {
            let mut click = vec![0i16; from as usize / 10];
            let at = click.len() / 2;
            click[at] = 30_000;
            let mut out = Vec::new();
            let mut resampler = Resampler::new(from, to);
            resampler.process(&click, &mut out);
            let peak = (0..out.len())
                .max_by_key(|i| out[*i].unsigned_abs())
                .unwrap();
            let late = peak as f64 / f64::from(to) - at as f64 / f64::from(from);
            assert!((0.0..=0.00205).contains(&late), "{from}->{to}: {late}");
            assert!((late - resampler.delay(from)).abs() < 1.0 / f64::from(to.min(from)));
        }
    }

    #[test]
    fn equal_rates_pass_through() {
        let sound = sine(1234.0, 8000, 100);
        assert_eq!(whole(&sound, 8000, 8000), sound);
    }

    #[test]
    fn odd_rates_are_taken() {
        for (from, to) in [
            (0, 0),
            (1, 8000),
            (8000, 1),
            (11_025, 8000),
            (7999, 8000),
            (44_100, 7350),
        ] {
            let mut out = Vec::new();
            Resampler::new(from, to).process(&[100; 300], &mut out);
            assert!(out.len() <= 300 * to.max(1) as usize / from.max(1) as usize + 1);
        }
    }
}
