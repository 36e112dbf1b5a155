//! How good a classifier is, by the measures of Larson et al., "An Evaluation Dataset for Intent
//! Classification and Out-of-Scope Prediction" (EMNLP 2019).

use super::IntentModel;

/// Bins of the expected calibration error (Guo et al., "On Calibration of Modern Neural Networks",
/// ICML 2017).
const BINS: usize = 15;

/// The share of in-scope validation accuracy that our threshold gives up.
const GIVEN_UP: f64 = 0.03;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What was meant; `None`: none of the intents.
    pub intent: Option<String>,
    /// In its own words.
    pub text: String,
}

/// What a threshold leads to, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Kept {
    /// In-scope utterances that were accepted and understood rightly.
    pub in_scope: f64,
    /// Out-of-scope utterances that were refused.
    pub oos_recall: f64,
}

/// What a classifier does with utterances that it has not seen, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// By the paper's threshold: the best accuracy over in-scope and out-of-scope validation rows.
    pub paper: Kept,
    /// By ours: the highest that gives up at most three points of in-scope validation accuracy.
    pub ours: Kept,
    /// Area under the curve of telling in-scope from out-of-scope utterances by their confidence.
    pub auroc: f64,
    /// Expected calibration error over in-scope utterances, 15 bins of equal width.
    pub ece: f64,
}

/// One utterance, judged.
#[derive(Clone, Copy)]
struct Judged {
    in_scope: bool,
    right: bool,
    confidence: f64,
}

/// Chooses both thresholds by `validate` and measures with `test`.
pub fn judge(model: &IntentModel, validate: &[Said], test: &[Said]) -> Judgement {
    let (validated, tested) = (judged(model, validate), judged(model, test));
    let (paper, ours) = thresholds(validated);
    Judgement {
        paper: kept(&tested, paper),
        ours: kept(&tested, ours),
        auroc: 100.0 * auroc(&tested),
        ece: 100.0 * calibration_error(&tested),
    }
}

fn judged(model: &IntentModel, said: &[Said]) -> Vec<Judged> {
    let one = |said: &Said| {
        let best = model.best(&said.text);
        Judged {
            in_scope: said.intent.is_some(),
            right: best.map(|b| b.0) == said.intent.as_deref() && best.is_some(),
            confidence: best.map_or(0.0, |b| b.1),
        }
    };
    said.iter().map(one).collect()
}

/// The paper's and ours; an utterance is accepted from its threshold on. Of equally good ones the lowest.
fn thresholds(mut rows: Vec<Judged>) -> (f64, f64) {
    rows.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let in_scope = rows.iter().filter(|r| r.in_scope).count().max(1) as f64;
    let all = rows.iter().filter(|r| r.right).count();
    let (mut right, mut refused) = (all, 0);
    let mut paper = (all, 0.0);
    let mut ours = 0.0;
    for same in rows.chunk_by(|a, b| a.confidence == b.confidence) {
        let threshold = same[0].confidence;
        if right + refused > paper.0 {
            paper = (right + refused, threshold);
        }
        if (all - right) as f64 / in_scope <= GIVEN_UP {
            ours = threshold;
        }
        right -= same.iter().filter(|r| r.right).count();
        refused += same.iter().filter(|r| !r.in_scope).count();
    }
    (paper.1, ours)
}

fn kept(rows: &[Judged], threshold: f64) -> Kept {
    let accepted = |r: &&Judged| r.confidence >= threshold;
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    let inside: Vec<Judged> = rows.iter().filter(|r| r.in_scope).copied().collect();
    let outside: Vec<Judged> = rows.iter().filter(|r| !r.in_scope).copied().collect();
    let right = inside.iter().filter(accepted).filter(|r| r.right).count();
    let refused = outside.len() - outside.iter().filter(accepted).count();
    Kept {
        in_scope: percent(right, inside.len()),
        oos_recall: percent(refused, outside.len()),
    }
}

/// The chance that an in-scope utterance has a higher confidence than an out-of-scope one; a tie is half.
fn auroc(rows: &[Judged]) -> f64 {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let (mut wins, mut inside, mut outside) = (0.0, 0.0, 0.0);
    for same in rows.chunk_by(|a, b| a.confidence == b.confidence) {
        let own = same.iter().filter(|r| r.in_scope).count() as f64;
        let other = same.len() as f64 - own;
        wins += own * (outside + other / 2.0);
        inside += own;
        outside += other;
    }
    if inside * outside > 0.0 {
        wins / (inside * outside)
    } else {
        0.0
    }
}

/// Over in-scope rows: how far confidence and accuracy are apart, by bin, weighed by its rows.
fn calibration_error(rows: &[Judged]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    let mut n = 0.0;
    for r in rows.iter().filter(|r| r.in_scope) {
        let bin = ((r.confidence * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += r.confidence;
        bins[bin].1 += f64::from(u8::from(r.right));
        n += 1.0;
    }
    bins.iter().map(|(c, r)| (c - r).abs()).sum::<f64>() / f64::max(n, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(confidence: f64, in_scope: bool, right: bool) -> Judged {
        Judged {
            in_scope,
            right,
            confidence,
        }
    }

    #[test]
    fn the_papers_threshold_is_where_most_rows_are_right() {
        let rows = vec![
            row(0.9, true, true),
            row(0.8, true, true),
            row(0.5, true, true),
            row(0.4, false, false),
            row(0.3, false, false),
            row(0.2, true, true),
        ];
        // Two outsiders refused are worth the one that goes with them; ours gives up nothing.
        assert_eq!(thresholds(rows.clone()), (0.5, 0.2));
        let paper = kept(&rows, 0.5);
        assert_eq!((paper.in_scope, paper.oos_recall), (75.0, 100.0));
    }

    #[test]
    fn ours_gives_up_three_points_and_no_more() {
        let rows: Vec<Judged> = (0..100)
            .map(|i| row(f64::from(i) / 100.0, true, true))
            .collect();
        assert_eq!(thresholds(rows.clone()), (0.0, 0.03));
        assert_eq!(kept(&rows, 0.03).in_scope, 97.0);
    }

    #[test]
    fn the_area_counts_pairs() {
        let rows = [
            row(0.9, true, true),
            row(0.4, true, false),
            row(0.6, false, false),
            row(0.4, false, false),
        ];
        // 0.9 beats both, 0.4 ties with one and loses to the other.
        assert_eq!(auroc(&rows), 2.5 / 4.0);
        assert_eq!(auroc(&rows[..2]), 0.0);
    }

    #[test]
    fn the_calibration_error_is_the_gap_by_bins() {
        let rows = [
            row(0.95, true, true),
            row(0.95, true, false),
            row(0.1, true, false),
            row(0.99, false, false),
        ];
        assert!((calibration_error(&rows) - (0.9 + 0.1) / 3.0).abs() < 1e-9);
    }
}
