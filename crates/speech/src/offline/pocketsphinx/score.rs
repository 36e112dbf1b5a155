//! How sure the recogniser is, and whether what it heard is any of the phrases at all.
//!
//! The measure is what the best phrase loses to a free loop of phones, for each frame. Over 30 office
//! phrases, six of them wrapped in polite words, and 12 sentences about other things, each said by
//! three voices over u-law, it tells them apart with an area under the curve of 0.99. The line is drawn
//! where nearly every phrase passes: a wrong rejection asks the caller once more, a wrong acceptance is
//! still weighed by the classifier.

use super::{Passes, grammar};
use tandem_types::provider::Transcript;

/// A long utterance that loses more than this for each frame is rejected.
const LIMIT: f64 = 15.0;
/// Short ones vary more: this is spread over the frames and added.
const SHORT: f64 = 450.0;
/// Digits fit nearly any sound: where they are half of the words, the limit is this much lower.
const DIGITS: f64 = 4.0;
/// How far below the limit confidence rises from 500 to 730.
const STEP: f64 = 4.0;

/// What was said, how sure, and whether to believe it.
pub(super) fn judge(passes: &Passes) -> Transcript {
    let Some(heard) = &passes.grammar else {
        // Sound that fits no path at all; silence has none for the phone loop either.
        let rejected = passes.phones.as_ref().is_some_and(|phones| !phones.text.is_empty());
        return Transcript { rejected, ..Transcript::default() };
    };
    let text = grammar::meant(&heard.text);
    let margin = limit(&text, heard.frames) - loss(passes, heard.frames);
    let confidence = 1000.0 / (1.0 + (-margin / STEP).exp());
    Transcript { rejected: margin < 0.0 || text.is_empty(), confidence: confidence.round() as u16, text }
}

fn limit(text: &str, frames: u32) -> f64 {
    let (words, digits) = text.split(' ').fold((0, 0), |(words, digits), word| {
        (words + 1, digits + usize::from(grammar::is_digit(word)))
    });
    let digits = if digits * 2 >= words { DIGITS } else { 0.0 };
    LIMIT + SHORT / f64::from(frames.max(1)) - digits
}

/// For each frame, in the library's log units.
fn loss(passes: &Passes, frames: u32) -> f64 {
    let score = |pass: &Option<super::ffi::Hypothesis>| pass.as_ref().map(|pass| f64::from(pass.score));
    match (score(&passes.phones), score(&passes.grammar)) {
        (Some(phones), Some(grammar)) => (phones - grammar) / f64::from(frames.max(1)),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ffi::Hypothesis;
    use super::*;

    fn passes(text: &str, loss: i32, frames: u32) -> Passes {
        let hypothesis = |text: &str, score| Some(Hypothesis { text: text.to_owned(), score, frames });
        Passes {
            grammar: hypothesis(text, -9000 - loss * frames as i32),
            phones: hypothesis("SIL AH SIL", -9000),
        }
    }

    #[test]
    fn confidence_falls_as_the_phone_loop_wins() {
        let confidence = |loss| judge(&passes("book a viewing", loss, 150)).confidence;
        assert!(confidence(0) > 950);
        assert!((400..600).contains(&confidence(18)));
        assert!(confidence(40) < 50);
    }

    #[test]
    fn short_words_may_lose_more_and_digits_less() {
        assert!(!judge(&passes("yes", 19, 85)).rejected);
        assert!(judge(&passes("there is a leak in the kitchen", 19, 250)).rejected);
        assert!(judge(&passes("i think seven one two", 14, 250)).rejected);
    }

    #[test]
    fn noises_and_nothing() {
        assert_eq!(judge(&passes("um uh", 5, 100)).text, "");
        let none = Passes { grammar: None, phones: None };
        assert_eq!(judge(&none), Transcript::default());
        let babble = Passes { grammar: None, ..passes("x", 0, 100) };
        assert!(judge(&babble).rejected);
    }
}
