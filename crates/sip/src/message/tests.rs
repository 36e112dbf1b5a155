//! What the torture messages do not show.

use super::*;

mod building;
mod framing;
mod parsing;
mod values;

fn parsed(text: &str) -> Result<Message, Malformed> {
    Message::parse(text.replace('\n', "\r\n").into())
}

fn request(text: &str) -> Request {
    match parsed(text) {
        Ok(Message::Request(r)) => r,
        other => panic!("{other:?}"),
    }
}

const OPTIONS: &str = "OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bK1;rport
From: \"A\" <sip:a@192.0.2.2>;tag=1
To: <sip:desk@192.0.2.1>
Call-ID: 1@192.0.2.2
CSeq: 1 OPTIONS
Record-Route: <sip:192.0.2.9;lr>
Timestamp: 54.21

";
