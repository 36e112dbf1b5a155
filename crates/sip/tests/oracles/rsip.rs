//! rsip 0.4.

use super::Facts;
use ::rsip::{Header, SipMessage, prelude::*};

/// What it reads; nothing if it refuses the message.
pub(crate) fn read(bytes: &[u8]) -> Facts {
    let mut facts = Facts::new();
    let Ok(message) = SipMessage::try_from(bytes) else {
        return facts;
    };
    match &message {
        SipMessage::Request(r) => {
            facts.insert("method", r.method().to_string());
            facts.insert("uri", r.uri().to_string());
        }
        SipMessage::Response(r) => {
            facts.insert("status", r.status_code().code().to_string());
        }
    }
    let vias = message
        .headers()
        .iter()
        .filter_map(|h| match h {
            Header::Via(via) => via.typed().ok(),
            _ => None,
        })
        .collect::<Vec<_>>();
    facts.insert("vias", vias.len().to_string());
    facts.extend(
        vias.first()
            .and_then(|v| Some(("branch", v.branch()?.value().to_string()))),
    );
    if let Ok(Ok(from)) = message.from_header().map(|h| h.typed()) {
        facts.extend(from.uri.user().map(|u| ("from user", u.to_owned())));
        facts.extend(from.tag().map(|t| ("from tag", t.value().to_string())));
        facts.extend(from.display_name.map(|d| ("from display", bare(&d))));
    }
    if let Ok(Ok(to)) = message.to_header().map(|h| h.typed()) {
        facts.extend(to.uri.user().map(|u| ("to user", u.to_owned())));
        facts.extend(to.tag().map(|t| ("to tag", t.value().to_string())));
        facts.extend(to.display_name.map(|d| ("to display", bare(&d))));
    }
    let contacts: Vec<_> = message
        .contact_headers()
        .into_iter()
        .filter_map(|c| c.typed().ok())
        .collect();
    facts.insert("contacts", contacts.len().to_string());
    facts.extend(
        contacts
            .first()
            .map(|c| ("contact", c.uri.host_with_port.to_string())),
    );
    facts.extend(
        message
            .call_id_header()
            .ok()
            .map(|id| ("call-id", id.value().to_owned())),
    );
    if let Ok(Ok(cseq)) = message.cseq_header().map(|h| h.typed()) {
        facts.insert("cseq", format!("{} {}", cseq.seq, cseq.method));
    }
    facts.insert("body", message.body().len().to_string());
    facts
}

/// It leaves the quotes around a display name.
fn bare(display: &str) -> String {
    display.trim_matches('"').to_owned()
}
