//! TCP for SIP, plain, with TLS, or with WebSockets in it: connections that came in and connections that we opened stand in one table by the far end's
//! address, so an answer goes back the way its request came (RFC 3261 section 18.2.2), and so does whatever else is meant for that
//! address (RFC 5923).
//!
//! ```text
//!            somebody connects                 bytes for an address that is not in the table
//!                   |                                          |
//!                   v                                          v
//!   refused <-- Shaking (TLS, WebSocket)                    Opening ------> failed: 3 s, refused, or a server
//!    20 s           |                                          |            that does not prove its name
//!                   +---------------> In the table <-----------+
//!                                          |
//!          closed by them, not framed, too slow, silent, does not read, no pong: closed, and so told
//! ```
//! Rules: at most [`MAX_CONNECTIONS`]; one more is closed at once. A connection whose stream cannot be framed is closed, and so is one
//! whose far end does not come to the point ([`Patience`]). A peer that does not read loses its connection when 256 messages wait for
//! it. By TLS a connection is opened only to a server whose name is known ([`Tls::expect`]), by WebSocket none is.

mod connection;
mod web;

use crate::{NetError, tls::Tls};
use bytes::Bytes;
use connection::{Connection, Wire};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
pub use web::Web;

/// Connections at once, in and out.
pub const MAX_CONNECTIONS: usize = 2000;
/// Messages that may wait for a peer that does not read.
const QUEUE: usize = 256;
/// How long a connection may take to be made: the first target of several must fail within 4 s (RFC 3263).
const CONNECT: Duration = Duration::from_secs(3);

/// How long the far end of a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From its connection to the end of its first message, and as long for a handshake. Keepalives are none: whoever only holds
    /// connections open holds none for long.
    pub first: Duration,
    /// From the first byte of a message to its last.
    pub message: Duration,
    /// Between messages; phones keep theirs alive by CRLF (RFC 5626).
    pub idle: Duration,
    /// On a connection of ours, from the last thing that we sent to a keepalive (RFC 5626 section 4.4.1).
    pub ping: Duration,
    /// From that to its answer, where the far end has answered one before.
    pub pong: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(20),
            message: Duration::from_secs(20),
            idle: Duration::from_secs(15 * 60),
            ping: Duration::from_secs(95),
            pong: Duration::from_secs(10),
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
    /// The connection to this address is closed.
    Closed {
        /// Whose.
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

/// What a table of connections is made with.
#[derive(Clone)]
pub struct Streams {
    /// Where others connect to; `None`: nobody does.
    pub listen: Option<SocketAddr>,
    /// `None`: plain.
    pub tls: Option<Arc<Tls>>,
    /// WebSockets; `None`: streams as they are.
    pub web: Option<Web>,
    /// Cuts what is read.
    pub framer: Framer,
    /// With the far end.
    pub patience: Patience,
}

enum Done {
    /// Whose, and whether bytes could not be written.
    Closed(SocketAddr, u64, bool),
    Shaken(SocketAddr, Option<Wire>),
    Opened(SocketAddr, Option<Wire>),
}

/// Accepts, opens, reads and writes until `outgoing` is closed. `deliver` returns `false` when its queue is
/// full: the connection is then closed, and the peer opens it again. `ready` is told where we listen.
pub async fn serve_tcp(
    streams: Streams,
    deliver: impl Fn(TcpEvent) -> bool + Clone + Send + Sync + 'static,
    mut outgoing: mpsc::Receiver<Outgoing>,
    ready: impl FnOnce(Result<Option<SocketAddr>, NetError>),
) {
    let listener = match bind(&streams).await {
        Ok(listener) => {
            ready(Ok(listener.as_ref().map(|(_, local)| *local)));
            listener.map(|(listener, _)| listener)
        }
        Err(error) => return ready(Err(error)),
    };
    let mut table = Table {
        streams,
        deliver,
        open: BTreeMap::new(),
        opening: BTreeMap::new(),
        shaking: 0,
        count: 0,
        tasks: JoinSet::new(),
    };
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()) => match accepted {
                Ok((stream, remote)) => table.accepted(stream, remote),
                Err(error) => tracing::warn!(%error, "a TCP connection could not be accepted"),
            },
            message = outgoing.recv() => {
                let Some(message) = message else { return };
                table.send(message);
            }
            Some(done) = table.tasks.join_next() => match done {
                Ok(done) => table.done(done),
                Err(error) => tracing::error!(%error, "a TCP connection's task failed"),
            }
        }
    }
}

async fn bind(streams: &Streams) -> Result<Option<(TcpListener, SocketAddr)>, NetError> {
    let Some(addr) = streams.listen else {
        return Ok(None);
    };
    let proto = match (&streams.web, &streams.tls) {
        (None, None) => "tcp",
        (None, Some(_)) => "tls",
        (Some(_), None) => "ws",
        (Some(_), Some(_)) => "wss",
    };
    let bound = TcpListener::bind(addr).await;
    let bound = bound.and_then(|l| l.local_addr().map(|a| (l, a)));
    bound
        .map(Some)
        .map_err(|error| NetError::of(proto, addr, error))
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// All connections of one listener.
struct Table<D> {
    streams: Streams,
    deliver: D,
    /// With a number each: another connection may have the same address by the time that one is known to be closed.
    open: BTreeMap<SocketAddr, (u64, mpsc::Sender<Bytes>)>,
    opening: BTreeMap<SocketAddr, Vec<Bytes>>,
    /// Theirs, in a handshake.
    shaking: usize,
    count: u64,
    tasks: JoinSet<Done>,
}

impl<D: Fn(TcpEvent) -> bool + Clone + Send + Sync + 'static> Table<D> {
    fn is_full(&self) -> bool {
        self.open.len() + self.opening.len() + self.shaking >= MAX_CONNECTIONS
    }

    fn accepted(&mut self, stream: TcpStream, remote: SocketAddr) {
        if self.is_full() {
            return tracing::warn!(%remote, "too many TCP connections; one was closed");
        }
        let (tls, web) = (self.streams.tls.clone(), self.streams.web.clone());
        if tls.is_none() && web.is_none() {
            return self.attach(Wire::plain(stream), remote, false);
        }
        self.shaking += 1;
        let patience = self.streams.patience.first;
        self.tasks.spawn(async move {
            let shaken = timeout(patience, shake(stream, tls, web)).await;
            Done::Shaken(remote, told(remote, shaken, "a client was refused"))
        });
    }

    fn send(&mut self, Outgoing { remote, bytes }: Outgoing) {
        if let Some((_, writer)) = self.open.get(&remote) {
            if writer.try_send(bytes).is_err() {
                self.open.remove(&remote);
                (self.deliver)(TcpEvent::Failed { remote });
            }
        } else if let Some(waiting) = self.opening.get_mut(&remote) {
            if waiting.len() < QUEUE {
                waiting.push(bytes);
            }
        } else if self.is_full() || self.streams.web.is_some() {
            // Whoever comes by WebSocket can be reached by that alone.
            (self.deliver)(TcpEvent::Failed { remote });
        } else {
            self.opening.insert(remote, vec![bytes]);
            let (from, tls) = (self.streams.listen, self.streams.tls.clone());
            self.tasks.spawn(async move {
                let opened = timeout(CONNECT, open(from, remote, tls)).await;
                Done::Opened(
                    remote,
                    told(remote, opened, "no connection to a SIP server"),
                )
            });
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Closed(remote, number, failed) => {
                // One that was given up before was told then, and what is there now is another one.
                if self.open.get(&remote).is_some_and(|(n, _)| *n == number) {
                    self.open.remove(&remote);
                    (self.deliver)(match failed {
                        true => TcpEvent::Failed { remote },
                        false => TcpEvent::Closed { remote },
                    });
                }
            }
            Done::Shaken(remote, wire) => {
                self.shaking -= 1;
                if let Some(wire) = wire {
                    self.attach(wire, remote, false);
                }
            }
            Done::Opened(remote, wire) => {
                let waiting = self.opening.remove(&remote).unwrap_or_default();
                let Some(wire) = wire else {
                    (self.deliver)(TcpEvent::Failed { remote });
                    return;
                };
                self.attach(wire, remote, true);
                if let Some((_, writer)) = self.open.get(&remote) {
                    for bytes in waiting {
                        let _ = writer.try_send(bytes);
                    }
                }
            }
        }
    }

    fn attach(&mut self, wire: Wire, remote: SocketAddr, ours: bool) {
        let (sender, queue) = mpsc::channel::<Bytes>(QUEUE);
        let connection = Connection {
            remote,
            ours,
            framer: self.streams.framer,
            patience: self.streams.patience,
            pong: sender.downgrade(),
            deliver: self.deliver.clone(),
        };
        self.count += 1;
        let number = self.count;
        self.open.insert(remote, (number, sender));
        self.tasks.spawn(async move {
            let failed = connection.run(wire, queue).await;
            Done::Closed(remote, number, failed)
        });
    }
}

/// The handshakes of a client's connection.
async fn shake(stream: TcpStream, tls: Option<Arc<Tls>>, web: Option<Web>) -> Result<Wire, String> {
    let _ = stream.set_nodelay(true);
    match (tls, web) {
        (None, None) => Ok(Wire::plain(stream)),
        (Some(tls), None) => tls.accept(stream).await.map(Wire::tls),
        (None, Some(web)) => web.shake(Box::new(stream)).await.map(Wire::Web),
        (Some(tls), Some(web)) => {
            let stream = tls.accept(stream).await?;
            web.shake(Box::new(stream)).await.map(Wire::Web)
        }
    }
}

async fn open(
    from: Option<SocketAddr>,
    remote: SocketAddr,
    tls: Option<Arc<Tls>>,
) -> Result<Wire, String> {
    let stream = connect(from, remote).await.map_err(|e| e.to_string())?;
    Ok(match tls {
        None => Wire::plain(stream),
        Some(tls) => Wire::tls(tls.connect(remote, stream).await?),
    })
}

/// From the address that we listen at, if that is one: carriers know us by it.
async fn connect(from: Option<SocketAddr>, remote: SocketAddr) -> std::io::Result<TcpStream> {
    let own = from.map(|addr| addr.ip());
    let own = own.filter(|ip| !ip.is_unspecified() && ip.is_ipv4() == remote.is_ipv4());
    let Some(ip) = own else {
        return TcpStream::connect(remote).await;
    };
    let socket = if ip.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.bind((ip, 0).into())?;
    socket.connect(remote).await
}

/// A failure leaves a line that says what to do.
fn told(
    remote: SocketAddr,
    made: Result<Result<Wire, String>, tokio::time::error::Elapsed>,
    what: &'static str,
) -> Option<Wire> {
    let why = match made {
        Ok(Ok(wire)) => return Some(wire),
        Ok(Err(why)) => why,
        Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(target: "tandem::connection", %remote, why, "{what}");
    None
}

#[cfg(test)]
mod tests;
