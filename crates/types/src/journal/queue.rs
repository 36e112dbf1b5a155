//! How waiting in a queue ended.

use serde::{Deserialize, Serialize};

/// Why a caller waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueEnd {
    /// Somebody took them.
    Taken,
    /// They pressed the key, or would rather stay with the agent.
    Left,
    /// They waited for as long as the plan allows.
    TooLong,
    /// Nobody is there to take them.
    NobodyThere,
    /// So many wait already as the plan allows.
    Full,
    /// A person sent them to another queue.
    SentOn,
    /// They hung up.
    HungUp,
    /// They came outside the queue's hours.
    Closed,
    /// The gateway takes no more calls.
    Closing,
    /// The call was ended while they waited.
    Ended,
}

impl QueueEnd {
    /// As serde spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Left => "left",
            Self::TooLong => "too_long",
            Self::NobodyThere => "nobody_there",
            Self::Full => "full",
            Self::SentOn => "sent_on",
            Self::HungUp => "hung_up",
            Self::Closed => "closed",
            Self::Closing => "closing",
            Self::Ended => "ended",
        }
    }
}
