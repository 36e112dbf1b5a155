//! What can be asked of a message by name.

use bytes::Bytes;
use tandem_sip::message::{Contacts, HeaderName, Message, NameAddr, parts};

/// Reads one thing out of a message, as text; what is not there is empty.
pub(crate) fn fact(message: &Message, what: &str) -> String {
    let headers = message.headers();
    let (head, arg) = what.split_once(' ').unwrap_or((what, ""));
    if let Some((header, part)) = head.split_once('.')
        && let Some(addr) = address(message, header)
    {
        return part_of(addr, part, arg);
    }
    match (message, what) {
        (Message::Request(r), "method") => r.method.to_string(),
        (Message::Request(r), "uri") => r.uri.to_string(),
        (Message::Response(r), "status") => r.status.to_string(),
        (Message::Response(r), "phrase") => r.phrase.to_string(),
        (_, "from") => show(headers.name_addr(&HeaderName::From)),
        (_, "to") => show(headers.name_addr(&HeaderName::To)),
        (_, "call-id") => message.call_id().unwrap_or_default().to_owned(),
        (_, "cseq") => show(message.cseq()),
        (_, "max-forwards") => show(headers.max_forwards()),
        (_, "expires") => show(headers.expires()),
        (_, "retry-after") => show(headers.retry_after().map(|r| r.seconds)),
        (_, "content-type") => show(headers.content_type()),
        (_, "branch") => show(
            message
                .top_via()
                .as_ref()
                .and_then(|v| v.branch().map(str::to_owned)),
        ),
        (_, "received") => show(message.top_via().and_then(|v| v.received())),
        (_, "last received") => show(headers.vias().last().and_then(|v| v.received())),
        (_, "via count") => headers.vias().len().to_string(),
        (_, "vias") => join(headers.vias().iter(), " | "),
        (_, "via transports") => join(headers.vias().iter().map(|v| v.transport.clone()), " "),
        (_, "route") => join(headers.name_addrs(&HeaderName::Route).iter(), " | "),
        (_, "contacts") => match headers.contacts() {
            Ok(Contacts::List(list)) => join(list.iter(), " | "),
            other => format!("{other:?}"),
        },
        (_, "require") => join(headers.values(&HeaderName::Require), " "),
        (_, "accept count") => headers.values(&HeaderName::Accept).count().to_string(),
        (_, "body") => message.body().len().to_string(),
        (_, "sdp") => show(of_type(message, "application/sdp").map(|b| b.len())),
        (_, "text/plain") => of_type(message, "text/plain")
            .map_or(String::new(), |b| String::from_utf8_lossy(&b).into_owned()),
        (_, "octet-stream") => show(of_type(message, "application/octet-stream").map(|b| b.len())),
        (_, "part count") => parts(message.body(), "7a9cbec02ceef655").len().to_string(),
        (_, name) => headers
            .first(&HeaderName::from(name))
            .expect(name)
            .to_owned(),
    }
}

fn address(message: &Message, header: &str) -> Option<NameAddr> {
    match (message, header) {
        (Message::Request(r), "uri") => Some(NameAddr::new(r.uri.clone())),
        (_, "from") => message.headers().name_addr(&HeaderName::From).cloned(),
        (_, "to") => message.headers().name_addr(&HeaderName::To).cloned(),
        (_, "contact") => message.headers().name_addr(&HeaderName::Contact).cloned(),
        _ => None,
    }
}

fn part_of(addr: NameAddr, part: &str, arg: &str) -> String {
    match part {
        "display" => show(addr.display),
        "user" => addr.uri.user().unwrap_or_default().to_owned(),
        "host" => show(addr.uri.host()),
        "tag" => addr.tag().unwrap_or_default().to_owned(),
        "param" => addr.params.get(arg).expect(arg).to_owned(),
        "uri-port" => show(addr.uri.port()),
        "uri-param" => addr.uri.param_text(arg).expect(arg).into_owned(),
        "uri-header" => addr.uri.header(arg).expect(arg),
        other => panic!("no such part: {other}"),
    }
}

fn of_type(message: &Message, kind: &str) -> Option<Bytes> {
    match message {
        Message::Request(r) => r.body_of_type(kind),
        Message::Response(r) => r.body_of_type(kind),
    }
}
fn show(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |v| v.to_string())
}
fn join<T: ToString>(values: impl Iterator<Item = T>, with: &str) -> String {
    values.map(|v| v.to_string()).collect::<Vec<_>>().join(with)
}
