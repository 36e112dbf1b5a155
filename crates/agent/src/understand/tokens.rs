//! Words in one spelling: lower case, number words as digits, amounts as "42.50 pounds".

/// Digits as they are read out.
pub(super) const DIGITS: &[(&str, u32)] = &[
    ("zero", 0),
    ("oh", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
];

const TEENS: &[&str] = &[
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: &[&str] = &[
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

const ORDINALS: &[&str] = &[
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
];

/// The words of an utterance: lower case, punctuation gone, number words turned to digits, digits
/// that were read out one by one put together (`four two double seven` is `4277`).
pub fn words(said: &str) -> Vec<String> {
    numbers(&raw(said))
}

/// Lower case without punctuation, number words left as they are: what a recogniser can expect.
pub(super) fn plain(said: &str) -> String {
    raw(said).join(" ")
}

/// Tokens before numbers are read. Inside a token stay: the apostrophe, `.` and `/` between digits, a
/// leading `+`. A thousands comma goes; a currency sign moves behind its number as a word.
fn raw(said: &str) -> Vec<String> {
    let chars: Vec<char> = said.to_lowercase().chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut token = String::new();
    let mut currency = None;
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    for i in 0..=chars.len() {
        let c = at(i);
        let before = if i == 0 { ' ' } else { at(i - 1) };
        let inside_digits = before.is_ascii_digit() && at(i + 1).is_ascii_digit();
        let inside_word = before.is_alphanumeric() && at(i + 1).is_alphanumeric();
        match c {
            ',' if inside_digits => continue,
            '.' | '/' if inside_digits => token.push(c),
            '\'' | '\u{2019}' if inside_word => token.push('\''),
            '+' if token.is_empty() && at(i + 1).is_ascii_digit() => token.push(c),
            c if c.is_alphanumeric() => token.push(c),
            c => {
                if !token.is_empty() {
                    out.push(std::mem::take(&mut token));
                    if let Some(word) = currency.take() {
                        out.push(String::from(word));
                    }
                }
                currency = match c {
                    '£' => Some("pounds"),
                    '€' => Some("euros"),
                    '$' => Some("dollars"),
                    '₹' => Some("rupees"),
                    ' ' => currency,
                    _ => None,
                };
            }
        }
    }
    out
}

fn numbers(tokens: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    let mut in_run = false;
    while i < tokens.len() {
        if let Some(day) = ordinal(tokens, i) {
            out.push(day);
            in_run = false;
            i += 2;
            continue;
        }
        match group(tokens, i, in_run) {
            Some((digits, next)) => {
                match out.last_mut().filter(|_| in_run) {
                    Some(run) if !digits.contains('.') && !run.contains('.') => {
                        run.push_str(&digits);
                    }
                    _ => out.push(digits),
                }
                in_run = true;
                i = next;
            }
            None => {
                out.push(tokens[i].clone());
                in_run = false;
                i += 1;
            }
        }
    }
    out
}

/// `twenty first` is `21st`.
fn ordinal(tokens: &[String], i: usize) -> Option<String> {
    let tens = TENS.iter().position(|t| *t == tokens[i])? as u32 + 2;
    let next = tokens.get(i + 1)?;
    let unit = ORDINALS.iter().position(|o| o == next)? as u32 + 1;
    let suffix = match unit {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    Some(format!("{}{suffix}", tens * 10 + unit))
}

/// One number at `i`, and where it ends.
fn group(tokens: &[String], i: usize, in_run: bool) -> Option<(String, usize)> {
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let first = word(i);
    if let Some(times) = match first {
        "double" => Some(2),
        "triple" | "treble" => Some(3),
        _ => None,
    } {
        let digit = digit(word(i + 1))?;
        return Some((digit.to_string().repeat(times), i + 2));
    }
    if first == "oh" || first == "o" {
        let beside = in_run || digit(word(i + 1)).is_some_and(|_| word(i + 1) != "oh");
        return beside.then(|| ("0".to_owned(), i + 1));
    }
    if !first.is_empty()
        && first
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'+' || b == b'.')
    {
        return Some((first.to_owned(), i + 1));
    }
    if let (None, Some(0)) = (small(tokens, i), digit(first)) {
        return Some(("0".to_owned(), i + 1));
    }
    cardinal(tokens, i)
}

/// `a hundred and twenty`, `two thousand five hundred`, `forty two point five`.
fn cardinal(tokens: &[String], i: usize) -> Option<(String, usize)> {
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let (mut value, mut next) = if word(i) == "a" && matches!(word(i + 1), "hundred" | "thousand") {
        (1, i + 1)
    } else {
        small(tokens, i)?
    };
    if word(next) == "hundred" {
        (value, next) = below(tokens, next + 1, value * 100);
    }
    if word(next) == "thousand" {
        let (thousands, after) = (value * 1000, next + 1);
        (value, next) = match small(tokens, after) {
            Some((hundreds, at)) if word(at) == "hundred" => {
                below(tokens, at + 1, thousands + hundreds * 100)
            }
            _ => below(tokens, after, thousands),
        };
    }
    let mut text = value.to_string();
    if word(next) == "point" && digit(word(next + 1)).is_some() {
        text.push('.');
        next += 1;
        while let Some(d) = digit(word(next)) {
            text.push_str(&d.to_string());
            next += 1;
        }
    }
    Some((text, next))
}

/// `[and] 1..99` after a hundred or a thousand.
fn below(tokens: &[String], at: usize, value: u32) -> (u32, usize) {
    let skip = usize::from(tokens.get(at).is_some_and(|w| w == "and"));
    match small(tokens, at + skip) {
        Some((rest, next)) => (value + rest, next),
        None => (value, at),
    }
}

/// 1 to 99 in words.
fn small(tokens: &[String], i: usize) -> Option<(u32, usize)> {
    let word = tokens.get(i)?.as_str();
    if let Some(n) = TEENS.iter().position(|t| *t == word) {
        return Some((10 + n as u32, i + 1));
    }
    if let Some(n) = TENS.iter().position(|t| *t == word) {
        let tens = (n as u32 + 2) * 10;
        return Some(match tokens.get(i + 1).and_then(|w| digit(w)) {
            Some(unit) if unit > 0 => (tens + unit, i + 2),
            _ => (tens, i + 1),
        });
    }
    digit(word).filter(|d| *d > 0).map(|d| (d, i + 1))
}

fn digit(word: &str) -> Option<u32> {
    match word {
        "nought" | "naught" | "nil" => Some(0),
        _ => DIGITS.iter().find(|d| d.0 == word).map(|d| d.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        words(text).join(" ")
    }

    #[test]
    fn number_words_become_digits() {
        assert_eq!(
            said("My account is four two seven one."),
            "my account is 4271"
        );
        assert_eq!(said("double four, oh nine"), "4409");
        assert_eq!(said("a hundred and twenty pounds"), "120 pounds");
        assert_eq!(said("two thousand five hundred and six"), "2506");
        assert_eq!(said("twenty twenty six"), "2026");
        assert_eq!(said("twenty-one November"), "21 november");
        assert_eq!(said("forty two point five"), "42.5");
        assert_eq!(said("zero one one seven, 496 0123"), "01174960123");
    }

    #[test]
    fn punctuation_goes_and_amounts_are_spelt_alike() {
        assert_eq!(
            said("It's £1,200.50, isn't it?"),
            "it's 1200.50 pounds isn't it"
        );
        assert_eq!(said("on 21/11/2026!"), "on 21/11/2026");
        assert_eq!(said("oh dear, the boiler"), "oh dear the boiler");
        assert_eq!(
            said("I\u{2019}m on +44 7700 900123"),
            "i'm on +447700900123"
        );
        assert_eq!(said(" ,.- "), "");
        assert_eq!(said("Mae'r dŵr wedi gollwng"), "mae'r dŵr wedi gollwng");
    }
}
