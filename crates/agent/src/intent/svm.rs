//! Linear machines, one per class against the rest, trained side by side.

use super::features::Features;
use tandem_types::Rng;

/// Cost of a violated margin: LIBLINEAR's usual 1.
const COST: f64 = 1.0;

/// Passes over the examples at most; small sets stop long before.
const PASSES: usize = 60;

/// A pass in which no projected gradient exceeds this is the last one (LIBLINEAR's 0.1).
const TOLERANCE: f64 = 0.1;

/// An utterance and what it stands for; `None`: none of the classes.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// Its n-grams.
    pub(super) features: Features,
    /// Index of its class.
    pub(super) class: Option<usize>,
}

/// A weight for each n-gram that was seen, for each class.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    classes: usize,
    /// Sorted ids of the n-grams that were seen.
    seen: Vec<u32>,
    /// `classes` weights for each of `seen`, then `classes` biases.
    weights: Vec<f64>,
}

impl Machine {
    /// Dual coordinate descent for L2-regularised squared hinge loss: Hsieh et al. 2008, algorithm 1,
    /// with the bias as one more feature of value 1.
    pub(super) fn train(examples: &[Example], classes: usize, rng: &mut Rng) -> Self {
        let mut seen: Vec<u32> = examples
            .iter()
            .flat_map(|e| e.features.iter().map(|(id, _)| id))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        let rows: Vec<Vec<(usize, f64)>> = examples
            .iter()
            .map(|e| row(&seen, classes, &e.features))
            .collect();
        let mut weights = vec![0.0; (seen.len() + 1) * classes];
        let mut alphas = vec![0.0; examples.len() * classes];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let costs: Vec<f64> = (0..classes).map(|c| positive_cost(examples, c)).collect();
        for _ in 0..PASSES {
            shuffle(&mut order, rng);
            let mut worst = 0.0f64;
            for &i in &order {
                let row = &rows[i];
                let alpha = &mut alphas[i * classes..(i + 1) * classes];
                worst = worst.max(visit(row, examples[i].class, &costs, alpha, &mut weights));
            }
            if worst < TOLERANCE {
                break;
            }
        }
        Self {
            classes,
            seen,
            weights,
        }
    }

    /// The signed distance to each class's boundary; positive is inside.
    pub(super) fn margins(&self, features: &Features) -> Vec<f64> {
        let bias = self.weights.len().saturating_sub(self.classes);
        let mut out = self.weights[bias..].to_vec();
        for (id, value) in features.iter() {
            if let Ok(at) = self.seen.binary_search(&id) {
                let weights = &self.weights[at * self.classes..(at + 1) * self.classes];
                for (m, w) in out.iter_mut().zip(weights) {
                    *m += w * value;
                }
            }
        }
        out
    }
}

/// An example as (offset into the weights, value), the bias last.
fn row(seen: &[u32], classes: usize, features: &Features) -> Vec<(usize, f64)> {
    features
        .iter()
        .filter_map(|(id, v)| Some((seen.binary_search(&id).ok()? * classes, v)))
        .chain([(seen.len() * classes, 1.0)])
        .collect()
}

/// Few examples stand against many: their errors weigh more, by the root of the ratio.
fn positive_cost(examples: &[Example], class: usize) -> f64 {
    let own = examples.iter().filter(|e| e.class == Some(class)).count();
    let rest = examples.len() - own;
    COST * (rest.max(1) as f64 / own.max(1) as f64).sqrt().max(1.0)
}

/// One coordinate step for each class; gives the largest projected gradient.
fn visit(
    row: &[(usize, f64)],
    class: Option<usize>,
    costs: &[f64],
    alphas: &mut [f64],
    weights: &mut [f64],
) -> f64 {
    let classes = costs.len();
    let mut margins = vec![0.0; classes];
    let mut square = 0.0;
    for &(at, value) in row {
        square += value * value;
        for (m, w) in margins.iter_mut().zip(&weights[at..at + classes]) {
            *m += w * value;
        }
    }
    let mut worst = 0.0f64;
    let mut moved = false;
    let mut steps = vec![0.0; classes];
    for c in 0..classes {
        let own = class == Some(c);
        let (y, cost) = if own { (1.0, costs[c]) } else { (-1.0, COST) };
        let diagonal = 0.5 / cost;
        let gradient = y * margins[c] - 1.0 + diagonal * alphas[c];
        let projected = if alphas[c] == 0.0 {
            gradient.min(0.0)
        } else {
            gradient
        };
        worst = worst.max(projected.abs());
        if projected.abs() > 1e-12 {
            let new = (alphas[c] - gradient / (square + diagonal)).max(0.0);
            steps[c] = (new - alphas[c]) * y;
            alphas[c] = new;
            moved = true;
        }
    }
    if moved {
        for &(at, value) in row {
            for (w, s) in weights[at..at + classes].iter_mut().zip(&steps) {
                *w += s * value;
            }
        }
    }
    worst
}

/// Fisher-Yates.
pub(super) fn shuffle(items: &mut [usize], rng: &mut Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i as u64 + 1) as usize);
    }
}
