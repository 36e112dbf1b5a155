//! Messages to bytes.

use super::{HeaderName, Headers};
use bytes::{BufMut, Bytes, BytesMut};
use std::fmt::{self, Write};

/// The first line, the headers as they are, and the body. The first Content-Length is made right, others are dropped;
/// without one it is added.
pub(crate) fn to_bytes(first_line: fmt::Arguments<'_>, headers: &Headers, body: &Bytes) -> Bytes {
    let head: usize = headers.iter().map(|h| h.raw().len() + 2).sum();
    let mut out = BytesMut::with_capacity(head + body.len() + 256);
    let mut line = OneLine(&mut out);
    let _ = line.write_fmt(first_line);
    out.put_slice(b"\r\n");
    let mut measured = false;
    for h in headers {
        if *h.name() != HeaderName::ContentLength {
            out.put_slice(h.raw());
        } else if measured {
            continue;
        } else {
            measured = true;
            if h.value().parse() == Ok(body.len()) {
                out.put_slice(h.raw());
            } else {
                let _ = write!(out, "{}: {}", h.spelled(), body.len());
            }
        }
        out.put_slice(b"\r\n");
    }
    if !measured {
        let _ = write!(out, "Content-Length: {}\r\n", body.len());
    }
    out.put_slice(b"\r\n");
    out.put_slice(body);
    out.freeze()
}

/// A line that nothing written to it can end.
struct OneLine<'a>(&'a mut BytesMut);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for &b in s.as_bytes() {
            self.0.put_u8(if matches!(b, b'\r' | b'\n' | 0) {
                b' '
            } else {
                b
            });
        }
        Ok(())
    }
}
