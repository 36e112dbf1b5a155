//! What the machine that reaches people is told, and what it wants done.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_dialplan::Destination;
use tandem_types::{LegId, Reason, Termination};

/// Times and keys of one reaching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Ring time, from the first 18x.
    pub ring: Duration,
    /// Wait for a key after the brief.
    pub answer_wait: Duration,
    /// Rounds that may be tried.
    pub attempts: u32,
    /// In all.
    pub total: Duration,
    /// Takes the caller.
    pub accept_key: char,
    /// Refuses.
    pub decline_key: char,
    /// Tells more.
    pub more_key: char,
    /// Sends the caller to a queue, if any does.
    pub queue_key: Option<char>,
    /// It is the one that the caller waits in already: the key declines.
    pub queue_is_this: bool,
    /// There is a brief; else answering is accepting.
    pub briefed: bool,
    /// The caller waits until somebody is free: who is rung is said by [`super::Reach::ring`], and nobody having taken them ends
    /// nothing but that attempt. The total time does not cut off who is being told.
    pub stands: bool,
}

/// What a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Headline and detail, and which keys there are.
    Brief,
    /// The detail once more.
    More,
    /// "Press 1 to take the call."
    AskAgain,
    /// "The caller has hung up."
    CallerLeft,
    /// "The caller has changed their mind."
    CallerStays,
    /// "Somebody else has taken the call."
    TakenElsewhere,
    /// "The caller could not wait any longer."
    TooLate,
}

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// First 18x.
    Rang(LegId),
    /// 2xx with usable media.
    Answered(LegId),
    /// Failed before it was answered, or hung up afterwards.
    Gone(LegId, Termination),
    /// A key on a consult leg.
    Key(LegId, char),
    /// What was being told to a leg is over.
    Told(LegId),
    /// What is to be told is known (it was rung before that): people may be briefed.
    Ready,
    /// The caller has hung up.
    CallerGone,
    /// The caller wants the AI back.
    Abandon,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Dial this target; then call [`super::Reach::dialled`].
    Dial {
        /// Whom.
        target: Destination,
        /// Counts from 1.
        attempt: u32,
    },
    /// Somebody's phone rings.
    Ringing,
    /// Somebody answered.
    Answered {
        /// Who.
        leg: LegId,
    },
    /// Tell a leg something.
    Tell {
        /// Whom.
        leg: LegId,
        /// What.
        part: Part,
    },
    /// Stop telling it.
    Hush {
        /// Whom.
        leg: LegId,
    },
    /// CANCEL or BYE with this reason.
    Hang {
        /// Whom.
        leg: LegId,
        /// Why.
        reason: Reason,
    },
    /// Tell a leg a last word instead, and hang up after it. This machine has done with it.
    Dismiss {
        /// Whom.
        leg: LegId,
        /// What.
        part: Part,
        /// Why.
        reason: Reason,
    },
    /// One attempt failed.
    AttemptFailed {
        /// How.
        end: Termination,
        /// Whose; `None`: nobody could be dialled, or all time is over.
        leg: Option<LegId>,
    },
    /// Join the caller and this leg. Final.
    Join {
        /// Whom.
        leg: LegId,
        /// What accepted: `answer`, `key 1`.
        by: String,
    },
    /// A person sends the caller to a queue. Final.
    SendOn,
    /// Nobody took it. Final.
    GaveUp {
        /// The last failure that says something.
        end: Termination,
    },
}
