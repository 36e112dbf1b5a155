//! The sound of calls that are up: PCMA both ways, a packet every 20 ms, counted where it arrives.

use std::{collections::BTreeMap, io, net::SocketAddr};
use tokio::net::UdpSocket;

/// 20 ms of PCMA.
const PAYLOAD: usize = 160;

/// One side of all calls.
pub(crate) struct Sound {
    socket: UdpSocket,
    streams: BTreeMap<String, Stream>,
    /// Packets that went, and that came.
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

struct Stream {
    to: SocketAddr,
    ssrc: u32,
    seq: u16,
}

impl Sound {
    pub(crate) async fn at(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            socket: UdpSocket::bind(address).await?,
            streams: BTreeMap::new(),
            sent: 0,
            received: 0,
        })
    }

    /// Speaks to where this description says, for this call.
    pub(crate) fn begin(&mut self, call: &str, message: &str) {
        let line = |start: &str| message.lines().find_map(|l| l.strip_prefix(start));
        let address = line("c=IN IP4 ").and_then(|a| a.trim().parse().ok());
        let port = line("m=audio ").and_then(|m| m.split(' ').next()?.parse().ok());
        if let (Some(ip), Some(port)) = (address, port) {
            let ssrc = self.sent as u32 ^ u32::from(port) << 16;
            let to = SocketAddr::new(ip, port);
            let stream = Stream { to, ssrc, seq: 0 };
            self.streams.insert(call.to_owned(), stream);
        }
    }

    pub(crate) fn end(&mut self, call: &str) {
        self.streams.remove(call);
    }

    /// One packet for each call.
    pub(crate) fn speak(&mut self) {
        for stream in self.streams.values_mut() {
            let mut packet = [0xd5u8; 12 + PAYLOAD];
            packet[..2].copy_from_slice(&[0x80, 8]);
            packet[2..4].copy_from_slice(&stream.seq.to_be_bytes());
            let time = u32::from(stream.seq).wrapping_mul(PAYLOAD as u32);
            packet[4..8].copy_from_slice(&time.to_be_bytes());
            packet[8..12].copy_from_slice(&stream.ssrc.to_be_bytes());
            stream.seq = stream.seq.wrapping_add(1);
            if self.socket.try_send_to(&packet, stream.to).is_ok() {
                self.sent += 1;
            }
        }
    }

    /// Counts what has come.
    pub(crate) fn hear(&mut self) {
        let mut buffer = [0u8; 2048];
        while self.socket.try_recv_from(&mut buffer).is_ok() {
            self.received += 1;
        }
    }
}
