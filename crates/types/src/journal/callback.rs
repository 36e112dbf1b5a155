//! Callers who are called back: what they asked for, how each try ended, and how it all ended.

use crate::Wall;
use serde::{Deserialize, Serialize};

/// What a caller asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackWish {
    /// The dialplan and the name of the callback.
    pub callback: String,
    /// The number that is called back: E.164, the caller's own.
    pub number: String,
    /// What the caller is called.
    pub name: Option<String>,
    /// The number that they had called, which they see when they are called back.
    pub called: String,
    /// The trunk by which they are called.
    pub via: String,
    /// Their place in the queue is that of somebody who waits since then.
    pub since: Wall,
    /// What the person hears first.
    pub headline: String,
    /// What they hear when they want to know more.
    pub detail: String,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackTry {
    /// A person and the caller were joined.
    Spoke,
    /// A person was there, and the caller did not answer.
    NotReached,
    /// No person took it; the caller's phone did not ring.
    NobodyTook,
}

/// How it all ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEnd {
    /// They were spoken to.
    Done,
    /// They did not answer, as often as the plan says.
    GivenUp,
    /// Nobody had time for them within the time that the plan says.
    Expired,
    /// An admin has taken it back, or they called again themselves.
    Cancelled,
}

impl CallbackEnd {
    /// As serde spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::GivenUp => "given_up",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}
