//! What can go wrong at a provider, each as it looks on the wire.

use crate::{
    connection::Handle,
    log::{Door, Entry},
    paced::{self, Last},
};
use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;
use std::{future::pending, iter, time::Duration};

/// A fault. Those that begin with an answer need the answer's shape and are made at their door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is closed without a byte.
    Refuse,
    /// 500 with an HTML page, as a proxy sends it.
    Status500,
    /// 429 with OpenAI's error object and Retry-After.
    Status429,
    /// 401 with OpenAI's error object, which quotes the key.
    Status401,
    /// No answer, ever; the connection stays.
    Hang,
    /// The connection is reset (RST) without a byte.
    Reset,
    /// The answer drips: a byte each 100 ms.
    Slow,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// 200 with JSON that stops in the middle (at speech: JSON where sound belongs).
    MalformedJson,
    /// 200 with an HTML page (a captive portal).
    Html,
    /// Bytes that are no UTF-8 where text belongs (at speech: in a header).
    BadUtf8,
    /// 200 with an empty body.
    Empty,
    /// An answer without an end.
    Endless,
    /// The answer's end twice, with words after the first one.
    DoubledEnd,
    /// Numbers and lists where strings belong (at speech: an error object with status 200).
    WrongTypes,
    /// Speech in pieces of odd sizes with a byte too many at the end; at the others sound where JSON
    /// belongs.
    OddAudio,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Refuse,
        Self::Status500,
        Self::Status429,
        Self::Status401,
        Self::Hang,
        Self::Reset,
        Self::Slow,
        Self::Cut,
        Self::MalformedJson,
        Self::Html,
        Self::BadUtf8,
        Self::Empty,
        Self::Endless,
        Self::DoubledEnd,
        Self::WrongTypes,
        Self::OddAudio,
    ];
}

/// Time between the bytes of [`Fault::Slow`].
pub(crate) const DRIP: Duration = Duration::from_millis(100);

/// The faults that look the same at every door; `None`: the door's own business.
pub(crate) async fn common(fault: Fault, entry: &mut Entry, handle: &Handle) -> Option<Response> {
    let response = match fault {
        Fault::Refuse => {
            handle.close();
            StatusCode::OK.into_response()
        }
        Fault::Reset => {
            handle.reset();
            StatusCode::OK.into_response()
        }
        Fault::Hang => pending().await,
        Fault::Status500 => typed(StatusCode::INTERNAL_SERVER_ERROR, "text/html", PAGE),
        Fault::Status429 => {
            let mut response = typed(StatusCode::TOO_MANY_REQUESTS, "application/json", LIMIT);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
            response
        }
        Fault::Status401 => typed(StatusCode::UNAUTHORIZED, "application/json", KEY),
        Fault::Html => typed(StatusCode::OK, "text/html", PAGE),
        _ => return None,
    };
    entry.sent();
    Some(response)
}

/// Sends bytes one by one, [`DRIP`] apart.
pub(crate) fn drip(content_type: &'static str, bytes: Vec<u8>, entry: Entry) -> Response {
    let pieces = bytes
        .into_iter()
        .map(|byte| (DRIP, Bytes::copy_from_slice(&[byte])));
    streamed(content_type, paced::body(pieces, Last::Whole, entry))
}

/// Sends `head`, and then `more` for ever, as fast as the client takes it.
pub(crate) fn endless(
    content_type: &'static str,
    head: Vec<u8>,
    more: Vec<u8>,
    entry: Entry,
) -> Response {
    let pieces = iter::once(Bytes::from(head)).chain(iter::repeat(Bytes::from(more)));
    // A pause now and then, so that the client's time-outs get a turn on one thread too.
    let pieces = pieces.map(|piece| (Duration::from_millis(1), piece));
    streamed(content_type, paced::body(pieces, Last::Whole, entry))
}

/// Sends the first half and breaks.
pub(crate) fn cut(content_type: &'static str, mut bytes: Vec<u8>, entry: Entry) -> Response {
    bytes.truncate(bytes.len() / 2);
    let pieces = iter::once((Duration::ZERO, Bytes::from(bytes)));
    streamed(content_type, paced::body(pieces, Last::Cut, entry))
}

pub(crate) fn streamed(content_type: &'static str, body: Body) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

pub(crate) fn typed(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

const PAGE: &str = "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Sorry</h1></body></html>";
const LIMIT: &str = r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
const KEY: &str = r#"{"error":{"message":"Incorrect API key provided: sk-secret","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;

/// The door's name in a file or a table.
impl std::fmt::Display for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Chat => "chat",
            Self::Transcription => "transcription",
            Self::Speech => "speech",
            Self::Tool => "tool",
        })
    }
}
