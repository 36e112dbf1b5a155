//! What people say on a phone that belongs to no business: it stands for "none of these" when an
//! intent has ten examples and the world has none.

use super::features::is_small;
use crate::understand::words;
use std::collections::BTreeSet;

const SAYINGS: &[&str] = &[
    "what is the weather like tomorrow",
    "tell me a joke",
    "who won the football last night",
    "how old are you",
    "what is your name",
    "are you a robot",
    "play some music please",
    "what time is it in new york",
    "set an alarm for seven",
    "turn the lights off",
    "how do I cook a chicken",
    "what is the capital of france",
    "I would like to order a pizza",
    "book me a taxi to the airport",
    "can you translate this into spanish",
    "my dog is not eating",
    "how far away is the moon",
    "I love you",
    "where am I",
    "hold on a second",
    "just a moment",
    "sorry wrong number",
    "can you hear me",
    "hello is anybody there",
    "hmm let me think",
    "I do not know",
    "could you repeat that",
    "good morning how are you",
    "the quick brown fox",
    "who is the president",
    "how many calories are in an apple",
    "I lost my passport on holiday",
    "is the train to london late",
    "what should I watch on television",
    "never mind forget it",
];

/// Those sayings that share no word of meaning with what `examples` are about: where an office deals in
/// taxis, the taxi saying is no outsider.
pub(super) fn apart_from<'a>(
    examples: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'static str> {
    let known: BTreeSet<String> = examples.flat_map(words).filter(|w| !is_small(w)).collect();
    SAYINGS
        .iter()
        .copied()
        .filter(move |s| words(s).iter().all(|w| is_small(w) || !known.contains(w)))
}
