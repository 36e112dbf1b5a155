//! SIP over WebSocket (RFC 7118): one message a frame, and nobody is connected to.
//!
//! ```text
//!   HTTP upgrade --subprotocol `sip`, an origin that may--> Open --message, ping, pong--> Open
//!      | none: 400; another origin: 403                      | no first message, no pong to a ping of ours, nothing but pongs
//!      v                                                     v for as long as a stream may be idle: closed
//!    refused                                               gone
//! ```
//! Scripts of any web page can open a WebSocket from wherever its reader is, so a browser, which says whose page it shows, is let in from
//! named ones alone. What is no browser says nothing of the kind, and is asked for its password like any phone.

use super::{TcpEvent, connection::Connection};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::{future::pending, pin::pin};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode},
        protocol::WebSocketConfig,
    },
};

/// The longest message: as long as one by UDP.
const LONGEST: usize = 65_535;
/// Most messages are much shorter, and there may be many connections.
const BUFFER: usize = 8 * 1024;
const SUBPROTOCOL: &str = "sip";
/// A ping in a message, and its answer (RFC 7118 section 6.1 points to RFC 5626).
const PONG: &str = "\r\n";

/// What WebSockets go through.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One that is open.
pub(super) type Socket = Box<WebSocketStream<Box<dyn Duplex>>>;

/// Who may open one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Origins of web pages (RFC 6454): `https://phones.example`, in small letters.
    pub origins: Vec<String>,
}

#[expect(
    clippy::result_large_err,
    reason = "the library's own answer to a handshake"
)]
impl Web {
    pub(super) async fn shake(&self, stream: Box<dyn Duplex>) -> Result<Socket, String> {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let judge = |request: &Request, response: Response| self.judge(request, response);
        let made = accept_hdr_async_with_config(stream, judge, Some(config)).await;
        made.map(Box::new).map_err(|error| error.to_string())
    }

    fn judge(&self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let headers = request.headers();
        let origin = headers.get("origin").map(HeaderValue::as_bytes);
        let known = |origin: &[u8]| {
            let mut all = self.origins.iter();
            all.any(|known| known.as_bytes().eq_ignore_ascii_case(origin))
        };
        if origin.is_some_and(|origin| !known(origin)) {
            return Err(refusal(
                StatusCode::FORBIDDEN,
                "this web page may not phone here: see websocket_origins",
            ));
        }
        let offered = headers.get_all("sec-websocket-protocol").iter();
        let mut offered = offered
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','));
        if !offered.any(|one| one.trim().eq_ignore_ascii_case(SUBPROTOCOL)) {
            return Err(refusal(
                StatusCode::BAD_REQUEST,
                "the subprotocol is sip (RFC 7118)",
            ));
        }
        let sip = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert("sec-websocket-protocol", sip);
        Ok(response)
    }
}

fn refusal(status: StatusCode, why: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = status;
    response
}

impl<D: Fn(TcpEvent) -> bool> Connection<D> {
    /// As [`Connection::run`], by frames.
    pub(super) async fn run_web(&self, socket: Socket, mut queue: mpsc::Receiver<Bytes>) -> bool {
        let (mut out, mut frames) = (*socket).split();
        let (mut spoken, mut pings, mut asked) = (false, 0u32, false);
        // Pings of theirs are no message: whoever only holds connections open holds none for long.
        let mut first = pin!(timeout(self.patience.first, pending::<()>()));
        loop {
            let wait = match (spoken, asked) {
                (false, _) => self.patience.first,
                (true, false) => self.ping_after(),
                (true, true) => self.patience.pong,
            };
            let sent = tokio::select! {
                next = queue.recv() => match next {
                    Some(bytes) => out.send(framed(bytes)).await,
                    None => {
                        let _ = timeout(self.patience.pong, out.close()).await;
                        return false;
                    }
                },
                _ = &mut first, if !spoken => {
                    let _ = timeout(self.patience.pong, out.close()).await;
                    return false;
                }
                heard = timeout(wait, frames.next()) => match heard {
                    Ok(Some(Ok(frame))) => {
                        asked = false;
                        match payload(frame) {
                            Some(bytes) if is_ping(&bytes) => out.send(Message::text(PONG)).await,
                            Some(bytes) => {
                                (spoken, pings) = (true, 0);
                                let remote = self.remote;
                                if !(self.deliver)(TcpEvent::Message { remote, bytes }) {
                                    return false;
                                }
                                Ok(())
                            }
                            // Pings are answered by the library, with what is sent next or now.
                            None => out.flush().await,
                        }
                    }
                    Ok(Some(Err(_)) | None) => return false,
                    Err(_) if asked || !spoken || self.is_idle(pings) => {
                        let _ = timeout(self.patience.pong, out.close()).await;
                        return false;
                    }
                    Err(_) => {
                        (asked, pings) = (true, pings + 1);
                        out.send(Message::Ping(Bytes::new())).await
                    }
                },
            };
            if sent.is_err() {
                return true;
            }
        }
    }

    /// Nothing but pongs for as long as a stream may be idle.
    fn is_idle(&self, pings: u32) -> bool {
        self.patience.ping * pings >= self.patience.idle
    }
}

fn framed(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

fn payload(frame: Message) -> Option<Bytes> {
    match frame {
        Message::Text(text) => Some(text.into()),
        Message::Binary(bytes) => Some(bytes),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

fn is_ping(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b'\r' | b'\n'))
}
