//! Two phones in virtual time with nothing between them but 5 ms.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_codec::ToneMeter;
use tandem_phone::{
    Act, Incoming, Input, Output, Phone, PhoneConfig, PhoneEvent, ReferPolicy, State, Voice,
};
use tandem_sdp::Direction;
use tandem_sip::api::{Census, Flow};
use tandem_sip::message::{Headers, Uri};
use tandem_types::{Mono, Now, Party, Rng};

const DELAY: Duration = Duration::from_millis(5);

struct Line {
    now: Now,
    phones: Vec<Phone>,
    wire: BTreeMap<(Mono, u64), (usize, Input)>,
    sent: u64,
    happened: Vec<(usize, PhoneEvent)>,
}

fn address(i: usize, port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, i as u8 + 1], port))
}

impl Line {
    fn new(change: impl Fn(usize, &mut PhoneConfig)) -> Self {
        let phones = ["anna", "bert", "cleo"]
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let mut config = PhoneConfig::new(
                    name,
                    name,
                    "example.net",
                    address(i, 5060),
                    address(i, 4000),
                );
                config.voice = Voice::Tone {
                    hz: 400.0 + 300.0 * i as f64,
                };
                change(i, &mut config);
                Phone::new(config, Rng::seeded(i as u64))
            });
        let (now, wire, happened) = (Now::default(), BTreeMap::new(), Vec::new());
        Self {
            now,
            phones: phones.collect(),
            wire,
            sent: 0,
            happened,
        }
    }

    fn does(&mut self, phone: usize, act: Act) {
        self.phones[phone].handle_input(self.now, Input::Do(act));
        self.carry(phone);
    }

    fn calls(&mut self, from: usize, to: usize) {
        let target = Uri::sip("someone", &address(to, 5060).to_string());
        self.does(
            from,
            Act::Call {
                target,
                flow: None,
                headers: Headers::new().with("X-Case", "7"),
            },
        );
    }

    fn carry(&mut self, phone: usize) {
        while let Some(output) = self.phones[phone].poll_output() {
            let (to, input) = match output {
                Output::Sip { flow, bytes } => {
                    let from = Flow {
                        transport: flow.transport,
                        local: flow.remote,
                        remote: address(phone, 5060),
                    };
                    (flow.remote, Input::Sip { from, bytes })
                }
                Output::Rtp { to, bytes } => (
                    to,
                    Input::Rtp {
                        from: address(phone, 4000),
                        bytes,
                    },
                ),
                Output::Happened(event) => {
                    self.happened.push((phone, event));
                    continue;
                }
            };
            let Some(at) = (0..self.phones.len()).find(|i| address(*i, to.port()) == to) else {
                continue;
            };
            self.sent += 1;
            self.wire
                .insert((self.now.mono + DELAY, self.sent), (at, input));
        }
    }

    fn run(&mut self, seconds: f64) {
        let end = self.now.mono + Duration::from_secs_f64(seconds);
        loop {
            let due = |(i, p): (usize, &Phone)| Some((p.poll_timeout()?.0, i));
            let timer = self.phones.iter().enumerate().filter_map(due).min();
            let arrival = self.wire.keys().next().map(|k| k.0);
            let next = timer
                .map(|t| t.0)
                .into_iter()
                .chain(arrival)
                .min()
                .filter(|at| *at <= end);
            let Some(at) = next.map(|at| at.max(self.now.mono)) else {
                break;
            };
            self.now = self.now + at.since(self.now.mono);
            if arrival.is_some_and(|a| a <= at) {
                let (_, (phone, input)) = self.wire.pop_first().unwrap();
                self.phones[phone].handle_input(self.now, input);
                self.carry(phone);
            } else if let Some((_, phone)) = timer {
                self.phones[phone].handle_timeout(self.now);
                self.carry(phone);
            }
        }
        self.now = self.now + end.since(self.now.mono);
    }

    /// Whether `phone` hears only the tone of `whom` in the last half second.
    fn hears(&self, phone: usize, whom: usize) -> bool {
        let last = Mono(self.now.mono.0 - 600_000_000);
        let heard = self.phones[phone]
            .heard()
            .between(last, last + Duration::from_millis(500));
        ToneMeter::default().share(&heard, 400.0 + 300.0 * whom as f64) > 0.9
    }

    fn events(&self, phone: usize) -> Vec<&PhoneEvent> {
        self.happened
            .iter()
            .filter(|(p, _)| *p == phone)
            .map(|(_, e)| e)
            .collect()
    }

    fn saw(&self, phone: usize, wanted: impl Fn(&PhoneEvent) -> bool) -> bool {
        self.events(phone).into_iter().any(wanted)
    }

    fn all_quiet(&mut self) {
        self.run(40.0);
        for phone in &self.phones {
            assert_eq!(phone.state(), State::Idle);
            assert_eq!(phone.census(), Census::default());
        }
    }
}

fn answering(after_ms: u64) -> impl Fn(usize, &mut PhoneConfig) {
    move |i, c| {
        if i > 0 {
            c.incoming = Incoming::Answer {
                after: Duration::from_millis(after_ms),
            };
        }
    }
}

#[test]
fn a_call_rings_is_answered_heard_both_ways_and_ended() {
    let mut line = Line::new(answering(1000));
    line.calls(0, 1);
    line.run(0.5);
    assert_eq!(
        (line.phones[0].state(), line.phones[1].state()),
        (State::Calling, State::Ringing)
    );
    assert!(line.saw(0, |e| matches!(
        e,
        PhoneEvent::Ringing {
            status: 180,
            early_media: false
        }
    )));
    assert!(
        line.saw(1, |e| matches!(e, PhoneEvent::Incoming { to, headers, .. }
        if to == "someone" && headers.first(&"X-Case".into()) == Some("7")))
    );
    line.run(2.0);
    assert!(line.hears(0, 1) && line.hears(1, 0));
    line.does(0, Act::Hangup);
    line.run(0.1);
    assert!(line.saw(1, |e| matches!(
        e,
        PhoneEvent::Ended {
            by: Party::Caller,
            ..
        }
    )));
    assert!(line.saw(0, |e| matches!(
        e,
        PhoneEvent::Ended {
            by: Party::Gateway,
            ..
        }
    )));
    line.all_quiet();
}

#[test]
fn a_delayed_offer_is_answered_in_the_ack() {
    let mut line = Line::new(|i, c| {
        c.delayed_offer = true;
        answering(10)(i, c);
    });
    line.calls(0, 1);
    line.run(2.0);
    assert!(line.hears(0, 1) && line.hears(1, 0));
}

#[test]
fn keys_go_by_event_and_by_info() {
    for events in [true, false] {
        let mut line = Line::new(|i, c| {
            c.events = events;
            answering(10)(i, c);
        });
        line.calls(0, 1);
        line.run(1.0);
        for key in ['1', '1', '#'] {
            line.does(0, Act::Press(key));
        }
        line.run(2.0);
        let keys: Vec<_> = line
            .events(1)
            .into_iter()
            .filter(|e| matches!(e, PhoneEvent::Digit(_)))
            .cloned()
            .collect();
        assert_eq!(
            keys,
            ['1', '1', '#'].map(PhoneEvent::Digit),
            "events: {events}"
        );
    }
}

#[test]
fn busy_reject_and_no_answer_reach_the_caller_as_statuses() {
    let reject = Incoming::Reject {
        status: 603,
        headers: Headers::new(),
    };
    for (incoming, status) in [(Incoming::Busy, 486), (reject, 603), (Incoming::Ignore, 0)] {
        let mut line = Line::new(|_, c| c.incoming = incoming.clone());
        line.calls(0, 1);
        line.run(40.0);
        assert!(
            line.saw(0, |e| *e == PhoneEvent::Failed { status }),
            "{incoming:?}: {:?}",
            line.happened
        );
        line.all_quiet();
    }
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut line = Line::new(|_, c| c.incoming = Incoming::Ring);
    line.calls(0, 1);
    line.run(3.0);
    line.does(0, Act::Hangup);
    line.run(1.0);
    assert!(
        line.saw(1, |e| matches!(e, PhoneEvent::Ended { .. })),
        "{:?}",
        line.happened
    );
    line.all_quiet();
}

#[test]
fn hold_silences_one_way_and_resume_brings_both_back() {
    let mut line = Line::new(answering(10));
    line.calls(0, 1);
    line.run(1.0);
    line.does(1, Act::Hold(Direction::SendOnly));
    line.run(1.0);
    assert!(line.saw(0, |e| *e == PhoneEvent::Held(true)));
    assert!(
        line.hears(0, 1) && !line.hears(1, 0),
        "music on hold goes one way"
    );
    line.does(1, Act::Hold(Direction::Inactive));
    line.run(1.0);
    assert!(!line.hears(0, 1) && !line.hears(1, 0));
    line.does(1, Act::Resume);
    line.run(1.0);
    assert!(line.saw(0, |e| *e == PhoneEvent::Held(false)));
    assert!(line.hears(0, 1) && line.hears(1, 0));
}

#[test]
fn two_who_hold_at_once_both_get_their_way_after_a_491() {
    let mut line = Line::new(answering(10));
    line.calls(0, 1);
    line.run(1.0);
    line.does(0, Act::Hold(Direction::SendOnly));
    line.does(1, Act::Hold(Direction::SendOnly));
    line.run(6.0);
    line.does(0, Act::Resume);
    line.run(3.0);
    line.does(1, Act::Resume);
    line.run(3.0);
    assert!(line.hears(0, 1) && line.hears(1, 0));
}

#[test]
fn a_refer_is_followed_to_its_last_notify_and_the_ear_goes_along() {
    let mut line = Line::new(answering(500));
    line.calls(1, 0);
    line.run(0.1);
    line.does(0, Act::Answer);
    line.run(1.0);
    line.does(
        0,
        Act::Refer {
            to: Uri::sip("cleo", &address(2, 5060).to_string()),
        },
    );
    line.run(0.3);
    assert!(
        line.hears(1, 0) || line.phones[1].state() == State::Up,
        "kept until the target answers"
    );
    line.run(2.0);
    let progress: Vec<_> = line
        .events(0)
        .into_iter()
        .filter(|e| matches!(e, PhoneEvent::ReferProgress { .. }))
        .cloned()
        .collect();
    assert_eq!(
        progress,
        [100, 180, 200].map(|status| PhoneEvent::ReferProgress { status })
    );
    line.does(0, Act::Hangup);
    line.run(1.0);
    assert!(line.hears(1, 2) && line.hears(2, 1));
    line.does(2, Act::Hangup);
    line.all_quiet();
}

#[test]
fn each_refusal_of_a_refer_is_seen_by_the_one_who_sent_it() {
    let ms = Duration::from_millis;
    let notify = ReferPolicy::Notify(vec![(ms(10), 100), (ms(200), 486)]);
    let cases = [
        (ReferPolicy::Refuse { status: 603 }, vec![603]),
        (ReferPolicy::Refuse { status: 405 }, vec![405]),
        (notify, vec![100, 486]),
        (ReferPolicy::AcceptOnly, vec![]),
        (ReferPolicy::Ignore, vec![0]),
    ];
    for (policy, statuses) in cases {
        let mut line = Line::new(|i, c| {
            c.refer = policy.clone();
            answering(10)(i, c);
        });
        line.calls(0, 1);
        line.run(1.0);
        line.does(
            0,
            Act::Refer {
                to: Uri::sip("x", "203.0.113.9"),
            },
        );
        line.run(40.0);
        let seen: Vec<u16> = line
            .events(0)
            .into_iter()
            .filter_map(|e| {
                if let PhoneEvent::ReferProgress { status } = e {
                    Some(*status)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(seen, statuses, "{policy:?}");
        line.does(0, Act::Hangup);
        line.all_quiet();
    }
}

#[test]
fn a_phone_says_words_over_its_voice_and_falls_silent_when_told() {
    let mut line = Line::new(answering(10));
    line.calls(0, 1);
    line.run(1.0);
    let words: Vec<i16> = (0..8000)
        .map(|i| (6000.0 * (i as f64 * 1.2).sin()) as i16)
        .collect();
    line.does(0, Act::Say(Arc::new(words)));
    line.run(0.9);
    assert!(!line.hears(1, 0));
    line.run(1.0);
    assert!(line.hears(1, 0));
    line.does(0, Act::SendNoRtp(true));
    let before = line.phones[0].counters().rtp_sent;
    line.run(1.0);
    assert_eq!(line.phones[0].counters().rtp_sent, before);
    assert!(!line.hears(1, 0) && line.hears(0, 1));
}

#[test]
fn a_dead_phone_does_nothing_until_it_lives_again() {
    let mut line = Line::new(answering(10));
    line.calls(0, 1);
    line.run(1.0);
    line.does(1, Act::IgnoreEverything(true));
    line.run(1.0);
    assert!(!line.hears(0, 1));
    line.does(0, Act::Hangup);
    line.run(40.0);
    assert_eq!(
        (line.phones[0].state(), line.phones[1].state()),
        (State::Idle, State::Up)
    );
}

#[test]
fn registration_is_asked_for_kept_and_given_up() {
    let mut line = Line::new(|i, c| {
        c.registrar_for_others = i == 1;
        c.registrar = (i == 0).then(|| Flow {
            transport: tandem_sip::api::Transport::Udp,
            local: address(0, 5060),
            remote: address(1, 5060),
        });
    });
    line.does(0, Act::Register);
    line.run(1.0);
    assert!(line.phones[0].is_registered());
    line.run(200.0);
    let times = |line: &Line| {
        line.events(0)
            .into_iter()
            .filter(|e| **e == PhoneEvent::Registered { expires: 300 })
            .count()
    };
    assert_eq!(times(&line), 2, "refreshed at half its life");
    line.does(0, Act::Unregister);
    line.run(400.0);
    assert!(!line.phones[0].is_registered());
    assert_eq!(times(&line), 2);
}
