//! Facts in what a caller said or keyed: who they are, numbers, amounts, dates.

use super::{words, yes_or_no};

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
            sensitive: matches!(name, "card_number" | "sort_code" | "pin"),
        }
    }
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

fn dates(tokens: &[String], used: &mut [bool], out: &mut Vec<Found>) {
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

/// UK postcodes (BS 7666): `A9 9AA` to `AA9A 9AA`, in one piece, in two, or spelt out.
fn postcodes(tokens: &[String], used: &mut [bool], out: &mut Vec<Found>) {
    let mut i = 0;
    while i < tokens.len() {
        let found = (i + 1..=tokens.len().min(i + 7)).rev().find_map(|end| {
            let joined = tokens[i..end].concat();
            let spelt = tokens[i..end].iter().all(|t| t.len() <= 4);
            let whole = spelt || end - i == 1;
            whole.then(|| postcode(&joined)).flatten().map(|p| (p, end))
        });
        match found {
            Some((value, end)) => {
                used[i..end].fill(true);
                out.push(Found::new("postcode", value, 950));
                i = end;
            }
            None => i += 1,
        }
    }
}

fn postcode(joined: &str) -> Option<String> {
    let upper = joined.to_ascii_uppercase();
    let b = upper.as_bytes();
    if !(5..=7).contains(&b.len()) || !b.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (outward, inward) = b.split_at(b.len() - 3);
    let inward_fits = inward[0].is_ascii_digit() && inward[1..].iter().all(u8::is_ascii_alphabetic);
    let letters = outward
        .iter()
        .take_while(|c| c.is_ascii_alphabetic())
        .count();
    let rest = &outward[letters.min(outward.len())..];
    let rest_fits = match rest {
        [d] => d.is_ascii_digit(),
        [d, e] => d.is_ascii_digit() && e.is_ascii_alphanumeric(),
        _ => false,
    };
    ((1..=2).contains(&letters) && rest_fits && inward_fits)
        .then(|| format!("{} {}", &upper[..outward.len()], &upper[outward.len()..]))
}

const NOT_A_NAME: &[&str] = &[
    "and", "i", "i'm", "i've", "i'd", "im", "calling", "from", "my", "the", "it's", "speaking",
    "on", "with", "about", "but", "at", "number", "a", "an", "not", "is", "here", "because", "to",
    "please", "for", "of", "in", "that", "this", "so", "just", "looking", "yes", "no", "sorry",
    "hello", "hi", "you", "your", "what", "why", "it", "can", "could", "would", "don't", "um",
    "er",
];

fn name(tokens: &[String], asked: Option<&str>) -> Option<Found> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(said: &str) -> Vec<(String, String)> {
        from_words(said, None)
            .into_iter()
            .map(|f| (f.name, f.value))
            .collect()
    }

    fn one(said: &str) -> (String, String) {
        let mut all = facts(said);
        assert_eq!(all.len(), 1, "{said}: {all:?}");
        all.remove(0)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn numbers_are_named_by_their_company() {
        assert_eq!(
            one("my account number is four two seven one"),
            pair("account_number", "4271")
        );
        assert_eq!(one("invoice 20331"), pair("invoice_number", "20331"));
        assert_eq!(
            one("call me on 07700 900 123"),
            pair("phone_number", "07700900123")
        );
        assert_eq!(
            one("it is 4111 1111 1111 1111"),
            pair("card_number", "4111111111111111")
        );
        assert_eq!(one("quote AB12345 please"), pair("reference", "AB12345"));
        assert_eq!(one("it says 998877"), pair("number", "998877"));
        assert!(facts("the two bedroom flat").is_empty());
        assert!(facts("all of them").is_empty());
    }

    #[test]
    fn a_bare_number_answers_the_question() {
        let asked = Some("What is your account number?");
        let found = from_words("one two three", asked);
        assert_eq!(
            (found[0].name.as_str(), found[0].value.as_str()),
            ("account_number", "123")
        );
        assert_eq!(
            from_keys("4271", asked).map(|f| f.name),
            Some("account_number".into())
        );
        assert_eq!(
            from_keys("4271", None).map(|f| f.name),
            Some("number".into())
        );
        assert!(from_keys("1", None).is_none(), "a choice, no fact");
        assert!(from_keys("4111111111111111", None).is_some_and(|f| f.sensitive));
    }

    #[test]
    fn money_and_days() {
        assert_eq!(
            one("you took forty two pounds fifty from me"),
            pair("amount", "42.50 pounds")
        );
        assert_eq!(one("it is £1,200.99"), pair("amount", "1200.99 pounds"));
        assert_eq!(one("twenty euros"), pair("amount", "20 euros"));
        assert_eq!(
            one("can somebody come next tuesday"),
            pair("date", "next tuesday")
        );
        assert_eq!(
            one("on the twenty first of november"),
            pair("date", "21st of november")
        );
        assert_eq!(
            one("since the 3rd of march 2026"),
            pair("date", "3rd of march 2026")
        );
        assert_eq!(one("november 21"), pair("date", "november 21"));
        assert_eq!(one("at three pm"), pair("time", "3 pm"));
        assert!(facts("may I ask something").is_empty());
    }

    #[test]
    fn postcodes_whole_split_and_spelt() {
        for said in ["SW1A 1AA", "sw1a1aa", "it's S W one A one A A thanks"] {
            assert_eq!(one(said), pair("postcode", "SW1A 1AA"), "{said}");
        }
        assert_eq!(one("M1 1AE"), pair("postcode", "M1 1AE"));
        assert!(facts("I am at home").is_empty());
    }

    #[test]
    fn names_end_where_the_story_begins() {
        assert_eq!(
            one("my name is mary jones and I have a leak"),
            pair("name", "Mary Jones")
        );
        assert_eq!(one("this is Tom Smith speaking"), pair("name", "Tom Smith"));
        assert!(facts("this is about my boiler").is_empty());
        assert!(facts("this is urgent").is_empty());
        let bare = from_words("mary o'neill", Some("Can I have your name please?"));
        assert_eq!(bare[0].value, "Mary O'neill");
        assert!(from_words("no", Some("Can I have your name please?")).is_empty());
    }
}
