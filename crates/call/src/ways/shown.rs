//! Who calls, as a trunk wants to read it: which number, in which headers, with which hosts.

use super::Identity;
use tandem_dialplan::{Forwarded, IdentityIn, Trunk};
use tandem_sip::{
    api::OutgoingInvite,
    message::{HeaderName, Headers, NameAddr, Uri},
};
use tandem_types::Attested;

/// Who calls a phone, with what is known of the number (3GPP TS 24.229 section 7.2A.20): a parameter of the number itself, which phones
/// that know it show as a mark. From stays what it is, for those that do not.
pub(super) fn verified(from: &NameAddr, identity: &Identity, here: &str) -> NameAddr {
    if identity.attested == Attested::Unsigned || identity.number.is_empty() {
        return from.clone();
    }
    let number = format!(
        "{};verstat={}",
        identity.number,
        identity.attested.verstat()
    );
    let mut who = from.clone();
    who.uri = Uri::sip(number.as_str(), here).with_param("user", "phone");
    who
}

/// Writes From, Contact and what says who calls for this trunk.
pub(super) fn by(trunk: &Trunk, identity: &Identity, invite: &mut OutgoingInvite) {
    let here = trunk
        .from_host
        .clone()
        .unwrap_or_else(|| invite.flow.local.to_string());
    if let Some(host) = &trunk.contact_host {
        let port = invite.flow.local.port();
        let contact = Uri::sip("tandem", &format!("{host}:{port}"));
        let contact = super::like(&invite.target, contact);
        invite.contact = match invite.contact.transport() {
            Some(transport) => contact.with_param("transport", transport),
            None => contact,
        };
    }
    let format = |number: &str| trunk.outbound_format.from_e164(number, &trunk.country);
    let of = |number: &str| NameAddr::from(Uri::sip(format(number).as_str(), &here));
    let caller = Some(identity.number.as_str()).filter(|n| !n.is_empty());
    // A number that is not ours needs one of ours beside it, or the carrier blocks it (field note 12).
    let theirs = caller.filter(|_| trunk.forwarded != Forwarded::Off);
    let ours = trunk.caller_id.as_deref();
    let mut headers = Headers::new();
    let shown = match (theirs, ours) {
        _ if identity.ours => caller,
        (Some(theirs), Some(ours)) => {
            match trunk.forwarded {
                Forwarded::Off => {}
                Forwarded::Diversion => {
                    let diversion = format!("<{}>;reason=unconditional;counter=1", of(ours).uri);
                    headers.push(HeaderName::Diversion, diversion);
                }
                Forwarded::HistoryInfo => {
                    headers.push(
                        HeaderName::HistoryInfo,
                        format!("<{}>;index=1", of(ours).uri),
                    );
                    let now = format!("<{}>;index=1.1;mp=1", invite.target);
                    headers.push(HeaderName::HistoryInfo, now);
                }
            }
            Some(theirs)
        }
        (None, Some(ours)) => Some(ours),
        (_, None) => caller,
    };
    let named = |mut who: NameAddr| {
        // Our own number, with the caller's in the name.
        let name = identity
            .name
            .as_deref()
            .or(caller.filter(|n| Some(*n) != shown));
        if let Some(name) = name {
            who = who.with_display(name);
        }
        who
    };
    match shown {
        Some(number) => {
            let who = named(of(number));
            match trunk.identity {
                IdentityIn::Asserted => headers.push(HeaderName::PAssertedIdentity, &who),
                IdentityIn::RemoteParty => headers.push(
                    HeaderName::RemotePartyId,
                    format!("{who};party=calling;screen=yes;privacy=off"),
                ),
                IdentityIn::From => {}
            }
            invite.from = who;
        }
        // RFC 3323 section 4.1.1.3: nobody's number, and the wish that it stays so.
        None => {
            invite.from = NameAddr::from(Uri::sip("anonymous", "anonymous.invalid"))
                .with_display("Anonymous");
            headers.push(HeaderName::Privacy, "id");
        }
    }
    for header in identity.headers.iter() {
        headers.push_header(header.clone());
    }
    invite.headers = headers;
}
