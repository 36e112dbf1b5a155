//! To and from the types of the crate `rsip` (feature `rsip`), for programs that speak with them. Both sides read the text of the
//! other, so a message that only one of them can read is an error.

use super::{Malformed, Message};
use bytes::Bytes;
use rsip::SipMessage;

impl TryFrom<&SipMessage> for Message {
    type Error = Malformed;

    fn try_from(message: &SipMessage) -> Result<Self, Malformed> {
        Self::parse(Bytes::from(message.to_string()))
    }
}

impl TryFrom<&Message> for SipMessage {
    type Error = rsip::Error;

    fn try_from(message: &Message) -> Result<Self, rsip::Error> {
        Self::try_from(&message.to_bytes()[..])
    }
}
