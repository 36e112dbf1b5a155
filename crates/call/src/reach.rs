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
//! A caller may wait until somebody is free (`stands`): there are no rounds then, who is rung is said from outside ([`Reach::ring`],
//! `queues.rs`), and whoever does not take the caller leaves them standing, with music, until somebody else is free.
//!
//! People may be rung before it is known what they are to be told (the agent is still announcing it, and the caller still
//! talking): whoever answers then waits for `Ready`, and so does the end of it all.
//!
//! Where key 4 sends the caller to a queue it ends it all for Briefing and Waiting: Hang, the others let go, SendOn; it declines where
//! the caller waits in that queue already.
//!
//! | a leg is | 18x | 2xx | gone | key 1 | key 2 | key 3 | told | ready | its time |
//! |---|---|---|---|---|---|---|---|---|---|
//! | Dialling | Ringing | Answered: Briefing if ready, Join without a brief | next | - | - | - | - | - | Hang, next |
//! | Ringing | - | as above | next | - | - | - | - | - | Hang, next |
//! | Answered | - | - | next | kept until ready | Hang, next | - | - | Briefing, or Join | never |
//! | Briefing | - | - | next | Join | Hang, next | More | Waiting | - | never |
//! | Waiting | - | - | next | Join | Hang, next | More | - | - | asked again; then Hang, next |
//!
//! | | somebody is free | turned away | the caller gone | of another mind | total time |
//! |---|---|---|---|---|---|
//! | Standing | Dial | GaveUp | - | GaveUp | GaveUp; not while somebody is told |
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
/// And for a caller who waits, with nobody rung for them.
const STANDING: &str = "standing";

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
            Err(end) => self.attempt_failed(end, None),
        }
        self.if_empty_next();
    }

    /// These are rung now, for a caller who waits.
    pub fn ring(&mut self, targets: Vec<Destination>) {
        if self.state != State::Trying {
            return;
        }
        if self.legs.is_empty() {
            cells::entered("reach", STANDING, "somebody is free");
        }
        self.round(targets);
    }

    /// The caller is to wait no longer: whoever is rung is let go.
    pub fn turn_away(&mut self, end: Termination) {
        if self.state == State::Trying {
            cells::entered("reach", STANDING, "turned away");
            self.let_go(Part::TooLate, Reason::NoAnswer);
            self.give_up(end);
        }
    }

    /// Somebody has answered, and has not taken the caller yet.
    pub fn is_answered(&self) -> bool {
        let all = self.legs.iter();
        all.clone().any(|c| {
            let rings = matches!(c.step, Step::Dialling { .. } | Step::Ringing { .. });
            !rings
        })
    }

    /// When the caller has waited for long enough: not while somebody is being told of them.
    fn ends_at(&self) -> Option<Mono> {
        let told = self.rules.stands && self.is_answered();
        (self.state == State::Trying && !told).then_some(self.over_at)
    }

    /// Each leg, its step by the table's names, and when that is over; without any, one that is lost and not told so yet, or stands.
    pub fn steps(&self) -> impl Iterator<Item = (Option<LegId>, &'static str, Option<Mono>)> {
        let none = match self.state {
            State::Lost(_) => Some((None, LOST, None)),
            State::Trying if self.stands() => Some((None, STANDING, self.ends_at())),
            State::Trying | State::Over => None,
        };
        let of = |c: &Consult| (Some(c.leg), c.step.name(), c.step.until());
        self.legs.iter().map(of).chain(none)
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
        if self.stands() {
            cells::entered("reach", STANDING, event);
        }
    }

    /// The caller waits, and nobody is rung for them.
    fn stands(&self) -> bool {
        self.state == State::Trying && self.rules.stands && self.legs.is_empty()
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

    fn attempt_failed(&mut self, end: Termination, leg: Option<LegId>) {
        self.last = end;
        self.out.push_back(Output::AttemptFailed { end, leg });
    }

    fn if_empty_next(&mut self) {
        if self.state == State::Trying && self.legs.is_empty() && self.pending == 0 {
            self.next_round();
        }
    }

    fn next_round(&mut self) {
        if self.rules.stands {
            return; // until somebody is free
        }
        if self.attempt >= self.rules.attempts {
            return self.give_up(self.last);
        }
        let Some(round) = self.rounds.pop_front() else {
            return self.give_up(self.last);
        };
        self.round(round);
    }

    fn round(&mut self, round: Vec<Destination>) {
        self.attempt += 1;
        self.pending += round.len();
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
        let total = self.ends_at().map(|at| (at, "transfer total"));
        legs.chain(total).min()
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) {
        if self.ends_at().is_some_and(|at| now >= at) {
            self.all_enter("total time");
            let tried = !self.rules.stands || !self.legs.is_empty();
            self.let_go(Part::TooLate, Reason::NoAnswer);
            let end = Termination::new(Party::Gateway, Reason::NoAnswer);
            if tried {
                self.attempt_failed(end, None);
            }
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
                    let end = Termination::new(Party::Callee, Reason::NoAnswer);
                    self.attempt_failed(end, Some(leg));
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
                    let end = Termination::new(Party::Callee, Reason::Silent);
                    self.attempt_failed(end, Some(leg));
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
