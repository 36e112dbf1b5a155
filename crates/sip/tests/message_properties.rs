//! What holds for every message: written and read again it is the same, and no bytes at all do harm.

use bytes::Bytes;
use proptest::prelude::*;
use tandem_sip::{
    digest::{Authorization, Challenge},
    message::{
        CSeq, Event, Framing, HeaderName, Headers, Host, Message, Method, NameAddr, Params, RAck,
        Reason, Replaces, Request, Response, RetryAfter, SessionExpires, SubscriptionState, Uri,
        Via, frame, parts,
    },
};

const TOKEN: &str = "[a-zA-Z0-9.!%*_+`'~-]{1,12}";
const VALUE: &str = "[ -~\u{e4}\u{4e2d}]{0,40}";

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z][a-z0-9-]{0,8}\\.[a-z]{2,4}".prop_map(|n| Host::Name(n.into())),
        any::<[u8; 4]>().prop_map(|ip| Host::V4(ip.into())),
        any::<[u8; 16]>().prop_map(|ip| Host::V6(ip.into())),
    ]
}

fn uri() -> impl Strategy<Value = Uri> {
    let host_port = (host(), any::<Option<u16>>());
    let params = proptest::collection::vec(("[a-z]{1,6}", "\\PC{0,8}"), 0..3);
    let sip = ("\\PC{0,12}", host_port, params, any::<bool>()).prop_map(
        |(user, (host, port), params, secure)| {
            let mut uri = Uri::sip(user.as_str(), &host.to_string());
            if let Some(u) = uri.as_sip_mut() {
                u.port = port;
                u.secure = secure;
            }
            params
                .iter()
                .fold(uri, |uri, (name, value)| uri.with_param(name, value))
        },
    );
    prop_oneof![
        4 => sip,
        1 => "[0-9+*#.-]{1,15}".prop_map(|n| Uri::Tel { number: n.into(), params: Params::new() }),
        1 => "(urn:service|isbn|http):[!#-;=?-~]{1,20}".prop_map(|s| Uri::Other(s.into())),
    ]
}

fn name_addr() -> impl Strategy<Value = NameAddr> {
    let params = proptest::collection::vec((TOKEN, "[^\r\n\0]{0,10}"), 0..4);
    (proptest::option::of("[^\r\n\0]{1,12}"), uri(), params).prop_map(|(display, uri, params)| {
        let mut out = NameAddr::new(uri);
        if let Some(d) = display {
            out = out.with_display(d);
        }
        for (name, value) in params {
            out.params.set(&name, value);
        }
        out
    })
}

fn method() -> impl Strategy<Value = Method> {
    const KNOWN: [&str; 8] = [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "REFER", "NOTIFY",
    ];
    prop_oneof![
        proptest::sample::select(&KNOWN[..]).prop_map(|m| m.parse().unwrap()),
        TOKEN.prop_map(|m| m.parse().unwrap()),
    ]
}

fn headers() -> impl Strategy<Value = Headers> {
    let one = prop_oneof![
        (TOKEN, VALUE).prop_map(|(n, v)| (n, v)),
        name_addr().prop_map(|a| ("m".to_owned(), a.to_string())),
        VALUE.prop_map(|v| ("Subject".to_owned(), v)),
    ];
    proptest::collection::vec(one, 0..12).prop_map(|list| {
        let mut out = Headers::new();
        for (name, value) in list {
            if HeaderName::from(name.as_str()) != HeaderName::ContentLength {
                out.push(name, value);
            }
        }
        out
    })
}

fn message() -> impl Strategy<Value = Message> {
    let body = proptest::collection::vec(any::<u8>(), 0..64);
    (
        headers(),
        body,
        any::<bool>(),
        method(),
        uri(),
        100u16..700,
        "\\PC{0,20}",
    )
        .prop_map(
            |(mut headers, body, request, method, uri, status, phrase)| {
                headers.push(HeaderName::ContentLength, body.len());
                let body = Bytes::from(body);
                if request {
                    Request {
                        method,
                        uri: uri.without_headers(),
                        headers,
                        body,
                    }
                    .into()
                } else {
                    Response {
                        status,
                        phrase: phrase.into(),
                        headers,
                        body,
                    }
                    .into()
                }
            },
        )
}

/// Everything that reads what a peer sent.
fn read_all(text: &str) {
    let _ = (
        Uri::parse(text),
        NameAddr::parse(text),
        Via::parse(text),
        CSeq::parse(text),
        RAck::parse(text),
    );
    let _ = (
        Reason::parse(text),
        Replaces::parse(text),
        RetryAfter::parse(text),
        Event::parse(text),
    );
    let _ = (
        SubscriptionState::parse(text),
        SessionExpires::parse(text),
        text.parse::<Host>(),
    );
    let _ = (
        Challenge::parse(text),
        Authorization::parse(text),
        Challenge::choose([text], None),
    );
    let _ = (text.parse::<Method>(), HeaderName::from(text));
}

fn read_message(message: &Message) {
    let h = message.headers();
    let _ = (
        message.cseq(),
        message.top_via(),
        h.vias(),
        h.contacts(),
        h.reasons(),
        h.q850(),
        h.replaces(),
    );
    let _ = (
        h.event(),
        h.subscription_state(),
        h.session_expires(),
        h.min_se(),
        h.retry_after(),
    );
    let _ = (h.expires(), h.max_forwards(), h.content_type());
    for line in h {
        let _ = (
            line.values().count(),
            line.name_addr().map(|a| (a.q(), a.expires())),
        );
    }
    match message {
        Message::Request(r) => {
            let _ = (
                r.from(),
                r.to(),
                r.contact(),
                r.body_of_type("application/sdp"),
            );
            if let Err(refusal) = r.check() {
                let reply = refusal.response(r, Some("tag"));
                assert!(Message::parse(reply.to_bytes()).is_ok());
            }
        }
        Message::Response(r) => {
            let _ = r.check();
        }
    }
}

proptest! {
    #[test]
    fn a_message_written_and_read_again_is_the_same(m in message()) {
        let read = Message::parse(m.to_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&m));
        prop_assert_eq!(read.map(|m| m.to_bytes()), Ok(m.to_bytes()));
        prop_assert_eq!(frame(&m.to_bytes()), Framing::Whole(m.to_bytes().len()));
    }

    #[test]
    fn a_name_and_address_written_and_read_again_is_the_same(a in name_addr()) {
        prop_assert_eq!(NameAddr::parse(&a.to_string()), Ok(a.clone()));
        prop_assert_eq!(Uri::parse(&a.uri.to_string()).map(|u| u.equivalent(&a.uri)), Ok(true));
    }

    #[test]
    fn what_is_put_into_an_escaped_place_comes_out_again(user in "\\PC{1,20}", header in "\\PC{0,30}") {
        let uri = Uri::sip(user.as_str(), "192.0.2.1:5070").with_header("Replaces", &header).with_param("p", &header);
        let read = Uri::parse(&uri.to_string()).unwrap();
        prop_assert_eq!(read.user(), Some(user.as_str()));
        prop_assert_eq!(read.header("replaces"), Some(header.clone()));
        let param = read.param_text("P").map(String::from);
        prop_assert_eq!(param, Some(header));
    }

    #[test]
    fn no_value_can_begin_another_line(name in "\\PC{0,10}", value in "[\r\n\0a-c: ]{0,30}") {
        let name = format!("X{name}");
        let mut r = Request::new(Method::Other(value.as_str().into()), Uri::Other(value.as_str().into()));
        r.headers = Headers::new().with(name.as_str(), &value).with("From", NameAddr::new(Uri::sip("a", &value)).with_display(value.as_str()).with_tag(&value));
        r.headers.set(name.as_str(), &value);
        let lines = r.to_bytes().iter().filter(|b| **b == b'\n').count();
        prop_assert_eq!(lines, 3 + r.headers.len());
        let reply = Response::new(200).with_phrase(&value).to_bytes();
        prop_assert_eq!(reply.iter().filter(|b| matches!(b, b'\n' | 0)).count(), 3);
    }

    #[test]
    fn any_text_does_no_harm(text in "\\PC{0,60}|[\"<>;:,@?=/ \t\\\\\\[\\]%a-c0-9*.-]{0,40}|Digest [\"=, a-c\\\\]{0,40}") {
        read_all(&text);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = frame(&bytes);
        let _ = parts(&bytes.clone().into(), "b");
        if let Ok(m) = Message::parse(bytes.into()) {
            read_message(&m);
        }
    }

    #[test]
    fn a_message_with_some_bytes_changed_does_no_harm(
        m in message(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = m.to_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = frame(&bytes);
        match Message::parse(bytes.into()) {
            Ok(m) => read_message(&m),
            Err(malformed) => {
                if let Some(reply) = malformed.reply {
                    prop_assert!(Message::parse(reply.to_bytes()).is_ok());
                }
            }
        }
    }
}
