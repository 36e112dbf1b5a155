//! The characters of RFC 3261 section 25.1, and cutting a value into its parts.

use super::{ParseError, Text};
use std::{borrow::Cow, fmt};

/// `token` characters.
pub(crate) const fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// At least one character, all of them of a token.
pub(crate) fn all_token(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(is_token)
}

/// White space within a line.
pub(crate) const fn is_ws(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Without white space at either end.
pub(crate) fn trim(s: &str) -> &str {
    match s.as_bytes() {
        // Nearly always.
        [first, .., last] if !matches!(first, b' ' | b'\t') && !matches!(last, b' ' | b'\t') => s,
        _ => s.trim_matches(is_ws),
    }
}

/// What is before the first `byte`, which is ASCII, and what is behind it. For a few dozen octets the standard library's search
/// for a character takes several times as long.
pub(crate) fn split(s: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, s.as_bytes())?;
    Some((&s[..at], &s[at + 1..]))
}

/// The same, the byte in front of what is behind; all of `s` and nothing where there is none.
pub(crate) fn split_before(s: &str, byte: u8) -> (&str, &str) {
    s.split_at(memchr::memchr(byte, s.as_bytes()).unwrap_or(s.len()))
}

/// A port in front of which a colon stands.
pub(crate) fn write_port(out: &mut impl fmt::Write, port: u16) -> fmt::Result {
    let mut text = *b":00000";
    let mut rest = port;
    let mut at = text.len();
    while rest > 0 || at == text.len() {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text[at - 1] = b':';
    out.write_str(std::str::from_utf8(&text[at - 1..]).unwrap_or_default())
}

/// The length of the quoted string that `s` begins with, both quotes included; `None` if it does
/// not end.
pub(crate) fn quoted_len(s: &str) -> Option<usize> {
    let bytes = s.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut i = 1;
    loop {
        match bytes.get(i)? {
            b'"' => return Some(i + 1),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
}

/// Where `wanted` first stands outside quotes and angle brackets. `Err` if a quote does not end.
pub(crate) fn find_outside(s: &str, wanted: u8) -> Result<Option<usize>, ParseError> {
    let bytes = s.as_bytes();
    let (mut i, mut inside) = (0, false);
    while let Some(&b) = bytes.get(i) {
        if b == wanted && !inside {
            return Ok(Some(i));
        }
        match b {
            // A quote is no special character within a URI.
            b'"' if !inside => i += quoted_len(&s[i..]).ok_or(ParseError::OpenQuote)?,
            b'<' => {
                inside = true;
                i += 1;
            }
            b'>' => {
                inside = false;
                i += 1;
            }
            _ => i += 1,
        }
    }
    Ok(None)
}

/// The values of a comma-separated header, each trimmed; empty ones are left out. What follows a quote that
/// does not end belongs to the last value.
#[derive(Clone, Debug)]
pub struct ListValues<'a> {
    rest: Option<&'a str>,
    /// A header that is no list is one value.
    whole: bool,
}

impl<'a> ListValues<'a> {
    pub(crate) fn new(value: &'a str, list: bool) -> Self {
        Self {
            rest: Some(value),
            whole: !list,
        }
    }
}

impl<'a> Iterator for ListValues<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = self.rest.take()?;
            let comma = if self.whole || memchr::memchr(b',', rest.as_bytes()).is_none() {
                None
            } else {
                find_outside(rest, b',').ok().flatten()
            };
            let value = match comma {
                Some(at) => {
                    self.rest = Some(&rest[at + 1..]);
                    &rest[..at]
                }
                None => rest,
            };
            let value = trim(value);
            if !value.is_empty() {
                return Some(value);
            }
        }
    }
}

/// What a quoted string says; anything else is itself.
pub(crate) fn unquote(s: &str) -> Cow<'_, str> {
    let Some(inner) = s.strip_prefix('"').and_then(|s| s.strip_suffix('"')) else {
        return Cow::Borrowed(s);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    Cow::Owned(out)
}

/// Writes a quoted string. CR, LF and NUL become spaces: nobody can end a line from within a value.
pub(crate) fn write_quoted(out: &mut impl fmt::Write, s: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in s.chars() {
        match c {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(c)?;
            }
            '\r' | '\n' | '\0' => out.write_char(' ')?,
            _ => out.write_char(c)?,
        }
    }
    out.write_char('"')
}

/// Decodes `%HH`. A `%` without two hexadecimal digits stays. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn percent_decode(s: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', s.as_bytes()).is_none() {
        return Cow::Borrowed(s);
    }
    let bytes = s.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        let hex = |at: usize| bytes.get(at).and_then(|&h| (h as char).to_digit(16));
        match (b, hex(i + 1), hex(i + 2)) {
            (b'%', Some(hi), Some(lo)) => {
                out.push((hi * 16 + lo) as u8);
                i += 3;
            }
            _ => {
                out.push(b);
                i += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Writes `s` with every byte as `%HH` that is neither unreserved (letters, digits, mark) nor in `also`.
pub(crate) fn percent_encode(s: &str, also: &[u8]) -> Text {
    let plain = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')'
            )
            || also.contains(&b)
    };
    if s.bytes().all(plain) {
        return s.into();
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(s.len() * 3);
    for b in s.bytes() {
        if plain(b) {
            out.push(b as char);
        } else {
            out.push('%');
            out.push(HEX[usize::from(b >> 4)] as char);
            out.push(HEX[usize::from(b & 15)] as char);
        }
    }
    out.into()
}

/// The number that all of `s` is, as delta-seconds and the like: digits alone.
pub(crate) fn number<T: std::str::FromStr>(s: &str) -> Result<T, ParseError> {
    if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseError::Number);
    }
    s.parse().map_err(|_| ParseError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_as_the_standard_library_writes_numbers() {
        for port in [0, 1, 9, 10, 99, 100, 5060, 9999, 10_000, 65_535] {
            let mut text = String::new();
            write_port(&mut text, port).expect("a string");
            assert_eq!(text, format!(":{port}"));
        }
    }

    #[test]
    fn a_value_is_cut_at_the_first_of_a_character() {
        assert_eq!(split("a=b=c", b'='), Some(("a", "b=c")));
        assert_eq!(split("é;", b';'), Some(("é", "")));
        assert_eq!(split("", b';'), None);
        assert_eq!(split_before("a;b;c", b';'), ("a", ";b;c"));
        assert_eq!(split_before("abc", b';'), ("abc", ""));
    }
}
