//! What holds for any bytes that come as SIP.
#![allow(dead_code, reason = "each target has one of these")]

use bytes::Bytes;
use std::fmt::Display;
use tandem_sip::{
    api::Credentials,
    digest::{Authorization, Challenge, Verifier, answer},
    message::{
        CSeq, Event, Framing, Host, Info, Message, Method, NameAddr, ParseError, RAck, Reason,
        Replaces, RetryAfter, SessionExpires, SubscriptionState, Uri, UserToUser, Via, frame,
    },
};

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

/// A URI written and read again is the same.
pub(crate) fn uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(uri) = Uri::parse(text) else { return };
    let again = Uri::parse(&uri.to_string()).expect("what we write can be read");
    assert!(uri.equivalent(&again), "{uri} and {again}");
    assert_eq!(uri.to_string(), again.to_string());
    let _ = (
        uri.user(),
        uri.host_port(),
        uri.socket_addr(5060),
        uri.transport(),
    );
    let _ = (uri.header("Replaces"), uri.clone().without_headers());
}

fn again<T: Display + PartialEq + std::fmt::Debug>(
    text: &str,
    read: impl Fn(&str) -> Result<T, ParseError>,
) {
    if let Ok(value) = read(text) {
        let written = value.to_string();
        let second = read(&written).expect("what we write can be read");
        assert_eq!(second.to_string(), written);
    }
}

/// Each typed header, written and read again, is the same. The first byte says which.
pub(crate) fn headers(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match which % 16 {
        0 => again(text, NameAddr::parse),
        1 => again(text, Via::parse),
        2 => again(text, CSeq::parse),
        3 => again(text, RAck::parse),
        4 => again(text, Reason::parse),
        5 => again(text, Replaces::parse),
        6 => again(text, Event::parse),
        7 => again(text, SubscriptionState::parse),
        8 => again(text, SessionExpires::parse),
        9 => again(text, UserToUser::parse),
        10 => again(text, |s| s.parse::<Host>()),
        11 => again(text, |s| s.parse::<Method>()),
        12 => drop(RetryAfter::parse(text)),
        13 => drop(Info::parse(text)),
        _ => drop(NameAddr::parse(text).map(|a| (a.q(), a.expires(), a.verstat(), a.replaces()))),
    }
}

/// A challenge that can be read can be answered, and the answer read. Nobody gets in with what is not ours.
pub(crate) fn digest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let who = Credentials {
        username: "u".into(),
        password: "p".to_owned().into(),
        realm: None,
    };
    if let Some(challenge) = Challenge::choose([text], None) {
        let header = answer(&challenge, &who, "INVITE", "sip:a@b", b"body", "cnonce", 1);
        Authorization::parse(&header).expect("an answer of ours can be read");
    }
    let mut verifier = Verifier::new([7; 32]);
    let now = tandem_types::Now::default();
    let verdict = verifier.verify(now, text, "b", "INVITE", "sip:a@b", b"body", |_| {
        Some("p".to_owned())
    });
    assert!(!matches!(verdict, tandem_sip::digest::Verdict::Ok { .. }));
}
