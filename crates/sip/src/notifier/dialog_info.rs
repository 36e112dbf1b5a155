//! The calls of an extension as a document (RFC 4235): always all of them, so that nothing depends on one that was lost.

use super::{Line, LineState, Parties};
use crate::xml::escaped;
use std::fmt::Write;

pub(super) const TYPE: &str = "application/dialog-info+xml";

/// `over`: those of the document before that are not there any more.
pub(super) fn document(entity: &str, version: u32, lines: &[Line], over: &[&Line]) -> String {
    let entity = escaped(entity);
    let mut out = format!(
        "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"full\" entity=\"{entity}\">\r\n"
    );
    for line in lines {
        write_line(&mut out, &entity, line);
    }
    for line in over {
        let _ = write!(
            out,
            "<dialog id=\"{}\" direction=\"{}\"><state>terminated</state></dialog>\r\n",
            escaped(&line.id),
            direction(line),
        );
    }
    out.push_str("</dialog-info>\r\n");
    out
}

fn direction(line: &Line) -> &'static str {
    if line.initiator {
        "initiator"
    } else {
        "recipient"
    }
}

/// The extension is the local side: whoever takes its place writes the remote tag, which is ours, as `to-tag` (RFC 3891).
fn write_line(out: &mut String, entity: &str, line: &Line) {
    let _ = write!(out, "<dialog id=\"{}\"", escaped(&line.id));
    let replaces = line.parties.as_ref().and_then(|p| p.replaces.as_ref());
    if let Some(r) = replaces {
        let (call_id, local, remote) = (
            escaped(&r.call_id),
            escaped(&r.from_tag),
            escaped(&r.to_tag),
        );
        let _ = write!(
            out,
            " call-id=\"{call_id}\" local-tag=\"{local}\" remote-tag=\"{remote}\""
        );
    }
    let state = match line.state {
        LineState::Early => "early",
        LineState::Confirmed => "confirmed",
    };
    let _ = write!(
        out,
        " direction=\"{}\">\r\n<state>{state}</state>\r\n<local><identity>{entity}</identity><target uri=\"{entity}\"/></local>\r\n",
        direction(line),
    );
    if let Some(parties) = &line.parties {
        write_remote(out, entity, parties);
    }
    out.push_str("</dialog>\r\n");
}

/// A call that takes the extension's place is made to the extension: the other side itself is nobody's to call.
fn write_remote(out: &mut String, entity: &str, parties: &Parties) {
    let domain = entity.rsplit_once('@').map_or("", |(_, domain)| domain);
    out.push_str("<remote>");
    if !parties.number.is_empty() {
        let display = parties.name.as_deref().map(escaped);
        let display = display.map_or_else(String::new, |name| format!(" display=\"{name}\""));
        let user = crate::message::Uri::sip(parties.number.as_str(), domain).to_string();
        let _ = write!(out, "<identity{display}>{}</identity>", escaped(&user));
    }
    let _ = write!(out, "<target uri=\"{entity}\"/></remote>\r\n");
}
