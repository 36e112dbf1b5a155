//! Reaching a person: one machine for the warm transfer (with a brief, accepted by key) and for the
//! plain ring (without, accepted by answering).
//!
//! ```text
//!                    no leg, busy, declined, rang out, unreachable
//!              +----------------------------------------------------+
//!              v                                                    |
//!   Start -> next round --Dial--> Dialling --18x--> Ringing --2xx--> Briefing --end--> Waiting
//!              |  no more rounds      |  total time over    |          |  key 3 repeats  | silent: asked
//!              v                      v                     v          |  key 2, BYE     | once more, then
//!            Lost <-------------------+---------------------+----------+-----------------+ next round
//!                                                                      |
//!   caller gone: ringing legs CANCELled at once,                       | key 1 (or the answer itself,
//!   answered ones told in at most 3 s (Leaving)                        v  where there is no brief)
//!                                                                     Won --> Join
//! ```
//!
//! A round holds several targets when they are rung together; a target may be several legs (a phone
//! with two contacts). The first that *accepts* wins; the others are cancelled.

mod api;
mod leg;

pub use api::{Input, Output, Part, Rules};

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_dialplan::Destination;
use tandem_types::{LegId, Mono, Party, Reason, Termination};

/// A far end that sends no 18x is given this long on top of the ring time (field note 8: the ring
/// time starts at the first 18x, and a mobile takes seconds to ring).
const POST_DIAL: Duration = Duration::from_secs(12);
/// How long an answered person is told that the caller has left.
const FAREWELL: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Dialling { until: Mono },
    Ringing { until: Mono },
    Telling { asked: bool },
    Waiting { until: Mono, asked: bool },
    Leaving { until: Mono },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Consult {
    leg: LegId,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Trying,
    /// The caller left; answered legs are being told.
    Leaving,
    Over,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    rules: Rules,
    rounds: VecDeque<Vec<Destination>>,
    attempt: u32,
    legs: Vec<Consult>,
    /// Targets of this round whose `dialled` is still to come.
    pending: usize,
    over_at: Mono,
    last: Termination,
    rang: bool,
    state: State,
    out: VecDeque<Output>,
}

impl Reach {
    /// Starts with the first round at once; drain the outputs.
    pub fn start(now: Mono, rules: Rules, rounds: Vec<Vec<Destination>>) -> Self {
        let over_at = now + rules.total;
        let mut this = Self {
            rules,
            rounds: rounds.into(),
            attempt: 0,
            legs: Vec::new(),
            pending: 0,
            over_at,
            last: Termination::new(Party::Gateway, Reason::Unreachable),
            rang: false,
            state: State::Trying,
            out: VecDeque::new(),
        };
        this.next_round();
        this
    }

    /// What came of an [`Output::Dial`]: the legs that are being dialled, or why there are none.
    pub fn dialled(&mut self, now: Mono, result: Result<Vec<LegId>, Termination>) {
        self.pending = self.pending.saturating_sub(1);
        match result {
            Ok(legs) => self.legs.extend(legs.into_iter().map(|leg| Consult {
                leg,
                step: Step::Dialling {
                    until: now + self.rules.ring + POST_DIAL,
                },
            })),
            Err(end) => self.attempt_failed(end),
        }
        if self.state == State::Trying {
            self.if_empty_next();
        }
    }

    /// Whether this machine speaks with that leg.
    pub fn has(&self, leg: LegId) -> bool {
        self.legs.iter().any(|c| c.leg == leg)
    }

    /// Takes an input; see the diagram.
    pub fn handle_input(&mut self, now: Mono, input: Input) {
        match (self.state, input) {
            (State::Over, _) => {}
            (State::Trying, Input::CallerGone) => self.caller_gone(now),
            (State::Trying, Input::Abandon) => {
                for c in std::mem::take(&mut self.legs) {
                    self.out.push_back(Output::Hang {
                        leg: c.leg,
                        reason: Reason::Cancelled,
                    });
                }
                self.give_up(Termination::new(Party::Caller, Reason::Cancelled));
            }
            (State::Leaving, Input::CallerGone | Input::Abandon) => {}
            (
                State::Trying | State::Leaving,
                Input::Rang(leg)
                | Input::Answered(leg)
                | Input::Gone(leg, _)
                | Input::Key(leg, _)
                | Input::Told(leg),
            ) => {
                if let Some(at) = self.legs.iter().position(|c| c.leg == leg) {
                    self.leg_input(now, at, input);
                }
            }
        }
    }

    fn join(&mut self, winner: LegId, by: &str) {
        self.state = State::Over;
        for c in std::mem::take(&mut self.legs) {
            if c.leg != winner {
                self.out.push_back(Output::Hush { leg: c.leg });
                self.out.push_back(Output::Hang {
                    leg: c.leg,
                    reason: Reason::ElsewhereAnswered,
                });
            }
        }
        self.out.push_back(Output::Join {
            leg: winner,
            by: by.to_owned(),
        });
    }

    fn caller_gone(&mut self, now: Mono) {
        self.state = State::Leaving;
        self.rounds.clear();
        let mut keep = Vec::new();
        for mut c in std::mem::take(&mut self.legs) {
            match c.step {
                Step::Telling { .. } | Step::Waiting { .. } => {
                    self.out.push_back(Output::Hush { leg: c.leg });
                    self.out.push_back(Output::Tell {
                        leg: c.leg,
                        part: Part::CallerLeft,
                    });
                    c.step = Step::Leaving {
                        until: now + FAREWELL,
                    };
                    keep.push(c);
                }
                Step::Dialling { .. } | Step::Ringing { .. } | Step::Leaving { .. } => {
                    self.out.push_back(Output::Hang {
                        leg: c.leg,
                        reason: Reason::Cancelled,
                    });
                }
            }
        }
        self.legs = keep;
        self.if_left();
    }

    fn if_left(&mut self) {
        if self.state == State::Leaving && self.legs.is_empty() {
            self.state = State::Over;
            self.out.push_back(Output::Released);
        }
    }

    fn attempt_failed(&mut self, end: Termination) {
        self.last = end;
        self.out.push_back(Output::AttemptFailed { end });
    }

    fn if_empty_next(&mut self) {
        if self.state == State::Trying && self.legs.is_empty() && self.pending == 0 {
            self.next_round();
        }
    }

    fn next_round(&mut self) {
        if self.attempt >= self.rules.attempts {
            return self.give_up(self.last);
        }
        let Some(round) = self.rounds.pop_front() else {
            return self.give_up(self.last);
        };
        self.attempt += 1;
        self.pending = round.len();
        for target in round {
            self.out.push_back(Output::Dial {
                target,
                attempt: self.attempt,
            });
        }
        self.if_empty_next();
    }

    fn give_up(&mut self, end: Termination) {
        self.state = State::Over;
        self.out.push_back(Output::GaveUp { end });
    }

    /// Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let legs = self.legs.iter().filter_map(|c| match c.step {
            Step::Dialling { until } => Some((until, "no 18x")),
            Step::Ringing { until } => Some((until, "ring time")),
            Step::Waiting { until, .. } => Some((until, "no key after the brief")),
            Step::Leaving { until } => Some((until, "farewell")),
            Step::Telling { .. } => None,
        });
        let total = (self.state == State::Trying).then_some((self.over_at, "transfer total"));
        legs.chain(total).min()
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) {
        if self.state == State::Trying && now >= self.over_at {
            for c in std::mem::take(&mut self.legs) {
                self.out.push_back(Output::Hush { leg: c.leg });
                self.out.push_back(Output::Hang {
                    leg: c.leg,
                    reason: Reason::NoAnswer,
                });
            }
            let end = Termination::new(Party::Gateway, Reason::NoAnswer);
            self.attempt_failed(end);
            return self.give_up(end);
        }
        let mut at = 0;
        while at < self.legs.len() {
            let leg = self.legs[at].leg;
            match self.legs[at].step.clone() {
                Step::Dialling { until } | Step::Ringing { until } if now >= until => {
                    self.legs.remove(at);
                    self.out.push_back(Output::Hang {
                        leg,
                        reason: Reason::NoAnswer,
                    });
                    self.attempt_failed(Termination::new(Party::Callee, Reason::NoAnswer));
                }
                Step::Waiting {
                    until,
                    asked: false,
                } if now >= until => {
                    self.legs[at].step = Step::Telling { asked: true };
                    self.out.push_back(Output::Tell {
                        leg,
                        part: Part::AskAgain,
                    });
                    at += 1;
                }
                Step::Waiting { until, asked: true } if now >= until => {
                    self.legs.remove(at);
                    self.out.push_back(Output::Hang {
                        leg,
                        reason: Reason::Silent,
                    });
                    self.attempt_failed(Termination::new(Party::Callee, Reason::Silent));
                }
                Step::Leaving { until } if now >= until => {
                    self.legs.remove(at);
                    self.out.push_back(Output::Hush { leg });
                    self.out.push_back(Output::Hang {
                        leg,
                        reason: Reason::Cancelled,
                    });
                }
                Step::Dialling { .. }
                | Step::Ringing { .. }
                | Step::Telling { .. }
                | Step::Waiting { .. }
                | Step::Leaving { .. } => at += 1,
            }
        }
        self.if_left();
        self.if_empty_next();
    }
}
