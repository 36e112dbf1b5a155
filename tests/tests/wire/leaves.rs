//! The caller leaves while it rings: CANCEL goes on to whoever rings, the caller gets 487, and nothing is left.

use super::{
    baresip::Like,
    lab::SOON,
    raw,
    sipp::{Plays, Sipp},
    sound::OTHER,
    stage::Stage,
};
use tandem_store::CallDetail;
use tandem_types::{CallId, journal::What};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_reaches_a_desk_phone_and_a_far_end_and_nothing_is_left() {
    let mut stage = Stage::set(47).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let (desk, contact) = leaves(&mut stage, 3, "201").await;
    phone.until("CALL_INCOMING").await;
    let closed = phone.until("CALL_CLOSED").await;
    assert_eq!(phone.count("CALL_ESTABLISHED"), 0, "{closed}");
    // baresip's Contact has a user of its own making, by which it knows its account; any other gets 404.
    assert!(contact.starts_with("sip:201-"), "{contact}");

    let rings = Plays {
        scenario: "called-180-expect-cancel",
        ..Plays::called(OTHER)
    };
    let mut far_end = Sipp::start(&stage.lab, 2, rings);
    far_end.listens().await;
    let (far, _) = leaves(&mut stage, 4, "400001").await;
    far_end.finished().await;

    for call in [desk, far] {
        let record = stage.running.record(call).await;
        is_on_record(&record);
    }
    stage.running.is_empty().await;
    let _ = stage.strike().await;
}

/// A caller rings, and leaves once it does. Gives the call and the address that was called at last.
async fn leaves(stage: &mut Stage, n: u8, number: &str) -> (CallId, String) {
    let plays = Plays {
        scenario: "cancels-while-it-rings-expect-487",
        ..Plays::caller(number)
    };
    let mut caller = Sipp::start(&stage.lab, n, plays);
    let (call, id) = stage.running.call().await;
    let rings = |w: &What| matches!(w, What::LegRinging { .. });
    stage.running.until("ringing", rings).await;
    super::lab::eventually("the caller hears that it rings", SOON, async || {
        caller.messages().contains("SIP/2.0 180")
    })
    .await;
    raw::cue(caller.ip, &id, "cancel").await;
    caller.finished().await;
    stage.running.ended().await;
    let messages = stage.running.gateway().trace(call);
    let sent = |method: &str| {
        let mut lines = messages.iter().filter(|m| m.sent).map(|m| &m.text);
        let line = lines.find_map(|t| t.strip_prefix(method)?.split(' ').next());
        line.unwrap_or_else(|| panic!("no {method}was sent"))
            .to_owned()
    };
    let (invited, cancelled) = (sent("INVITE "), sent("CANCEL "));
    assert_eq!(invited, cancelled, "RFC 3261 section 9.1");
    (call, invited)
}

fn is_on_record(record: &CallDetail) {
    let call = &record.call;
    assert_eq!(
        (
            call.disposition.as_deref(),
            call.ended_by.as_deref(),
            call.reason.as_deref(),
            call.answered,
        ),
        (Some("NO ANSWER"), Some("caller"), Some("cancelled"), None)
    );
    let legs: Vec<_> = record
        .legs
        .iter()
        .map(|l| {
            (
                l.role.as_str(),
                l.ringing.is_some(),
                l.answered,
                l.ended.is_some(),
            )
        })
        .collect();
    assert_eq!(
        legs,
        [("caller", false, None, true), ("callee", true, None, true)]
    );
}
