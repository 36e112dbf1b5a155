//! Bodies that are sent piece by piece, each after its delay.

use crate::log::Entry;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use std::{io, time::Duration};

/// How a body ends after its last piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// As HTTP wants it.
    Whole,
    /// The connection breaks: the end of the chunked body never comes.
    Cut,
}

/// Between the last piece and the cut, so that the piece is on the wire.
const FLUSH: Duration = Duration::from_millis(30);

/// A body of pieces; the log hears whether it was sent to its end.
pub(crate) fn body<I>(pieces: I, last: Last, entry: Entry) -> Body
where
    I: Iterator<Item = (Duration, Bytes)> + Send + 'static,
{
    Body::from_stream(stream::unfold(
        Some((pieces, entry)),
        move |state| async move {
            let (mut pieces, mut entry) = state?;
            match pieces.next() {
                Some((delay, piece)) => {
                    pause(delay).await;
                    Some((Ok(piece), Some((pieces, entry))))
                }
                None => {
                    if last == Last::Cut {
                        // Hyper writes what it has while it waits for more.
                        pause(FLUSH).await;
                    }
                    entry.sent();
                    // Given to hyper as an error, it drops the connection without the end of the body.
                    (last == Last::Cut)
                        .then(|| (Err(io::Error::from(io::ErrorKind::BrokenPipe)), None))
                }
            }
        },
    ))
}

/// Waits.
#[expect(
    clippy::disallowed_methods,
    reason = "a scripted delay of a real server"
)]
pub(crate) async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
