//! Messages out of a byte stream (RFC 3261 section 18.3, RFC 5626 section 3.5.1).

use super::{Header, HeaderName, lexer};
use bytes::Bytes;

/// A message on a stream is no larger.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// What a buffer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Not all of it is there yet.
    NeedMore,
    /// A keepalive of this many bytes: CRLFCRLF is a ping that wants CRLF back, CRLF a pong.
    Keepalive(usize),
    /// A message of this many bytes.
    Whole(usize),
    /// No message will come of this; the connection is of no further use.
    Bad,
}

/// Looks at the start of a stream's buffer. Without Content-Length a message has no body: it MUST be there on a stream
/// (section 20.14), and the next message would be lost otherwise.
pub fn frame(buffer: &[u8]) -> Framing {
    match buffer {
        [b'\r', b'\n', b'\r', b'\n', ..] => return Framing::Keepalive(4),
        [b'\r', b'\n', b'\r'] | [b'\r'] | [] => return Framing::NeedMore,
        [b'\r', b'\n', ..] => return Framing::Keepalive(2),
        [b'\n', ..] => return Framing::Keepalive(1),
        [b'\r', ..] => return Framing::Bad,
        _ => {}
    }
    let window = &buffer[..buffer.len().min(MAX_MESSAGE)];
    let Some(head) = head_length(window) else {
        return if window.len() == MAX_MESSAGE {
            Framing::Bad
        } else {
            Framing::NeedMore
        };
    };
    let Some(body) = content_length(&window[..head]) else {
        return Framing::Bad;
    };
    match head.checked_add(body) {
        Some(all) if all <= MAX_MESSAGE && all <= buffer.len() => Framing::Whole(all),
        Some(all) if all <= MAX_MESSAGE => Framing::NeedMore,
        _ => Framing::Bad,
    }
}

/// Up to and with the empty line.
fn head_length(buffer: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let len = buffer.get(at..)?.iter().position(|&b| b == b'\n')?;
        let line = &buffer[at..at + len];
        at += len + 1;
        if line.is_empty() || line == b"\r" {
            return Some(at);
        }
    }
}

/// The Content-Length; 0 without one; `None` if it cannot be trusted.
fn content_length(head: &[u8]) -> Option<usize> {
    let mut found = None;
    let mut lines = head.split(|&b| b == b'\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        if !line
            .first()
            .is_some_and(|b| matches!(b, b'C' | b'c' | b'l' | b'L'))
        {
            continue;
        }
        let mut line = line.to_vec();
        while let Some(more) = lines.next_if(|l| matches!(l.first(), Some(b' ' | b'\t'))) {
            line.push(b' ');
            line.extend_from_slice(more);
        }
        let Some(header) = Header::from_wire(Bytes::from(line)) else {
            continue;
        };
        if *header.name() == HeaderName::ContentLength {
            let n: usize = lexer::number(header.value()).ok()?;
            if found.is_some_and(|before| before != n) {
                return None;
            }
            found = Some(n);
        }
    }
    Some(found.unwrap_or(0))
}
