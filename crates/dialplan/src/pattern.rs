//! Numbers and Asterisk-style patterns: the one pattern language of every file.

use crate::Pattern;
use std::fmt;

/// What a text is not, as a pattern: `at` is the byte in the text, for the caret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadPattern {
    /// Byte offset in the pattern's text.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

/// One place of a pattern: a set of ASCII characters, or the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// Exactly one character out of this set (bit n: ASCII n).
    One(u128),
    /// `.` (at least 1) or `!` (at least 0) further characters.
    Rest(usize),
}

/// What may stand in a number that was dialled: digits, `+*#`, and the letters and marks of a SIP
/// user name that need no escape. Nothing else ever gets into a URI that we build.
fn dialable(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '#' | '.' | '_' | '-')
}

fn set(chars: impl IntoIterator<Item = char>) -> u128 {
    chars
        .into_iter()
        .filter(char::is_ascii)
        .fold(0, |s, c| s | 1 << (c as u32))
}

fn digits(from: char) -> u128 {
    set(from..='9')
}

fn rest_set() -> u128 {
    set((0u8..128).map(char::from).filter(|c| dialable(*c)))
}

impl Pattern {
    /// Checks the text. `_` opens a pattern; anything else is a number written out in full, or a
    /// `sip:` URI whose user part may itself be a pattern.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        pieces_of(text).map(|_| Self(text.to_owned()))
    }

    /// Is it written out in full, without `_`?
    pub fn is_exact(&self) -> bool {
        !self.0.starts_with('_') && !self.0.starts_with("sip:_")
    }

    /// Does it match this number, character for character? A text that is no valid pattern matches
    /// nothing, and so does a `sip:` URI: that is [`Pattern::matches_uri`].
    pub fn matches(&self, number: &str) -> bool {
        !is_uri(&self.0) && pieces_of(&self.0).is_ok_and(|p| fits(&p, number))
    }

    /// As [`Pattern::matches`], but a leading `+` on either side is of no matter: carriers deliver
    /// `442079460100` for `+442079460100`. For numbers that ring in, and for `never_dial`.
    pub fn matches_loosely(&self, number: &str) -> bool {
        if is_uri(&self.0) {
            return false;
        }
        let bare = number.strip_prefix('+').unwrap_or(number);
        let pieces = match pieces_of(&self.0) {
            Ok(p) => p,
            Err(_) => return false,
        };
        let plain = match pieces.first() {
            Some(Piece::One(s)) if *s == set(['+']) => &pieces[1..],
            _ => &pieces[..],
        };
        fits(&pieces, number) || fits(plain, bare)
    }

    /// Does this `sip:` entry match the URI? The host (without regard to case) and the port must
    /// be equal, the user must match; parameters are of no matter.
    pub fn matches_uri(&self, uri: &str) -> bool {
        let (Some((user, host)), Some((want, at))) = (split_uri(uri), split_uri(&self.0)) else {
            return false;
        };
        host.eq_ignore_ascii_case(at) && pieces_of(want).is_ok_and(|p| fits(&p, user))
    }

    /// Is there a number that both match?
    pub fn overlaps(&self, other: &Self) -> bool {
        match (pieces_of(&self.0), pieces_of(&other.0)) {
            (Ok(a), Ok(b)) if !is_uri(&self.0) && !is_uri(&other.0) => meet(&a, &b),
            _ => false,
        }
    }

    /// A number that it matches, the smallest: for checks and messages.
    pub fn example(&self) -> String {
        let mut out = String::new();
        for piece in pieces_of(&self.0).unwrap_or_default() {
            match piece {
                Piece::One(s) => out.extend(char::from_u32(s.trailing_zeros())),
                Piece::Rest(n) => out.push_str(&"0".repeat(n)),
            }
        }
        out
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number without what people put between its digits (RFC 3966 visual separators); a name stays
/// as it is. `None` when it holds a character that nobody dials.
pub fn normalise(number: &str) -> Option<String> {
    let number = number.trim();
    let bare: String = number
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    let numeric = bare
        .char_indices()
        .all(|(i, c)| c.is_ascii_digit() || matches!(c, '*' | '#') || (i == 0 && c == '+'));
    match (numeric, bare.is_empty()) {
        (true, false) => Some(bare),
        _ if !number.is_empty() && number.chars().all(dialable) => Some(number.to_owned()),
        _ => None,
    }
}

fn is_uri(text: &str) -> bool {
    text.starts_with("sip:")
}

/// `sip:USER@HOST[:PORT][;parameters]` to (user, host and port).
fn split_uri(uri: &str) -> Option<(&str, &str)> {
    let (user, host) = uri.strip_prefix("sip:")?.split_once('@')?;
    let host = host.split([';', '?']).next().unwrap_or(host);
    (!user.is_empty() && !host.is_empty()).then_some((user, host))
}

fn pieces_of(text: &str) -> Result<Vec<Piece>, BadPattern> {
    let bad = |at, message: &str| {
        Err(BadPattern {
            at,
            message: message.to_owned(),
        })
    };
    if is_uri(text) {
        let Some((user, _)) = split_uri(text) else {
            return bad(
                4,
                "a SIP address is written sip:USER@HOST or sip:USER@HOST:PORT",
            );
        };
        return pieces_of(user).map_err(|e| BadPattern { at: e.at + 4, ..e });
    }
    let Some(body) = text.strip_prefix('_') else {
        if text.is_empty() {
            return bad(0, "a number cannot be empty");
        }
        return match text.char_indices().find(|(_, c)| !dialable(*c)) {
            Some((at, c)) => bad(at, &format!("a number cannot hold {c:?}")),
            None => Ok(text.chars().map(|c| Piece::One(set([c]))).collect()),
        };
    };
    if body.is_empty() {
        return bad(0, "nothing follows the `_`");
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = body[at..].chars().next() {
        let here = at + 1;
        match c {
            'X' | 'x' => pieces.push(Piece::One(digits('0'))),
            'Z' | 'z' => pieces.push(Piece::One(digits('1'))),
            'N' | 'n' => pieces.push(Piece::One(digits('2'))),
            // Asterisk's letters count in either case; the other small ones stand for themselves.
            '0'..='9' | '+' | '*' | '#' | 'a'..='z' => pieces.push(Piece::One(set([c]))),
            // Asterisk lets people write `_0207-XXX-XXXX`.
            '-' => {}
            '.' | '!' if at + 1 == body.len() => pieces.push(Piece::Rest(usize::from(c == '.'))),
            '.' | '!' => {
                return bad(
                    here,
                    &format!("`{c}` takes all that follows, so it must be the last character"),
                );
            }
            '[' => {
                let Some(len) = body[at..].find(']') else {
                    return bad(here, "this `[` has no `]`");
                };
                pieces.push(Piece::One(class(&body[at + 1..at + len], here + 1)?));
                at += len;
            }
            _ => {
                return bad(
                    here,
                    &format!(
                        "{c:?} has no meaning in a pattern: X is 0-9, Z 1-9, N 2-9, [1-5] a choice, . one or more, ! any"
                    ),
                );
            }
        }
        at += body[at..].chars().next().map_or(1, char::len_utf8);
    }
    Ok(pieces)
}

/// The inside of `[1-35]`: digits, `*`, `#`, `+` and ranges of digits.
fn class(inside: &str, at: usize) -> Result<u128, BadPattern> {
    let bad = |at, message: &str| {
        Err(BadPattern {
            at,
            message: message.to_owned(),
        })
    };
    if inside.is_empty() {
        return bad(at, "there is nothing to choose from in `[]`");
    }
    let chars: Vec<(usize, char)> = inside.char_indices().collect();
    let mut s = 0;
    let mut i = 0;
    while let Some(&(o, c)) = chars.get(i) {
        if !(c.is_ascii_digit() || matches!(c, '*' | '#' | '+')) {
            return bad(
                at + o,
                &format!("{c:?} cannot stand in `[...]`: digits, ranges like 1-5, * # +"),
            );
        }
        match (chars.get(i + 1), chars.get(i + 2)) {
            (Some((_, '-')), Some(&(_, to))) if c.is_ascii_digit() && to.is_ascii_digit() => {
                if to < c {
                    return bad(at + o, &format!("{c}-{to} is empty: write {to}-{c}"));
                }
                s |= set(c..=to);
                i += 3;
            }
            (Some((_, '-')), _) => return bad(at + o, "a range is written 1-5"),
            _ => {
                s |= set([c]);
                i += 1;
            }
        }
    }
    Ok(s)
}

fn fits(pieces: &[Piece], number: &str) -> bool {
    let mut rest = number.chars();
    for piece in pieces {
        match piece {
            Piece::One(s) => match rest.next() {
                Some(c) if c.is_ascii() && s >> (c as u32) & 1 == 1 => {}
                _ => return false,
            },
            Piece::Rest(least) => {
                let rest = rest.as_str();
                return rest.chars().count() >= *least && rest.chars().all(dialable);
            }
        }
    }
    rest.as_str().is_empty()
}

/// Is there a text that fits both? `.` and `!` stand at the end only, so one walk side by side does.
fn meet(a: &[Piece], b: &[Piece]) -> bool {
    match (a.split_first(), b.split_first()) {
        (None, None) => true,
        (Some((Piece::Rest(n), _)), _) => tail_meets(*n, b),
        (_, Some((Piece::Rest(n), _))) => tail_meets(*n, a),
        (Some((Piece::One(x), a)), Some((Piece::One(y), b))) => x & y != 0 && meet(a, b),
        _ => false,
    }
}

fn tail_meets(least: usize, other: &[Piece]) -> bool {
    let any = rest_set();
    let open = matches!(other.last(), Some(Piece::Rest(_)));
    let ones = other.iter().filter(|p| matches!(p, Piece::One(_))).count();
    (open || ones >= least)
        && other
            .iter()
            .all(|p| !matches!(p, Piece::One(s) if s & any == 0))
}
