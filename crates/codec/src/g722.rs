//! G.722 at 64 kbit/s (mode 1): 7 kHz of sound in one octet for two samples of 16 kHz, by adaptive differential coding
//! of two sub-bands.
//!
//! ```text
//!              .- lower band, 0-4 kHz --> 6 bits: quantise the difference from the prediction -.
//!   16 kHz -> QMF                                                                               octet hhllllll
//!              '- upper band, 4-8 kHz --> 2 bits ----------------------------------------------'
//! ```
//!
//! Block names and tables are those of the Recommendation's sections 3 to 6. Encoder and decoder give the same bits as
//! spandsp's, whatever they are fed: `tests/g722_against_spandsp.rs`. Its RTP clock is 8000 by an old mistake (RFC 3551
//! section 4.5.2), so an octet is a tick of it, as in G.711.

mod band;

use band::{LowerBand, UpperBand, saturate};
use serde::{Deserialize, Serialize};

/// Samples per second in and out.
pub const RATE: u32 = 16_000;

/// An octet that makes a decoder fall silent: the smallest steps of both bands, which shrink what follows.
pub const SILENCE: u8 = 0xfd;

/// The quadrature mirror filter: each half of its 24 taps, which are symmetric (table 11, times 8192).
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
const TAPS: usize = 24;

/// Sound to octets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    lower: LowerBand,
    upper: UpperBand,
    line: [i32; TAPS],
}

/// Octets to sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decoder {
    lower: LowerBand,
    upper: UpperBand,
    line: [i32; TAPS],
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// Has heard silence.
    pub fn new() -> Self {
        Self {
            lower: LowerBand::new(),
            upper: UpperBand::new(),
            line: [0; TAPS],
        }
    }

    /// Encodes pairs of samples of 16 kHz, as many as both slices hold; says how many octets.
    pub fn encode(&mut self, samples: &[i16], octets: &mut [u8]) -> usize {
        let n = (samples.len() / 2).min(octets.len());
        for (pair, octet) in samples.chunks_exact(2).zip(octets.iter_mut()) {
            let (low, high) = self.split([i32::from(pair[0]), i32::from(pair[1])]);
            *octet = (self.upper.encode(high) << 6) | self.lower.encode(low);
        }
        n
    }

    /// The transmit QMF: one sample of each band, of 15 bits.
    fn split(&mut self, pair: [i32; 2]) -> (i32, i32) {
        self.line.copy_within(2.., 0);
        self.line[TAPS - 2..].copy_from_slice(&pair);
        let (even, odd) = halves(&self.line);
        // 13 bits: the taps' scale of 8192; one more for 15 bits.
        ((odd + even) >> 14, (even - odd) >> 14)
    }
}

impl Decoder {
    /// Has heard silence.
    pub fn new() -> Self {
        Self {
            lower: LowerBand::new(),
            upper: UpperBand::new(),
            line: [0; TAPS],
        }
    }

    /// Decodes each octet into two samples of 16 kHz, as many as both slices hold; says how many samples.
    pub fn decode(&mut self, octets: &[u8], samples: &mut [i16]) -> usize {
        let n = octets.len().min(samples.len() / 2);
        for (octet, pair) in octets.iter().zip(samples.chunks_exact_mut(2)) {
            let low = self.lower.decode(octet & 0x3f);
            let high = self.upper.decode(octet >> 6);
            let joined = self.join(low, high);
            pair.copy_from_slice(&joined);
        }
        2 * n
    }

    /// The receive QMF.
    fn join(&mut self, low: i32, high: i32) -> [i16; 2] {
        self.line.copy_within(2.., 0);
        self.line[TAPS - 2..].copy_from_slice(&[low + high, low - high]);
        let (even, odd) = halves(&self.line);
        [saturate(even >> 11) as i16, saturate(odd >> 11) as i16]
    }
}

/// The filter's two phases: over the later and the earlier sample of each pair.
fn halves(line: &[i32; TAPS]) -> (i32, i32) {
    let (mut even, mut odd) = (0, 0);
    for (i, pair) in line.chunks_exact(2).enumerate() {
        odd += pair[0] * QMF[i];
        even += pair[1] * QMF[11 - i];
    }
    (even, odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{ToneMeter, level_dbov};

    fn sine(hz: f64, amplitude: f64) -> Vec<i16> {
        (0..16_000)
            .map(|i| {
                (amplitude * (std::f64::consts::TAU * hz * f64::from(i) / 16_000.0).sin()) as i16
            })
            .collect()
    }

    fn there_and_back(sound: &[i16]) -> Vec<i16> {
        let (mut octets, mut back) = (vec![0; sound.len() / 2], vec![0; sound.len()]);
        assert_eq!(Encoder::new().encode(sound, &mut octets), octets.len());
        assert_eq!(Decoder::new().decode(&octets, &mut back), back.len());
        back
    }

    #[test]
    fn both_bands_come_back() {
        for hz in [200.0, 1000.0, 3400.0, 5000.0, 6500.0] {
            let back = there_and_back(&sine(hz, 10_000.0));
            let share = ToneMeter::new(RATE).share(&back[4000..], hz);
            assert!(share > 0.9, "{hz} Hz: {share}");
            let level = level_dbov(&back[4000..]);
            assert!((level + 13.3).abs() < 0.7, "{hz} Hz: {level} dBov");
        }
    }

    #[test]
    fn silence_is_silent_and_the_octet_of_silence_leads_there() {
        assert!(there_and_back(&[0; 8000]).iter().all(|s| s.abs() < 10));
        let mut octets = vec![0; 8000];
        Encoder::new().encode(&sine(900.0, 20_000.0), &mut octets);
        let (mut decoder, mut out) = (Decoder::new(), vec![0; 16_000]);
        decoder.decode(&octets, &mut out);
        decoder.decode(&[SILENCE; 1600], &mut out);
        assert!(level_dbov(&out[1600..3200]) < -60.0, "after 100 ms");
    }

    #[test]
    fn pieces_make_the_same_octets_as_the_whole() {
        let sound = sine(777.0, 9000.0);
        let (mut whole, mut pieces) = (vec![0; 8000], Vec::new());
        Encoder::new().encode(&sound, &mut whole);
        let mut encoder = Encoder::new();
        for piece in sound.chunks(74) {
            let mut octets = [0; 37];
            let n = encoder.encode(piece, &mut octets);
            pieces.extend_from_slice(&octets[..n]);
        }
        assert_eq!(whole, pieces);
    }
}
