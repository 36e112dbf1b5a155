//! Margins to probabilities.

use super::math::{exp, ln};

/// Held-out utterances, from which on the best guess is calibrated once more by itself.
const ENOUGH: usize = 500;

/// Margins of an utterance whose class is known (`None`: none of them), by a machine that has not seen it.
pub(super) type Held = (Option<usize>, Vec<f32>);

/// From margins to confidences.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calibration {
    /// Of a class by its own margin, over the margins of all classes together.
    each: Sigmoid,
    /// How often the best guess is right, by the logarithm of its odds among all classes: where there are many,
    /// what is left for each of the others adds up.
    best: Option<Sigmoid>,
}

impl Calibration {
    /// Learns both curves.
    pub(super) fn fit(held: &[Held]) -> Self {
        let pairs = held.iter().flat_map(|(class, margins)| {
            let pair = |(c, m): (usize, &f32)| (f64::from(*m), *class == Some(c));
            margins.iter().enumerate().map(pair)
        });
        // A falling curve means the margins say nothing; the usual one is trusted instead.
        let each = Sigmoid::fit(&pairs.collect::<Vec<_>>(), 0.5).unwrap_or_default();
        if held.len() < ENOUGH {
            return Self { each, best: None };
        }
        let judged = held.iter().filter_map(|(class, margins)| {
            let shares = each.shares(margins);
            let best = best_of(&shares)?;
            Some((log_odds(shares[best]), *class == Some(best)))
        });
        let best = Sigmoid::fit(&judged.collect::<Vec<_>>(), 0.0);
        Self { each, best }
    }

    /// Confidence per class; with "none of them" they add up to 1, or a little less.
    pub(super) fn confidences(&self, margins: &[f32]) -> Vec<f64> {
        let mut shares = self.each.shares(margins);
        if let (Some(curve), Some(best)) = (self.best, best_of(&shares)) {
            let before = shares[best];
            let now = curve.probability(log_odds(before));
            let rest = (1.0 - now) / (1.0 - before).max(1e-12);
            for share in &mut shares {
                *share = (*share * rest).min(now);
            }
            shares[best] = now;
        }
        shares
    }
}

/// The first of the largest.
fn best_of(shares: &[f64]) -> Option<usize> {
    let all = shares.iter().enumerate().rev();
    all.max_by(|a, b| a.1.total_cmp(b.1)).map(|(at, _)| at)
}

fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    ln(p / (1.0 - p))
}

/// `1 / (1 + exp(-(a x + b)))`.
#[derive(Clone, Copy, Debug)]
struct Sigmoid {
    a: f64,
    b: f64,
}

impl Default for Sigmoid {
    /// For sets too small to hold anything out: what sets of a few examples come to.
    fn default() -> Self {
        Self { a: 4.0, b: 1.0 }
    }
}

impl Sigmoid {
    /// Fits (x, was it so) by Newton's method on the cross-entropy, with Platt's targets, which keep a set
    /// that separates perfectly from becoming certain of everything. `None`: there is too little of one kind,
    /// or the curve is not steeper than `least`.
    fn fit(pairs: &[(f64, bool)], least: f64) -> Option<Self> {
        let positives = pairs.iter().filter(|p| p.1).count();
        if positives < 3 || pairs.len() - positives < 3 {
            return None;
        }
        let high = (positives as f64 + 1.0) / (positives as f64 + 2.0);
        let low = 1.0 / ((pairs.len() - positives) as f64 + 2.0);
        let mut fit = Self { a: 1.0, b: 0.0 };
        for _ in 0..100 {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
            for (x, own) in pairs {
                let p = fit.probability(*x);
                let error = p - if *own { high } else { low };
                let slope = (p * (1.0 - p)).max(1e-6);
                ga += error * x;
                gb += error;
                haa += slope * x * x;
                hab += slope * x;
                hbb += slope;
            }
            let det = haa * hbb - hab * hab;
            if det <= 1e-12 {
                break;
            }
            let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
            // Full Newton steps overshoot while far from the optimum.
            fit.a -= da.clamp(-1.0, 1.0);
            fit.b -= db.clamp(-1.0, 1.0);
            if da.abs() < 1e-9 && db.abs() < 1e-9 {
                break;
            }
        }
        (fit.a > least).then_some(fit)
    }

    fn probability(&self, x: f64) -> f64 {
        1.0 / (1.0 + exp(-(self.a * x + self.b)))
    }

    /// Each class's share; with "none of them" they add up to 1.
    fn shares(&self, margins: &[f32]) -> Vec<f64> {
        let own: Vec<f64> = margins
            .iter()
            .map(|m| self.probability(f64::from(*m)))
            .collect();
        let none: f64 = own.iter().map(|p| 1.0 - p).product();
        let sum = own.iter().sum::<f64>() + none;
        own.iter().map(|p| p / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sigmoid_finds_the_curve_that_made_the_data() {
        let truth = Sigmoid { a: 5.0, b: 1.5 };
        let mut rng = tandem_types::Rng::seeded(3);
        let pairs: Vec<_> = (0..4000)
            .map(|_| {
                let x = rng.below(4000) as f64 / 1000.0 - 2.5;
                (
                    x,
                    (rng.below(1_000_000) as f64) < truth.probability(x) * 1e6,
                )
            })
            .collect();
        let fit = Sigmoid::fit(&pairs, 0.5).expect("a curve");
        assert!(
            (fit.a - 5.0).abs() < 0.5 && (fit.b - 1.5).abs() < 0.3,
            "{fit:?}"
        );
        let turned: Vec<_> = pairs.iter().map(|(x, own)| (-x, *own)).collect();
        assert!(Sigmoid::fit(&turned, 0.5).is_none());
    }

    #[test]
    fn confidences_leave_room_for_none() {
        let c = Calibration::default();
        let out = c.confidences(&[-1.5, -1.5, -1.5]);
        assert!(out.iter().all(|c| *c < 0.15), "{out:?}");
        assert!(c.confidences(&[1.0, -1.0])[0] > 0.9);
    }

    #[test]
    fn where_there_are_many_classes_the_best_guess_is_calibrated_too() {
        // The right class stands out by a little, and is the best in nine of ten.
        let mut rng = tandem_types::Rng::seeded(5);
        let held: Vec<Held> = (0..1000)
            .map(|i| {
                let mut margins: Vec<f32> = (0..50)
                    .map(|_| rng.below(400) as f32 / 1000.0 - 1.0)
                    .collect();
                let own = i % 50;
                margins[own] = if rng.below(10) == 0 { -0.9 } else { -0.5 };
                (Some(own), margins)
            })
            .collect();
        let c = Calibration::fit(&held);
        let mut confident = 0.0;
        let mut right = 0.0;
        for (class, margins) in &held {
            let out = c.confidences(margins);
            let best = best_of(&out).expect("a best one");
            assert!(out.iter().all(|o| *o <= out[best]) && out.iter().sum::<f64>() < 1.0 + 1e-9);
            confident += out[best];
            right += f64::from(u8::from(*class == Some(best)));
        }
        assert!((confident - right).abs() < 20.0, "{confident} {right}");
    }
}
