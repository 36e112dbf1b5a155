//! Margins to probabilities.

/// `1 / (1 + exp(-(a m + b)))` over the margins of all classes together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sigmoid {
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
    /// Fits held-out margins by Newton's method on the cross-entropy, with Platt's targets, which
    /// keep a set that separates perfectly from becoming certain of everything.
    pub(super) fn fit(held: &[(Option<usize>, Vec<f64>)]) -> Self {
        let pairs: Vec<(f64, bool)> = held
            .iter()
            .flat_map(|(class, margins)| {
                let pair = |(c, m): (usize, &f64)| (*m, *class == Some(c));
                margins.iter().enumerate().map(pair).collect::<Vec<_>>()
            })
            .collect();
        let positives = pairs.iter().filter(|p| p.1).count();
        if positives < 3 || pairs.len() - positives < 3 {
            return Self::default();
        }
        let high = (positives as f64 + 1.0) / (positives as f64 + 2.0);
        let low = 1.0 / ((pairs.len() - positives) as f64 + 2.0);
        let mut fit = Self { a: 1.0, b: 0.0 };
        for _ in 0..100 {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
            for (m, own) in &pairs {
                let p = fit.probability(*m);
                let error = p - if *own { high } else { low };
                let slope = (p * (1.0 - p)).max(1e-6);
                ga += error * m;
                gb += error;
                haa += slope * m * m;
                hab += slope * m;
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
        // A falling curve means the margins say nothing; trust the usual one instead.
        if fit.a > 0.5 { fit } else { Self::default() }
    }

    /// The probability of a class by its own margin.
    pub(super) fn probability(&self, margin: f64) -> f64 {
        1.0 / (1.0 + exp(-(self.a * margin + self.b)))
    }

    /// Confidence per class, 0 to 1000; with "none of them" they add up to 1000.
    pub(super) fn confidences(&self, margins: &[f64]) -> Vec<u16> {
        let own: Vec<f64> = margins.iter().map(|m| self.probability(*m)).collect();
        let none: f64 = own.iter().map(|p| 1.0 - p).product();
        let sum = own.iter().sum::<f64>() + none;
        own.iter()
            .map(|p| (p / sum * 1000.0 + 0.5) as u16)
            .collect()
    }
}

/// e^x from additions and multiplications alone, so that every machine gets the same bits: x = k ln 2 + r,
/// a Taylor series for r, k by the exponent.
fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let k = (x / std::f64::consts::LN_2).round();
    let r = x - k * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..16 {
        term *= r / f64::from(n);
        sum += term;
    }
    sum * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exp() {
        for i in -6000..6000 {
            let x = f64::from(i) / 10.0;
            let relative = (exp(x) - x.exp()).abs() / x.exp();
            assert!(relative < 1e-12, "exp({x})");
        }
    }

    #[test]
    fn the_sigmoid_finds_the_curve_that_made_the_data() {
        let truth = Sigmoid { a: 5.0, b: 1.5 };
        let mut rng = tandem_types::Rng::seeded(3);
        let held: Vec<_> = (0..4000)
            .map(|_| {
                let m = rng.below(4000) as f64 / 1000.0 - 2.5;
                let own = (rng.below(1_000_000) as f64) < truth.probability(m) * 1e6;
                (own.then_some(0), vec![m])
            })
            .collect();
        let fit = Sigmoid::fit(&held);
        assert!(
            (fit.a - 5.0).abs() < 0.5 && (fit.b - 1.5).abs() < 0.3,
            "{fit:?}"
        );
    }

    #[test]
    fn confidences_leave_room_for_none() {
        let s = Sigmoid::default();
        let out = s.confidences(&[-1.5, -1.5, -1.5]);
        assert!(out.iter().all(|c| *c < 150), "{out:?}");
        assert!(s.confidences(&[1.0, -1.0])[0] > 900);
    }
}
