//! TCP for SIP: connections that came in and connections that we opened stand in one table by the far end's
//! address, so an answer goes back the way its request came (RFC 3261 section 18.2.2).
//!
//! Rules: at most [`MAX_CONNECTIONS`]; one more is closed at once. A connection whose stream cannot be
//! framed is closed, and so is one whose far end does not come to the point ([`Patience`]). A peer that does not read loses its
//! connection when 256 messages wait for it.

use crate::NetError;
use bytes::{Bytes, BytesMut};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

/// Connections at once, in and out.
pub const MAX_CONNECTIONS: usize = 2000;
/// Messages that may wait for a peer that does not read.
const QUEUE: usize = 256;
/// How long a connection may take to be made: the first target of several must fail within 4 s (RFC 3263).
const CONNECT: Duration = Duration::from_secs(3);

/// How long the far end of a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From its connection to the end of its first message. Keepalives are none: whoever only holds connections open holds
    /// none for long.
    pub first: Duration,
    /// From the first byte of a message to its last.
    pub message: Duration,
    /// Between messages; phones keep theirs alive by CRLF (RFC 5626).
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(20),
            message: Duration::from_secs(20),
            idle: Duration::from_secs(15 * 60),
        }
    }
}

/// How a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// More bytes are needed.
    More,
    /// The first bytes are a keepalive.
    Keepalive(usize),
    /// The first bytes are one message.
    Whole(usize),
    /// This stream cannot be framed any more.
    Bad,
}

/// Cuts a stream.
pub type Framer = fn(&[u8]) -> Frame;

/// What comes from connections.
#[derive(Clone, Debug)]
pub enum TcpEvent {
    /// One framed message.
    Message {
        /// From.
        remote: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
    /// Bytes to this address could not be sent.
    Failed {
        /// To.
        remote: SocketAddr,
    },
}

/// Bytes that are to go.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// To.
    pub remote: SocketAddr,
    /// What.
    pub bytes: Bytes,
}

enum Done {
    Closed(SocketAddr),
    Opened(SocketAddr, Option<TcpStream>),
}

/// Accepts, opens, reads and writes until `outgoing` is closed. `deliver` returns `false` when its queue is
/// full: the connection is then closed, and the peer opens it again.
pub async fn serve_tcp(
    addr: SocketAddr,
    framer: Framer,
    patience: Patience,
    deliver: impl Fn(TcpEvent) -> bool + Clone + Send + Sync + 'static,
    mut outgoing: mpsc::Receiver<Outgoing>,
    ready: impl FnOnce(Result<SocketAddr, NetError>),
) {
    let listener = match TcpListener::bind(addr)
        .await
        .and_then(|l| l.local_addr().map(|a| (l, a)))
    {
        Ok((listener, local)) => {
            ready(Ok(local));
            listener
        }
        Err(e) => return ready(Err(NetError::of("tcp", addr, e))),
    };
    let theirs = How { framer, patience };
    let ours = How {
        // It is for us to speak first there.
        patience: Patience {
            first: patience.idle,
            ..patience
        },
        ..theirs
    };
    let mut table: BTreeMap<SocketAddr, mpsc::Sender<Bytes>> = BTreeMap::new();
    let mut opening: BTreeMap<SocketAddr, Vec<Bytes>> = BTreeMap::new();
    let mut tasks: JoinSet<Done> = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) if table.len() < MAX_CONNECTIONS => {
                    attach(stream, remote, theirs, deliver.clone(), &mut table, &mut tasks);
                }
                Ok((_, remote)) => tracing::warn!(%remote, "too many TCP connections; one was closed"),
                Err(error) => tracing::warn!(%error, "a TCP connection could not be accepted"),
            },
            message = outgoing.recv() => {
                let Some(Outgoing { remote, bytes }) = message else { return };
                if let Some(writer) = table.get(&remote) {
                    if writer.try_send(bytes).is_err() {
                        table.remove(&remote);
                        deliver(TcpEvent::Failed { remote });
                    }
                } else if let Some(waiting) = opening.get_mut(&remote) {
                    if waiting.len() < QUEUE {
                        waiting.push(bytes);
                    }
                } else if table.len() + opening.len() < MAX_CONNECTIONS {
                    opening.insert(remote, vec![bytes]);
                    tasks.spawn(async move {
                        Done::Opened(remote, timeout(CONNECT, TcpStream::connect(remote)).await.ok().and_then(Result::ok))
                    });
                } else {
                    deliver(TcpEvent::Failed { remote });
                }
            }
            Some(done) = tasks.join_next() => match done {
                Ok(Done::Closed(remote)) => { table.remove(&remote); }
                Ok(Done::Opened(remote, stream)) => {
                    let waiting = opening.remove(&remote).unwrap_or_default();
                    match stream {
                        Some(stream) => {
                            attach(stream, remote, ours, deliver.clone(), &mut table, &mut tasks);
                            if let Some(writer) = table.get(&remote) {
                                for bytes in waiting {
                                    let _ = writer.try_send(bytes);
                                }
                            }
                        }
                        None => { deliver(TcpEvent::Failed { remote }); }
                    }
                }
                Err(error) => tracing::error!(%error, "a TCP connection's task failed"),
            }
        }
    }
}

/// How a connection is read.
#[derive(Clone, Copy)]
struct How {
    framer: Framer,
    patience: Patience,
}

fn attach(
    stream: TcpStream,
    remote: SocketAddr,
    how: How,
    deliver: impl Fn(TcpEvent) -> bool + Send + Sync + 'static,
    table: &mut BTreeMap<SocketAddr, mpsc::Sender<Bytes>>,
    tasks: &mut JoinSet<Done>,
) {
    // SIP's messages are small and answered at once: Nagle's algorithm would only hold them back.
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    let (sender, mut queue) = mpsc::channel::<Bytes>(QUEUE);
    let pong = sender.clone();
    table.insert(remote, sender);
    tasks.spawn(async move {
        let write = async {
            while let Some(bytes) = queue.recv().await {
                if writer.write_all(&bytes).await.is_err() {
                    deliver(TcpEvent::Failed { remote });
                    return;
                }
            }
        };
        let pong = pong.downgrade();
        tokio::select! {
            () = write => {}
            () = read(reader, remote, how, &deliver, &pong) => {}
        }
        Done::Closed(remote)
    });
}

async fn read(
    reader: OwnedReadHalf,
    remote: SocketAddr,
    how: How,
    deliver: &(impl Fn(TcpEvent) -> bool + Sync),
    pong: &mpsc::WeakSender<Bytes>,
) {
    let mut stream = Stream {
        reader,
        buffer: BytesMut::with_capacity(4096),
        framer: how.framer,
    };
    let answer = |keepalive: usize| {
        // A double CRLF is a ping, a single one its answer (RFC 5626 section 3.5.1).
        if keepalive >= 4
            && let Some(pong) = pong.upgrade()
        {
            let _ = pong.try_send(Bytes::from_static(b"\r\n"));
        }
    };
    let first = async {
        loop {
            match stream.next().await? {
                Piece::Message(bytes) => return Some(bytes),
                Piece::Keepalive(n) => answer(n),
            }
        }
    };
    let Ok(Some(bytes)) = timeout(how.patience.first, first).await else {
        return;
    };
    let mut open = deliver(TcpEvent::Message { remote, bytes });
    while open && timeout(how.patience.idle, stream.some()).await == Ok(true) {
        open = match timeout(how.patience.message, stream.next()).await {
            Ok(Some(Piece::Message(bytes))) => deliver(TcpEvent::Message { remote, bytes }),
            Ok(Some(Piece::Keepalive(n))) => {
                answer(n);
                true
            }
            Ok(None) | Err(_) => false,
        };
    }
}

/// The bytes of a connection that are not used yet.
struct Stream {
    reader: OwnedReadHalf,
    buffer: BytesMut,
    framer: Framer,
}

enum Piece {
    Keepalive(usize),
    Message(Bytes),
}

impl Stream {
    /// Whether there is at least one byte; `false`: the connection is over.
    async fn some(&mut self) -> bool {
        !self.buffer.is_empty() || self.more().await
    }

    async fn more(&mut self) -> bool {
        matches!(self.reader.read_buf(&mut self.buffer).await, Ok(n) if n > 0)
    }

    /// The next whole piece; `None`: the connection is over, or cannot be framed any more.
    async fn next(&mut self) -> Option<Piece> {
        loop {
            match (self.framer)(&self.buffer) {
                Frame::More => {
                    if !self.more().await {
                        return None;
                    }
                }
                Frame::Keepalive(n) => {
                    let _ = self.buffer.split_to(n);
                    return Some(Piece::Keepalive(n));
                }
                Frame::Whole(n) => return Some(Piece::Message(self.buffer.split_to(n).freeze())),
                Frame::Bad => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
