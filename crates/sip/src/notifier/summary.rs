//! Messages that wait (RFC 3842).

use serde::{Deserialize, Serialize};

pub(super) const TYPE: &str = "application/simple-message-summary";

/// How many wait for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// That nobody has heard.
    pub new: u32,
    /// That were heard, and kept.
    pub old: u32,
}

pub(super) fn document(account: &str, messages: Messages) -> String {
    let Messages { new, old } = messages;
    let waiting = if new > 0 { "yes" } else { "no" };
    // None of them is urgent.
    format!(
        "Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\nVoice-Message: {new}/{old} (0/0)\r\n"
    )
}
