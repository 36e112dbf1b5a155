//! Packets that wait until all that came with theirs has been read, and then go out one after the other. What it is for is whoever they
//! go to: a receiver on this machine that is woken for the first finds the rest, and need not be woken for each, which costs the
//! sender more than everything else that it does for a packet. None waits longer than it takes to read what is there.

use super::pairs::Pairs;
use std::net::SocketAddr;
use tandem_media::Transmit;
use tandem_types::LegId;

/// So many packets at the most, and their octets: beyond it those that wait go out first.
const PACKETS: usize = 64;
const OCTETS: usize = 32 * 1024;

struct Packet {
    leg: LegId,
    rtcp: bool,
    to: SocketAddr,
    /// Where its octets end.
    end: usize,
}

/// They, in order.
pub(super) struct Staged {
    packets: Vec<Packet>,
    octets: Vec<u8>,
}

impl Staged {
    /// Has room for all that it will ever hold.
    pub(super) fn new() -> Self {
        Self {
            packets: Vec::with_capacity(PACKETS),
            octets: Vec::with_capacity(OCTETS),
        }
    }

    /// One more.
    pub(super) fn put(&mut self, pairs: &Pairs, t: Transmit<'_>) {
        if self.packets.len() == PACKETS || self.octets.len() + t.bytes.len() > OCTETS {
            self.send(pairs);
        }
        self.octets.extend_from_slice(t.bytes);
        self.packets.push(Packet {
            leg: t.leg,
            rtcp: t.rtcp,
            to: t.to,
            end: self.octets.len(),
        });
    }

    /// All of them go out.
    pub(super) fn send(&mut self, pairs: &Pairs) {
        let mut begin = 0;
        for Packet { leg, rtcp, to, end } in self.packets.drain(..) {
            let bytes = &self.octets[begin..end];
            begin = end;
            pairs.send(Transmit {
                leg,
                rtcp,
                to,
                bytes,
            });
        }
        self.octets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_worker::readable::Readable;
    use std::{net::UdpSocket, time::Duration};
    use tandem_net::PortPool;
    use tandem_types::{CallId, Mono, media::Family};

    #[test]
    fn all_go_out_in_order_and_none_stays() {
        let leg = LegId {
            call: CallId(1),
            index: 1,
        };
        let pool = PortPool::new((23_620, 23_630), (0, 1), 0, Duration::from_secs(1));
        let readable = Readable::new().expect("an epoll");
        let mut pairs = Pairs::new(vec![([127, 0, 0, 97].into(), pool)], readable);
        let local = pairs.take(Mono(0), false, Family::V4).expect("a port");
        pairs.give(leg, local);
        let far_end = UdpSocket::bind(("127.0.0.97", 0)).expect("a socket");
        far_end
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a patience");
        let to = far_end.local_addr().expect("an address");
        let mut staged = Staged::new();
        let room = (staged.packets.capacity(), staged.octets.capacity());
        // More than there is room for, by number and by size.
        let length = |n: usize| if n < 100 { 1 } else { 1400 };
        let all = 130;
        for n in 0..all {
            let bytes = &vec![n as u8; length(n)][..];
            let rtcp = n % 2 == 1;
            staged.put(
                &pairs,
                Transmit {
                    leg,
                    rtcp,
                    to,
                    bytes,
                },
            );
        }
        staged.send(&pairs);
        assert!(staged.packets.is_empty() && staged.octets.is_empty());
        assert_eq!(
            room,
            (staged.packets.capacity(), staged.octets.capacity()),
            "nothing was allocated"
        );
        let mut buffer = [0; 2048];
        for n in 0..all {
            let (length_came, from) = far_end.recv_from(&mut buffer).expect("a packet");
            assert_eq!((buffer[0] as usize, length_came), (n, length(n)));
            assert_eq!(
                from.port(),
                local.port() + (n % 2) as u16,
                "from its own socket"
            );
        }
    }
}
