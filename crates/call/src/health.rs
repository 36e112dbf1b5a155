//! Whether the peers of trunks answer, asked by OPTIONS (RFC 3261 section 11).
//!
//! ```text
//!          `down_after` times in a row no answer until
//!          the next question, 408, 502, 503, 504
//!     Up ----------------------------------------------> Down
//!      ^                                                  |
//!      +--------------------------------------------------+
//!                `up_after` other answers in a row
//! ```
//! Any other answer shows that somebody is there, a refusal too. A peer begins up: nothing is known against it. One that is down is
//! tried last, not never: where all are down, calling is all that is left.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tandem_dialplan::{Health as Rules, Plan};
use tandem_sip::{
    api::{Failure, Flow, RequestKey},
    message::{NameAddr, Response, Uri},
};
use tandem_types::{Mono, Now, Rng};

/// A peer of a trunk, as the plan writes it.
pub(crate) type Peer = (String, String);

/// What the machine wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Output {
    /// Ask this peer: [`Health::asked`] with the request's key, or [`Health::not_asked`].
    Ask(Peer, Box<Question>),
    /// It does not answer any more, or does again.
    Changed(Peer, bool),
    /// Something came back from there to a question, or nothing.
    Heard(Flow, bool, Box<Question>),
}

/// Who is asked, and by which proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) to: Uri,
    pub(crate) proxy: Option<NameAddr>,
}

impl Question {
    /// Where it is sent.
    pub(crate) fn next(&self) -> &Uri {
        self.proxy.as_ref().map_or(&self.to, |proxy| &proxy.uri)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    question: Question,
    every: Duration,
    down_after: u32,
    up_after: u32,
    up: bool,
    /// In a row against `up`.
    streak: u32,
    next: Mono,
    /// The question that is open, and which way it went.
    open: Option<(RequestKey, Flow)>,
}

/// The peers of all trunks that are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Health {
    peers: BTreeMap<Peer, State>,
    rng: Rng,
    out: VecDeque<Output>,
}

impl Health {
    /// All up, and the first question due within one period: never all in one moment.
    pub(crate) fn new(plan: &Plan, mut rng: Rng, now: Now) -> Self {
        let peers = peers_of(plan, &mut rng, now);
        Self {
            peers,
            rng,
            out: VecDeque::new(),
        }
    }

    /// The peers of another plan from now on. What is known of those that are in both stays known.
    pub(crate) fn reload(&mut self, plan: &Plan, now: Now) {
        let mut peers = peers_of(plan, &mut self.rng, now);
        for (peer, new) in &mut peers {
            let old = self.peers.remove(peer);
            if let Some(old) = old.filter(|old| old.question == new.question) {
                *new = State {
                    every: new.every,
                    down_after: new.down_after,
                    up_after: new.up_after,
                    next: old.next.min(new.next),
                    ..old
                };
            }
        }
        self.peers = peers;
        let known = |o: &Output| match o {
            Output::Ask(peer, _) | Output::Changed(peer, _) => self.peers.contains_key(peer),
            Output::Heard(..) => true,
        };
        self.out.retain(known);
    }

    /// Nothing is known against it.
    pub(crate) fn is_up(&self, trunk: &str, peer: &str) -> bool {
        let key = (trunk.to_owned(), peer.to_owned());
        self.peers.get(&key).is_none_or(|state| state.up)
    }

    /// All that are asked, and whether they answer.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Peer, bool)> {
        self.peers.iter().map(|(peer, state)| (peer, state.up))
    }

    /// Nobody is asked any more.
    pub(crate) fn stop(&mut self) {
        self.peers.clear();
        self.out.clear();
    }

    /// The question is on its way.
    pub(crate) fn asked(&mut self, peer: &Peer, key: RequestKey, flow: Flow) {
        if let Some(state) = self.peers.get_mut(peer) {
            state.open = Some((key, flow));
        }
    }

    /// It could not be asked: its name does not resolve, or there is no way to it.
    pub(crate) fn not_asked(&mut self, peer: &Peer) {
        self.judge(peer, false);
    }

    /// An answer, if this was a question of ours. One that comes after the next question is none.
    pub(crate) fn answered(&mut self, key: RequestKey, result: &Result<Box<Response>, Failure>) {
        let mut peers = self.peers.iter();
        let Some((peer, _)) =
            peers.find(|(_, state)| state.open.is_some_and(|(open, _)| open == key))
        else {
            return;
        };
        let peer = peer.clone();
        let there = match result {
            Ok(_) => true,
            Err(Failure::Response(r)) => !matches!(r.status, 408 | 502..=504),
            Err(Failure::TimedOut | Failure::Unreachable | Failure::Cancelled) => false,
        };
        self.judge(&peer, there);
    }

    fn judge(&mut self, peer: &Peer, there: bool) {
        let Some(state) = self.peers.get_mut(peer) else {
            return;
        };
        if let Some((_, flow)) = state.open.take() {
            let question = Box::new(state.question.clone());
            self.out.push_back(Output::Heard(flow, there, question));
        }
        if there == state.up {
            state.streak = 0;
            return;
        }
        state.streak += 1;
        let enough = if state.up {
            state.down_after
        } else {
            state.up_after
        };
        if state.streak >= enough {
            (state.up, state.streak) = (there, 0);
            self.out.push_back(Output::Changed(peer.clone(), there));
        }
    }

    /// Drain after every mutation.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next question.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let next = self.peers.values().map(|state| state.next).min();
        next.map(|at| (at, "trunk health"))
    }

    /// Early is a no-op.
    pub(crate) fn handle_timeout(&mut self, now: Now) {
        let due = |state: &State| state.next <= now.mono;
        let all: Vec<Peer> = self
            .peers
            .iter()
            .filter(|(_, state)| due(state))
            .map(|(peer, _)| peer.clone())
            .collect();
        for peer in all {
            if self.peers.get(&peer).is_some_and(|s| s.open.is_some()) {
                self.judge(&peer, false);
            }
            let Some(state) = self.peers.get_mut(&peer) else {
                continue;
            };
            state.next = now.mono + state.every.mul_f64(1.0 - 0.1 * share(&mut self.rng));
            let question = Box::new(state.question.clone());
            self.out.push_back(Output::Ask(peer, question));
        }
    }
}

impl State {
    fn new(question: Question, rules: &Rules, now: Mono, rng: &mut Rng) -> Self {
        Self {
            question,
            every: rules.every,
            down_after: rules.down_after,
            up_after: rules.up_after,
            up: true,
            streak: 0,
            next: now + rules.every.mul_f64(share(rng)),
            open: None,
        }
    }
}

fn peers_of(plan: &Plan, rng: &mut Rng, now: Now) -> BTreeMap<Peer, State> {
    let mut peers = BTreeMap::new();
    for trunk in plan.trunks.values() {
        let Some(rules) = &trunk.health else { continue };
        let proxy = crate::ways::proxy_of(trunk);
        for peer in &trunk.peers {
            let Ok(to) = Uri::parse(peer) else { continue };
            let key = (trunk.name.clone(), peer.clone());
            let proxy = proxy.clone();
            let state = State::new(Question { to, proxy }, rules, now.mono, rng);
            peers.insert(key, state);
        }
    }
    peers
}

/// 0 to 1.
fn share(rng: &mut Rng) -> f64 {
    rng.below(1001) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Now {
        Now {
            mono: Mono(s * 1_000_000_000),
            wall: tandem_types::Wall(0),
        }
    }

    fn way() -> Flow {
        let addr = |text: &str| text.parse().expect("an address");
        Flow {
            transport: tandem_sip::api::Transport::Udp,
            local: addr("10.0.0.1:5060"),
            remote: addr("192.0.2.1:5060"),
        }
    }

    fn one() -> (Health, Peer) {
        let peer = ("carrier".to_owned(), "sip:192.0.2.1".to_owned());
        let rules = Rules {
            every: Duration::from_secs(10),
            down_after: 3,
            up_after: 2,
        };
        let mut rng = Rng::seeded(1);
        let question = Question {
            to: Uri::parse(&peer.1).expect("a URI"),
            proxy: None,
        };
        let state = State::new(question, &rules, Mono(0), &mut rng);
        let health = Health {
            peers: BTreeMap::from([(peer.clone(), state)]),
            rng,
            out: VecDeque::new(),
        };
        (health, peer)
    }

    /// Asks once more and gives it this answer; what changed.
    fn round(h: &mut Health, peer: &Peer, n: u64, answer: Option<u16>) -> Option<bool> {
        h.handle_timeout(at(n * 10));
        let mut changed = None;
        let key = RequestKey(n);
        while let Some(output) = h.poll_output() {
            match output {
                Output::Ask(asked, _) => h.asked(&asked, key, way()),
                Output::Changed(of, up) => {
                    assert_eq!(of, *peer);
                    changed = Some(up);
                }
                Output::Heard(flow, there, _) => assert_eq!((flow, there), (way(), false)),
            }
        }
        match answer {
            None => {}
            Some(200) => h.answered(key, &Ok(Box::new(Response::new(200)))),
            Some(status) => {
                let refusal = Failure::Response(Box::new(Response::new(status)));
                h.answered(key, &Err(refusal));
            }
        }
        while let Some(output) = h.poll_output() {
            match output {
                Output::Changed(_, up) => changed = Some(up),
                Output::Heard(flow, there, _) => {
                    let answered = answer.is_some_and(|s| !matches!(s, 408 | 502..=504));
                    assert_eq!((flow, there), (way(), answered));
                }
                Output::Ask(..) => panic!("asked twice"),
            }
        }
        changed
    }

    #[test]
    fn three_silences_in_a_row_are_down_and_two_answers_up() {
        let (mut h, peer) = one();
        let mut n = 0;
        let mut next = |h: &mut Health, answer| {
            n += 1;
            round(h, &peer, n, answer)
        };
        assert_eq!(next(&mut h, Some(200)), None);
        assert_eq!(next(&mut h, None), None);
        assert_eq!(next(&mut h, None), None);
        assert_eq!(next(&mut h, Some(405)), None, "a refusal is an answer");
        assert_eq!(next(&mut h, None), None);
        assert_eq!(next(&mut h, Some(503)), None);
        assert_eq!(next(&mut h, Some(503)), Some(false));
        assert!(!h.is_up("carrier", "sip:192.0.2.1"));
        assert_eq!(next(&mut h, Some(200)), None);
        assert_eq!(next(&mut h, Some(408)), None);
        assert_eq!(next(&mut h, Some(200)), None);
        assert_eq!(next(&mut h, Some(404)), Some(true));
        assert!(h.is_up("carrier", "sip:192.0.2.1"));
    }

    #[test]
    fn an_answer_after_the_next_question_is_none() {
        let (mut h, peer) = one();
        assert_eq!(round(&mut h, &peer, 1, None), None);
        assert_eq!(round(&mut h, &peer, 2, None), None);
        h.answered(RequestKey(1), &Ok(Box::new(Response::new(200))));
        assert_eq!(round(&mut h, &peer, 3, None), None);
        assert_eq!(round(&mut h, &peer, 4, None), Some(false));
    }

    #[test]
    fn whoever_is_not_asked_is_up_and_nobody_is_asked_once_it_stops() {
        let (mut h, _) = one();
        assert!(h.is_up("carrier", "sip:192.0.2.9"));
        h.stop();
        assert_eq!(h.poll_timeout(), None);
        h.handle_timeout(at(1000));
        assert_eq!(h.poll_output(), None);
    }
}
