//! ezk-sip-types 0.6.

use super::Facts;
use bytes::Bytes;
use ezk_sip_types::{
    Headers, Name,
    header::typed::{CSeq, CallID, Contact, FromTo, Via},
    msg::{Line, MessageLine, PullParser},
    print::AppendCtx,
    uri::SipUriUserPart,
};

/// First line, headers and body as its own users take a message apart.
pub(crate) fn parse(bytes: &Bytes) -> Option<(MessageLine, Headers, Bytes)> {
    let mut lines = PullParser::new(bytes, 0);
    let first = std::str::from_utf8(lines.next()?.ok()?).ok()?;
    let first: MessageLine = first.parse().ok()?;
    let mut headers = Headers::with_capacity(16);
    for line in &mut lines {
        let line = std::str::from_utf8(line.ok()?).ok()?;
        let (_, line) = Line::parse(bytes, line).ok()?;
        headers.insert(line.name, line.value);
    }
    Some((first, headers, bytes.slice(lines.head_end()..)))
}

/// What it reads; nothing if it refuses the message.
pub(crate) fn read(bytes: &Bytes) -> Facts {
    let mut facts = Facts::new();
    let Some((first, headers, body)) = parse(bytes) else {
        return facts;
    };
    match &first {
        MessageLine::Request(r) => {
            facts.insert("method", r.method.to_string());
            facts.insert("uri", r.uri.default_print_ctx().to_string());
        }
        MessageLine::Response(r) => {
            facts.insert("status", r.code.into_u16().to_string());
        }
    }
    let vias: Vec<Via> = headers.get(Name::VIA).unwrap_or_default();
    facts.insert("vias", vias.len().to_string());
    facts.extend(
        vias.first()
            .and_then(|v| Some(("branch", v.params.get_val("branch")?.to_string()))),
    );
    let names = [
        (Name::FROM, "from display", "from user", "from tag"),
        (Name::TO, "to display", "to user", "to tag"),
    ];
    for (header, display, user, tag) in names {
        let Ok(addr) = headers.get::<FromTo>(header) else {
            continue;
        };
        let name = match &addr.uri.uri.user_part {
            SipUriUserPart::Empty => None,
            SipUriUserPart::User(user) => Some(user.to_string()),
            SipUriUserPart::UserPw(both) => Some(both.user.to_string()),
        };
        facts.extend(name.map(|u| (user, u)));
        facts.extend(addr.tag.map(|t| (tag, t.to_string())));
        facts.extend(addr.uri.name.map(|d| (display, d.to_string())));
    }
    let contacts: Vec<Contact> = headers.get(Name::CONTACT).unwrap_or_default();
    facts.insert("contacts", contacts.len().to_string());
    facts.extend(contacts.first().map(|c| {
        let at = c.uri.uri.host_port.default_print_ctx().to_string();
        ("contact", at)
    }));
    if let Ok(id) = headers.get_named::<CallID>() {
        facts.insert("call-id", id.0.to_string());
    }
    if let Ok(cseq) = headers.get_named::<CSeq>() {
        facts.insert("cseq", format!("{} {}", cseq.cseq, cseq.method));
    }
    facts.insert("body", body.len().to_string());
    facts
}
