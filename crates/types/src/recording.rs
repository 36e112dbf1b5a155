//! What a recording of a call comes to.

use crate::{CallId, MessageId};
use serde::{Deserialize, Serialize};

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// A call: two channels, what its caller says and what they hear.
    Call(CallId),
    /// A message that a caller leaves: one channel.
    Message(MessageId),
}

impl Track {
    /// The call that it is of.
    pub fn call(self) -> CallId {
        match self {
            Self::Call(call) => call,
            Self::Message(message) => message.call,
        }
    }

    /// How many there are beside each other in a file of it.
    pub fn channels(self) -> u16 {
        match self {
            Self::Call(_) => 2,
            Self::Message(_) => 1,
        }
    }
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEnd {
    /// With the call.
    Whole,
    /// The disk has less room than the configuration keeps free. What was recorded until then is good.
    NoRoom,
    /// The file could not be made, or not be written to any more. What was recorded until then is good.
    Failed,
    /// The process ended first. The file is good up to its last two seconds.
    Lost,
}

impl RecordingEnd {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Whole, Self::NoRoom, Self::Failed, Self::Lost];
}

/// What a recording came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingSum {
    /// Milliseconds of sound, pauses included.
    pub ms: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Of the whole file, in hex; `None`: nobody could read it to its end.
    pub sha256: Option<String>,
    /// Milliseconds that are silence because the disk was too slow for the sound.
    pub lost_ms: u64,
    /// How it ended.
    pub end: RecordingEnd,
}

impl RecordingSum {
    /// Of a recording that nobody can say more about.
    pub fn unknown(end: RecordingEnd) -> Self {
        Self {
            ms: 0,
            bytes: 0,
            sha256: None,
            lost_ms: 0,
            end,
        }
    }
}
