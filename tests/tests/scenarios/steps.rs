//! Steps of calls without an agent, and of cold transfers.

use super::common::*;
use tandem_phone::{PhoneConfig, Voice};
use tandem_sip::message::Headers;
use tandem_types::journal::LegRole;

/// The number behind `outside:viewings`.
pub(crate) const VIEWINGS: &str = "+441632960700";

/// The caller asks for a viewing, which is a cold transfer to [`VIEWINGS`], and hears so.
pub(crate) fn asks_for_a_viewing(o: &mut Office) {
    o.calls_the_office();
    o.caller_says("i would like to book a viewing");
    o.ai_says("putting you through to the viewings desk");
    o.fact(secs(2), "the transfer begins", |w| {
        matches!(w, What::TransferStarted { .. })
    });
}

/// How many legs of this part were made.
pub(crate) fn legs(o: &Office, role: LegRole) -> usize {
    o.count(|w| matches!(w, What::LegCreated { role: r, .. } if *r == role))
}

/// How often a line of the ladder holds this.
pub(crate) fn lines_with(o: &Office, part: &str) -> usize {
    o.ladder()
        .lines()
        .filter(|line| line.contains(part))
        .count()
}

/// Waits until the phone's own call was refused so.
pub(crate) fn is_refused(o: &mut Office, phone: PhoneId, with: u16) {
    o.until(secs(40), &format!("refused with {with}"), |w| {
        w.has_noticed(phone, |e| matches!(e, PhoneEvent::Failed { .. }))
    });
    let status = |e: &PhoneEvent| match e {
        PhoneEvent::Failed { status } => Some(*status),
        _ => None,
    };
    let found: Vec<_> = o
        .noticed(phone)
        .into_iter()
        .filter_map(|(_, e)| status(e))
        .collect();
    assert_eq!(found, [with], "\n{}", o.ladder());
}

/// Fails if this phone was ever called.
pub(crate) fn never_rang(o: &Office, phone: PhoneId) {
    let rang = o.has_noticed(phone, |e| matches!(e, PhoneEvent::Incoming { .. }));
    assert!(
        !rang,
        "{} rang\n{}",
        o.phone(phone).config().name,
        o.ladder()
    );
}

/// The caller dials this number, the phone answers, and they hear each other.
pub(crate) fn are_connected(o: &mut Office, number: &str, phone: PhoneId) {
    let caller = o.caller;
    o.calls(caller, number);
    o.answers(phone);
    o.answers(caller);
    o.talk_both_ways(caller, phone);
}

/// A person of the repairs team, at this phone, has the caller.
pub(crate) fn is_with_repairs(o: &mut Office) -> PhoneId {
    let person = o.desk("203", answers(1));
    o.asks_for_repairs();
    o.answers(person);
    o.is_briefed();
    o.presses(person, "1");
    o.talk_both_ways(o.caller, person);
    person
}

/// What a phone that transfers was told of it, in order.
pub(crate) fn progress(o: &Office, person: PhoneId) -> Vec<u16> {
    let status = |(_, e): &(Mono, &PhoneEvent)| match e {
        PhoneEvent::ReferProgress { status } => Some(*status),
        _ => None,
    };
    o.noticed(person).iter().filter_map(status).collect()
}

/// Each time that a leg was put on hold (true) or taken back (false), in order.
pub(crate) fn held(o: &Office) -> Vec<bool> {
    let held = |what: &What| match what {
        What::LegHeld { held, .. } => Some(*held),
        _ => None,
    };
    o.facts().filter_map(held).collect()
}

/// Codes of the end of the one call.
pub(crate) fn codes(o: &Office) -> (u16, u8) {
    let end = |what: &What| match what {
        What::CallEnded { end, .. } => Some((end.sip, end.q850)),
        _ => None,
    };
    o.facts().find_map(end).expect("the call is over")
}

/// This status at once.
pub(crate) fn rejects(status: u16) -> Incoming {
    Incoming::Reject {
        status,
        headers: Headers::new(),
    }
}

/// A phone at an address of its own, 10.0.1.2 where it is the first after the caller, that the gateway does not know.
pub(crate) fn unregistered(o: &mut Office, name: &str, incoming: Incoming) -> PhoneId {
    unregistered_with(o, name, "door", incoming, |_| {})
}

/// [`unregistered`], made to order.
pub(crate) fn unregistered_with(
    o: &mut Office,
    name: &str,
    user: &str,
    incoming: Incoming,
    change: impl FnOnce(&mut PhoneConfig),
) -> PhoneId {
    World::desk_with(o, name, user, |c| {
        c.voice = Voice::Tone { hz: 3800.0 };
        c.incoming = incoming;
        change(c);
    })
}

/// The office with a second trunk, at 10.0.1.2, for the viewings desk.
pub(crate) fn two_trunks() -> Config {
    Config::office()
        .with(
            "via = [\"carrier\"]\ndial = \"+441632960700\"",
            "via = [\"carrier\", \"second\"]\ndial = \"+441632960700\"",
        )
        .file("trunks/second.toml", SECOND)
}

const SECOND: &str = r#"
direction = "out"
peers = ["sip:10.0.1.2"]
[limits]
may_dial = ["_+441632960XXX"]
"#;

/// Retry-After of each 503 to an INVITE, those that were repeated included.
pub(crate) fn retry_after_of_503(o: &Office) -> Vec<Option<&str>> {
    o.sent()
        .iter()
        .filter_map(|(_, packet)| packet.sip().filter(|s| s.is_response(503, "INVITE")))
        .map(|s| s.header("Retry-After"))
        .collect()
}
