//! The sockets of a worker. A pair stays open, and registered, for a leg that comes soon after: to make and to close one takes a dozen
//! system calls, more than all messages of a leg do. What nobody wants for some seconds is closed, so that a flood leaves nothing behind.

use super::readable::Readable;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};
use tandem_media::Transmit;
use tandem_net::{PortPool, RtpSockets};
use tandem_types::{LegId, Mono, media::Family};

/// Pairs that stay open while no leg has them: four file handles a second of calls and rest.
const KEPT: usize = 1024;
/// So long.
const KEPT_FOR: Duration = Duration::from_secs(3);

struct Pair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    local: SocketAddr,
    leg: Option<LegId>,
    /// When the last leg had given it back.
    idle: Option<Mono>,
}

pub(super) struct Pairs {
    /// Addresses, and their ports: of the first the most are wanted.
    pools: Vec<(IpAddr, PortPool)>,
    pub(super) readable: Readable,
    /// Tokens are twice the place, plus one for RTCP.
    pairs: Vec<Option<Pair>>,
    empty: Vec<usize>,
    /// Those that are open.
    open: BTreeMap<SocketAddr, usize>,
    legs: HashMap<LegId, usize>,
    /// Places that were given back, and when; some have a leg again.
    idle: VecDeque<(Mono, usize)>,
}

impl Pairs {
    pub(super) fn new(pools: Vec<(IpAddr, PortPool)>, readable: Readable) -> Self {
        Self {
            pools,
            readable,
            pairs: Vec::new(),
            empty: Vec::new(),
            open: BTreeMap::new(),
            legs: HashMap::new(),
            idle: VecDeque::new(),
        }
    }

    /// A port of this family whose pair is open, for a leg to come.
    pub(super) fn take(
        &mut self,
        now: Mono,
        for_consult: bool,
        family: Family,
    ) -> Option<SocketAddr> {
        let Self {
            pools,
            readable,
            pairs,
            empty,
            open,
            ..
        } = self;
        let (address, pool) = pools.iter_mut().find(|(ip, _)| Family::of(*ip) == family)?;
        let port = pool.take(now, for_consult, |port| {
            let local = SocketAddr::new(*address, port);
            if let Some(place) = open.get(&local) {
                if let Some(Some(pair)) = pairs.get_mut(*place) {
                    pair.idle = None;
                }
                return true;
            }
            let place = empty.pop().unwrap_or_else(|| {
                pairs.push(None);
                pairs.len() - 1
            });
            let pair = bind(local, readable, place);
            let bound = pair.is_ok();
            match pairs.get_mut(place).zip(pair.ok()) {
                Some((into, pair)) => {
                    *into = Some(pair);
                    open.insert(local, place);
                }
                None => empty.push(place),
            }
            bound
        });
        port.map(|port| SocketAddr::new(*address, port))
    }

    /// Where a port in stock is, which are of the first address.
    pub(super) fn in_stock(&self, port: u16) -> SocketAddr {
        let first = self.pools.first().map(|(ip, _)| *ip);
        SocketAddr::new(first.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), port)
    }

    /// The family of the ports in stock.
    pub(super) fn usual(&self) -> Family {
        Family::of(self.in_stock(0).ip())
    }

    /// The pair of a port that was taken is this leg's from now on.
    pub(super) fn give(&mut self, leg: LegId, local: SocketAddr) {
        if let Some(place) = self.open.get(&local)
            && let Some(Some(pair)) = self.pairs.get_mut(*place)
        {
            pair.leg = Some(leg);
            self.legs.insert(leg, *place);
        }
    }

    /// Some leg has one.
    pub(super) fn are_used(&self) -> bool {
        !self.legs.is_empty()
    }

    /// The leg needs its pair no more.
    pub(super) fn release(&mut self, leg: LegId, now: Mono) {
        let Some(place) = self.legs.remove(&leg) else {
            return;
        };
        let Some(into) = self.pairs.get_mut(place) else {
            return;
        };
        let Some(pair) = into else { return };
        (pair.leg, pair.idle) = (None, Some(now));
        let (ip, port) = (pair.local.ip(), pair.local.port());
        if let Some((_, pool)) = self.pools.iter_mut().find(|(address, _)| *address == ip) {
            pool.give_back(now, port);
        }
        if self.open.len() > self.legs.len() + KEPT {
            self.close(place);
        } else {
            self.idle.push_back((now, place));
        }
    }

    /// When the next pair is closed, unless a leg takes it.
    pub(super) fn poll_timeout(&self) -> Option<Mono> {
        self.idle.front().map(|(since, _)| *since + KEPT_FOR)
    }

    /// Closes what nobody has wanted for a while; early is a no-op.
    pub(super) fn handle_timeout(&mut self, now: Mono) {
        while let Some((since, place)) = self.idle.pop_front_if(|(at, _)| *at + KEPT_FOR <= now) {
            let pair = self.pairs.get(place).and_then(Option::as_ref);
            if pair.is_some_and(|pair| pair.idle == Some(since)) {
                self.close(place);
            }
        }
    }

    fn close(&mut self, place: usize) {
        // Closed by being dropped, a socket is watched no more.
        if let Some(pair) = self.pairs.get_mut(place).and_then(Option::take) {
            self.open.remove(&pair.local);
            self.empty.push(place);
        }
    }

    /// The socket of a token, whose it is, and whether it is for RTCP.
    pub(super) fn at(&self, token: usize) -> Option<(&UdpSocket, Option<LegId>, bool)> {
        let pair = self.pairs.get(token / 2)?.as_ref()?;
        let rtcp = token % 2 == 1;
        let socket = if rtcp { &pair.rtcp } else { &pair.rtp };
        Some((socket, pair.leg, rtcp))
    }

    /// Sends a packet of a leg. A full buffer drops it, as a full link would.
    pub(super) fn send(&self, t: Transmit<'_>) {
        if let Some(socket) = self.of(t.leg, t.rtcp) {
            let _ = socket.send_to(t.bytes, t.to);
        }
    }

    /// The socket of a leg.
    fn of(&self, leg: LegId, rtcp: bool) -> Option<&UdpSocket> {
        let pair = self.pairs.get(*self.legs.get(&leg)?)?.as_ref()?;
        Some(if rtcp { &pair.rtcp } else { &pair.rtp })
    }
}

fn bind(local: SocketAddr, readable: &Readable, place: usize) -> std::io::Result<Pair> {
    let RtpSockets { rtp, rtcp } = RtpSockets::bind(local.ip(), local.port())?;
    readable.watch(&rtp, place * 2)?;
    readable.watch(&rtcp, place * 2 + 1)?;
    Ok(Pair {
        rtp,
        rtcp,
        local,
        leg: None,
        idle: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::Ipv6Addr, time::Duration};
    use tandem_types::CallId;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 97));
    const REST: Duration = Duration::from_secs(30);

    fn leg(index: u32) -> LegId {
        LegId {
            call: CallId(1),
            index,
        }
    }

    #[test]
    fn each_family_has_ports_of_its_own_and_where_there_is_none_nobody_gets_one() {
        let there: IpAddr = Ipv6Addr::LOCALHOST.into();
        let pool = || PortPool::new((23_640, 23_643), (0, 1), 0, REST);
        let pools = vec![(HERE, pool()), (there, pool())];
        let mut pairs = Pairs::new(pools, Readable::new().expect("an epoll"));
        assert_eq!(pairs.usual(), Family::V4);
        let now = Mono(0);
        let [four, six] =
            [Family::V4, Family::V6].map(|f| pairs.take(now, false, f).expect("a port"));
        assert_eq!((four.ip(), six.ip()), (HERE, there));
        assert_eq!(four.port(), six.port(), "the same number is two ports");
        pairs.give(leg(1), six);
        let local = pairs.of(leg(1), false).map(UdpSocket::local_addr);
        assert_eq!(local.and_then(Result::ok), Some(six));
        pairs.release(leg(1), now);
        let again = pairs.take(now + REST, false, Family::V6);
        assert_eq!(again, Some(six), "it went back to where it came from");
        let mut pairs = Pairs::new(vec![(HERE, pool())], Readable::new().expect("an epoll"));
        assert_eq!(pairs.take(now, false, Family::V6), None);
    }

    #[test]
    fn a_pair_stays_open_for_the_next_leg_once_it_has_rested() {
        let pool = PortPool::new((23_600, 23_610), (0, 1), 0, REST);
        let readable = Readable::new().expect("an epoll");
        let mut pairs = Pairs::new(vec![(HERE, pool)], readable);
        let take = |pairs: &mut Pairs, at| pairs.take(at, false, Family::V4);
        let first = take(&mut pairs, Mono(0)).expect("a port");
        let token = 2 * pairs.open[&first];
        assert!(
            pairs.at(token).is_some_and(|(_, leg, _)| leg.is_none()),
            "late packets of nobody's are read and forgotten"
        );
        pairs.give(leg(1), first);
        let bound = pairs.of(leg(1), true).expect("a socket").local_addr();
        let bound = bound.expect("an address");
        assert_eq!((bound.ip(), bound.port()), (HERE, first.port() + 1));
        pairs.release(leg(1), Mono(0));
        assert!(pairs.of(leg(1), false).is_none());
        let other = take(&mut pairs, Mono(1)).expect("a port");
        assert_ne!(other, first, "it rests");
        assert_eq!(take(&mut pairs, Mono(0) + REST), Some(first));
        assert_eq!(pairs.open.len(), 2, "nothing was opened for it");

        pairs.handle_timeout(Mono(0) + KEPT_FOR);
        assert_eq!(pairs.open.len(), 2, "it was taken again");
        pairs.give(leg(2), first);
        pairs.release(leg(2), Mono(0) + REST);
        let due = pairs.poll_timeout().expect("a time");
        assert_eq!(due, Mono(0) + REST + KEPT_FOR);
        pairs.handle_timeout(due);
        assert_eq!(pairs.open.len(), 1, "nobody wanted it");
        assert!(pairs.at(token).is_none() && pairs.poll_timeout().is_none());
    }
}
