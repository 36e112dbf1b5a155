//! One sub-band: prediction, quantisation, and the adaptation of both. Integer arithmetic of 16 bits with saturation,
//! as the Recommendation has it, so that both ends of a call stay in step for ever.

use serde::{Deserialize, Serialize};

/// Decision levels of the 60-level quantiser (table 7).
const Q6: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940,
    1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Output levels of the 15-level and of the 60-level inverse quantiser (tables 8 and 9).
const QM4: [i32; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
    1200, 0,
];
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];
/// The same for the upper band (tables 10 and 12).
const QM2: [i32; 4] = [-7408, -1616, 7408, 1616];
const Q2: i32 = 564;
/// Logarithmic scale factor multipliers: by the magnitude of a code (table 13).
const WL: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const RL42: [usize; 16] = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
const WH: [i32; 4] = [798, -214, 798, -214];
/// 2048 times 2 to the power of n/32 (table 14).
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// To 16 bits.
pub(super) fn saturate(v: i32) -> i32 {
    v.clamp(-32768, 32767)
}

/// What is quantised: negative differences take the one's complement.
fn magnitude(difference: i32) -> i32 {
    if difference < 0 {
        !difference
    } else {
        difference
    }
}

/// The lower band: 6 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LowerBand {
    predictor: Predictor,
    /// Logarithmic scale factor, and the step that it stands for.
    log: i32,
    step: i32,
}

impl LowerBand {
    pub(super) fn new() -> Self {
        Self {
            predictor: Predictor::default(),
            log: 0,
            step: 32,
        }
    }

    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.predictor.estimate);
        let magnitude = magnitude(difference);
        // Levels 1 to 29 are compared; what is above the last is level 30.
        let level = (1..30)
            .find(|i| magnitude < (Q6[*i] * self.step) >> 12)
            .unwrap_or(30);
        let code = match (difference < 0, level) {
            (true, 1 | 2) => 64 - level as u8,
            (true, _) => 34 - level as u8,
            (false, _) => 62 - level as u8,
        };
        self.adapt(code);
        code
    }

    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let difference = (self.step * QM6[usize::from(code & 0x3f)]) >> 15;
        let sample = (self.predictor.estimate + difference).clamp(-16384, 16383);
        self.adapt(code);
        sample
    }

    /// Both ends go by the upper four bits, which every mode has.
    fn adapt(&mut self, code: u8) {
        let code = usize::from(code >> 2) & 15;
        let difference = (self.step * QM4[code]) >> 15;
        self.log = (((self.log * 127) >> 7) + WL[RL42[code]]).clamp(0, 18_432);
        self.step = linear(self.log, 8);
        self.predictor.take(difference);
    }
}

/// The upper band: 2 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UpperBand {
    predictor: Predictor,
    log: i32,
    step: i32,
}

impl UpperBand {
    pub(super) fn new() -> Self {
        Self {
            predictor: Predictor::default(),
            log: 0,
            step: 8,
        }
    }

    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.predictor.estimate);
        let large = magnitude(difference) >= (Q2 * self.step) >> 12;
        let code = match (difference < 0, large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.adapt(code);
        code
    }

    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let difference = (self.step * QM2[usize::from(code & 3)]) >> 15;
        let sample = (self.predictor.estimate + difference).clamp(-16384, 16383);
        self.adapt(code);
        sample
    }

    fn adapt(&mut self, code: u8) {
        let code = usize::from(code & 3);
        let difference = (self.step * QM2[code]) >> 15;
        self.log = (((self.log * 127) >> 7) + WH[code]).clamp(0, 22_528);
        self.step = linear(self.log, 10);
        self.predictor.take(difference);
    }
}

/// SCALEL and SCALEH: the step of a logarithmic scale factor.
fn linear(log: i32, shift: i32) -> i32 {
    let (fraction, down) = (ILB[(log >> 6) as usize & 31], shift - (log >> 11));
    let step = if down < 0 {
        fraction << -down
    } else {
        fraction >> down
    };
    step << 2
}

/// Two poles and six zeros, adapted by signs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Predictor {
    /// SL or SH: what the next sample is expected to be.
    estimate: i32,
    /// The part of it that comes from the zeros.
    from_zeros: i32,
    /// The last two reconstructed samples, and partially reconstructed ones; the newest first.
    reconstructed: [i32; 2],
    partial: [i32; 2],
    poles: [i32; 2],
    /// The last six quantised differences, the newest first.
    differences: [i32; 6],
    zeros: [i32; 6],
}

impl Predictor {
    /// Takes the quantised difference and predicts the next sample (block 4).
    fn take(&mut self, difference: i32) {
        let reconstructed = saturate(self.estimate + difference);
        let partial = saturate(self.from_zeros + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        let product = |x: i32, coefficient: i32| (coefficient * saturate(2 * x)) >> 15;
        let zeros = self.differences.iter().zip(self.zeros);
        self.from_zeros = saturate(zeros.map(|(d, b)| product(*d, b)).sum());
        let poles = self.reconstructed.iter().zip(self.poles);
        let from_poles = saturate(poles.map(|(r, a)| product(*r, a)).sum());
        self.estimate = saturate(from_poles + self.from_zeros);
    }

    /// UPPOL2 and UPPOL1.
    fn adapt_poles(&mut self, partial: i32) {
        let like = |before: i32| (partial < 0) == (before < 0);
        let [first, second] = self.poles;
        let four = saturate(first << 2);
        let turned = if like(self.partial[0]) {
            (-four).min(32_767)
        } else {
            four
        };
        let nudge = if like(self.partial[1]) { 128 } else { -128 };
        let second = ((turned >> 7) + nudge + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let nudge = if like(self.partial[0]) { 192 } else { -192 };
        let most = saturate(15_360 - second);
        let first = saturate(nudge + ((first * 32_640) >> 15)).clamp(-most, most);
        self.poles = [first, second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let nudge = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(self.differences) {
            let signed = if (difference < 0) == (before < 0) {
                nudge
            } else {
                -nudge
            };
            *zero = saturate(signed + ((*zero * 32_640) >> 15));
        }
    }
}
