//! Linear machines, one per class against the rest, trained side by side.

use super::{
    features::Grams,
    vocabulary::{Row, Vocabulary},
};
use tandem_types::Rng;

/// Cost of a violated margin: LIBLINEAR's usual 1.
const COST: f32 = 1.0;

/// Passes over the examples at most; small sets stop long before.
const PASSES: usize = 60;

/// Steps (an example for a class) after which no further pass is begun: what bounds the time of large sets.
/// They are as good after eight passes as after sixty.
const STEPS: usize = 18_000_000;

/// A pass in which no projected gradient exceeds this is the last one (LIBLINEAR's 0.1).
const TOLERANCE: f32 = 0.1;

/// A projected gradient that is smaller moves nothing.
const STILL: f32 = 0.01;

/// An utterance and what it stands for; `None`: none of the classes.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// Its n-grams.
    pub(super) grams: Grams,
    /// Index of its class.
    pub(super) class: Option<usize>,
}

/// A weight for each n-gram, for each class.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    classes: usize,
    vocabulary: Vocabulary,
    /// `classes` weights for each row of the vocabulary, then `classes` biases.
    weights: Vec<f32>,
}

impl Machine {
    /// Dual coordinate descent for L2-regularised squared hinge loss: Hsieh et al. 2008, algorithm 1,
    /// with the bias as one more feature of value 1.
    pub(super) fn train(examples: &[&Example], classes: usize, rng: &mut Rng) -> Self {
        let vocabulary = Vocabulary::of(examples.iter().map(|e| &e.grams));
        let rows: Vec<Vec<(usize, f32)>> = examples
            .iter()
            .map(|e| {
                let row = vocabulary.row(&e.grams);
                let place = |(row, value): &(u32, f32)| (*row as usize * classes, *value);
                let bias = (vocabulary.rows() * classes, 1.0);
                row.values.iter().map(place).chain([bias]).collect()
            })
            .collect();
        let mut descent = Descent {
            costs: (0..classes).map(|c| positive_cost(examples, c)).collect(),
            weights: vec![0.0; (vocabulary.rows() + 1) * classes],
            margins: vec![0.0; classes],
            steps: vec![0.0; classes],
            moved: Vec::with_capacity(classes),
        };
        let mut alphas = vec![0.0; examples.len() * classes];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let passes = PASSES.min(STEPS / alphas.len().max(1)).max(2);
        for _ in 0..passes {
            shuffle(&mut order, rng);
            let mut worst = 0.0f32;
            for &i in &order {
                let alphas = &mut alphas[i * classes..(i + 1) * classes];
                worst = worst.max(descent.visit(&rows[i], examples[i].class, alphas));
            }
            if worst < TOLERANCE {
                break;
            }
        }
        Self {
            classes,
            vocabulary,
            weights: descent.weights,
        }
    }

    /// The signed distance to each class's boundary (positive is inside), and how much of what was said
    /// occurs in the examples, 0 to 1.
    pub(super) fn margins(&self, grams: &Grams) -> (Vec<f32>, f32) {
        let Row { values, known } = self.vocabulary.row(grams);
        let bias = self.weights.len().saturating_sub(self.classes);
        let mut out = self.weights[bias..].to_vec();
        for (row, value) in values {
            let at = row as usize * self.classes;
            add(&mut out, &self.weights[at..at + self.classes], value);
        }
        (out, known)
    }
}

/// What is at hand while a machine learns.
struct Descent {
    /// Of a violated margin of an example of its own, by class.
    costs: Vec<f32>,
    weights: Vec<f32>,
    margins: Vec<f32>,
    steps: Vec<f32>,
    /// The classes whose step is not zero.
    moved: Vec<usize>,
}

impl Descent {
    /// One coordinate step for each class; gives the largest projected gradient.
    fn visit(&mut self, row: &[(usize, f32)], class: Option<usize>, alphas: &mut [f32]) -> f32 {
        let classes = self.costs.len();
        let mut square = 0.0;
        self.margins.fill(0.0);
        for &(at, value) in row {
            square += value * value;
            add(&mut self.margins, &self.weights[at..at + classes], value);
        }
        let mut worst = 0.0f32;
        self.moved.clear();
        for (c, alpha) in alphas.iter_mut().enumerate() {
            let own = class == Some(c);
            let (y, cost) = if own {
                (1.0, self.costs[c])
            } else {
                (-1.0, COST)
            };
            let diagonal = 0.5 / cost;
            let gradient = y * self.margins[c] - 1.0 + diagonal * *alpha;
            let projected = if *alpha == 0.0 {
                gradient.min(0.0)
            } else {
                gradient
            };
            worst = worst.max(projected.abs());
            self.steps[c] = 0.0;
            if projected.abs() > STILL {
                let new = (*alpha - gradient / (square + diagonal)).max(0.0);
                self.steps[c] = (new - *alpha) * y;
                *alpha = new;
                self.moved.push(c);
            }
        }
        self.step(row);
        worst
    }

    /// Most examples move a few classes alone: only those are then touched. The sums are the same.
    fn step(&mut self, row: &[(usize, f32)]) {
        let classes = self.costs.len();
        if self.moved.is_empty() {
            return;
        }
        let few = self.moved.len() * 6 < classes;
        for &(at, value) in row {
            let weights = &mut self.weights[at..at + classes];
            if few {
                for &c in &self.moved {
                    weights[c] += self.steps[c] * value;
                }
            } else {
                add(weights, &self.steps, value);
            }
        }
    }
}

/// `to += by * times`, element by element: nothing that a compiler may reorder.
fn add(to: &mut [f32], by: &[f32], times: f32) {
    for (t, b) in to.iter_mut().zip(by) {
        *t += b * times;
    }
}

/// Few examples stand against many: their errors weigh more, by the root of the ratio.
fn positive_cost(examples: &[&Example], class: usize) -> f32 {
    let own = examples.iter().filter(|e| e.class == Some(class)).count();
    let rest = examples.len() - own;
    COST * (rest.max(1) as f32 / own.max(1) as f32).sqrt().max(1.0)
}

/// Fisher-Yates.
pub(super) fn shuffle(items: &mut [usize], rng: &mut Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i as u64 + 1) as usize);
    }
}
