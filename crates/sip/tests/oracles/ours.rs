//! This crate.

use super::Facts;
use bytes::Bytes;
use tandem_sip::message::{HeaderName, Message, NameAddr};

/// What there is to be read.
pub(crate) fn read(bytes: Bytes) -> Facts {
    let message = Message::parse(bytes).expect("ours reads the whole corpus");
    let mut facts = Facts::new();
    match &message {
        Message::Request(r) => {
            facts.insert("method", r.method.to_string());
            facts.insert("uri", r.uri.to_string());
        }
        Message::Response(r) => {
            facts.insert("status", r.status.to_string());
        }
    }
    let headers = message.headers();
    facts.insert("vias", headers.vias().len().to_string());
    if let Some(branch) = message.top_via().and_then(|v| Some(v.branch()?.to_owned())) {
        facts.insert("branch", branch);
    }
    let names = [
        (HeaderName::From, "from display", "from user", "from tag"),
        (HeaderName::To, "to display", "to user", "to tag"),
    ];
    for (header, display, user, tag) in names {
        let Some(addr) = headers.name_addr(&header) else {
            continue;
        };
        facts.extend(addr.uri.user().map(|u| (user, u.to_owned())));
        facts.extend(addr.tag().map(|t| (tag, t.to_owned())));
        facts.extend(addr.display.as_ref().map(|d| (display, d.to_string())));
    }
    let contacts: Vec<NameAddr> = headers.name_addrs(&HeaderName::Contact);
    facts.insert("contacts", contacts.len().to_string());
    if let Some(first) = contacts.first() {
        facts.extend(first.uri.host_port().map(|h| ("contact", h)));
    }
    facts.extend(message.call_id().map(|id| ("call-id", id.to_owned())));
    facts.extend(message.cseq().map(|c| ("cseq", c.to_string())));
    facts.insert("body", message.body().len().to_string());
    facts
}
