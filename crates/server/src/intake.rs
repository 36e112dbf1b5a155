//! What comes in by UDP. The shard's thread reads its sockets itself: a thread between them would be woken for each packet and wake
//! the shard for it, which costs more than the packet does. (With several shards each has sockets of its own on the same port, and
//! what the kernel gives to the wrong one goes on by its queue.)
//!
//! ```text
//!   socket -- all that is there --> door --> waiting, 4,096 at the most --> switch
//! ```
//!
//! The door must see what waits, so the sockets are emptied before each burst of work.

use crate::{
    door::{Door, Verdict},
    places::{SOCKETS, ShardQueue, Waiting},
};
use bytes::Bytes;
use mio::{Events, Interest, Token, net::UdpSocket};
use std::{
    collections::{BTreeMap, VecDeque},
    io::ErrorKind,
    net::SocketAddr,
    time::Duration,
};
use tandem_sip::api::{Flow, Transport};
use tandem_types::Mono;

/// The largest datagram there is.
const DATAGRAM: usize = 65_536;
/// Datagrams taken from one socket before the others have their turn.
const BURST: usize = 256;
/// Over so long it is measured how busy the shard is.
const WINDOW: Duration = Duration::from_millis(100);

struct Listener {
    /// As peers see it.
    local: SocketAddr,
    socket: UdpSocket,
    /// There may be more than was read.
    more: bool,
}

/// The sockets of a shard, and the packets that wait for it.
pub(crate) struct Intake {
    listeners: Vec<Listener>,
    door: Door,
    /// Together with those that wait elsewhere.
    count: Waiting,
    waiting: VecDeque<(Flow, Bytes)>,
    buffer: Box<[u8]>,
    events: Events,
    /// Since when it is measured, and how long the shard has slept since.
    window: Mono,
    asleep: Duration,
}

impl Intake {
    /// From now on the sockets wake whoever sleeps at the queue.
    pub(crate) fn new(
        sockets: BTreeMap<SocketAddr, std::net::UdpSocket>,
        door: Door,
        queue: &ShardQueue,
    ) -> std::io::Result<Self> {
        let mut listeners = Vec::new();
        for (local, socket) in sockets {
            socket.set_nonblocking(true)?;
            let mut socket = UdpSocket::from_std(socket);
            let token = Token(SOCKETS + listeners.len());
            queue
                .registry()
                .register(&mut socket, token, Interest::READABLE)?;
            listeners.push(Listener {
                local,
                socket,
                more: true,
            });
        }
        Ok(Self {
            listeners,
            door,
            count: queue.packets(),
            waiting: VecDeque::new(),
            buffer: vec![0; DATAGRAM].into(),
            events: Events::with_capacity(64),
            window: Mono(0),
            asleep: Duration::ZERO,
        })
    }

    /// Sleeps until there is something to do, `wait` at the longest.
    pub(crate) fn sleep(&mut self, queue: &mut ShardQueue, wait: Duration) {
        let busy = !self.waiting.is_empty() || self.listeners.iter().any(|l| l.more);
        let wait = if busy { Duration::ZERO } else { wait };
        if let Err(error) = queue.sleep(&mut self.events, wait) {
            tracing::error!(target: "tandem::alarm", %error, "the signalling thread cannot poll");
        }
        for event in &self.events {
            let place = event.token().0.checked_sub(SOCKETS);
            if let Some(listener) = place.and_then(|p| self.listeners.get_mut(p)) {
                listener.more = true;
            }
        }
    }

    /// The shard has slept.
    pub(crate) fn slept(&mut self, from: Mono, to: Mono) {
        self.asleep += to.since(from);
        let window = to.since(self.window);
        if window >= WINDOW {
            let asleep = self.asleep.as_micros() * 1000 / window.as_micros();
            let busy = 1000 - u32::try_from(asleep.min(1000)).unwrap_or(1000);
            self.door.settle(busy);
            (self.window, self.asleep) = (to, Duration::ZERO);
        }
    }

    /// Reads what is there.
    pub(crate) fn read(&mut self) {
        for at in 0..self.listeners.len() {
            for _ in 0..BURST {
                let Some(listener) = self.listeners.get_mut(at).filter(|l| l.more) else {
                    break;
                };
                match listener.socket.recv_from(&mut self.buffer) {
                    Ok((n, remote)) => {
                        let packet = self.buffer.get(..n).unwrap_or_default();
                        // CRLF keepalives of phones behind NAT (RFC 5626) are no messages.
                        if packet.iter().any(|b| !matches!(b, b'\r' | b'\n' | 0)) {
                            let bytes = Bytes::copy_from_slice(packet);
                            self.arrived(at, remote, bytes);
                        }
                    }
                    // A signal, or ICMP's word about a datagram sent earlier.
                    Err(e)
                        if matches!(
                            e.kind(),
                            ErrorKind::Interrupted | ErrorKind::ConnectionRefused
                        ) => {}
                    Err(e) => {
                        listener.more = false;
                        if e.kind() != ErrorKind::WouldBlock {
                            tracing::error!(error = %e, "a SIP socket failed");
                        }
                    }
                }
            }
        }
    }

    fn arrived(&mut self, at: usize, remote: SocketAddr, bytes: Bytes) {
        let Some(listener) = self.listeners.get(at) else {
            return;
        };
        match self.door.judge(self.count.now(), remote, &bytes) {
            Verdict::Enter => {
                let from = Flow {
                    transport: Transport::Udp,
                    local: listener.local,
                    remote,
                };
                self.count.come();
                self.waiting.push_back((from, bytes));
            }
            Verdict::Refuse(to, answer) => {
                // Lost, it is asked for again.
                let _ = listener.socket.send_to(&answer, to);
            }
            Verdict::Forget | Verdict::Drop => {}
        }
    }

    /// The packet that has waited longest.
    pub(crate) fn next(&mut self) -> Option<(Flow, Bytes)> {
        let packet = self.waiting.pop_front()?;
        self.count.go();
        Some(packet)
    }

    /// Whether packets wait.
    pub(crate) fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// `false`: it cannot be sent there.
    pub(crate) fn send(&self, flow: &Flow, bytes: &[u8]) -> bool {
        let exact = self.listeners.iter().find(|l| l.local == flow.local);
        let listener = exact.or_else(|| {
            let v4 = flow.remote.is_ipv4();
            self.listeners.iter().find(|l| l.local.is_ipv4() == v4)
        });
        let Some(listener) = listener else {
            return false;
        };
        match listener.socket.send_to(bytes, flow.remote) {
            Ok(_) => true,
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                // A full buffer loses it, as a full link would; what matters is sent again (RFC 3261 section 17).
                crate::places::full("udp", "drop");
                true
            }
            Err(_) => false,
        }
    }
}
