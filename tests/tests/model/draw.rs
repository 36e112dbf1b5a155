//! The next event, drawn from a seed by what people are doing: mostly something that fits, at times something that does not.

use super::{
    cast::{CAST, Part},
    event::{Answer, Deed, Event, Manner, Quality, Refer, Whose},
    play::Stage,
};
use std::{collections::VecDeque, time::Duration};
use tandem_phone::State;
use tandem_sdp::Direction;
use tandem_types::{Rng, provider::ProviderFault};

const NUMBERS: &[&str] = &[
    MAIN,
    MAIN,
    MAIN,
    MAIN,
    MAIN,
    MAIN,
    "2001",
    "2002",
    "2002",
    "2003",
    "2003",
    "2005",
    "2009",
    "*97",
    "200",
    "203",
    "204",
    "3001",
    "3001",
    "999999",
    "+442079999999",
];
/// What those call who would rather be called back, or wait for the same people.
const BACK: &[&str] = &["2008", "2008", "2003"];
const MAIN: &str = "+442079460100";
const WORDS: &[&str] = &[
    "my heating is broken",
    "my heating is broken",
    "i would like to book a viewing",
    "i would like to book a viewing",
    "i would like to book a viewing",
    "can I speak to a person",
    "can I speak to a person",
    "there is a mistake on my bill",
    "please put me through to the billing team",
    "what are your opening hours",
    "there is a gas leak",
    "yes please",
    "no thank you",
    "never mind",
    "goodbye",
    "the quick brown fox",
];
const KEYS_IN_CALL: &[&str] = &[
    "1", "1", "1", "1", "2", "2", "3", "3", "*9", "*9", "5", "#", "11", "*",
];
const KEYS_OF_CALLERS: &[&str] = &["0", "0", "0", "1", "2", "9", "*", "07946"];
const REFUSALS: &[u16] = &[
    300, 302, 401, 403, 404, 408, 410, 480, 484, 486, 487, 488, 500, 503, 504, 600, 603, 607,
];
const NOTIFIES: &[&[(u32, u16)]] = &[
    &[(100, 100), (500, 180), (2000, 200)],
    &[(50, 200)],
    &[(100, 100), (1000, 486)],
    &[(100, 180), (100, 180), (3000, 603)],
    &[(100, 100)],
    &[(100, 100), (4000, 180), (4000, 180)],
    &[(300, 503)],
    &[(100, 0), (500, 0), (1500, 200)],
    &[(0, 0)],
    &[(100, 1)],
    &[(2000, 100), (300, 1)],
    &[(12_000, 200)],
    &[(12_000, 404)],
];
const TARGETS: &[&str] = &["200", "203", "2009", "+441632960700", "+442079999999"];
const FAULTS: &[ProviderFault] = &[
    ProviderFault::NotConfigured,
    ProviderFault::Unreachable,
    ProviderFault::TimedOut,
    ProviderFault::RateLimited,
    ProviderFault::Malformed,
    ProviderFault::Open,
];

/// Draws events for one run.
pub(crate) struct Dice {
    rng: Rng,
    /// Whether the network and the providers may fail in this run, and whether the gateway may stop.
    net: bool,
    providers: bool,
    admin: bool,
    /// Events that belong to those before them.
    pub(super) plot: VecDeque<Event>,
    /// Whether people at their desks ask colleagues before they transfer, and go on at other phones.
    desks: bool,
    /// Whether callers are called back.
    calls_back: bool,
}

impl Dice {
    pub(crate) fn new(mut rng: Rng, desks: bool, calls_back: bool) -> Self {
        let mut one_in = |n| rng.below(n) == 0;
        let (net, providers, admin) = (one_in(3), one_in(3), one_in(5));
        Self {
            rng,
            net,
            providers,
            admin,
            plot: VecDeque::new(),
            desks,
            calls_back,
        }
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.below(n as u64) as usize
    }

    pub(super) fn up_to(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }

    pub(super) fn chance(&mut self, times: u64, of: u64) -> bool {
        self.rng.below(of) < times
    }

    pub(super) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<T>(&mut self, all: Vec<(u64, T)>) -> T {
        let sum = all.iter().map(|(w, _)| w).sum();
        let mut at = self.rng.below(sum);
        for (weight, one) in all {
            match at.checked_sub(weight) {
                Some(rest) => at = rest,
                None => return one,
            }
        }
        unreachable!("the weights were summed")
    }

    /// How people are before anything happens.
    pub(crate) fn opening(&mut self) -> Vec<Event> {
        let mut out = Vec::new();
        for (who, (_, _, part)) in CAST.iter().enumerate() {
            let deed = match part {
                Part::Caller if self.calls_back => Deed::Becomes(who, self.manner()),
                Part::Caller => Deed::Follows(who, self.refer()),
                Part::Desk | Part::Outside => Deed::Becomes(who, self.manner()),
                Part::Carrier => continue,
            };
            out.push(Event {
                after: Duration::ZERO,
                deed,
            });
        }
        out
    }

    pub(crate) fn next(&mut self, stage: &Stage) -> Event {
        if self.calls_back
            && self.plot.is_empty()
            && self.one_in(16)
            && let Some(plot) = self.called_back(stage)
        {
            self.plot = plot.into();
        }
        let planned = self.plot.pop_front();
        if let Some(event) = planned.or_else(|| self.steered(stage)) {
            return event;
        }
        let after = Duration::from_millis(self.pause());
        let deed = self.deed(stage);
        Event { after, deed }
    }

    /// Milliseconds: many things at once, some crossing on the wire, some after a time-out.
    fn pause(&mut self) -> u64 {
        let (from, to) = self.weighted(vec![
            (30, (0, 1)),
            (25, (1, 40)),
            (20, (40, 400)),
            (17, (400, 2500)),
            (6, (2500, 6000)),
            (2, (6000, 14_000)),
        ]);
        from + self.rng.below(to - from)
    }

    fn deed(&mut self, stage: &Stage) -> Deed {
        if self.one_in(12) {
            return self.rare();
        }
        if self.net && self.one_in(9) {
            return self.network();
        }
        if self.providers && self.one_in(7) {
            return self.provider();
        }
        if self.one_in(14) {
            return Deed::Restart;
        }
        if self.calls_back && self.one_in(40) {
            return Deed::CancelOne(self.below(3));
        }
        let who = self.somebody(stage);
        self.person(who, stage)
    }

    /// Somebody in a call more often than somebody who is not, and whoever was called more often than whoever called.
    fn somebody(&mut self, stage: &Stage) -> Whose {
        let state = |who: Whose| stage.w.phone(stage.phones[who]).state();
        let called = |who: &Whose| {
            CAST[*who].2 != Part::Caller && matches!(state(*who), State::Up | State::Ringing)
        };
        let all: Vec<Whose> = (0..CAST.len() - 1).collect();
        let busy: Vec<Whose> = all.iter().copied().filter(called).collect();
        if !busy.is_empty() && self.one_in(2) {
            return self.of(&busy);
        }
        for _ in 0..6 {
            let who = self.of(&all);
            if state(who) != State::Idle || (CAST[who].2 == Part::Caller && self.one_in(2)) {
                return who;
            }
        }
        self.of(&all)
    }

    fn person(&mut self, who: Whose, stage: &Stage) -> Deed {
        let part = CAST[who].2;
        match (stage.w.phone(stage.phones[who]).state(), part) {
            (State::Idle, Part::Caller) if self.calls_back && self.one_in(3) => {
                Deed::Becomes(who, self.manner())
            }
            (State::Idle, Part::Caller) => {
                let back = self.calls_back && self.one_in(2);
                let number = self.of(if back { BACK } else { NUMBERS });
                Deed::Calls(who, number)
            }
            (State::Idle, Part::Desk) if self.one_in(4) => {
                let number = self.of(NUMBERS);
                Deed::Calls(who, number)
            }
            (State::Idle, Part::Desk) if self.desks && self.one_in(5) => Deed::TakesOver(who),
            (State::Idle, _) => Deed::Becomes(who, self.manner()),
            (State::Calling, _) => self.weighted(vec![
                (u64::from(self.desks), Deed::Completes(who)),
                (2, Deed::HangsUp(who)),
                (5, Deed::Nothing),
                (1, Deed::Presses(who, "1")),
            ]),
            (State::Ringing, _) => {
                let status = self.of(REFUSALS);
                self.weighted(vec![
                    (6, Deed::Answers(who)),
                    (2, Deed::Rejects(who, status)),
                    (2, Deed::Rings(who)),
                    (2, Deed::EarlyMedia(who)),
                    (3, Deed::Nothing),
                ])
            }
            (State::Up, Part::Caller) => self.caller(who),
            (State::Up, _) => self.callee(who),
        }
    }

    fn caller(&mut self, who: Whose) -> Deed {
        let (words, keys, direction) = (self.of(WORDS), self.of(KEYS_OF_CALLERS), self.direction());
        let (refer, to) = (self.refer(), self.of(TARGETS));
        self.weighted(vec![
            (14, Deed::Says(who, words)),
            (6, Deed::Presses(who, keys)),
            (4, Deed::HangsUp(who)),
            (2, Deed::Holds(who, direction)),
            (2, Deed::Resumes(who)),
            (4, Deed::Follows(who, refer)),
            (1, Deed::Refers(who, to)),
            (1, Deed::Mute(who, true)),
            (1, Deed::Mute(who, false)),
            (8, Deed::Nothing),
        ])
    }

    fn callee(&mut self, who: Whose) -> Deed {
        let (keys, direction, to) = (self.of(KEYS_IN_CALL), self.direction(), self.of(TARGETS));
        let mut all = match self.desks {
            true => vec![
                (2, Deed::Consults(who, self.of(NUMBERS))),
                (3, Deed::Completes(who)),
            ],
            false => Vec::new(),
        };
        all.extend([
            (20, Deed::Presses(who, keys)),
            (3, Deed::HangsUp(who)),
            (2, Deed::Holds(who, direction)),
            (2, Deed::Resumes(who)),
            (2, Deed::Refers(who, to)),
            (1, Deed::Mute(who, true)),
            (2, Deed::Mute(who, false)),
            (8, Deed::Nothing),
        ]);
        self.weighted(all)
    }

    fn direction(&mut self) -> Direction {
        self.of(&[
            Direction::SendOnly,
            Direction::SendOnly,
            Direction::Inactive,
            Direction::RecvOnly,
        ])
    }

    pub(super) fn manner(&mut self) -> Manner {
        let (time, status) = (200 + self.rng.below(4000) as u32, self.of(REFUSALS));
        self.weighted(vec![
            (10, Manner::Answers(time)),
            (3, Manner::Answers(0)),
            (3, Manner::Rings),
            (2, Manner::Waits),
            (2, Manner::RingsThenRejects(time, status)),
            (2, Manner::Busy),
            (2, Manner::Rejects(status)),
            (1, Manner::RejectsBecause(503, 17)),
            (1, Manner::Ignores),
        ])
    }

    fn refer(&mut self) -> Refer {
        let (notifies, status, time) = (
            self.of(NOTIFIES),
            self.of(REFUSALS),
            self.rng.below(4000) as u32,
        );
        self.weighted(vec![
            (3, Refer::Follows),
            (3, Refer::Refuses(status)),
            (6, Refer::Notifies(notifies)),
            (1, Refer::AcceptsOnly),
            (2, Refer::AcceptsThenBye(time)),
            (2, Refer::Ignores),
        ])
    }

    fn network(&mut self) -> Deed {
        let who = self.below(CAST.len() - 1);
        let cut = 200 + self.rng.below(12_000) as u32;
        let quality = self.weighted(vec![
            (4, Quality::Good),
            (4, Quality::Poor),
            (2, Quality::Bad),
            (2, Quality::Far),
            (1, Quality::Cut(cut)),
        ]);
        Deed::Link(who, quality)
    }

    fn provider(&mut self) -> Deed {
        let fault = self.of(FAULTS);
        let slow = Duration::from_millis(50 + self.rng.below(3000));
        let after = self.rng.below(4000) as u32;
        let answer = self.weighted(vec![
            (4, Answer::Says("I can certainly look into that for you.")),
            (2, Answer::Transfers("queue:reception")),
            (1, Answer::Transfers("outside:viewings")),
            (1, Answer::Transfers("agent:billing")),
            (1, Answer::Transfers("+442079999999")),
            (1, Answer::Transfers("sip:thief@192.0.2.66")),
            (1, Answer::Nonsense("rm", "{}")),
            (1, Answer::Nonsense("transfer_to", "{\"target\":")),
            (2, Answer::Promises),
            (1, Answer::Fails(after, fault)),
            (1, Answer::Hangs),
        ]);
        self.weighted(vec![
            (2, Deed::Stt(Some(fault))),
            (3, Deed::Stt(None)),
            (1, Deed::Llm(Some(fault))),
            (3, Deed::Llm(None)),
            (8, Deed::Reply(answer)),
            (2, Deed::Tts(true)),
            (4, Deed::Tts(false)),
            (2, Deed::Slow(slow)),
            (3, Deed::Slow(Duration::from_millis(300))),
        ])
    }

    fn rare(&mut self) -> Deed {
        let who = self.below(CAST.len() - 1);
        let back = self.below(20);
        let byte = self
            .one_in(2)
            .then(|| (self.below(900), self.rng.below(256) as u8));
        let pairs = self.of(&[0, 1, 2, 1000, 1000, 1000]);
        let nth = self.below(4);
        let desk = 3 + self.below(6);
        let mut all = vec![
            (6, Deed::Again { back, byte }),
            (1, Deed::Unregisters(desk)),
            (3, Deed::Registers(desk)),
            (4, Deed::LateAnswer(u32::try_from(back).unwrap_or(0) * 400)),
            (2, Deed::Ports(pairs)),
            (2, Deed::Ports(1000)),
        ];
        if self.net {
            all.extend([(1, Deed::Dead(who, true)), (2, Deed::Dead(who, false))]);
        }
        if self.admin {
            all.extend([(1, Deed::Drain), (1, Deed::EndAll), (2, Deed::EndOne(nth))]);
        }
        self.weighted(all)
    }
}
