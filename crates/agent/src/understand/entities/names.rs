//! The caller's name, where they give it.

use super::Found;
use crate::understand::{words, yes_or_no};

const NOT_A_NAME: &[&str] = &[
    "and", "i", "i'm", "i've", "i'd", "im", "calling", "from", "my", "the", "it's", "speaking",
    "on", "with", "about", "but", "at", "number", "a", "an", "not", "is", "here", "because", "to",
    "please", "for", "of", "in", "that", "this", "so", "just", "looking", "yes", "no", "sorry",
    "hello", "hi", "you", "your", "what", "why", "it", "can", "could", "would", "don't", "um",
    "er",
];

pub(super) fn name(tokens: &[String], asked: Option<&str>) -> Option<Found> {
    let after = |pattern: &[&str]| {
        tokens
            .windows(pattern.len())
            .position(|w| w.iter().zip(pattern).all(|(a, b)| a == b))
            .map(|at| at + pattern.len())
    };
    let taken = |start: usize| -> Vec<&str> {
        tokens[start.min(tokens.len())..]
            .iter()
            .map(String::as_str)
            .take_while(|w| {
                !NOT_A_NAME.contains(w) && w.chars().all(|c| c.is_alphabetic() || c == '\'')
            })
            .take(3)
            .collect()
    };
    for pattern in [
        &["my", "name", "is"][..],
        &["my", "name's"],
        &["i'm", "called"],
        &["i", "am", "called"],
    ] {
        if let Some(start) = after(pattern) {
            let found = taken(start);
            if !found.is_empty() {
                return Some(Found::new("name", capitalised(&found), 900));
            }
        }
    }
    // "this is Mary Jones speaking", but not "this is urgent".
    for pattern in [&["this", "is"][..], &["it's"], &["i'm"]] {
        if let Some(start) = after(pattern) {
            let found = taken(start);
            let next = tokens.get(start + found.len()).map(String::as_str);
            let signed = matches!(next, Some("speaking" | "here"))
                || (pattern[0] == "this" && matches!(next, Some("calling" | "from")));
            if !found.is_empty() && signed {
                return Some(Found::new("name", capitalised(&found), 800));
            }
        }
    }
    let asks_name = asked.is_some_and(|a| {
        let a = words(a);
        a.windows(2)
            .any(|w| w[1] == "name" && matches!(w[0].as_str(), "your" | "full" | "a"))
    });
    let bare = taken(0);
    let all = !bare.is_empty() && bare.len() == tokens.len();
    (asks_name && all && yes_or_no(&tokens.join(" ")).is_none())
        .then(|| Found::new("name", capitalised(&bare), 750))
}

fn capitalised(parts: &[&str]) -> String {
    let one = |w: &&str| {
        let mut chars = w.chars();
        chars
            .next()
            .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
    };
    parts.iter().map(one).collect::<Vec<String>>().join(" ")
}
