//! Messages to bytes.

use super::{HeaderName, Headers};
use bytes::Bytes;
use std::{
    fmt::{self, Write as _},
    io::Write as _,
};

/// The first line, the headers as they are, and the body. The first Content-Length is made right, others are dropped;
/// without one it is added.
pub(crate) fn to_bytes(first_line: fmt::Arguments<'_>, headers: &Headers, body: &Bytes) -> Bytes {
    let head: usize = headers.iter().map(|h| h.raw().len() + 2).sum();
    let mut out = OneLine(Vec::with_capacity(head + body.len() + 160));
    let _ = out.write_fmt(first_line);
    let mut out = out.0;
    out.extend_from_slice(b"\r\n");
    let mut measured = false;
    for h in headers {
        if *h.name() != HeaderName::ContentLength {
            out.extend_from_slice(h.raw());
        } else if measured {
            continue;
        } else {
            measured = true;
            if h.value().parse() == Ok(body.len()) {
                out.extend_from_slice(h.raw());
            } else {
                let _ = write!(out, "{}: {}", h.spelled(), body.len());
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    if !measured {
        let _ = write!(out, "Content-Length: {}\r\n", body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.into()
}

/// A line that nothing written to it can end.
struct OneLine(Vec<u8>);

impl fmt::Write for OneLine {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let begin = self.0.len();
        self.0.extend_from_slice(s.as_bytes());
        for b in self.0.iter_mut().skip(begin) {
            if matches!(b, b'\r' | b'\n' | 0) {
                *b = b' ';
            }
        }
        Ok(())
    }
}
