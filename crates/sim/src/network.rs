//! A seeded network between the actors: each link (from one address to another) has its delay and its
//! faults, and rules drop or hold back what a scenario names. The same seed loses the same packets.

use crate::wire::Glance;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tandem_types::{Mono, Rng};

/// What is in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIP in a datagram.
    Sip,
    /// SIP in a stream: never lost, never out of order.
    SipStream,
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// One packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Whose socket.
    pub from: SocketAddr,
    /// To which.
    pub to: SocketAddr,
    /// What it is.
    pub kind: Kind,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Packet {
    /// The SIP message in it, if it is one.
    pub fn sip(&self) -> Option<Glance<'_>> {
        matches!(self.kind, Kind::Sip | Kind::SipStream).then(|| Glance::of(&self.bytes))?
    }
}

/// How one direction between two addresses behaves. Shares are 0.0 to 1.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Every packet takes this long,
    pub delay: Duration,
    /// and up to this much longer.
    pub jitter: Duration,
    /// Share that never arrives.
    pub loss: f64,
    /// Share that arrives twice.
    pub duplicated: f64,
    /// Share that is held back by 30 ms and so overtaken.
    pub reordered: f64,
    /// Nothing arrives, streams included.
    pub cut: bool,
}

impl Default for Link {
    /// 5 ms, faultless.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(5),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplicated: 0.0,
            reordered: 0.0,
            cut: false,
        }
    }
}

/// What a rule does with the packets it names.
enum Deed {
    Drop,
    HoldBack(Duration),
}

/// A message as somebody writes it; `None`: as it is.
type Hand = dyn Fn(&str) -> Option<String>;

/// How somebody writes.
struct Habit {
    from: IpAddr,
    how: Box<Hand>,
}

/// The message with the length that its body has.
fn with_length(text: &str) -> String {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return text.to_owned();
    };
    let line = |line: &str| match line.split_once(':') {
        Some((name, _)) if name.trim().eq_ignore_ascii_case("content-length") => {
            format!("{name}: {}", body.len())
        }
        _ => line.to_owned(),
    };
    let head: Vec<String> = head.split("\r\n").map(line).collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}

struct Rule {
    /// Which of the matching packets, counted from 1; `None`: each.
    nth: Option<u32>,
    seen: u32,
    matches: Box<dyn Fn(&Packet) -> bool>,
    deed: Deed,
}

/// The network.
pub struct Network {
    rng: Rng,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
    rules: Vec<Rule>,
    habits: Vec<Habit>,
    /// The last arrival of each stream, which the next may not overtake.
    streams: BTreeMap<(SocketAddr, SocketAddr), Mono>,
    lost: u64,
}

impl Network {
    /// A faultless network of 5 ms everywhere.
    pub fn new(rng: Rng) -> Self {
        Self {
            rng,
            links: BTreeMap::new(),
            rules: Vec::new(),
            habits: Vec::new(),
            streams: BTreeMap::new(),
            lost: 0,
        }
    }

    /// The link from `from` to `to`, to be changed.
    pub fn link(&mut self, from: IpAddr, to: IpAddr) -> &mut Link {
        self.links.entry((from, to)).or_default()
    }

    /// Changes both directions between two addresses.
    pub fn between(&mut self, a: IpAddr, b: IpAddr, change: impl Fn(&mut Link)) {
        change(self.link(a, b));
        change(self.link(b, a));
    }

    /// Loses the `nth` packet (from 1) that matches.
    pub fn drop_nth(&mut self, nth: u32, matches: impl Fn(&Packet) -> bool + 'static) {
        self.rule(Some(nth), Deed::Drop, matches);
    }

    /// Loses every packet that matches.
    pub fn drop_all(&mut self, matches: impl Fn(&Packet) -> bool + 'static) {
        self.rule(None, Deed::Drop, matches);
    }

    /// Holds the `nth` packet (from 1) that matches back for that much longer.
    pub fn hold_back(
        &mut self,
        nth: u32,
        by: Duration,
        matches: impl Fn(&Packet) -> bool + 'static,
    ) {
        self.rule(Some(nth), Deed::HoldBack(by), matches);
    }

    /// Whoever is at this address writes its SIP messages so: `None`, this one as it is. The length of the body is put right.
    pub fn writes(&mut self, from: IpAddr, how: impl Fn(&str) -> Option<String> + 'static) {
        self.habits.push(Habit {
            from,
            how: Box::new(how),
        });
    }

    /// A packet as its sender writes it.
    pub fn written(&self, mut packet: Packet) -> Packet {
        for habit in self.habits.iter().filter(|h| h.from == packet.from.ip()) {
            let text = packet
                .sip()
                .and_then(|_| std::str::from_utf8(&packet.bytes).ok());
            if let Some(text) = text.and_then(|t| (habit.how)(t)) {
                packet.bytes = with_length(&text).into_bytes();
            }
        }
        packet
    }

    /// Forgets all rules.
    pub fn clear_rules(&mut self) {
        self.rules.clear();
    }

    /// Packets that never arrived.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// When the packet arrives: never, once, or twice.
    pub fn send(&mut self, now: Mono, packet: &Packet) -> Vec<Mono> {
        let link = self
            .links
            .get(&(packet.from.ip(), packet.to.ip()))
            .copied()
            .unwrap_or_default();
        let mut extra = Duration::ZERO;
        let mut dropped = link.cut;
        for rule in &mut self.rules {
            if !(rule.matches)(packet) {
                continue;
            }
            rule.seen += 1;
            if rule.nth.is_none_or(|n| n == rule.seen) {
                match rule.deed {
                    Deed::Drop => dropped = true,
                    Deed::HoldBack(by) => extra += by,
                }
            }
        }
        let stream = packet.kind == Kind::SipStream;
        if dropped || (!stream && self.happens(link.loss)) {
            self.lost += 1;
            return Vec::new();
        }
        let at = now + link.delay + extra + self.jitter(link.jitter);
        if stream {
            let last = self.streams.entry((packet.from, packet.to)).or_default();
            *last = at.max(*last);
            return vec![*last];
        }
        let late = if self.happens(link.reordered) {
            Duration::from_millis(30)
        } else {
            Duration::ZERO
        };
        let mut arrivals = vec![at + late];
        if self.happens(link.duplicated) {
            arrivals.push(at + Duration::from_millis(1));
        }
        arrivals
    }

    fn rule(&mut self, nth: Option<u32>, deed: Deed, matches: impl Fn(&Packet) -> bool + 'static) {
        self.rules.push(Rule {
            nth,
            seen: 0,
            matches: Box::new(matches),
            deed,
        });
    }

    /// No number is drawn for what cannot happen, so a faultless link does not depend on the seed.
    fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && (self.rng.below(1_000_000) as f64) < share * 1e6
    }

    fn jitter(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(if most == 0 {
            0
        } else {
            self.rng.below(most + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: u8, kind: Kind) -> Packet {
        let from = "10.0.0.1:5060".parse().unwrap();
        Packet {
            from,
            to: "10.0.0.2:5060".parse().unwrap(),
            kind,
            bytes: vec![n],
        }
    }

    fn network() -> Network {
        Network::new(Rng::seeded(3))
    }

    #[test]
    fn each_packet_arrives_once_after_the_delay() {
        let mut net = network();
        let now = Mono(1_000);
        assert_eq!(
            net.send(now, &packet(0, Kind::Rtp)),
            [now + Duration::from_millis(5)]
        );
    }

    #[test]
    fn loss_is_about_its_share_and_the_same_for_the_same_seed() {
        let run = || {
            let mut net = network();
            net.link("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap())
                .loss = 0.2;
            (0..1000)
                .map(|_| net.send(Mono(0), &packet(0, Kind::Rtp)).len())
                .collect::<Vec<_>>()
        };
        let arrived: usize = run().iter().sum();
        assert!((750..850).contains(&arrived), "{arrived}");
        assert_eq!(run(), run());
    }

    #[test]
    fn the_nth_is_dropped_or_held_back_and_streams_keep_their_order() {
        let mut net = network();
        net.drop_nth(2, |p| p.bytes == [7]);
        let fates: Vec<_> = (0..3)
            .map(|_| net.send(Mono(0), &packet(7, Kind::Sip)).len())
            .collect();
        assert_eq!(fates, [1, 0, 1]);
        net.hold_back(1, Duration::from_secs(1), |p| p.bytes == [8]);
        let first = net.send(Mono(0), &packet(8, Kind::SipStream));
        let second = net.send(Mono(0), &packet(9, Kind::SipStream));
        assert_eq!(first, second, "the second may not overtake the first");
    }

    #[test]
    fn whoever_writes_in_their_own_way_has_the_length_right() {
        let mut net = network();
        net.writes("10.0.0.1".parse().unwrap(), |text| {
            Some(text.replace("v=0", "v=00"))
        });
        let mut invite = packet(0, Kind::Sip);
        invite.bytes = b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nv=0".to_vec();
        let written = net.written(invite.clone());
        let text = String::from_utf8(written.bytes).unwrap();
        assert!(text.ends_with("Content-Length: 4\r\n\r\nv=00"), "{text}");
        invite.from = "10.0.0.9:5060".parse().unwrap();
        assert_eq!(net.written(invite.clone()), invite, "nobody else's");
    }

    #[test]
    fn a_cut_link_carries_nothing_until_it_is_mended() {
        let mut net = network();
        let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        net.between(a, b, |l| l.cut = true);
        assert!(net.send(Mono(0), &packet(0, Kind::SipStream)).is_empty());
        net.between(a, b, |l| l.cut = false);
        assert_eq!(net.send(Mono(0), &packet(0, Kind::SipStream)).len(), 1);
        assert_eq!(net.lost(), 1);
    }
}
