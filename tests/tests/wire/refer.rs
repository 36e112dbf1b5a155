//! Cold transfers by REFER, with SIPp as the carrier whose caller is referred: each way that it can come out.

use super::{
    audio::Streams,
    lab::{listen, now},
    office::{FRONT_DESK, Office},
    sipp::{Plays, Sipp},
    sound::{AI, CALLER, OTHER},
    stage::{Caller, Stage},
};
use tandem_store::CallDetail;
use tandem_types::{
    Reason,
    journal::{Event, What},
};

/// Lettings answers at once, so that one sentence is enough; a REFER without news is given up after 3 s.
pub(crate) fn lettings_first(office: Office) -> Office {
    office
        .with(
            "dialplans/reception.toml",
            "start = \"agent:triage\"",
            "start = \"agent:lettings\"",
        )
        .with(
            "dialplans/reception.toml",
            "method = \"refer-then-bridge\"",
            "method = \"refer-then-bridge\"\nrefer_wait = \"3s\"",
        )
}

/// What leads to the viewings desk.
const VIEWING: &str = "i would like to book a viewing";

/// A caller whom lettings has greeted, and whose carrier takes REFER as the scenario says.
async fn referred(test: u8, scenario: &str) -> (Stage, Caller) {
    let mut stage = Stage::with(test, |_, office| lettings_first(office)).await;
    let plays = Plays {
        and: Some(scenario),
        ..Plays::caller(FRONT_DESK)
    };
    let caller = stage.ring_in_as(plays).await;
    stage.running.agent_said("lettings", "lettings").await;
    (stage, caller)
}

/// What must hold however it came out.
async fn one_end(stage: &Stage, caller: &Caller) -> CallDetail {
    let messages = caller.sipp.messages();
    let refer = messages.find("\nREFER sip:").expect("a REFER");
    assert!(
        messages[refer..].contains("Refer-To: <sip:+441632960700@"),
        "{}",
        &messages[refer..]
    );
    assert_eq!(messages.matches("\nREFER sip:").count(), 1, "one REFER");
    let record = stage.running.record(caller.call).await;
    let ends = stage
        .running
        .journal()
        .iter()
        .filter(|e| matches!(e.what, What::HandoffEnded { .. }))
        .count();
    assert_eq!(
        (ends, record.handoffs.len(), record.transfers.len()),
        (1, 1, 1),
        "{record:#?}"
    );
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refer_accepted_and_notify_200_ends_the_call_as_transferred() {
    let (mut stage, mut caller) = referred(11, "refer-202-then-notify-200-expect-bye").await;
    stage.says(&caller, VIEWING).await;
    let accepted = stage
        .running
        .until("success", |w| matches!(w, What::TransferAccepted { .. }))
        .await;
    assert!(
        matches!(&accepted.what, What::TransferAccepted { by, .. } if by == "NOTIFY 200"),
        "{accepted:?}"
    );
    stage.running.ended().await;
    caller.sipp.finished().await;
    let record = one_end(&stage, &caller).await;
    assert_eq!(
        (
            record.call.ended_by.as_deref(),
            record.call.reason.as_deref()
        ),
        (Some("gateway"), Some("transferred"))
    );
    assert_eq!(record.handoffs[0].state, "completed");
    assert_eq!(record.transfers[0].outcome.as_deref(), Some("completed"));
    assert!(record.transfers[0].rang.is_some(), "its NOTIFY said 180");
    let _ = stage.strike().await;
}

/// A REFER that definitely fails is bridged, and the caller hears music meanwhile.
async fn bridged(test: u8, scenario: &str, sip: u16, reason: Reason) -> Event {
    let (mut stage, mut caller) = referred(test, scenario).await;
    let mut viewings = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    viewings.listens().await;
    stage.says(&caller, VIEWING).await;
    let (anna, far) = (caller.ip(), stage.lab.carrier(1));
    let failed = stage
        .running
        .until("the REFER's failure", |w| {
            matches!(w, What::TransferAttemptFailed { .. })
        })
        .await;
    assert!(
        matches!(failed.what, What::TransferAttemptFailed { reason: r, sip: s, .. } if (r, s) == (reason, sip)),
        "{failed:?}"
    );
    let began = now();
    stage
        .running
        .until("the bridge", |w| matches!(w, What::TransferBridged { .. }))
        .await;
    let ringing = (began, now());
    caller.cue("tone").await;
    let _ = listen(600).await;
    let after = listen(2000).await;
    caller.hangs_up().await;
    viewings.finished().await;
    stage.running.ended().await;
    let record = one_end(&stage, &caller).await;
    assert_eq!(
        (
            record.call.ended_by.as_deref(),
            record.handoffs[0].state.as_str()
        ),
        (Some("caller"), "completed")
    );
    let attempts: Vec<_> = record.transfers[0]
        .attempts
        .iter()
        .map(|a| (a.leg.is_some(), a.sip))
        .collect();
    assert_eq!(
        attempts,
        [(false, Some(sip)), (true, None)],
        "{:#?}",
        record.transfers
    );
    let streams: Streams = stage.strike().await;
    streams
        .to(anna, ringing)
        .is_music("the caller, while viewings rings", &[AI, OTHER]);
    streams.to(anna, after).is("the caller, bridged", OTHER);
    streams.to(far, after).is("viewings, bridged", CALLER);
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refer_accepted_and_notify_486_falls_back_to_a_bridge() {
    bridged(
        12,
        "refer-202-then-notify-486-expect-bridge",
        486,
        Reason::Busy,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refer_refused_with_603_falls_back_to_a_bridge() {
    bridged(13, "refer-603-expect-bridge", 603, Reason::Blocked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refer_accepted_and_then_silence_gives_the_caller_back_to_the_ai_and_dials_nobody() {
    let (mut stage, mut caller) = referred(14, "refer-202-then-silence-expect-ai").await;
    stage.says(&caller, VIEWING).await;
    stage
        .running
        .until("the REFER", |w| matches!(w, What::TransferDialled { .. }))
        .await;
    let sent = now();
    let failed = stage
        .running
        .until("giving it up", |w| {
            matches!(
                w,
                What::TransferEnded {
                    failed: Some(_),
                    ..
                }
            )
        })
        .await;
    let waited = (failed.at.0 - sent) / 1000;
    assert!(
        (2500..4500).contains(&waited),
        "it was given up after {waited} ms"
    );
    let waiting = (sent + 500_000, failed.at.0);
    let back = now();
    stage.running.agent_said("lettings", "lettings again").await;
    let back = (back + 300_000, now());
    caller.hangs_up().await;
    stage.running.ended().await;
    let record = one_end(&stage, &caller).await;
    assert_eq!(
        (record.handoffs[0].state.as_str(), record.legs.len()),
        ("failed", 1),
        "nobody else was dialled"
    );
    let anna = caller.ip();
    let streams = stage.strike().await;
    streams
        .to(anna, waiting)
        .is_music("the caller, while nobody knows", &[AI, CALLER]);
    streams
        .to(anna, back)
        .is("the caller, back with the AI", AI);
}
