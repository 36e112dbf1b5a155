//! Bytes to messages.
//!
//! One datagram, or one message cut from a stream by [`frame`](super::frame). Headers and body are slices of the
//! buffer. Lines end with CRLF; LF alone is let through, CR alone is not.

use super::{Header, HeaderName, Headers, Message, Method, Request, Response, Text, Uri, lexer};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Why bytes are no message. Always the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// Nothing but line ends: a keepalive.
    #[error("empty")]
    Empty,
    /// Not SIP at all.
    #[error("first line is not SIP")]
    NotSip,
    /// The request line is not `METHOD SP URI SP SIP/2.0`.
    #[error("request line")]
    RequestLine,
    /// The Request-URI cannot be read.
    #[error("Request-URI")]
    RequestUri,
    /// The status line, or a status outside 100 to 699.
    #[error("status line")]
    StatusLine,
    /// Not SIP/2.0.
    #[error("SIP version")]
    Version,
    /// A line that is no header.
    #[error("header line")]
    HeaderLine,
    /// No empty line after the headers.
    #[error("headers without an end")]
    Truncated,
    /// Content-Length is no number, or there are several.
    #[error("Content-Length")]
    ContentLength,
    /// Content-Length says more than there is.
    #[error("body shorter than Content-Length")]
    ShortBody,
}

/// Bytes that are no message, and how to answer them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("malformed message: {fault}")]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// The 400 or 505 for a request of which enough could be read (Via, From, To, Call-ID, CSeq); `None` where
    /// silence is right: responses, ACK, and what is no SIP.
    pub reply: Option<Box<Response>>,
}

impl Malformed {
    const fn silent(fault: Fault) -> Self {
        Self { fault, reply: None }
    }
}

enum FirstLine {
    Request(Method, Uri),
    Response(u16, Text),
}

impl Message {
    /// Reads one datagram, or one framed message. What follows the body is dropped (RFC 3261 section 18.3).
    pub fn parse(bytes: Bytes) -> Result<Self, Malformed> {
        let start = bytes
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let (line, mut at) =
            next_line(&bytes, start).ok_or(Malformed::silent(if start == bytes.len() {
                Fault::Empty
            } else {
                Fault::NotSip
            }))?;
        let first = first_line(&bytes.slice(line));
        let is_response = match &first {
            Err(fault @ (Fault::NotSip | Fault::StatusLine)) => {
                return Err(Malformed::silent(*fault));
            }
            Ok(FirstLine::Response(..)) => true,
            _ => false,
        };
        let (headers, fault) = header_lines(&bytes, &mut at);
        let (fault, body) = match (first.as_ref().err().copied().or(fault), bytes.get(at..)) {
            (None, Some(rest)) => match body_length(&headers, rest.len()) {
                Ok(n) => (None, bytes.slice(at..at + n)),
                Err(fault) => (Some(fault), Bytes::new()),
            },
            (fault, _) => (fault, Bytes::new()),
        };
        match (first, fault) {
            (Ok(FirstLine::Request(method, uri)), None) => Ok(Self::Request(Request {
                method,
                uri,
                headers,
                body,
            })),
            (Ok(FirstLine::Response(status, phrase)), None) => Ok(Self::Response(Response {
                status,
                phrase,
                headers,
                body,
            })),
            (first, fault) => {
                let fault = fault.unwrap_or(Fault::RequestLine);
                let reply = if is_response {
                    None
                } else {
                    refuse(&headers, first.ok(), fault)
                };
                Err(Malformed { fault, reply })
            }
        }
    }
}

/// Where the line at `at` lies, without its end, and where the next begins. `None`: no line end.
fn next_line(bytes: &[u8], at: usize) -> Option<(std::ops::Range<usize>, usize)> {
    let len = memchr::memchr(b'\n', bytes.get(at..)?)?;
    let end = at + len;
    let cut = end - usize::from(len > 0 && bytes[end - 1] == b'\r');
    Some((at..cut, end + 1))
}

fn first_line(line: &Bytes) -> Result<FirstLine, Fault> {
    let is_response = line
        .get(..4)
        .is_some_and(|s| s.eq_ignore_ascii_case(b"SIP/"));
    let Some(text) = Text::from_shared(line.clone()) else {
        if is_response {
            // A phrase in Latin-1.
            let text: String = line.iter().map(|&b| char::from(b)).collect();
            return status_line(&text.into());
        }
        return Err(Fault::NotSip);
    };
    if is_response {
        status_line(&text)
    } else {
        request_line(&text)
    }
}

fn status_line(line: &Text) -> Result<FirstLine, Fault> {
    let (version, rest) = line.split_once(' ').ok_or(Fault::StatusLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Fault::StatusLine);
    }
    let (code, phrase) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = lexer::number(code)
        .ok()
        .filter(|s| (100..700).contains(s) && code.len() == 3);
    Ok(FirstLine::Response(
        status.ok_or(Fault::StatusLine)?,
        line.cut(phrase),
    ))
}

fn request_line(line: &Text) -> Result<FirstLine, Fault> {
    let (method, rest) = line.split_once(' ').ok_or(Fault::NotSip)?;
    // White space at the end is a fault of the line; the version before it says whether this is SIP.
    let (_, version) = lexer::trim(rest)
        .rsplit_once(lexer::is_ws)
        .ok_or(Fault::NotSip)?;
    let number = version
        .get(..4)
        .filter(|s| s.eq_ignore_ascii_case("SIP/"))
        .map(|_| &version[4..]);
    let number = number.ok_or(Fault::NotSip)?;
    if number != "2.0" {
        let other = number
            .split_once('.')
            .is_some_and(|(a, b)| [a, b].iter().all(|n| is_digits(n)));
        return Err(if other {
            Fault::Version
        } else {
            Fault::RequestLine
        });
    }
    let method = Method::parse(method).map_err(|_| Fault::RequestLine)?;
    let uri = rest
        .strip_suffix(version)
        .and_then(|r| r.strip_suffix(' '))
        .ok_or(Fault::RequestLine)?;
    if uri.is_empty() || uri.starts_with(lexer::is_ws) || uri.ends_with(lexer::is_ws) {
        return Err(Fault::RequestLine);
    }
    let uri = Uri::cut(line, uri).map_err(|_| Fault::RequestUri)?;
    Ok(FirstLine::Request(method, uri))
}

fn is_digits(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())
}

/// All header lines from `at` on, which is left behind the empty line. The first fault is told, lines that can
/// be read are kept, so that the request can be answered.
fn header_lines(bytes: &Bytes, at: &mut usize) -> (Headers, Option<Fault>) {
    let mut headers = Headers::with_capacity(16);
    let mut fault = None;
    loop {
        let Some((mut line, mut next)) = next_line(bytes, *at) else {
            *at = bytes.len();
            return (headers, fault.or(Some(Fault::Truncated)));
        };
        if line.is_empty() {
            *at = next;
            return (headers, fault);
        }
        while matches!(bytes.get(next), Some(b' ' | b'\t')) {
            let Some((more, after)) = next_line(bytes, next) else {
                break;
            };
            line.end = more.end;
            next = after;
        }
        *at = next;
        let text = &bytes[line.clone()];
        let folded = memchr::memchr2(b'\r', b'\n', text).is_some();
        let header = Header::from_line(bytes.slice(line.clone()), folded);
        match header.filter(|_| !folded || !has_lone_cr(text)) {
            Some(header) => headers.push_header(header),
            None => fault = fault.or(Some(Fault::HeaderLine)),
        }
    }
}

fn has_lone_cr(line: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', line).any(|at| line.get(at + 1) != Some(&b'\n'))
}

/// How much of what follows the headers is the body.
fn body_length(headers: &Headers, there: usize) -> Result<usize, Fault> {
    let mut lines = headers.all(&HeaderName::ContentLength);
    let Some(length) = lines.next() else {
        return Ok(there);
    };
    if lines.next().is_some() {
        return Err(Fault::ContentLength);
    }
    let length: usize = lexer::number(length).map_err(|_| Fault::ContentLength)?;
    if length > there {
        Err(Fault::ShortBody)
    } else {
        Ok(length)
    }
}

/// The answer to a request that could not be read, if its sender can match it. It goes to where the request came from, so
/// the Via need not be readable.
fn refuse(headers: &Headers, first: Option<FirstLine>, fault: Fault) -> Option<Box<Response>> {
    use HeaderName::{CSeq, CallId, From, To, Via};
    if [Via, From, To, CallId, CSeq]
        .iter()
        .any(|name| !headers.contains(name))
    {
        return None;
    }
    let method = match first {
        Some(FirstLine::Request(method, _)) => Some(method),
        _ => None,
    };
    let cseq = headers.cseq().map(|c| c.method);
    if method == Some(Method::Ack) || cseq == Some(Method::Ack) {
        return None;
    }
    let (status, phrase) = match fault {
        Fault::Version => (505, ""),
        Fault::RequestLine => (400, "Bad Request-Line"),
        Fault::RequestUri => (400, "Bad Request-URI"),
        Fault::HeaderLine => (400, "Bad Header Line"),
        Fault::Truncated => (400, "Incomplete Message"),
        Fault::ContentLength => (400, "Bad Content-Length"),
        Fault::ShortBody => (400, "Body Shorter Than Content-Length"),
        Fault::Empty | Fault::NotSip | Fault::StatusLine => return None,
    };
    let tag = stateless_tag(headers);
    Some(Box::new(
        Response::answer(headers, method.as_ref(), status, Some(&tag)).with_phrase(phrase),
    ))
}

/// The same To tag for the same request, without remembering it (RFC 3261 section 8.2.7): FNV-1a over what tells
/// requests apart.
pub fn stateless_tag(headers: &Headers) -> String {
    let names = [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::CallId,
        HeaderName::CSeq,
    ];
    let hash = names
        .iter()
        .filter_map(|n| headers.line(n))
        .flat_map(|h| h.value_bytes().iter());
    let hash = hash.fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| {
        (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
