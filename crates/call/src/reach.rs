//! Reaching a person: one machine for the warm transfer (with a brief, accepted by key) and for the
//! plain ring (without, accepted by answering).
//!
//! ```text
//!                    no leg, busy, declined, rang out, unreachable
//!              +----------------------------------------------------+
//!              v                                                    |
//!   Start -> next round --Dial--> Dialling --18x--> Ringing --2xx--> Answered --Ready--> Briefing --end--> Waiting
//!              |  no more rounds      |  total time over    |          |    |             |  key 3 repeats  | silent: asked
//!              v                      v                     v          |    |  key 2, BYE |  key 2, BYE     | once more, then
//!        Ready?-> Lost <--------------+---------------------+----------+----+-------------+-----------------+ next round
//!              ^                                                                          |
//!   the caller gone, or of another mind: ringing legs CANCELled at once, answered         | key 1 (or the answer itself,
//!   ones dismissed with a word (at most 3 s)                                              v  where there is no brief)
//!                                                                                        Won --> Join
//! ```
//!
//! A round holds several targets when they are rung together; a target may be several legs (a phone
//! with two contacts). The first that *accepts* wins; those that ring are cancelled, those who had answered are told so.
//!
//! People may be rung before it is known what they are to be told (the agent is still announcing it, and the caller still
//! talking): whoever answers then waits for `Ready`, and so does the end of it all.
//!
//! | a leg is | 18x | 2xx | gone | key 1 | key 2 | key 3 | told | ready | its time |
//! |---|---|---|---|---|---|---|---|---|---|
//! | Dialling | Ringing | Answered: Briefing if ready, Join without a brief | next | - | - | - | - | - | Hang, next |
//! | Ringing | - | as above | next | - | - | - | - | - | Hang, next |
//! | Answered | - | - | next | kept until ready | Hang, next | - | - | Briefing, or Join | never |
//! | Briefing | - | - | next | Join | Hang, next | More | Waiting | - | never |
//! | Waiting | - | - | next | Join | Hang, next | More | - | - | asked again; then Hang, next |
//!
//! | | Trying | Lost, not ready | Over |
//! |---|---|---|---|
//! | ready | see above | GaveUp | - |
//! | the caller gone | ringing: Hang; answered: Dismiss | - | - |
//! | the caller of another mind | the same, GaveUp | GaveUp | - |
//! | total time | ringing: Hang; answered: Dismiss; GaveUp | - | - |

mod api;
mod leg;
mod names;

pub use api::{Input, Output, Part, Rules};

use crate::cells;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_dialplan::Destination;
use tandem_types::{LegId, Mono, Party, Reason, Termination};

/// A far end is given this long to send a first 18x, however short the ring time: a mobile takes seconds to ring (field note 8:
/// the ring time starts at the first 18x). One that never sends any has its ring time from the INVITE on.
const POST_DIAL: Duration = Duration::from_secs(12);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Dialling {
        until: Mono,
    },
    Ringing {
        until: Mono,
    },
    /// `accepted`: by a key, before they could be told anything.
    Answered {
        accepted: bool,
    },
    Telling {
        asked: bool,
    },
    Waiting {
        until: Mono,
        asked: bool,
    },
}

/// The table's name for [`State::Lost`].
const LOST: &str = "lost, not ready";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Consult {
    leg: LegId,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Trying,
    /// Nobody takes it, which is said as soon as the announcement is.
    Lost(Termination),
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
    ready: bool,
    state: State,
    out: VecDeque<Output>,
}

impl Reach {
    /// Starts with the first round at once; drain the outputs. `ready`: what people are told is known.
    pub fn start(now: Mono, rules: Rules, rounds: Vec<Vec<Destination>>, ready: bool) -> Self {
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
            ready,
            state: State::Trying,
            out: VecDeque::new(),
        };
        this.next_round();
        this
    }

    /// What came of an [`Output::Dial`]: the legs that are being dialled, or why there are none.
    pub fn dialled(&mut self, now: Mono, result: Result<Vec<LegId>, Termination>) {
        self.pending = self.pending.saturating_sub(1);
        let found = if result.is_ok() { "a way" } else { "no way" };
        cells::entered("reach", "next round", found);
        match result {
            Ok(legs) => self.legs.extend(legs.into_iter().map(|leg| Consult {
                leg,
                step: Step::Dialling {
                    until: now + self.rules.ring.max(POST_DIAL),
                },
            })),
            Err(end) => self.attempt_failed(end),
        }
        self.if_empty_next();
    }

    /// Each leg, its step by the table's names, and when that is over; without any, one that is lost and not told so yet.
    pub fn steps(&self) -> impl Iterator<Item = (Option<LegId>, &'static str, Option<Mono>)> {
        let lost = matches!(self.state, State::Lost(_)).then_some((None, LOST, None));
        let of = |c: &Consult| (Some(c.leg), c.step.name(), c.step.until());
        self.legs.iter().map(of).chain(lost)
    }

    /// What people are told is known.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// The end of it all.
    pub fn over_at(&self) -> Mono {
        self.over_at
    }

    /// Whether this machine speaks with that leg.
    pub fn has(&self, leg: LegId) -> bool {
        self.legs.iter().any(|c| c.leg == leg)
    }

    /// Somebody else answers in place of a leg: it is theirs from here on.
    pub fn picked_up(&mut self, old: LegId, new: LegId) {
        if let Some(consult) = self.legs.iter_mut().find(|c| c.leg == old) {
            consult.leg = new;
        }
    }

    /// Takes an input; see the diagram.
    pub fn handle_input(&mut self, now: Mono, input: Input) {
        if let Input::Ready | Input::CallerGone | Input::Abandon = input {
            self.all_enter(input.name(&self.rules));
        }
        match (self.state, input) {
            (State::Trying, Input::Ready) => self.on_ready(),
            (State::Trying, Input::CallerGone) => {
                self.let_go(Part::CallerLeft, Reason::Cancelled);
                self.state = State::Over;
            }
            (State::Trying, Input::Abandon) => {
                self.let_go(Part::CallerStays, Reason::Cancelled);
                self.over(Termination::new(Party::Caller, Reason::Cancelled));
            }
            (State::Lost(end), Input::Ready) => self.over(end),
            (State::Lost(_), Input::Abandon) => {
                self.over(Termination::new(Party::Caller, Reason::Cancelled));
            }
            (State::Lost(_), Input::CallerGone) => self.state = State::Over,
            (
                State::Trying,
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
            (State::Over, _)
            | (
                State::Lost(_),
                Input::Rang(_)
                | Input::Answered(_)
                | Input::Gone(..)
                | Input::Key(..)
                | Input::Told(_),
            ) => {}
        }
    }

    /// Whoever has answered meanwhile is briefed, or joined if they have accepted already.
    fn on_ready(&mut self) {
        if std::mem::replace(&mut self.ready, true) {
            return;
        }
        let accepted = |c: &Consult| matches!(c.step, Step::Answered { accepted: true });
        if let Some(leg) = self.legs.iter().find(|c| accepted(c)).map(|c| c.leg) {
            let by = format!("key {}", self.rules.accept_key);
            return self.join(leg, &by);
        }
        for c in &mut self.legs {
            if let Step::Answered { .. } = c.step {
                c.step = Step::Telling { asked: false };
                self.out.push_back(Output::Tell {
                    leg: c.leg,
                    part: Part::Brief,
                });
            }
        }
    }

    /// Counts a cell for each leg, or for what there is without one.
    fn all_enter(&self, event: &'static str) {
        for c in &self.legs {
            cells::entered("reach", c.step.name(), event);
        }
        if let State::Lost(_) = self.state {
            cells::entered("reach", LOST, event);
        }
    }

    fn join(&mut self, winner: LegId, by: &str) {
        self.state = State::Over;
        self.legs.retain(|c| c.leg != winner);
        self.let_go(Part::TakenElsewhere, Reason::ElsewhereAnswered);
        self.out.push_back(Output::Join {
            leg: winner,
            by: by.to_owned(),
        });
    }

    /// Of all legs: those that ring stop, those who answered are told why.
    fn let_go(&mut self, part: Part, reason: Reason) {
        self.rounds.clear();
        for Consult { leg, step } in std::mem::take(&mut self.legs) {
            match step {
                Step::Dialling { .. } | Step::Ringing { .. } => {
                    self.out.push_back(Output::Hang { leg, reason });
                }
                Step::Answered { .. } | Step::Telling { .. } | Step::Waiting { .. } => {
                    self.out.push_back(Output::Hush { leg });
                    self.out.push_back(Output::Dismiss { leg, part, reason });
                }
            }
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
        if self.ready {
            self.over(end);
        } else {
            self.state = State::Lost(end);
        }
    }

    fn over(&mut self, end: Termination) {
        self.state = State::Over;
        self.out.push_back(Output::GaveUp { end });
    }

    /// Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let of = |c: &Consult| Some((c.step.until()?, c.step.name()));
        let legs = self.legs.iter().filter_map(of);
        let total = (self.state == State::Trying).then_some((self.over_at, "transfer total"));
        legs.chain(total).min()
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) {
        if self.state == State::Trying && now >= self.over_at {
            self.all_enter("total time");
            self.let_go(Part::TooLate, Reason::NoAnswer);
            let end = Termination::new(Party::Gateway, Reason::NoAnswer);
            self.attempt_failed(end);
            return self.give_up(end);
        }
        let mut at = 0;
        while at < self.legs.len() {
            let leg = self.legs[at].leg;
            let step = self.legs[at].step.clone();
            if step.until().is_some_and(|until| now >= until) {
                cells::entered("reach", step.name(), "its time");
            }
            match step {
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
                Step::Dialling { .. }
                | Step::Ringing { .. }
                | Step::Answered { .. }
                | Step::Telling { .. }
                | Step::Waiting { .. } => at += 1,
            }
        }
        self.if_empty_next();
    }
}

#[cfg(test)]
mod tests;
