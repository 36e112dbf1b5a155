//! The n-grams of the examples, and how much each tells.

use super::{features::Grams, math::ln};
use std::collections::HashMap;

/// From so many examples on, an n-gram that one example alone has gets no weights of its own: it would
/// teach that example by heart.
const MANY: usize = 1000;

/// One n-gram that was heard.
#[derive(Clone, Copy, Debug)]
struct Heard {
    /// Where its weights stand; `None`: it has none.
    row: Option<u32>,
    /// The root of its inverse document frequency.
    tells: f32,
}

/// What an utterance is to a machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// (row of weights, value); words and letters each of length 1 before unheard ones were left out.
    pub(super) values: Vec<(u32, f32)>,
    /// The share of the squared length that was heard in the examples, 0 to 1.
    pub(super) known: f32,
}

/// All n-grams of a set of examples.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    /// Only ever looked up, never gone through.
    heard: HashMap<u32, Heard>,
    rows: usize,
    unheard: f32,
}

impl Vocabulary {
    /// Of the examples.
    pub(super) fn of<'a>(examples: impl Iterator<Item = &'a Grams>) -> Self {
        let mut ids: Vec<u32> = Vec::new();
        let mut n = 0;
        for grams in examples {
            ids.extend(grams.ids());
            n += 1;
        }
        ids.sort_unstable();
        let least = if n < MANY { 1 } else { 2 };
        let tells = |in_examples: usize| {
            let idf = ln((1 + n) as f64 / (1 + in_examples) as f64) + 1.0;
            idf.sqrt() as f32
        };
        let mut out = Self {
            unheard: tells(0),
            ..Self::default()
        };
        for same in ids.chunk_by(|a, b| a == b) {
            let row = (same.len() >= least).then_some(out.rows as u32);
            out.rows += usize::from(row.is_some());
            let tells = tells(same.len());
            out.heard.insert(same[0], Heard { row, tells });
        }
        out
    }

    /// How many rows of weights there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// An utterance in these terms.
    pub(super) fn row(&self, grams: &Grams) -> Row {
        let mut out = Row::default();
        for half in [&grams.words, &grams.letters] {
            let mut length = 0.0;
            let mut known = 0.0;
            let from = out.values.len();
            for (id, count) in half {
                let count = match *count {
                    c if c > 1.0 => 1.0 + ln(f64::from(c)) as f32,
                    c => c,
                };
                let heard = self.heard.get(id);
                let value = count * heard.map_or(self.unheard, |h| h.tells);
                length += value * value;
                known += heard.map_or(0.0, |_| value * value);
                let row = heard.and_then(|h| h.row);
                out.values.extend(row.map(|r| (r, value)));
            }
            if length > 0.0 {
                let scale = 1.0 / length.sqrt();
                for v in out.values.iter_mut().skip(from) {
                    v.1 *= scale;
                }
                out.known += known / length / 2.0;
            }
        }
        out
    }
}
