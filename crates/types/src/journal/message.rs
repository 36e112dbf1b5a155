//! How leaving a message ended.

use serde::{Deserialize, Serialize};

/// Why no more of a message is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageEnd {
    /// The caller pressed the key.
    Key,
    /// They said nothing more.
    Silence,
    /// It is as long as the plan allows.
    Longest,
    /// They hung up.
    HungUp,
    /// The disk is full, or cannot be written to.
    Disk,
    /// The call was ended while they spoke, or the process was.
    Ended,
}
