//! `Digest name=value, name="value"` (RFC 7235 section 2.1).

use super::DigestError;
use crate::message::lexer::{all_token, find_outside, quoted_len, trim};

/// The parameters of one digest challenge or answer: values without their quotes, escapes kept, for they are
/// hashed as they stand between the quotes.
pub(crate) struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Pairs<'a> {
    pub(crate) fn parse(s: &'a str) -> Result<Self, DigestError> {
        let s = trim(s);
        let (scheme, rest) = s.split_once([' ', '\t']).ok_or(DigestError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Err(DigestError::Scheme);
        }
        let mut out = Vec::new();
        let mut rest = rest;
        loop {
            let end = end_of_pair(rest)?;
            let pair = trim(&rest[..end]);
            if !pair.is_empty() {
                let (name, value) = pair.split_once('=').ok_or(DigestError::Syntax)?;
                let (name, value) = (trim(name), trim(value));
                let value = if value.starts_with('"') {
                    if quoted_len(value) != Some(value.len()) {
                        return Err(DigestError::Syntax);
                    }
                    &value[1..value.len() - 1]
                } else if value.contains(['"', '\\']) {
                    // It would come apart between the quotes of our answer.
                    return Err(DigestError::Syntax);
                } else {
                    value
                };
                if !all_token(name) {
                    return Err(DigestError::Syntax);
                }
                out.push((name, value));
            }
            match rest.get(end + 1..) {
                Some(more) => rest = more,
                None => return Ok(Self(out)),
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| *v)
    }
    pub(crate) fn need(&self, name: &str) -> Result<String, DigestError> {
        self.get(name)
            .map(str::to_owned)
            .ok_or(DigestError::Incomplete)
    }
}

/// Where the next comma outside quotes is, or the end.
fn end_of_pair(s: &str) -> Result<usize, DigestError> {
    Ok(find_outside(s, b',')
        .map_err(|_| DigestError::Syntax)?
        .unwrap_or(s.len()))
}

/// Several challenges that share a line: a piece that begins with a scheme begins a challenge.
pub(crate) fn split_challenges(line: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    while let Ok(Some(comma)) = find_outside(&line[at..], b',') {
        let next = at + comma + 1;
        let piece = line[next..].trim_start();
        let word = piece.split([' ', '\t', ',']).next().unwrap_or_default();
        let follows = piece[word.len()..].trim_start();
        if all_token(word) && !follows.is_empty() && !follows.starts_with(['=', ',']) {
            starts.push(next);
        }
        at = next;
    }
    starts.push(line.len() + 1);
    starts
        .windows(2)
        .map(|w| line[w[0]..(w[1] - 1).min(line.len())].trim())
        .collect()
}

/// A value between quotes as it is written: what has quotes or backslashes already stands as it is.
pub(crate) fn write_pair(out: &mut String, name: &str, raw: &str) {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if !out.ends_with(' ') {
        out.push_str(", ");
    }
    out.push_str(name);
    out.push_str("=\"");
    out.extend(raw.chars().map(clean));
    out.push('"');
}

/// For a quoted string: quotes and backslashes escaped.
pub(crate) fn escape(s: &str) -> String {
    s.chars()
        .fold(String::with_capacity(s.len()), |mut out, c| {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
            out
        })
}
