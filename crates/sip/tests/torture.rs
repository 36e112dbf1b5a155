//! RFC 4475 and RFC 5118 (IPv6): what becomes of each of their 49 and 12 messages.
//!
//! The message crate decides whether a message can be read, whether a request may be acted on ([`Request::check`]) and
//! whether a response may be matched ([`Response::check`]). What is well-formed and right but not wanted (420, 415, 406,
//! 401, 483, 404) is the endpoint's matter and stands here as `Served`.

#[path = "torture/facts.rs"]
mod facts;
#[path = "torture/ipv6.rs"]
mod ipv6;
#[path = "torture/table.rs"]
mod table;

use bytes::Bytes;
use facts::fact;
use ipv6::IPV6;
use std::path::PathBuf;
use table::{
    Outcome::{self, Dropped, Malformed, Matched, Refused, Served},
    Row, TABLE,
};
use tandem_sip::message::{HeaderName, Headers, Message, NameAddr, Response};

fn all() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(IPV6)
}

fn bytes_of(name: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/torture")
        .join(name)
        .with_extension("sip");
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .into()
}

#[test]
fn each_message_is_treated_as_its_rfc_says() {
    assert_eq!((TABLE.len(), IPV6.len()), (49, 12));
    let mut wrong = Vec::new();
    for (name, expected, facts) in all() {
        let bytes = bytes_of(name);
        let (outcome, message, reply) = treat(bytes);
        if outcome != *expected {
            wrong.push(format!("{name}: {outcome:?} instead of {expected:?}"));
        }
        for (what, value) in *facts {
            let got = match (*what, &reply) {
                ("phrase", Some(reply)) => reply.phrase.to_string(),
                _ => fact(message.as_ref().expect(name), what),
            };
            if got != *value {
                wrong.push(format!("{name}: {what} is {got:?} instead of {value:?}"));
            }
        }
        if let Some(reply) = reply {
            assert_answers(name, &reply);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn treat(bytes: Bytes) -> (Outcome, Option<Message>, Option<Response>) {
    match Message::parse(bytes) {
        Err(malformed) => {
            let reply = malformed.reply.map(|r| *r);
            (
                Malformed(malformed.fault, reply.as_ref().map(|r| r.status)),
                None,
                reply,
            )
        }
        Ok(Message::Request(request)) => match request.check() {
            Ok(()) => (Served, Some(request.into()), None),
            Err(refusal) => {
                let reply = refusal.response(&request, Some("t1"));
                (Refused(reply.status), Some(request.into()), Some(reply))
            }
        },
        Ok(Message::Response(response)) => {
            let outcome = if response.check().is_ok() {
                Matched
            } else {
                Dropped
            };
            (outcome, Some(response.into()), None)
        }
    }
}

/// A refusal can be sent, and holds what its request held.
fn assert_answers(name: &str, reply: &Response) {
    let Ok(Message::Response(read)) = Message::parse(reply.to_bytes()) else {
        panic!("{name}: the refusal cannot be read");
    };
    assert_eq!(read.status, reply.status, "{name}");
    let request = String::from_utf8_lossy(&bytes_of(name)).into_owned();
    for line in reply.headers.iter().filter(|h| *h.name() != HeaderName::To) {
        let line = String::from_utf8_lossy(line.raw()).into_owned();
        assert!(request.contains(&line), "{name}: {line}");
    }
    let to = read.headers.first(&HeaderName::To);
    if name != "insuf" {
        let to = to.unwrap_or_else(|| panic!("{name}: To"));
        let readable = NameAddr::parse(to).is_ok();
        assert!(!readable || to.contains("tag="), "{name}: {to}");
    }
}

#[test]
fn what_could_be_read_is_written_as_it_came() {
    for (name, ..) in all() {
        let bytes = bytes_of(name);
        let Ok(message) = Message::parse(bytes.clone()) else {
            continue;
        };
        let written = message.to_bytes();
        assert_eq!(
            Message::parse(written.clone()).map(|m| lines(m.headers())),
            Ok(lines_with_length(&message)),
            "{name}"
        );
        // But for the length that inv2543 lacks, what followed the body, and an IPv4 address within the Request-URI's IPv6
        // address, not a byte has changed.
        if *name != "inv2543" && !name.ends_with("-colons") {
            assert_eq!(written, bytes.slice(..written.len()), "{name}");
        }
    }
}

fn lines(headers: &Headers) -> Vec<Bytes> {
    headers.iter().map(|h| h.raw().clone()).collect()
}
fn lines_with_length(message: &Message) -> Vec<Bytes> {
    let mut all = lines(message.headers());
    if !message.headers().contains(&HeaderName::ContentLength) {
        all.push(format!("Content-Length: {}", message.body().len()).into());
    }
    all
}

#[test]
fn each_message_survives_being_stored() {
    for (name, ..) in all() {
        let Ok(message) = Message::parse(bytes_of(name)) else {
            continue;
        };
        let json = serde_json::to_string(&message).expect(name);
        assert_eq!(
            serde_json::from_str::<Message>(&json).expect(name),
            message,
            "{name}"
        );
    }
}

#[test]
fn a_message_cut_at_any_byte_is_no_message() {
    for (name, ..) in all() {
        let bytes = bytes_of(name);
        let Ok(whole) = Message::parse(bytes.clone()) else {
            continue;
        };
        let complete = if whole.headers().contains(&HeaderName::ContentLength) {
            whole.to_bytes().len()
        } else {
            bytes.len() - whole.body().len()
        };
        for end in 0..complete {
            let cut = Message::parse(bytes.slice(..end)).expect_err(name);
            let answered = cut.reply.is_some_and(|r| r.status != 400);
            assert!(!answered, "{name} cut at {end}");
        }
    }
}
