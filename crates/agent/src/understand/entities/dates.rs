//! Days and times of day, as they are spoken.

use super::{Found, is_digits};

const DAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "today",
    "tomorrow",
    "yesterday",
    "tonight",
    "weekend",
];

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];

/// 1 to 31 as `21`, `21st`, `third`.
fn day_of_month(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &word[digits.len()..];
    if let Ok(n) = digits.parse::<u32>() {
        let fits = matches!(suffix, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&n);
        return fits.then_some(n);
    }
    ORDINALS
        .iter()
        .position(|o| *o == word)
        .map(|n| n as u32 + 1)
}

pub(super) fn dates(tokens: &[String], used: &mut [bool], out: &mut Vec<Found>) {
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let mut i = 0;
    while i < tokens.len() {
        let (from, to) = match date_at(tokens, i) {
            Some(span) => span,
            None => {
                i += 1;
                continue;
            }
        };
        used[from..to].fill(true);
        out.push(Found::new("date", tokens[from..to].join(" "), 900));
        i = to;
    }
    for (i, taken) in used.iter_mut().enumerate() {
        let unit = word(i + 1);
        let number = word(i).len() <= 4 && word(i).starts_with(|c: char| c.is_ascii_digit());
        if matches!(unit, "am" | "pm" | "o'clock") && number && !*taken {
            *taken = true;
            out.push(Found::new("time", format!("{} {unit}", word(i)), 900));
        }
    }
}

/// A date that covers `i`, as a range of tokens.
fn date_at(tokens: &[String], i: usize) -> Option<(usize, usize)> {
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let here = word(i);
    if here.contains('/') && here.split('/').all(is_digits) {
        return Some((i, i + 1));
    }
    if DAYS.contains(&here) || (matches!(here, "week" | "month") && i > 0) {
        let led = i > 0 && matches!(word(i - 1), "next" | "this" | "last");
        if !led && matches!(here, "week" | "month") {
            return None;
        }
        return Some((i - usize::from(led), i + 1));
    }
    if !MONTHS.contains(&here) {
        return None;
    }
    let mut from = i;
    let mut to = i + 1;
    let back = if i > 1 && word(i - 1) == "of" { 2 } else { 1 };
    if i >= back && day_of_month(word(i - back)).is_some() {
        from = i - back;
    } else if day_of_month(word(to)).is_some() {
        to += 1;
    } else if matches!(here, "may" | "march") {
        return None;
    }
    if word(to).len() == 4 && matches!(word(to).get(..2), Some("19" | "20")) && is_digits(word(to))
    {
        to += 1;
    }
    Some((from, to))
}
