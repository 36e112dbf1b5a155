//! Numbers and Asterisk-style patterns: the one pattern language of every file. A text is read once, at load.

use std::fmt;

/// A number, or an Asterisk-style pattern after `_`: X 0-9, Z 1-9, N 2-9, `[1-5]`, `.` one or
/// more, `!` none or more. Or a `sip:` URI whose user part is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    form: Form,
}

/// What the text says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Number(Box<[Piece]>),
    /// User, host and port.
    Address(Box<[Piece]>, String),
}

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
pub(crate) enum Piece {
    /// Exactly one character out of this set (bit n: ASCII n).
    One(u128),
    /// `.` (at least 1) or `!` (at least 0) further characters.
    Rest(usize),
}

/// What may stand in a number that was dialled: digits, `+*#`, and the letters and marks of a SIP
/// user name that need no escape. Nothing else ever gets into a URI that we build.
pub(crate) fn dialable(c: char) -> bool {
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

pub(crate) fn rest_set() -> u128 {
    set((0u8..128).map(char::from).filter(|c| dialable(*c)))
}

impl Pattern {
    /// Reads the text. `_` opens a pattern; anything else is a number written out in full, or a
    /// `sip:` URI whose user part may itself be a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let form = match text.strip_prefix("sip:") {
            None => Form::Number(pieces_of(text)?.into()),
            Some(_) => {
                let (user, host) = split_uri(text).ok_or_else(|| BadPattern {
                    at: 4,
                    message: "a SIP address is written sip:USER@HOST or sip:USER@HOST:PORT"
                        .to_owned(),
                })?;
                let user = pieces_of(user).map_err(|e| BadPattern { at: e.at + 4, ..e })?;
                Form::Address(user.into(), host.to_owned())
            }
        };
        Ok(Self {
            text: text.to_owned(),
            form,
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Is it written out in full, without `_`?
    pub fn is_exact(&self) -> bool {
        !self.text.starts_with('_') && !self.text.starts_with("sip:_")
    }

    /// Its places; none of a `sip:` URI.
    pub(crate) fn pieces(&self) -> Option<&[Piece]> {
        match &self.form {
            Form::Number(pieces) => Some(pieces),
            Form::Address(..) => None,
        }
    }

    /// Does it match this number, character for character? A `sip:` URI matches no number: that is
    /// [`Pattern::matches_uri`].
    pub fn matches(&self, number: &str) -> bool {
        self.pieces().is_some_and(|p| fits(p, number))
    }

    /// As [`Pattern::matches`], but a leading `+` on either side is of no matter: carriers deliver
    /// `442079460100` for `+442079460100`. For numbers that ring in, and for `never_dial`.
    pub fn matches_loosely(&self, number: &str) -> bool {
        self.pieces()
            .is_some_and(|p| fits(p, number) || fits(without_plus(p), bare(number)))
    }

    /// Does this `sip:` entry match the URI? The host (without regard to case) and the port must
    /// be equal, the user must match; parameters are of no matter.
    pub fn matches_uri(&self, uri: &str) -> bool {
        let (Some((user, host)), Form::Address(want, at)) = (split_uri(uri), &self.form) else {
            return false;
        };
        host.eq_ignore_ascii_case(at) && fits(want, user)
    }

    /// How many characters each number has that it matches; `None` if they differ, or it is a `sip:` URI.
    pub fn fixed_length(&self) -> Option<usize> {
        let pieces = self.pieces()?;
        let fixed = pieces.iter().all(|p| matches!(p, Piece::One(_)));
        fixed.then_some(pieces.len())
    }

    /// Is there a longer number that it matches and that begins so?
    pub fn may_begin_with(&self, typed: &str) -> bool {
        let Some(pieces) = self.pieces() else {
            return false;
        };
        let fixed = pieces.iter().take_while(|p| matches!(p, Piece::One(_)));
        let head = typed.len().min(fixed.count());
        head < pieces.len() && fits(&pieces[..head], typed.get(..head).unwrap_or_default())
    }

    /// Is there a number that both match?
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.pieces(), other.pieces()) {
            (Some(a), Some(b)) => meet(a, b),
            _ => false,
        }
    }

    /// A number that it matches, the smallest: for checks and messages.
    pub fn example(&self) -> String {
        let (Form::Number(pieces) | Form::Address(pieces, _)) = &self.form;
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::One(s) => out.extend(char::from_u32(s.trailing_zeros())),
                Piece::Rest(n) => out.push_str(&"0".repeat(*n)),
            }
        }
        out
    }
}

/// A number without its leading `+`.
pub(crate) fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// The places of a pattern without the `+` that it begins with.
pub(crate) fn without_plus(pieces: &[Piece]) -> &[Piece] {
    match pieces.split_first() {
        Some((Piece::One(s), rest)) if *s == set(['+']) => rest,
        _ => pieces,
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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

pub(crate) fn tail_meets(least: usize, other: &[Piece]) -> bool {
    let any = rest_set();
    let open = matches!(other.last(), Some(Piece::Rest(_)));
    let ones = other.iter().filter(|p| matches!(p, Piece::One(_))).count();
    (open || ones >= least)
        && other
            .iter()
            .all(|p| !matches!(p, Piece::One(s) if s & any == 0))
}
