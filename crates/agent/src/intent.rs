//! A local intent classifier, trained at load from the examples of a dialplan: no model file, no
//! download, a few milliseconds.
//!
//! Hashed word (1,2)-grams, word pairs with a gap and character (2..4)-grams within words, weighed by the
//! root of their inverse document frequency, each half L2-normalised; a linear SVM with squared hinge loss
//! per intent, one against the rest, by dual coordinate descent (Hsieh et al., "A Dual Coordinate Descent
//! Method for Large-scale Linear SVM", ICML 2008); sigmoids over held-out margins (Platt 1999) make them
//! probabilities, so what resembles no intent gets a low confidence everywhere and is refused.
//!
//! The same examples and seed give the same bits on every machine: no hash map order, no threads, no
//! call of a C library's `exp`, and no sum that a compiler may reorder.

mod background;
mod calibrate;
mod eval;
mod features;
mod math;
mod svm;
mod vocabulary;

pub use eval::{Judgement, Kept, Said, judge};

use calibrate::{Calibration, Held};
use features::Grams;
use std::collections::BTreeMap;
use svm::{Example, Machine};
use tandem_types::Rng;

/// Folds of the cross-validation that calibrates.
const FOLDS: usize = 5;

/// From so many examples on, one fold is held out and not each in its turn: a fifth of them says enough.
const ENOUGH: usize = 2000;

/// Up to so many examples, what is known of language beforehand counts in full; a multiple of that has
/// shown for itself which words are small, and which are missing.
const PRIOR: f32 = 1000.0;

/// What a word that carries grammar rather than meaning counts for beside few examples.
const SMALL_WORD: f32 = 0.3;

/// What is taken off every margin for what was never heard before, beside many examples: the margins of an
/// utterance that is foreign but for a word or two say too much.
const FOREIGN: f32 = 2.0;

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
    calibration: Calibration,
    threshold: u16,
    prior: Prior,
}

/// What is believed before anything was learnt; it fades with the number of examples.
#[derive(Clone, Copy, Debug, Default)]
struct Prior {
    small: f32,
    foreign: f32,
}

impl Prior {
    fn beside(examples: usize) -> Self {
        let share = (PRIOR / examples.max(1) as f32).min(1.0);
        Self {
            small: 1.0 - (1.0 - SMALL_WORD) * share,
            foreign: FOREIGN * (1.0 - share),
        }
    }

    /// The margins, less what is foreign.
    fn margins(self, machine: &Machine, grams: &Grams) -> Vec<f32> {
        let (mut margins, known) = machine.margins(grams);
        for m in &mut margins {
            *m -= self.foreign * (1.0 - known);
        }
        margins
    }
}

impl IntentModel {
    /// Learns from examples by intent. `seed` fixes the order in which examples are visited.
    /// Intents without a usable example are left out.
    pub fn train(intents: &BTreeMap<String, Vec<String>>, seed: u64) -> Self {
        let said = intents.values().map(Vec::len).sum();
        let prior = Prior::beside(said);
        let mut labels = Vec::new();
        let mut examples: Vec<Example> = Vec::new();
        for (label, said) in intents {
            let found = said.iter().map(|s| Grams::of(s, prior.small));
            let before = examples.len();
            examples.extend(found.filter(|g| !g.is_empty()).map(|grams| Example {
                grams,
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
            grams: Grams::of(s, prior.small),
            class: None,
        }));
        let mut rng = Rng::seeded(seed);
        let folds = folds(&examples, labels.len(), &mut rng);
        let held = held_out(&examples, &folds, labels.len(), prior, &mut rng);
        let calibration = Calibration::fit(&held);
        let threshold = threshold(&held, &calibration);
        let all: Vec<&Example> = examples.iter().collect();
        let machine = Machine::train(&all, labels.len(), &mut rng);
        Self {
            labels,
            machine,
            calibration,
            threshold,
            prior,
        }
    }

    /// Learns from `learnt` alone and calibrates by `held`, which it has not seen: for comparing with
    /// published figures. An utterance without an intent stands for "none of these". The out-of-scope
    /// threshold is left to [`judge`].
    pub fn fit(learnt: &[Said], held: &[Said], seed: u64) -> Self {
        let mut labels: Vec<String> = learnt.iter().filter_map(|s| s.intent.clone()).collect();
        labels.sort_unstable();
        labels.dedup();
        let prior = Prior::beside(learnt.len());
        let class = |s: &Said| labels.binary_search(s.intent.as_ref()?).ok();
        let examples: Vec<Example> = learnt
            .iter()
            .map(|s| Example {
                grams: Grams::of(&s.text, prior.small),
                class: class(s),
            })
            .filter(|e| !e.grams.is_empty())
            .collect();
        let all: Vec<&Example> = examples.iter().collect();
        let machine = Machine::train(&all, labels.len(), &mut Rng::seeded(seed));
        let margins = |s: &Said| prior.margins(&machine, &Grams::of(&s.text, prior.small));
        let held: Vec<_> = held.iter().map(|s| (class(s), margins(s))).collect();
        let calibration = Calibration::fit(&held);
        Self {
            labels,
            machine,
            calibration,
            threshold: THRESHOLD.1,
            prior,
        }
    }

    /// The confidence of each intent, 0 to 1, in the order of the labels; empty: nothing was said.
    fn confidences(&self, said: &str) -> Vec<f64> {
        let grams = Grams::of(said, self.prior.small);
        if grams.is_empty() {
            return Vec::new();
        }
        let margins = self.prior.margins(&self.machine, &grams);
        self.calibration.confidences(&margins)
    }

    /// The most likely intent and its confidence, 0 to 1.
    fn best(&self, said: &str) -> Option<(&str, f64)> {
        let confidences = self.confidences(said);
        let best = confidences.iter().enumerate().rev();
        let (at, confidence) = best.max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((self.labels.get(at)?, *confidence))
    }

    /// All intents with their confidence (0 to 1000), best first; equal ones in the order of their names.
    pub fn rank(&self, said: &str) -> Vec<(String, u16)> {
        self.first(said, self.labels.len())
    }

    /// The first `n` of [`Self::rank`].
    fn first(&self, said: &str, n: usize) -> Vec<(String, u16)> {
        let mut confidences = self.confidences(said);
        confidences.resize(self.labels.len(), 0.0);
        let thousandths = confidences.into_iter().map(in_thousand).enumerate();
        let mut order: Vec<(usize, u16)> = thousandths.collect();
        // The labels are in the order of the alphabet.
        order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let named = |(label, c): (usize, u16)| Some((self.labels.get(label)?.clone(), c));
        order.into_iter().take(n).filter_map(named).collect()
    }

    /// The intent, if one is likely enough.
    pub fn classify(&self, said: &str) -> Classified {
        let mut ranked = self.first(said, 4);
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
    prior: Prior,
    rng: &mut Rng,
) -> Vec<Held> {
    let mut out = Vec::new();
    let turns = if examples.len() < ENOUGH { FOLDS } else { 1 };
    for fold in 0..turns {
        let (held, kept): (Vec<usize>, Vec<usize>) =
            (0..examples.len()).partition(|i| folds[*i] == fold);
        if held.is_empty() {
            continue;
        }
        let kept: Vec<&Example> = kept.into_iter().map(|i| &examples[i]).collect();
        let machine = Machine::train(&kept, classes, rng);
        for i in held {
            let class = examples[i].class;
            if class.is_some() && !kept.iter().any(|e| e.class == class) {
                continue;
            }
            out.push((class, prior.margins(&machine, &examples[i].grams)));
        }
    }
    out
}

/// The confidence that one in twenty held-out examples falls short of, within [`THRESHOLD`].
fn threshold(held: &[Held], calibration: &Calibration) -> u16 {
    let mut right: Vec<u16> = held
        .iter()
        .filter_map(|(class, margins)| calibration.confidences(margins).get((*class)?).copied())
        .map(in_thousand)
        .collect();
    right.sort_unstable();
    let fifth = right.get(right.len() / 20).copied().unwrap_or(THRESHOLD.1);
    fifth.clamp(THRESHOLD.0, THRESHOLD.1)
}

fn in_thousand(confidence: f64) -> u16 {
    (confidence * 1000.0 + 0.5) as u16
}

#[cfg(test)]
mod tests;
