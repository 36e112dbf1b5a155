//! A cold transfer by REFER (RFC 3515), watched to its final NOTIFY. The caller is ours until
//! success is known.
//!
//! ```text
//!   Sent --3xx..6xx, no answer--> Failed (definite)
//!    |
//!    | 2xx                                    NOTIFY >= 300 --> Failed (definite)
//!    v                                        |
//!   Accepted --NOTIFY 1xx, empty--> Accepted -+-- NOTIFY 2xx --> Succeeded
//!    |                                        |
//!    |                                        +-- subscription terminated without a final status,
//!    |                                        |   or nothing for the wait --> Unknown
//!    +-- BYE from the caller's leg ----------------> Succeeded (the call went on without us)
//! ```
//! No answer is Timer F of the transaction (32 s; RFC 3261 section 8.1.3.1 makes it a 408); the wait for the final NOTIFY
//! begins when the REFER is accepted.
//!
//! Unknown is no definite failure: the target may still be ringing (field note 5), so no bridge is
//! dialled; the caller, whose leg is still up, is given back to the agent.

use crate::cells;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{Mono, Reason};

/// The transaction has given up by then (Timer F, 64 * T1, and a little): nothing is waited for in vain.
const NO_ANSWER: Duration = Duration::from_secs(33);

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Sent,
    Accepted,
    Over,
}

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The target answered, or the caller's leg was taken over.
    Succeeded,
    /// It certainly failed; a bridge may be tried.
    Failed(Reason, u16),
    /// Nobody knows; the target may still ring.
    Unknown,
}

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Final response to REFER; 408 stands for none.
    Response(u16),
    /// A NOTIFY: the sipfrag's status (RFC 3420), if it held one, and whether the subscription ends with it.
    Notify {
        /// From the first line of the body.
        status: Option<u16>,
        /// `Subscription-State: terminated`.
        terminated: bool,
    },
    /// BYE from the leg that was referred.
    Bye,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Over => "over",
        }
    }
}

impl Input {
    fn name(self) -> &'static str {
        match self {
            Self::Response(200..=299) => "2xx",
            Self::Response(408) => "408 or no answer",
            Self::Response(_) => "3xx to 6xx",
            Self::Notify {
                status: Some(200..=299),
                ..
            } => "NOTIFY 2xx",
            Self::Notify {
                status: Some(300..),
                ..
            } => "NOTIFY 3xx to 6xx",
            Self::Notify {
                terminated: true, ..
            } => "NOTIFY terminated, no final status",
            Self::Notify { .. } => "NOTIFY 1xx or empty",
            Self::Bye => "BYE",
        }
    }
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    state: State,
    until: Mono,
    /// For the final NOTIFY.
    wait: Duration,
    rang: bool,
}

impl Referral {
    /// The REFER has been sent.
    pub fn sent(now: Mono, wait: Duration) -> Self {
        Self {
            state: State::Sent,
            until: now + NO_ANSWER,
            wait,
            rang: false,
        }
    }

    /// `Some` once, at the end. `rang` tells of the first NOTIFY with 18x.
    pub fn handle_input(&mut self, now: Mono, input: Input) -> Option<Outcome> {
        cells::entered("refer", self.state.name(), input.name());
        let outcome = match (self.state, input) {
            (State::Over, _) => return None,
            // A NOTIFY may overtake the 202.
            (
                State::Sent | State::Accepted,
                Input::Notify {
                    status: Some(s), ..
                },
            ) if s >= 300 => Outcome::Failed(crate::cause::of_status(s, false), s),
            (
                State::Sent | State::Accepted,
                Input::Notify {
                    status: Some(200..=299),
                    ..
                },
            ) => Outcome::Succeeded,
            (
                State::Sent | State::Accepted,
                Input::Notify {
                    terminated: true, ..
                },
            ) => Outcome::Unknown,
            (
                State::Sent | State::Accepted,
                Input::Notify {
                    status,
                    terminated: false,
                },
            ) => {
                self.rang |= status.is_some_and(|s| (180..200).contains(&s));
                self.accepted(now);
                return None;
            }
            (State::Sent, Input::Response(200..=299)) => {
                self.accepted(now);
                return None;
            }
            (State::Sent, Input::Response(s)) => {
                Outcome::Failed(crate::cause::of_status(s, true), s)
            }
            (State::Accepted, Input::Response(_)) => return None,
            (State::Sent, Input::Bye) => Outcome::Unknown,
            (State::Accepted, Input::Bye) => Outcome::Succeeded,
        };
        self.state = State::Over;
        Some(outcome)
    }

    fn accepted(&mut self, now: Mono) {
        if self.state == State::Sent {
            self.state = State::Accepted;
            self.until = now + self.wait;
        }
    }

    /// Where it stands, by the table's names.
    pub fn step(&self) -> &'static str {
        self.state.name()
    }

    /// A NOTIFY said that the target rings.
    pub fn rang(&self) -> bool {
        self.rang
    }

    /// When waiting ends.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        match self.state {
            State::Sent => Some((self.until, "no answer to the REFER")),
            State::Accepted => Some((self.until, "no final NOTIFY")),
            State::Over => None,
        }
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) -> Option<Outcome> {
        if self.state == State::Over || now < self.until {
            return None;
        }
        cells::entered("refer", self.state.name(), "its time");
        let heard = std::mem::replace(&mut self.state, State::Over) == State::Accepted;
        Some(if heard {
            Outcome::Unknown
        } else {
            Outcome::Failed(Reason::NoAnswer, 408)
        })
    }
}

/// The status in a `message/sipfrag` body (RFC 3420): `SIP/2.0 180 Ringing`.
pub fn sipfrag_status(body: &[u8]) -> Option<u16> {
    let line = body.split(|b| *b == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?;
    text.strip_prefix("SIP/2.0 ")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
        .filter(|s| (100..700).contains(s))
}

#[cfg(test)]
mod tests;
