//! Messages that wait (RFC 3842). There is no voicemail, so there are none.

pub(super) const TYPE: &str = "application/simple-message-summary";

pub(super) fn document(account: &str) -> String {
    format!("Messages-Waiting: no\r\nMessage-Account: {account}\r\nVoice-Message: 0/0 (0/0)\r\n")
}
