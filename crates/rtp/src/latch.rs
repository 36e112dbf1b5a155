//! Who may be heard on a leg, and where its packets go (field note 3; RFC 4961 symmetric RTP).
//!
//! ```text
//!                 other source: Refused (both states)
//!                .---.                         .---.
//!                |   v    first that may       |   v    from `remote` exactly
//!   set() ---> [ Open ] ------------------> [ Locked ] -------> [ Locked on `remote` ]
//!                ^                              |
//!                '-------- new generation ------'
//! ```
//! A new generation keeps the old source as long as it may still be heard, so that sound goes on; one other source
//! may then take over. If the address in SDP did not move, the old source's next packet closes the door again.
//!
//! Under SRTP an authentic packet is the far end's wherever it comes from (a NAT that gave it another port, a phone that changed
//! its network): its source is heard from then on, and answered, where the far end was symmetric before.
//!
//! May be learnt: `remote` itself; another port of `remote`'s address (heard, but answered at `remote`: the sender
//! need not be symmetric); any port of `learn_from` (heard and answered there). Once per generation.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// What became of a packet's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the known source.
    Known,
    /// It is the source from now on.
    Learnt,
    /// It may not be heard.
    Refused,
}

/// The rule of one leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    remote: Option<SocketAddr>,
    learn_from: Option<IpAddr>,
    generation: Option<u32>,
    source: Option<SocketAddr>,
    /// A source may be learnt.
    open: bool,
    /// The last generation changed `remote`: packets of the old source may still be under way.
    moved: bool,
    /// `source` is answered wherever it is.
    followed: bool,
    rtcp_source: Option<SocketAddr>,
}

impl Latch {
    /// Nobody may be heard yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What one offer/answer said. The same `generation` again changes nothing but the addresses.
    pub fn set(&mut self, remote: SocketAddr, learn_from: Option<IpAddr>, generation: u32) {
        let remote = plain(remote);
        let learn_from = learn_from.map(|ip| ip.to_canonical());
        let moved = self.remote != Some(remote);
        if self.generation != Some(generation) || moved {
            self.source = self
                .source
                .filter(|s| Some(s.ip()) == learn_from || s.ip() == remote.ip());
            self.followed &= self.source.is_some() && !moved;
            self.rtcp_source = None;
            self.open = true;
            self.moved = moved;
        }
        self.generation = Some(generation);
        self.remote = Some(remote);
        self.learn_from = learn_from;
    }

    /// Judges the source of an RTP packet.
    pub fn judge(&mut self, from: SocketAddr) -> Verdict {
        let from = plain(from);
        let Some(remote) = self.remote else {
            return Verdict::Refused;
        };
        if self.source == Some(from) {
            self.open &= self.moved;
            return Verdict::Known;
        }
        let allowed = from == remote || (self.open && self.may_learn(from));
        if !allowed {
            return Verdict::Refused;
        }
        self.source = Some(from);
        self.open = false;
        Verdict::Learnt
    }

    /// Judges the source of an RTP packet that SRTP found authentic.
    pub fn judge_authentic(&mut self, from: SocketAddr) -> Verdict {
        let from = plain(from);
        let Some(remote) = self.remote else {
            return Verdict::Refused;
        };
        if self.source == Some(from) {
            return Verdict::Known;
        }
        // Another port of the same address, from the first packet on, need not be where it hears.
        self.followed = match self.source {
            Some(source) => self.send_to() == Some(source),
            None => from.ip() != remote.ip(),
        };
        self.source = Some(from);
        self.open = false;
        Verdict::Learnt
    }

    /// The same for RTCP.
    pub fn judge_authentic_rtcp(&mut self, from: SocketAddr) -> Verdict {
        if self.remote.is_none() {
            return Verdict::Refused;
        }
        let before = self.rtcp_source.replace(plain(from));
        if before == self.rtcp_source {
            Verdict::Known
        } else {
            Verdict::Learnt
        }
    }

    /// Judges the source of an RTCP packet: the address that is heard, any port, which is then kept.
    pub fn judge_rtcp(&mut self, from: SocketAddr) -> Verdict {
        let from = plain(from);
        let Some(remote) = self.remote else {
            return Verdict::Refused;
        };
        if self.rtcp_source == Some(from) {
            return Verdict::Known;
        }
        let ip = self.source.unwrap_or(remote).ip();
        let allowed = from == after(remote)
            || (self.rtcp_source.is_none()
                && (from.ip() == ip || Some(from.ip()) == self.learn_from));
        if !allowed {
            return Verdict::Refused;
        }
        self.rtcp_source = Some(from);
        Verdict::Learnt
    }

    /// Where RTP goes; `None` before the first [`Self::set`], or where SDP says nowhere and nothing was learnt.
    pub fn send_to(&self) -> Option<SocketAddr> {
        let answered = |s: &SocketAddr| self.followed || Some(s.ip()) == self.learn_from;
        let learnt = self.source.filter(answered);
        learnt
            .or(self.remote)
            .filter(|to| to.port() != 0 && !to.ip().is_unspecified())
    }

    /// Where RTCP goes: where it comes from, else the port after RTP's (RFC 3550 section 11).
    pub fn send_rtcp_to(&self) -> Option<SocketAddr> {
        self.rtcp_source.or_else(|| self.send_to().map(after))
    }

    /// The source that is heard now.
    pub fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    fn may_learn(&self, from: SocketAddr) -> bool {
        let of_sdp = self
            .remote
            .is_some_and(|r| r.ip() == from.ip() && r.port() != 0);
        of_sdp || self.learn_from == Some(from.ip())
    }
}

/// IPv4 written as IPv6 is IPv4.
fn plain(at: SocketAddr) -> SocketAddr {
    SocketAddr::new(at.ip().to_canonical(), at.port())
}

fn after(at: SocketAddr) -> SocketAddr {
    SocketAddr::new(at.ip(), at.port().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> SocketAddr {
        s.parse().unwrap()
    }
    fn ip(s: &str) -> Option<IpAddr> {
        Some(s.parse().unwrap())
    }

    #[test]
    fn behind_nat_the_first_packet_of_the_signalling_address_is_learnt_once() {
        let mut latch = Latch::new();
        assert_eq!(
            latch.judge(at("198.51.100.7:4000")),
            Verdict::Refused,
            "before any offer/answer"
        );
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 1);
        assert_eq!(latch.send_to(), Some(at("10.0.0.5:4000")));
        assert_eq!(
            latch.judge(at("203.0.113.66:4000")),
            Verdict::Refused,
            "an attacker elsewhere"
        );
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Learnt);
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Known);
        assert_eq!(latch.send_to(), Some(at("198.51.100.7:61000")));
        assert_eq!(
            latch.judge(at("198.51.100.7:61001")),
            Verdict::Refused,
            "another port, too late"
        );
        assert_eq!(latch.judge(at("203.0.113.66:61000")), Verdict::Refused);
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 1);
        assert_eq!(
            latch.judge(at("198.51.100.7:61001")),
            Verdict::Refused,
            "a refresh opens nothing"
        );
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 2);
        assert_eq!(
            latch.send_to(),
            Some(at("198.51.100.7:61000")),
            "sound goes on meanwhile"
        );
        assert_eq!(
            latch.judge(at("198.51.100.7:61001")),
            Verdict::Learnt,
            "a new generation allows one more"
        );
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Refused);
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 3);
        assert_eq!(latch.judge(at("198.51.100.7:61001")), Verdict::Known);
        assert_eq!(
            latch.judge(at("198.51.100.7:61002")),
            Verdict::Refused,
            "the old source went on"
        );
    }

    #[test]
    fn a_phone_that_moves_is_followed_though_its_old_packets_are_under_way() {
        let mut latch = Latch::new();
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 1);
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Learnt);
        latch.set(at("10.0.0.5:4010"), ip("198.51.100.7"), 2);
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Known);
        assert_eq!(latch.judge(at("198.51.100.7:61010")), Verdict::Learnt);
        assert_eq!(latch.judge(at("198.51.100.7:61000")), Verdict::Refused);
        latch.set(at("192.0.2.1:5000"), None, 3);
        assert_eq!(
            latch.judge(at("198.51.100.7:61010")),
            Verdict::Refused,
            "it went elsewhere"
        );
        assert_eq!(latch.send_to(), Some(at("192.0.2.1:5000")));
    }

    #[test]
    fn under_srtp_the_far_end_is_followed_wherever_it_is_if_it_hears_where_it_speaks() {
        let mut latch = Latch::new();
        assert_eq!(
            latch.judge_authentic(at("192.0.2.1:4000")),
            Verdict::Refused,
            "nothing was agreed"
        );
        latch.set(at("192.0.2.1:4000"), None, 1);
        assert_eq!(latch.judge_authentic(at("192.0.2.1:4000")), Verdict::Learnt);
        assert_eq!(
            latch.judge_authentic(at("198.51.100.7:61000")),
            Verdict::Learnt
        );
        assert_eq!(latch.send_to(), Some(at("198.51.100.7:61000")));
        assert_eq!(
            latch.judge_authentic(at("198.51.100.7:61000")),
            Verdict::Known
        );
        latch.set(at("192.0.2.1:4000"), None, 2);
        assert_eq!(latch.judge_authentic(at("203.0.113.9:7")), Verdict::Learnt);
        assert_eq!(latch.send_to(), Some(at("203.0.113.9:7")));
        latch.set(at("192.0.2.2:4000"), None, 3);
        assert_eq!(
            latch.send_to(),
            Some(at("192.0.2.2:4000")),
            "it said where it is now"
        );
        assert_eq!(
            latch.judge_authentic_rtcp(at("203.0.113.9:8")),
            Verdict::Learnt
        );
        assert_eq!(latch.send_rtcp_to(), Some(at("203.0.113.9:8")));
    }

    #[test]
    fn under_srtp_too_a_phone_may_hear_elsewhere_than_it_speaks() {
        let mut latch = Latch::new();
        latch.set(at("192.0.2.1:4000"), None, 1);
        for from in ["192.0.2.1:5000", "192.0.2.1:5002"] {
            assert_eq!(latch.judge_authentic(at(from)), Verdict::Learnt);
            assert_eq!(latch.send_to(), Some(at("192.0.2.1:4000")));
        }
    }

    #[test]
    fn the_address_of_the_sdp_always_wins() {
        let mut latch = Latch::new();
        latch.set(at("203.0.113.5:4000"), ip("198.51.100.7"), 1);
        assert_eq!(latch.judge(at("198.51.100.7:9")), Verdict::Learnt);
        assert_eq!(
            latch.judge(at("[::ffff:203.0.113.5]:4000")),
            Verdict::Learnt
        );
        assert_eq!(latch.send_to(), Some(at("203.0.113.5:4000")));
        assert_eq!(latch.judge(at("198.51.100.7:9")), Verdict::Refused);
    }

    #[test]
    fn a_sender_that_is_not_symmetric_is_heard_and_answered_where_it_said() {
        let mut latch = Latch::new();
        latch.set(at("203.0.113.5:4000"), None, 1);
        assert_eq!(latch.judge(at("203.0.113.5:9999")), Verdict::Learnt);
        assert_eq!(latch.send_to(), Some(at("203.0.113.5:4000")));
        assert_eq!(latch.judge(at("203.0.113.5:9998")), Verdict::Refused);
    }

    #[test]
    fn nowhere_is_nowhere() {
        let mut latch = Latch::new();
        assert_eq!(latch.send_to(), None);
        for nowhere in ["0.0.0.0:4000", "203.0.113.5:0"] {
            latch.set(at(nowhere), None, 1);
            assert_eq!((latch.send_to(), latch.send_rtcp_to()), (None, None));
            assert_eq!(latch.judge(at("203.0.113.5:77")), Verdict::Refused);
        }
    }

    #[test]
    fn rtcp_comes_from_the_heard_address_and_is_answered_there() {
        let mut latch = Latch::new();
        latch.set(at("10.0.0.5:4000"), ip("198.51.100.7"), 1);
        assert_eq!(latch.send_rtcp_to(), Some(at("10.0.0.5:4001")));
        assert_eq!(latch.judge_rtcp(at("203.0.113.66:4001")), Verdict::Refused);
        assert_eq!(latch.judge_rtcp(at("198.51.100.7:61001")), Verdict::Learnt);
        assert_eq!(latch.send_rtcp_to(), Some(at("198.51.100.7:61001")));
        assert_eq!(latch.judge_rtcp(at("198.51.100.7:7")), Verdict::Refused);
    }
}
