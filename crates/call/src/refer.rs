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
//! Unknown is no definite failure: the target may still be ringing (field note 5), so no bridge is
//! dialled; the caller, whose leg is still up, is given back to the agent.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{Mono, Reason};

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

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    state: State,
    until: Mono,
    rang: bool,
}

impl Referral {
    /// The REFER has been sent.
    pub fn sent(now: Mono, wait: Duration) -> Self {
        Self {
            state: State::Sent,
            until: now + wait,
            rang: false,
        }
    }

    /// `Some` once, at the end. `rang` tells of the first NOTIFY with 18x.
    pub fn handle_input(&mut self, input: Input) -> Option<Outcome> {
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
                self.state = State::Accepted;
                return None;
            }
            (State::Sent, Input::Response(200..=299)) => {
                self.state = State::Accepted;
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

    /// A NOTIFY said that the target rings.
    pub fn rang(&self) -> bool {
        self.rang
    }

    /// When waiting ends.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        (self.state != State::Over).then_some((self.until, "no final NOTIFY"))
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Mono) -> Option<Outcome> {
        if self.state == State::Over || now < self.until {
            return None;
        }
        self.state = State::Over;
        Some(Outcome::Unknown)
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
