//! What holds for any bytes that come as a SIP message.

use bytes::Bytes;
use tandem_sip::message::{Framing, Message, frame};

/// Written and read again a message is the same, a refusal can be read, and a stream is cut where the message ends.
pub(crate) fn message(data: &[u8]) {
    let _ = frame(data);
    let message = match Message::parse(Bytes::copy_from_slice(data)) {
        Ok(message) => message,
        Err(malformed) => {
            if let Some(reply) = malformed.reply {
                Message::parse(reply.to_bytes()).expect("a refusal of ours can be read");
            }
            return;
        }
    };
    let written = message.to_bytes();
    let read = Message::parse(written.clone()).expect("what we write can be read");
    assert_eq!(read.to_bytes(), written);
    assert_eq!(
        read.headers().len() - lengths(&read),
        message.headers().len() - lengths(&message)
    );
    assert_eq!(frame(&written), Framing::Whole(written.len()));
    for line in message.headers() {
        let _ = (line.values().count(), line.name_addr().is_ok());
    }
    let h = message.headers();
    let _ = (h.vias(), h.contacts(), h.q850(), h.replaces(), h.event());
    let _ = (
        h.session_expires(),
        h.min_se(),
        h.retry_after(),
        h.expires(),
    );
    let _ = (h.diversions(), h.history(), h.privacy(), h.verstat());
    let _ = (
        h.remote_parties(),
        h.user_to_user(),
        h.alert_info(),
        h.call_info(),
    );
    let _ = (h.refer_to().and_then(|to| to.replaces()), h.refer_sub());
    match &message {
        Message::Request(r) => {
            let _ = r.body_of_type("application/sdp");
            if let Err(refusal) = r.check() {
                let reply = refusal.response(r, Some("tag"));
                Message::parse(reply.to_bytes()).expect("a refusal of ours can be read");
            }
        }
        Message::Response(r) => {
            let _ = r.check();
        }
    }
}

fn lengths(message: &Message) -> usize {
    let name = tandem_sip::message::HeaderName::ContentLength;
    message.headers().lines(&name).count()
}
