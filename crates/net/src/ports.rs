//! RTP ports: an even port for RTP and the odd one above it for RTCP (RFC 3550 section 11). A port
//! that was given back rests before it is used again, so that a late packet of the old call does
//! not reach the new one, and a share is kept for consult legs.

use socket2::{Domain, Socket, Type};
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
}

impl RtpSockets {
    /// Binds both; `port` is even. Those of IPv6 take IPv6 alone, so that IPv4 may have the same port.
    pub fn bind(address: IpAddr, port: u16) -> std::io::Result<Self> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        Ok(Self { rtp, rtcp })
    }
}

fn bind(at: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// The pool of one media worker.
#[derive(Debug)]
pub struct PortPool {
    free: VecDeque<u16>,
    resting: VecDeque<(Mono, u16)>,
    reserve: usize,
    rest: Duration,
}

impl PortPool {
    /// The even ports of `first..=last` whose place in the range is `worker` modulo `workers`.
    pub fn new(
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
            free,
            resting: VecDeque::new(),
            reserve,
            rest,
        }
    }

    /// A port, if there is one for this purpose. One that does not open, as another process has it, is passed over.
    pub fn take(
        &mut self,
        now: Mono,
        for_consult: bool,
        mut open: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        while let Some((_, port)) = self.resting.pop_front_if(|(at, _)| *at <= now) {
            // The next to be used: its sockets may still be open.
            self.free.push_front(port);
        }
        if self.free.len() <= if for_consult { 0 } else { self.reserve } {
            return None;
        }
        for _ in 0..self.free.len() {
            let port = self.free.pop_front()?;
            if open(port) {
                return Some(port);
            }
            self.free.push_back(port);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_rests_and_the_reserve_is_for_consult_legs() {
        let rest = Duration::from_secs(30);
        let mut pool = PortPool::new((23_450, 23_453), (0, 1), 1, rest);
        let open = |_| true;
        let first = pool.take(Mono(0), false, open).expect("one of two pairs");
        assert!(
            pool.take(Mono(0), false, open).is_none(),
            "the second is kept"
        );
        let second = pool.take(Mono(0), true, open).expect("for a consult leg");
        assert_ne!(first, second);
        assert_eq!(second % 2, 0);
        pool.give_back(Mono(0), second);
        assert!(pool.take(Mono(1), true, open).is_none(), "it rests");
        assert_eq!(pool.take(Mono(0) + rest, true, open), Some(second));
    }

    #[test]
    fn a_port_that_another_process_has_is_passed_over() {
        let here = IpAddr::from([127, 0, 0, 97]);
        // Both ports of a pair are needed.
        let taken = UdpSocket::bind((here, 23_503)).expect("a port");
        let mut pool = PortPool::new((23_502, 23_505), (0, 1), 0, Duration::ZERO);
        let mut bound = None;
        let mut open = |port| {
            bound = RtpSockets::bind(here, port).ok();
            bound.is_some()
        };
        assert_eq!(pool.take(Mono(0), false, &mut open), Some(23_504));
        assert_eq!(pool.take(Mono(0), false, &mut open), None);
        drop(taken);
        assert_eq!(pool.take(Mono(0), false, &mut open), Some(23_502));
    }

    #[test]
    fn workers_share_nothing() {
        let pool = |w| PortPool::new((23_000, 23_100), (w, 2), 0, Duration::ZERO).free;
        assert!(pool(0).iter().all(|p| !pool(1).contains(p)));
        assert_eq!(pool(0).len() + pool(1).len(), 50);
    }
}
