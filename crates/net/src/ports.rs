//! RTP ports: an even port for RTP and the odd one above it for RTCP (RFC 3550 section 11). A port
//! that was given back rests before it is used again, so that a late packet of the old call does
//! not reach the new one, and a share is kept for consult legs.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};
use tandem_types::Mono;

/// Both sockets of a leg, non-blocking.
#[derive(Debug)]
pub struct RtpSockets {
    /// On an even port.
    pub rtp: UdpSocket,
    /// One above.
    pub rtcp: UdpSocket,
    /// Where `rtp` is.
    pub local: SocketAddr,
}

/// The pool of one media worker.
#[derive(Debug)]
pub struct PortPool {
    address: IpAddr,
    free: VecDeque<u16>,
    resting: VecDeque<(Mono, u16)>,
    reserve: usize,
    rest: Duration,
}

impl PortPool {
    /// The even ports of `first..=last` whose place in the range is `worker` modulo `workers`.
    pub fn new(
        address: IpAddr,
        (first, last): (u16, u16),
        (worker, workers): (usize, usize),
        reserve: usize,
        rest: Duration,
    ) -> Self {
        let free = (first..last)
            .filter(|p| p % 2 == 0)
            .enumerate()
            .filter(|(i, _)| i % workers.max(1) == worker)
            .map(|(_, p)| p)
            .collect();
        Self {
            address,
            free,
            resting: VecDeque::new(),
            reserve,
            rest,
        }
    }

    /// Two sockets, if there is a pair for this purpose. A port that another process has is passed over.
    pub fn take(&mut self, now: Mono, for_consult: bool) -> Option<RtpSockets> {
        while let Some((_, port)) = self.resting.pop_front_if(|(at, _)| *at <= now) {
            self.free.push_back(port);
        }
        if self.free.len() <= if for_consult { 0 } else { self.reserve } {
            return None;
        }
        for _ in 0..self.free.len() {
            let port = self.free.pop_front()?;
            match bind_pair(self.address, port) {
                Ok(sockets) => return Some(sockets),
                Err(_) => self.free.push_back(port),
            }
        }
        None
    }

    /// A leg has given its port back.
    pub fn give_back(&mut self, now: Mono, port: u16) {
        self.resting.push_back((now + self.rest, port));
    }

    /// Pairs that could be taken now for a new call.
    pub fn free(&self) -> usize {
        self.free.len().saturating_sub(self.reserve)
    }
}

fn bind_pair(address: IpAddr, port: u16) -> std::io::Result<RtpSockets> {
    let local = SocketAddr::new(address, port);
    let rtp = UdpSocket::bind(local)?;
    let rtcp = UdpSocket::bind(SocketAddr::new(address, port + 1))?;
    rtp.set_nonblocking(true)?;
    rtcp.set_nonblocking(true)?;
    Ok(RtpSockets { rtp, rtcp, local })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_rests_and_the_reserve_is_for_consult_legs() {
        let rest = Duration::from_secs(30);
        let mut pool = PortPool::new([127, 0, 0, 97].into(), (23_450, 23_453), (0, 1), 1, rest);
        let first = pool.take(Mono(0), false).expect("one of two pairs");
        assert!(pool.take(Mono(0), false).is_none(), "the second is kept");
        let second = pool.take(Mono(0), true).expect("for a consult leg");
        assert_ne!(first.local, second.local);
        let port = second.local.port();
        assert_eq!(port % 2, 0);
        drop(second);
        pool.give_back(Mono(0), port);
        assert!(pool.take(Mono(1), true).is_none(), "it rests");
        assert!(pool.take(Mono(0) + rest, true).is_some());
    }

    #[test]
    fn workers_share_nothing() {
        let pool = |w| {
            PortPool::new(
                [127, 0, 0, 97].into(),
                (23_000, 23_100),
                (w, 2),
                0,
                Duration::ZERO,
            )
            .free
        };
        assert!(pool(0).iter().all(|p| !pool(1).contains(p)));
        assert_eq!(pool(0).len() + pool(1).len(), 50);
    }
}
