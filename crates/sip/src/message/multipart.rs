//! Bodies of several parts (RFC 2046 section 5.1, RFC 5621).

use super::{Header, HeaderName, Headers, Params, Text, lexer::trim};
use bytes::Bytes;

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its own headers.
    pub headers: Headers,
    /// Its bytes, sharing the message's buffer.
    pub body: Bytes,
}

/// Parts within parts are looked into this deep.
const DEPTH: u8 = 4;

/// The body or the first part that is of `wanted` type (without case; parameters of the type do not count).
pub(crate) fn body_of_type(headers: &Headers, body: &Bytes, wanted: &str) -> Option<Bytes> {
    find(headers, body, wanted, DEPTH)
}

fn find(headers: &Headers, body: &Bytes, wanted: &str, depth: u8) -> Option<Bytes> {
    if body.is_empty() {
        return None;
    }
    let value = headers.first(&HeaderName::ContentType)?;
    let (kind, params) = value.split_once(';').map_or((value, ""), |(k, p)| (k, p));
    let kind = trim(kind);
    if kind.eq_ignore_ascii_case(wanted) {
        return Some(body.clone());
    }
    let multipart = kind
        .get(..10)
        .is_some_and(|k| k.eq_ignore_ascii_case("multipart/"));
    if !multipart || depth == 0 {
        return None;
    }
    let params = Text::from(format!(";{params}"));
    let params = Params::parse(&params, &params).ok()?;
    let boundary = params.text("boundary")?;
    parts(body, &boundary)
        .iter()
        .find_map(|p| find(&p.headers, &p.body, wanted, depth - 1))
}

/// The parts between `--boundary` lines. What cannot be read ends the list.
pub fn parts(body: &Bytes, boundary: &str) -> Vec<Part> {
    let mut out = Vec::new();
    if boundary.is_empty() {
        return out;
    }
    let mark = format!("--{boundary}");
    let mut from = match next_mark(body, 0, mark.as_bytes()) {
        Some((_, after)) => after,
        None => return out,
    };
    while let Some((end, after)) = next_mark(body, from, mark.as_bytes()) {
        out.push(part(&body.slice(from.min(end)..end)));
        if body.get(after - 2..after) == Some(b"--") {
            break;
        }
        from = after;
    }
    out
}

/// From `from` on, the next boundary line: where what precedes it ends, and where what follows it begins.
/// For the last one the second is right behind its `--`.
fn next_mark(body: &[u8], from: usize, mark: &[u8]) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        at += memchr::memmem::find(body.get(at..)?, mark)?;
        let line_start = at == 0 || body[at - 1] == b'\n';
        let after = at + mark.len();
        let rest = body.get(after..)?;
        if line_start {
            let end = match body.get(..at)? {
                [head @ .., b'\r', b'\n'] | [head @ .., b'\n'] => head.len(),
                all => all.len(),
            };
            if rest.starts_with(b"--") {
                return Some((end, after + 2));
            }
            let blank = rest
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
                .count();
            if rest.get(blank) == Some(&b'\n') {
                return Some((end, after + blank + 1));
            }
        }
        at = after;
    }
}

fn part(bytes: &Bytes) -> Part {
    let mut headers = Headers::new();
    let mut at = 0;
    while let Some(len) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|&b| b == b'\n'))
    {
        let mut end = at + len;
        let next = end + 1;
        if end > at && bytes[end - 1] == b'\r' {
            end -= 1;
        }
        if end == at {
            return Part {
                headers,
                body: bytes.slice(next..),
            };
        }
        if let Some(header) = Header::from_wire(bytes.slice(at..end)) {
            headers.push_header(header);
        }
        at = next;
    }
    // No empty line: a part without headers.
    Part {
        headers: Headers::new(),
        body: bytes.clone(),
    }
}
