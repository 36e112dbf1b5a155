//! Whether the person whom the caller is with is still there, when nothing is heard of them.
//!
//! ```text
//!            nothing heard for 2.5 s          no answer for 4 s             none for 8 s more (a trunk: 30)
//!   Heard ---------------------------> Asked -------------------> Missed ---------------------> Lost
//!     ^     comfort noise, OPTIONS      | any answer   "one moment",  | any answer           (481, 408 and the end of
//!     |                                 v              music          |                       the question: at once)
//!     |                               There <--- comfort noise -------+
//!     |                                 '--- after 30 s asked again --> Asked
//!     '---- heard again, or another offer/answer (hold): from each but Lost
//! ```
//!
//! A muted phone and silence suppression send nothing either (field note 4): nobody is hung up for silence alone, and a
//! person who only listens is neither announced nor replaced by music. A phone that neither sends nor answers is gone: 4 s are
//! four transmissions of the question, 12 s outlast a phone that changes its radio cell. A carrier may swallow OPTIONS, so a leg
//! through a trunk has as long as the transaction takes (Timer F, 32 s).
//!
//! | | silent | heard, held | answer | refusal, no answer | its time |
//! |---|---|---|---|---|---|
//! | Heard | Asked: ask | - | - | - | never |
//! | Asked | - | Heard | There | Lost | Missed: warn |
//! | There | - | Heard | - | Lost | Asked: ask |
//! | Missed | - | Heard | There | Lost | Lost |
//! | Lost | - | - | - | - | never |

use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::Mono;

/// Four transmissions of the question (RFC 3261 section 17.1.2.2: at 0, 0.5, 1.5 and 3.5 s).
const ASKED: Duration = Duration::from_secs(4);
/// How much longer a registered phone is waited for, and a far end behind a trunk.
const PHONE: Duration = Duration::from_secs(8);
const TRUNK: Duration = Duration::from_secs(30);
/// A silent phone that answers is asked again after this.
const AGAIN: Duration = Duration::from_secs(30);

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing has been heard for some seconds.
    Silent,
    /// Something is heard, or need not be (hold, another offer/answer).
    Heard,
    /// The question was answered.
    There,
    /// It was answered by 481 or 408, or by nothing at all.
    Gone,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Ask whether it is there.
    Ask,
    /// Tell the caller that the line is being looked at.
    Warn,
    /// Take the caller away from it. Final.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Heard,
    Asked { until: Mono },
    There { until: Mono },
    Missed { until: Mono },
    Lost,
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    state: State,
    patience: Duration,
}

impl Watch {
    /// Of a leg that is heard. `trunk`: it goes through one.
    pub fn new(trunk: bool) -> Self {
        Self {
            state: State::Heard,
            patience: if trunk { TRUNK } else { PHONE },
        }
    }

    /// One of the same leg, from its beginning.
    pub fn again(&self) -> Self {
        Self {
            state: State::Heard,
            ..*self
        }
    }

    /// The caller hears music instead of them.
    pub fn missed(&self) -> bool {
        matches!(self.state, State::Missed { .. })
    }

    /// Takes an input; see the table.
    pub fn handle_input(&mut self, now: Mono, input: Input) -> Option<Act> {
        let (state, act) = match (self.state, input) {
            (State::Lost, _) => (State::Lost, None),
            (_, Input::Heard) => (State::Heard, None),
            (State::Heard, Input::Silent) => (State::Asked { until: now + ASKED }, Some(Act::Ask)),
            (State::Asked { .. } | State::Missed { .. }, Input::There) => {
                (State::There { until: now + AGAIN }, None)
            }
            (State::Asked { .. } | State::Missed { .. } | State::There { .. }, Input::Gone) => {
                (State::Lost, Some(Act::Lost))
            }
            (State::Heard, Input::There | Input::Gone)
            | (State::There { .. }, Input::There | Input::Silent)
            | (State::Asked { .. } | State::Missed { .. }, Input::Silent) => (self.state, None),
        };
        self.state = state;
        act
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        match self.state {
            State::Heard | State::Lost => None,
            State::Asked { until } => Some((until, "a silent person does not answer")),
            State::There { until } => Some((until, "a silent person is asked again")),
            State::Missed { until } => Some((until, "a silent person is given up")),
        }
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) -> Option<Act> {
        let (state, act) = match self.state {
            State::Asked { until } if now >= until => {
                let until = now + self.patience;
                (State::Missed { until }, Act::Warn)
            }
            State::There { until } if now >= until => {
                (State::Asked { until: now + ASKED }, Act::Ask)
            }
            State::Missed { until } if now >= until => (State::Lost, Act::Lost),
            State::Heard
            | State::Asked { .. }
            | State::There { .. }
            | State::Missed { .. }
            | State::Lost => return None,
        };
        self.state = state;
        Some(act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono(secs * 1_000_000_000)
    }

    fn states() -> [State; 5] {
        let until = at(10);
        [
            State::Heard,
            State::Asked { until },
            State::There { until },
            State::Missed { until },
            State::Lost,
        ]
    }

    /// The table above, cell by cell.
    #[test]
    fn every_cell_is_as_the_table_says() {
        let table = [
            "Asked Ask|Heard|Heard|Heard|Heard",
            "Asked|Heard|There|Lost Lost|Missed Warn",
            "There|Heard|There|Lost Lost|Asked Ask",
            "Missed|Heard|There|Lost Lost|Lost Lost",
            "Lost|Lost|Lost|Lost|Lost",
        ];
        for (state, row) in states().into_iter().zip(table) {
            for (n, cell) in row.split('|').enumerate() {
                let mut watch = Watch {
                    state,
                    patience: PHONE,
                };
                let act = match n {
                    0 => watch.handle_input(at(10), Input::Silent),
                    1 => watch.handle_input(at(10), Input::Heard),
                    2 => watch.handle_input(at(10), Input::There),
                    3 => watch.handle_input(at(10), Input::Gone),
                    _ => watch.handle_timeout(at(10)),
                };
                let shown = format!("{:?}", watch.state);
                let name = shown.split_whitespace().next().unwrap_or_default();
                let found = act.map_or(name.to_owned(), |a| format!("{name} {a:?}"));
                assert_eq!(found, cell, "{state:?}, column {n}");
            }
        }
    }

    #[test]
    fn a_phone_is_lost_after_twelve_seconds_and_a_trunk_after_thirty_four() {
        for (trunk, after) in [(false, 12), (true, 34)] {
            let mut watch = Watch::new(trunk);
            assert_eq!(watch.handle_input(at(100), Input::Silent), Some(Act::Ask));
            assert_eq!(watch.handle_timeout(at(103)), None);
            assert_eq!(watch.handle_timeout(at(104)), Some(Act::Warn));
            assert_eq!(watch.handle_timeout(at(99 + after)), None);
            assert_eq!(watch.handle_timeout(at(100 + after)), Some(Act::Lost));
            assert_eq!(watch.poll_timeout(), None);
        }
    }
}
