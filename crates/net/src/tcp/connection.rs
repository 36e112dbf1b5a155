//! One connection: what is read from it and written to it until one of the two ends it.

use super::{Frame, Framer, Patience, TcpEvent, web::Socket};
use bytes::{Bytes, BytesMut};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::TlsStream;

/// A ping, and its answer (RFC 5626 section 3.5.1).
const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";
/// On a connection of ours the far end may be silent for so long: our pings show whether it is there.
const OURS_IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// What a last word may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Both ends of what bytes go by.
pub(super) enum Wire {
    /// A stream that is to be cut.
    Stream(
        Box<dyn AsyncRead + Send + Unpin>,
        Box<dyn AsyncWrite + Send + Unpin>,
    ),
    /// Frames with a message each.
    Web(Socket),
}

impl Wire {
    pub(super) fn plain(stream: TcpStream) -> Self {
        // SIP's messages are small and answered at once: Nagle's algorithm would only hold them back.
        let _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        Self::Stream(Box::new(reader), Box::new(writer))
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>) -> Self {
        let _ = stream.get_ref().0.set_nodelay(true);
        let (reader, writer) = tokio::io::split(stream);
        Self::Stream(Box::new(reader), Box::new(writer))
    }
}

/// How a connection is kept.
pub(super) struct Connection<D> {
    pub(super) remote: SocketAddr,
    /// We opened it.
    pub(super) ours: bool,
    pub(super) framer: Framer,
    pub(super) patience: Patience,
    pub(super) pong: mpsc::WeakSender<Bytes>,
    pub(super) deliver: D,
}

/// What is known of keepalives, between the reading and the writing of a connection.
#[derive(Default)]
struct Alive {
    /// A ping of ours is out.
    pinged: AtomicBool,
    /// The far end has answered one.
    answers: AtomicBool,
}

impl<D: Fn(TcpEvent) -> bool> Connection<D> {
    /// Until it is over. Says whether bytes could not be written.
    pub(super) async fn run(self, wire: Wire, queue: mpsc::Receiver<Bytes>) -> bool {
        let (reader, mut writer) = match wire {
            Wire::Stream(reader, writer) => (reader, writer),
            Wire::Web(socket) => return self.run_web(socket, queue).await,
        };
        let alive = Alive::default();
        let failed = tokio::select! {
            written = self.write(&mut writer, queue, &alive) => written.is_err(),
            () = self.read(reader, &alive) => false,
        };
        let _ = timeout(GOODBYE, writer.shutdown()).await;
        failed
    }

    async fn write(
        &self,
        writer: &mut (impl AsyncWrite + Unpin),
        mut queue: mpsc::Receiver<Bytes>,
        alive: &Alive,
    ) -> std::io::Result<()> {
        loop {
            let waits = alive.pinged.load(Relaxed);
            let next = match (self.ours, waits) {
                (false, _) => Ok(queue.recv().await),
                (true, false) => timeout(self.ping_after(), queue.recv()).await,
                (true, true) => timeout(self.patience.pong, queue.recv()).await,
            };
            let bytes = match next {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(()),
                Err(_) if waits => {
                    // Whatever came since has answered it. Who never answered any knows no keepalives (RFC 6223).
                    let silent = alive.pinged.swap(false, Relaxed);
                    if silent && alive.answers.load(Relaxed) {
                        return Ok(());
                    }
                    continue;
                }
                Err(_) => {
                    alive.pinged.store(true, Relaxed);
                    Bytes::from_static(PING)
                }
            };
            writer.write_all(&bytes).await?;
            writer.flush().await?;
        }
    }

    /// Not all connections of an office in the same second: up to a quarter later, by the far end's port.
    pub(super) fn ping_after(&self) -> Duration {
        let share = u32::from(self.remote.port() % 64);
        self.patience.ping + self.patience.ping * share / 256
    }

    async fn read(&self, reader: impl AsyncRead + Unpin, alive: &Alive) {
        let mut stream = Stream {
            reader,
            buffer: BytesMut::with_capacity(4096),
            framer: self.framer,
        };
        // It is for us to speak first on a connection of ours.
        let (first, idle) = if self.ours {
            (OURS_IDLE, OURS_IDLE)
        } else {
            (self.patience.first, self.patience.idle)
        };
        let message = async {
            loop {
                match stream.next().await? {
                    Piece::Message(bytes) => return Some(bytes),
                    Piece::Keepalive(n) => self.kept_alive(n, alive),
                }
            }
        };
        let Ok(Some(bytes)) = timeout(first, message).await else {
            return;
        };
        let mut open = self.heard(bytes, alive);
        while open && timeout(idle, stream.some()).await == Ok(true) {
            open = match timeout(self.patience.message, stream.next()).await {
                Ok(Some(Piece::Message(bytes))) => self.heard(bytes, alive),
                Ok(Some(Piece::Keepalive(n))) => {
                    self.kept_alive(n, alive);
                    true
                }
                Ok(None) | Err(_) => false,
            };
        }
    }

    fn heard(&self, bytes: Bytes, alive: &Alive) -> bool {
        alive.pinged.store(false, Relaxed);
        let remote = self.remote;
        (self.deliver)(TcpEvent::Message { remote, bytes })
    }

    /// A double CRLF is a ping, a single one its answer.
    fn kept_alive(&self, bytes: usize, alive: &Alive) {
        if bytes < PING.len() {
            let asked = alive.pinged.swap(false, Relaxed);
            alive.answers.fetch_or(asked, Relaxed);
        } else if let Some(pong) = self.pong.upgrade() {
            let _ = pong.try_send(Bytes::from_static(PONG));
        }
    }
}

/// The bytes of a connection that are not used yet.
struct Stream<R> {
    reader: R,
    buffer: BytesMut,
    framer: Framer,
}

enum Piece {
    Keepalive(usize),
    Message(Bytes),
}

impl<R: AsyncRead + Unpin> Stream<R> {
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
