//! What sources may do that nobody vouches for (field note 17): ask to register, not too often; guess passwords, a few times. By IP
//! address, for a port costs nothing.
//!
//! ```text
//!          REGISTER: a challenge, while there are some left (50 a second, 200 in a row)
//!         +-+
//!         | v   `after` wrong answers within `within`
//!  ----> heard ---------------------------------------> banned: nothing, no challenge either
//!         ^                                                |
//!         +------------------------------------------------+
//!                            `for` is over
//! ```
//! A wrong answer is one to a challenge of ours, so its source is no forged one: nobody is banned by what others write in their name.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use tandem_dialplan::Bans;
use tandem_types::Mono;

/// Sources that are remembered. Beyond that those heard of longest ago are forgotten, banned ones last.
const REMEMBERED: usize = 4096;
/// So many in one go.
const FORGOTTEN: usize = 512;
/// Challenges to one address: an office of some hundred phones may come back after a power cut.
const CHALLENGES: Bucket = Bucket {
    full: 200.0,
    per_second: 50.0,
};
/// Lines in the log for one address: enough for fail2ban to count, and no disk is filled by a flood.
const LINES: Bucket = Bucket {
    full: 20.0,
    per_second: 0.1,
};
/// Lines for all addresses together: those of a flood may be forged, each another.
const ALL_LINES: Bucket = Bucket {
    full: 500.0,
    per_second: 20.0,
};

/// A supply that fills up by itself.
struct Bucket {
    full: f64,
    per_second: f64,
}

/// What is left in one, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Left {
    used: f64,
    at: Mono,
}

impl Left {
    /// Takes one, if there is one.
    fn take(&mut self, of: &Bucket, now: Mono) -> bool {
        let refilled = now.since(self.at).as_secs_f64() * of.per_second;
        (self.used, self.at) = ((self.used - refilled).max(0.0), now);
        let left = self.used + 1.0 <= of.full;
        if left {
            self.used += 1.0;
        }
        left
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Source {
    challenges: Left,
    lines: Left,
    /// Wrong answers since.
    wrong: u32,
    since: Mono,
    banned: Option<Mono>,
    heard: Mono,
}

/// What is remembered of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Strangers {
    after: u32,
    within: Duration,
    span: Duration,
    sources: BTreeMap<IpAddr, Source>,
    lines: Left,
}

impl Strangers {
    /// Nobody is known.
    pub(crate) fn new(bans: &Bans) -> Self {
        Self {
            after: bans.after,
            within: bans.within,
            span: bans.span,
            sources: BTreeMap::new(),
            lines: Left::default(),
        }
    }

    /// By other rules from now on; who is banned stays so.
    pub(crate) fn by(&mut self, bans: &Bans) {
        (self.after, self.within, self.span) = (bans.after, bans.within, bans.span);
    }

    fn source(&mut self, now: Mono, ip: IpAddr) -> &mut Source {
        if !self.sources.contains_key(&ip) && self.sources.len() >= REMEMBERED {
            let mut all: Vec<_> = self
                .sources
                .iter()
                .map(|(ip, s)| (s.banned, s.heard, *ip))
                .collect();
            all.sort_unstable();
            for (_, _, ip) in &all[..FORGOTTEN] {
                self.sources.remove(ip);
            }
        }
        let source = self.sources.entry(ip).or_default();
        source.heard = now;
        source
    }

    /// Nothing of it is heard now.
    pub(crate) fn is_banned(&self, now: Mono, ip: IpAddr) -> bool {
        let until = self.sources.get(&ip).and_then(|s| s.banned);
        until.is_some_and(|until| now < until)
    }

    /// Its REGISTER may be challenged.
    pub(crate) fn may_ask(&mut self, now: Mono, ip: IpAddr) -> bool {
        !self.is_banned(now, ip) && self.source(now, ip).challenges.take(&CHALLENGES, now)
    }

    /// It answered a challenge wrongly; how long it is banned for that.
    pub(crate) fn guessed(&mut self, now: Mono, ip: IpAddr) -> Option<Duration> {
        let (after, within, span) = (self.after, self.within, self.span);
        if after == 0 {
            return None;
        }
        let source = self.source(now, ip);
        if now.since(source.since) > within {
            (source.wrong, source.since) = (0, now);
        }
        source.wrong += 1;
        if source.wrong < after {
            return None;
        }
        (source.wrong, source.banned) = (0, Some(now + span));
        Some(span)
    }

    /// The log may have another line about it.
    pub(crate) fn may_log(&mut self, now: Mono, ip: IpAddr) -> bool {
        self.source(now, ip).lines.take(&LINES, now) && self.lines.take(&ALL_LINES, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(s: u64) -> Mono {
        Mono(s * 1_000_000_000)
    }

    fn strangers() -> Strangers {
        Strangers::new(&Bans {
            after: 3,
            within: Duration::from_secs(60),
            span: Duration::from_secs(600),
        })
    }

    fn other(n: u16) -> IpAddr {
        let [high, low] = n.to_be_bytes();
        IpAddr::from([198, 51, high, low])
    }

    #[test]
    fn three_wrong_answers_in_a_minute_are_banned_for_ten() {
        let mut s = strangers();
        assert_eq!(s.guessed(at(0), A), None);
        assert_eq!(s.guessed(at(10), A), None);
        assert_eq!(s.guessed(at(71), A), None, "the first is a minute ago");
        assert_eq!(s.guessed(at(72), A), None);
        assert!(s.may_ask(at(72), A));
        assert_eq!(s.guessed(at(73), A), Some(Duration::from_secs(600)));
        assert!(s.is_banned(at(672), A) && !s.may_ask(at(672), A));
        assert!(!s.is_banned(at(672), other(1)));
        assert!(!s.is_banned(at(673), A) && s.may_ask(at(673), A));
        assert_eq!(s.guessed(at(673), A), None, "it begins anew");
    }

    #[test]
    fn without_a_number_nobody_is_banned() {
        let bans = Bans {
            after: 0,
            ..Bans::default()
        };
        let mut s = Strangers::new(&bans);
        assert!((0..100).all(|_| s.guessed(at(0), A).is_none()));
    }

    #[test]
    fn challenges_run_out_and_come_back() {
        let mut s = strangers();
        let asked = |s: &mut Strangers, now| (0..1000).filter(|_| s.may_ask(now, A)).count();
        assert_eq!(asked(&mut s, at(0)), 200);
        assert_eq!(asked(&mut s, at(1)), 50);
        assert_eq!(asked(&mut s, at(100)), 200);
    }

    #[test]
    fn a_flood_of_one_address_or_of_many_leaves_few_lines() {
        let mut s = strangers();
        let one = (0..10_000).filter(|_| s.may_log(at(0), A)).count();
        assert_eq!(one, 20);
        let many = (0..60_000).filter(|n| s.may_log(at(0), other(*n))).count();
        assert_eq!(many, 480);
        assert!(s.sources.len() <= REMEMBERED);
    }

    #[test]
    fn a_flood_of_addresses_makes_nobody_forget_a_ban() {
        let mut s = strangers();
        for _ in 0..3 {
            let _ = s.guessed(at(0), A);
        }
        for n in 0..10_000 {
            let _ = s.may_ask(at(1), other(n));
        }
        assert!(s.is_banned(at(2), A));
    }
}
