//! The grammar of what a caller may say here (JSGF 1.0), made of the dialplan's phrases.
//!
//! An utterance is a phrase, or digits one by one, between polite words: "um hi I'd like to {phrase}
//! please". Words that the dictionary does not know are left out.
//!
//! The weights make polite words dear and digits dearer, or they would soak up every breath. `+` and
//! `*` are not used: the library's loops lead back to where the phrases begin, so that a phrase may then
//! follow a digit.

use std::collections::BTreeSet;

/// More phrases than this are not told apart by this recogniser anyway, and slow it.
const MAX_PHRASES: usize = 400;
/// The longest phrase, in words.
const MAX_WORDS: usize = 24;

/// The longest string of digits; a single digit is said where a phrase expects it only.
const MAX_DIGITS: usize = 12;

/// What people say before they come to the point.
const BEFORE: [&str; 29] = [
    "um",
    "uh",
    "hi",
    "hello",
    "yes",
    "well",
    "okay",
    "please",
    "good morning",
    "good afternoon",
    "good evening",
    "hi there",
    "i think",
    "i just",
    "i want to",
    "i would like to",
    "i'd like to",
    "i would like",
    "i'd like",
    "i need to",
    "i need",
    "i want",
    "i'm calling to",
    "i'm calling about",
    "i'm calling because",
    "can i",
    "could you",
    "can you",
    "it's about",
];

/// And after it.
const AFTER: [&str; 10] = [
    "please",
    "thanks",
    "thank you",
    "thank you very much",
    "if you can",
    "um",
    "uh",
    "now",
    "today",
    "right",
];

/// What people say before digits. Not all of `BEFORE`: digits fit any sound, and behind polite words that
/// were really said they would pass for anything.
const INTRO: [&str; 5] = ["um", "uh", "it's", "it is", "my number is"];

const DIGITS: [&str; 11] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// Sounds that mean nothing: the grammar has them, a transcript does not.
const NOISES: [&str; 2] = ["um", "uh"];

/// The words of a hypothesis without the noises.
pub(super) fn meant(hypothesis: &str) -> String {
    let words: Vec<&str> = hypothesis
        .split_whitespace()
        .filter(|word| !NOISES.contains(word))
        .collect();
    words.join(" ")
}

/// Is it the name of a digit?
pub(super) fn is_digit(word: &str) -> bool {
    DIGITS.contains(&word)
}

/// The JSGF text, or `None` when no phrase is left.
pub(super) fn jsgf(phrases: &[String], mut knows: impl FnMut(&str) -> bool) -> Option<String> {
    let mut seen = BTreeSet::new();
    for phrase in phrases {
        let words: Vec<String> = words(phrase)
            .into_iter()
            .filter(|word| knows(word))
            .take(MAX_WORDS)
            .collect();
        if !words.is_empty() && seen.len() < MAX_PHRASES {
            seen.insert(words.join(" "));
        }
    }
    if seen.is_empty() {
        return None;
    }
    let mut alternatives = |list: &[&str]| {
        let known: Vec<&str> = list
            .iter()
            .copied()
            .filter(|part| part.split(' ').all(&mut knows))
            .collect();
        known.join(" | ")
    };
    let (before, after) = (alternatives(&BEFORE), alternatives(&AFTER));
    let (intro, digit) = (alternatives(&INTRO), alternatives(&DIGITS));
    let phrases: Vec<String> = seen.into_iter().collect();
    let mut text = String::from("#JSGF V1.0;\ngrammar tandem;\n");
    text.push_str("public <utterance> = /0.998/ <sentence> | /0.002/ <number>;\n");
    text.push_str("<sentence> = <lead> <lead> <lead> <phrase> <tail> <tail>;\n");
    text.push_str(
        "<lead> = /0.97/ <NULL> | /0.03/ <before>;\n<tail> = /0.97/ <NULL> | /0.03/ <after>;\n",
    );
    text.push_str("<number> = <intro> <digit> <digit>");
    text.push_str(&" [<digit>]".repeat(MAX_DIGITS - 2));
    text.push_str(";\n");
    text.push_str(&format!("<before> = {before};\n<after> = {after};\n"));
    text.push_str(&format!(
        "<intro> = /0.9/ <NULL> | /0.1/ <begin>;\n<begin> = {intro};\n<digit> = {digit};\n"
    ));
    text.push_str(&format!("<phrase> = {};\n", phrases.join(" | ")));
    Some(text)
}

/// The words of a phrase as the dictionary spells them: lower case, apostrophes kept, numbers as their
/// digits' names.
fn words(phrase: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        let bare = word.trim_matches('\'');
        if !bare.is_empty() {
            words.push(bare.to_owned());
        }
        word.clear();
    };
    for c in phrase.chars() {
        match c {
            '\'' | '\u{2019}' => word.push('\''),
            '0'..='9' => {
                flush(&mut word);
                // "zero" first in the list, then "oh".
                word.push_str(match c {
                    '0' => "zero",
                    digit => DIGITS[digit as usize - '0' as usize + 1],
                });
                flush(&mut word);
            }
            c if c.is_alphabetic() => word.extend(c.to_lowercase()),
            _ => flush(&mut word),
        }
    }
    flush(&mut word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_spelt_as_the_dictionary_does() {
        assert_eq!(
            words("I\u{2019}d like a 2-bedroom flat!"),
            ["i'd", "like", "a", "two", "bedroom", "flat"]
        );
        assert_eq!(words(" 'quoted' 90 "), ["quoted", "nine", "zero"]);
        assert!(words("?! ...").is_empty());
    }

    #[test]
    fn words_that_the_dictionary_does_not_know_are_left_out() {
        let phrases = ["speak to Xqzt Lettings".to_owned(), "Xqzt".to_owned()];
        let text = jsgf(&phrases, |word| word != "xqzt").expect("a grammar");
        assert!(text.contains("<phrase> = speak to lettings;"), "{text}");
        assert_eq!(jsgf(&phrases[1..], |word| word != "xqzt"), None);
    }

    #[test]
    fn nothing_but_words_reaches_the_grammar() {
        let phrases = ["a; public <x> = b | {tag} /2/ \\ \" *".to_owned()];
        let text = jsgf(&phrases, |_| true).expect("a grammar");
        assert!(text.contains("<phrase> = a public x b tag two;"), "{text}");
    }
}
