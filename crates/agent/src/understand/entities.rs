//! Facts in what a caller said or keyed: who they are, numbers, amounts, dates.

mod dates;
mod names;
mod postcodes;

use super::words;
use dates::dates;
use names::name;
use postcodes::postcodes;

/// A fact, before it is known from which turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `account_number`, `amount`, `postcode`, `date`, `time`, `phone_number`, `name`, `number`, ...
    pub name: String,
    /// Digits without gaps; other values as they were given.
    pub value: String,
    /// 0 to 1000, as far as the pattern goes.
    pub confidence: u16,
    /// Not for everybody's eyes: cards, bank accounts, secrets.
    pub sensitive: bool,
}

impl Found {
    fn new(name: &str, value: impl Into<String>, confidence: u16) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
            confidence,
            sensitive: is_secret(name),
        }
    }
}

/// Not for everybody's eyes, by its name.
pub fn is_secret(name: &str) -> bool {
    matches!(name, "card_number" | "sort_code" | "pin")
}

/// What a number is called by the word beside it.
const KINDS: &[(&str, &str)] = &[
    ("account", "account_number"),
    ("reference", "reference"),
    ("ref", "reference"),
    ("order", "order_number"),
    ("invoice", "invoice_number"),
    ("policy", "policy_number"),
    ("customer", "customer_number"),
    ("booking", "booking_number"),
    ("tenancy", "tenancy_number"),
    ("tenant", "tenancy_number"),
    ("ticket", "ticket_number"),
    ("card", "card_number"),
    ("sort", "sort_code"),
    ("pin", "pin"),
    ("phone", "phone_number"),
    ("mobile", "phone_number"),
    ("telephone", "phone_number"),
    ("extension", "extension"),
    ("flat", "flat"),
    ("apartment", "flat"),
];

/// Facts in spoken words. `asked` is what the agent said last: a bare number answers its question.
pub fn from_words(said: &str, asked: Option<&str>) -> Vec<Found> {
    let tokens = words(said);
    let mut used = vec![false; tokens.len()];
    let mut out = Vec::new();
    postcodes(&tokens, &mut used, &mut out);
    amounts(&tokens, &mut used, &mut out);
    dates(&tokens, &mut used, &mut out);
    numbers(&tokens, asked, &mut used, &mut out);
    if let Some(name) = name(&tokens, asked) {
        out.push(name);
    }
    let mut seen: Vec<Found> = Vec::new();
    for found in out {
        if !seen
            .iter()
            .any(|s| s.name == found.name && s.value == found.value)
        {
            seen.push(found);
        }
    }
    seen
}

/// The fact in digits that were keyed.
pub fn from_keys(digits: &str, asked: Option<&str>) -> Option<Found> {
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 2 {
        return None;
    }
    let asked = asked.map(words).unwrap_or_default();
    let name = kind_of(&digits, &asked);
    Some(Found::new(name, digits, 1000))
}

/// By the word beside it, else by its shape.
fn kind_of(digits: &str, near: &[String]) -> &'static str {
    let plain = digits.trim_start_matches('+');
    let looks_like_phone = (10..=13).contains(&plain.len())
        && (digits.starts_with('0') || digits.starts_with('+') || digits.starts_with("44"));
    let named = near
        .iter()
        .rev()
        .find_map(|w| KINDS.iter().find(|k| k.0 == w).map(|k| k.1));
    match named {
        Some("flat") if plain.len() > 4 => "number",
        Some(kind) => kind,
        None if (13..=19).contains(&plain.len()) && luhn(plain) => "card_number",
        None if looks_like_phone => "phone_number",
        None => "number",
    }
}

/// The check digit of ISO/IEC 7812.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b.wrapping_sub(b'0'));
            match (i % 2, d) {
                (0, d) => d,
                (_, d) if d > 4 => d * 2 - 9,
                (_, d) => d * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_digits(token: &str) -> bool {
    let plain = token.strip_prefix('+').unwrap_or(token);
    !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit())
}

fn numbers(tokens: &[String], asked: Option<&str>, used: &mut [bool], out: &mut Vec<Found>) {
    let asked = asked.map(words).unwrap_or_default();
    for (i, token) in tokens.iter().enumerate() {
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        let mixed = (3..token.len()).contains(&digits)
            && token.len() >= 5
            && token.chars().all(char::is_alphanumeric);
        if used[i] || !(is_digits(token) || mixed) {
            continue;
        }
        let near = &tokens[i.saturating_sub(5)..i];
        let mut kind = kind_of(token, near);
        if kind == "number" {
            kind = kind_of(token, &asked);
        }
        // A short number counts only where something names it.
        if kind == "number" && !mixed && digits < 4 {
            continue;
        }
        if kind == "number" && mixed {
            kind = "reference";
        }
        used[i] = true;
        let sure = if kind == "number" { 800 } else { 900 };
        out.push(Found::new(kind, token.to_uppercase(), sure));
    }
}

fn amounts(tokens: &[String], used: &mut [bool], out: &mut Vec<Found>) {
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let numeric = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    for i in 0..tokens.len() {
        let currency = match word(i + 1) {
            "pound" | "pounds" | "quid" => "pounds",
            "euro" | "euros" => "euros",
            "dollar" | "dollars" => "dollars",
            "rupee" | "rupees" => "rupees",
            "pence" | "penny" => "pence",
            _ => continue,
        };
        if !numeric(word(i)) {
            continue;
        }
        let mut value = word(i).to_owned();
        let mut last = i + 1;
        let small = word(i + 2);
        if currency != "pence" && !value.contains('.') && small.len() <= 2 && numeric(small) {
            value = format!("{value}.{small:0>2}");
            last = i + 2;
        }
        used[i..=last.min(tokens.len() - 1)].fill(true);
        out.push(Found::new("amount", format!("{value} {currency}"), 950));
    }
}

#[cfg(test)]
mod tests;
