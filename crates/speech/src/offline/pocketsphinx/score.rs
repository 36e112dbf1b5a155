//! How sure the recogniser is, and whether what it heard is any of the phrases at all.
//!
//! The measure is what the grammar's words lose to the free loop of phones, for each frame, in the
//! stretch of whole words where they lose most. (Over the whole utterance, polite words that were really
//! said would pay for a phrase that was not.) The line is drawn where nearly every phrase passes: a wrong
//! rejection asks the caller once more, a wrong acceptance is still weighed by the classifier.
//!
//! Measured over u-law with flite's slt, rms and awb, each saying everything. The office that the line was
//! drawn on (30 phrases, 5 of them again in polite words, 12 other sentences): 102 of 105 right, 2 of
//! those rejected, 36 of 36 others kept out. A second office with other phrases: 89 of 90 right, 1
//! of those rejected, 36 of 36 others kept out. Human callers were not measured.

use super::{
    Passes,
    ffi::{Hypothesis, Segment},
    grammar,
};
use tandem_types::provider::Transcript;

/// Who loses more than this for each frame is rejected (the library's log units).
const LIMIT: f64 = 26.0;
/// Digits fit nearly any sound: where they are half of the words, the limit is this much lower.
const DIGITS: f64 = 4.0;
/// How far below the limit confidence rises from 500 to 730.
const STEP: f64 = 6.0;
/// The shortest stretch that counts, in frames of 10 ms: single short words vary too much.
const STRETCH: u32 = 40;

/// What was said, how sure, and whether to believe it.
pub(super) fn judge(passes: &Passes) -> Transcript {
    let (Some(heard), Some(phones)) = (&passes.grammar, &passes.phones) else {
        // Sound that fits no path at all; silence has none for the phone loop either.
        let rejected = passes
            .phones
            .as_ref()
            .is_some_and(|phones| !phones.text.is_empty());
        return Transcript {
            rejected,
            ..Transcript::default()
        };
    };
    let text = grammar::meant(&heard.text);
    let loss = worst_loss(heard, phones);
    let margin = limit(&text) - loss;
    let confidence = 1000.0 / (1.0 + (-margin / STEP).exp());
    Transcript {
        rejected: margin < 0.0 || text.is_empty(),
        confidence: confidence.round() as u16,
        text,
    }
}

fn limit(text: &str) -> f64 {
    let words = text.split(' ').count();
    let digits = text
        .split(' ')
        .filter(|word| grammar::is_digit(word))
        .count();
    if digits * 2 >= words {
        LIMIT - DIGITS
    } else {
        LIMIT
    }
}

/// The loss for each frame of the stretch of words that loses most.
fn worst_loss(heard: &Hypothesis, phones: &Hypothesis) -> f64 {
    let (words, phones) = (Sums::of(&heard.segments), Sums::of(&phones.segments));
    // Silence and the model's noises are `<sil>` and `+SPN+`.
    let said = heard
        .segments
        .iter()
        .filter(|segment| !segment.word.starts_with(['<', '+']));
    let said: Vec<(u32, u32)> = said.map(|segment| segment.frames).collect();
    let whole = said
        .first()
        .zip(said.last())
        .map(|(first, last)| (first.0, last.1));
    let mut worst = f64::NEG_INFINITY;
    for (at, &(first, _)) in said.iter().enumerate() {
        for &(_, last) in &said[at..] {
            let frames = last.saturating_sub(first) + 1;
            if frames >= STRETCH || Some((first, last)) == whole {
                let loss = phones.between(first, last) - words.between(first, last);
                worst = worst.max(loss / f64::from(frames));
            }
        }
    }
    // No word at all: nothing to believe.
    if worst.is_finite() {
        worst
    } else {
        f64::INFINITY
    }
}

/// Running sums of a path's scores, a segment's score spread evenly over its frames.
struct Sums(Vec<f64>);

impl Sums {
    fn of(segments: &[Segment]) -> Self {
        let frames = segments
            .iter()
            .map(|segment| segment.frames.1 as usize + 1)
            .max()
            .unwrap_or(0);
        let mut sums = vec![0.0; frames + 1];
        for segment in segments {
            let (first, last) = (segment.frames.0 as usize, segment.frames.1 as usize);
            if first <= last {
                let share = f64::from(segment.score) / (last - first + 1) as f64;
                sums[first + 1..=last + 1]
                    .iter_mut()
                    .for_each(|sum| *sum += share);
            }
        }
        for at in 1..sums.len() {
            sums[at] += sums[at - 1];
        }
        Self(sums)
    }

    fn between(&self, first: u32, last: u32) -> f64 {
        let at = |frame: u32| {
            self.0
                .get(frame as usize)
                .or(self.0.last())
                .copied()
                .unwrap_or(0.0)
        };
        at(last + 1) - at(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of words of 50 frames each, which lose so much for each frame.
    fn passes(words: &[(&str, i32)]) -> Passes {
        let path = |score: &dyn Fn(i32) -> i32| Hypothesis {
            text: words
                .iter()
                .map(|(word, _)| *word)
                .collect::<Vec<_>>()
                .join(" "),
            segments: words
                .iter()
                .zip(0..)
                .map(|((word, loss), at)| Segment {
                    word: (*word).to_owned(),
                    frames: (at * 50, at * 50 + 49),
                    score: score(*loss) * 50,
                })
                .collect(),
        };
        Passes {
            grammar: Some(path(&|loss| -40 - loss)),
            phones: Some(path(&|_| -40)),
        }
    }

    #[test]
    fn confidence_falls_as_the_phone_loop_wins() {
        let confidence = |loss| judge(&passes(&[("help", loss)])).confidence;
        assert!(confidence(0) > 950);
        assert!((400..600).contains(&confidence(26)));
        assert!(confidence(60) < 50);
    }

    #[test]
    fn good_words_do_not_pay_for_a_bad_one() {
        let mixed = judge(&passes(&[("i'd", 0), ("like", 0), ("to", 0), ("help", 60)]));
        assert!(mixed.rejected && mixed.confidence < 50, "{mixed:?}");
        assert!(!judge(&passes(&[("i'd", 0), ("like", 10), ("help", 20)])).rejected);
    }

    #[test]
    fn digits_must_fit_better_than_words() {
        assert!(!judge(&passes(&[("help", 24), ("me", 24)])).rejected);
        assert!(judge(&passes(&[("seven", 24), ("two", 24)])).rejected);
    }

    #[test]
    fn noises_and_nothing() {
        let noise = judge(&passes(&[("um", 0), ("uh", 0)]));
        assert!(noise.text.is_empty() && noise.rejected);
        let none = Passes {
            grammar: None,
            phones: None,
        };
        assert_eq!(judge(&none), Transcript::default());
        let babble = Passes {
            grammar: None,
            ..passes(&[("x", 0)])
        };
        assert!(judge(&babble).rejected);
        assert!(judge(&passes(&[("<sil>", 0)])).rejected);
    }
}
