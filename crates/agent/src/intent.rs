//! A local intent classifier, trained at load from the examples of a dialplan: no model file, no
//! download, a few milliseconds.
//!
//! Hashed word (1,2)-grams and character (2..5)-grams within words, each half L2-normalised; a
//! linear SVM with squared hinge loss per intent, one against the rest, by dual coordinate descent
//! (Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008); a
//! sigmoid over the held-out margins of cross-validation (Platt 1999) makes them probabilities, so
//! what resembles no intent gets a low confidence everywhere and is refused.
//!
//! The same examples and seed give the same bits on every machine: no hash map order, no threads, and
//! no call of a C library's `exp`.

mod background;
mod calibrate;
mod features;
mod svm;

use calibrate::Sigmoid;
use features::Features;
use std::collections::BTreeMap;
use svm::{Example, Machine};
use tandem_types::Rng;

/// Folds of the cross-validation that calibrates.
const FOLDS: usize = 5;

/// Bounds of the out-of-scope threshold: a set that separates badly must not take everything, and
/// one that separates well must not refuse a plain paraphrase.
const THRESHOLD: (u16, u16) = (300, 500);

/// What an utterance was taken for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classified {
    /// The intent; `None`: it resembles none of them.
    pub intent: Option<String>,
    /// 0 to 1000, calibrated: of `intent`, or of the best that was refused.
    pub confidence: u16,
    /// What else it might be, best first, without `intent`; at most three.
    pub alternatives: Vec<(String, u16)>,
}

/// A trained classifier.
#[derive(Clone, Debug, Default)]
pub struct IntentModel {
    labels: Vec<String>,
    machine: Machine,
    sigmoid: Sigmoid,
    threshold: u16,
}

impl IntentModel {
    /// Learns from examples by intent. `seed` fixes the order in which examples are visited.
    /// Intents without a usable example are left out.
    pub fn train(intents: &BTreeMap<String, Vec<String>>, seed: u64) -> Self {
        let mut labels = Vec::new();
        let mut examples: Vec<Example> = Vec::new();
        for (label, said) in intents {
            let found: Vec<Features> = said.iter().map(|s| Features::of(s)).collect();
            let usable = found.into_iter().filter(|f| !f.is_empty());
            let before = examples.len();
            examples.extend(usable.map(|features| Example {
                features,
                class: Some(labels.len()),
            }));
            if examples.len() > before {
                labels.push(label.clone());
            }
        }
        if labels.is_empty() {
            return Self::default();
        }
        let words = intents.values().flatten().map(String::as_str);
        examples.extend(background::apart_from(words).map(|s| Example {
            features: Features::of(s),
            class: None,
        }));
        let mut rng = Rng::seeded(seed);
        let folds = folds(&examples, labels.len(), &mut rng);
        let held = held_out(&examples, &folds, labels.len(), &mut rng);
        let sigmoid = Sigmoid::fit(&held);
        let threshold = threshold(&held, &sigmoid);
        let machine = Machine::train(&examples, labels.len(), &mut rng);
        Self {
            labels,
            machine,
            sigmoid,
            threshold,
        }
    }

    /// All intents with their confidence (0 to 1000), best first; equal ones in the order of their names.
    pub fn rank(&self, said: &str) -> Vec<(String, u16)> {
        let features = Features::of(said);
        if features.is_empty() {
            return self.labels.iter().map(|l| (l.clone(), 0)).collect();
        }
        let confidence = self.sigmoid.confidences(&self.machine.margins(&features));
        let mut out: Vec<_> = self.labels.iter().cloned().zip(confidence).collect();
        out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        out
    }

    /// The intent, if one is likely enough.
    pub fn classify(&self, said: &str) -> Classified {
        let mut ranked = self.rank(said);
        let Some(best) = ranked.first().cloned() else {
            return Classified::default();
        };
        let accepted = best.1 >= self.threshold && best.1 > 0;
        if accepted {
            ranked.remove(0);
        }
        ranked.truncate(3);
        Classified {
            intent: accepted.then_some(best.0),
            confidence: best.1,
            alternatives: ranked,
        }
    }

    /// Below this confidence (0 to 1000) an utterance is held to be out of scope.
    pub fn threshold(&self) -> u16 {
        self.threshold
    }

    /// Whether it knows any intent.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A fold for each example: dealt out within each class in a shuffled order.
fn folds(examples: &[Example], classes: usize, rng: &mut Rng) -> Vec<usize> {
    let mut out = vec![0; examples.len()];
    for class in (0..classes).map(Some).chain([None]) {
        let mut members: Vec<usize> = (0..examples.len())
            .filter(|i| examples[*i].class == class)
            .collect();
        svm::shuffle(&mut members, rng);
        for (n, i) in members.into_iter().enumerate() {
            out[i] = n % FOLDS;
        }
    }
    out
}

/// Margins of each example by a machine that has not seen it. An intent with a single example has
/// nothing to learn from once that is held out; such an example says nothing and is left away.
fn held_out(
    examples: &[Example],
    folds: &[usize],
    classes: usize,
    rng: &mut Rng,
) -> Vec<(Option<usize>, Vec<f64>)> {
    let mut out = Vec::new();
    for fold in 0..FOLDS {
        let kept: Vec<Example> = (0..examples.len())
            .filter(|i| folds[*i] != fold)
            .map(|i| examples[i].clone())
            .collect();
        if kept.len() == examples.len() {
            continue;
        }
        let machine = Machine::train(&kept, classes, rng);
        for i in (0..examples.len()).filter(|i| folds[*i] == fold) {
            let class = examples[i].class;
            if class.is_some() && !kept.iter().any(|e| e.class == class) {
                continue;
            }
            out.push((class, machine.margins(&examples[i].features)));
        }
    }
    out
}

/// The confidence that one in twenty held-out examples falls short of, within [`THRESHOLD`].
fn threshold(held: &[(Option<usize>, Vec<f64>)], sigmoid: &Sigmoid) -> u16 {
    let mut right: Vec<u16> = held
        .iter()
        .filter_map(|(class, margins)| sigmoid.confidences(margins).get((*class)?).copied())
        .collect();
    right.sort_unstable();
    let fifth = right.get(right.len() / 20).copied().unwrap_or(THRESHOLD.1);
    fifth.clamp(THRESHOLD.0, THRESHOLD.1)
}

#[cfg(test)]
mod tests;
