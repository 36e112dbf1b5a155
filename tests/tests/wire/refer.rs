//! Cold transfers by REFER, with SIPp as the carrier whose caller is referred: each way that it can come out.

use super::{
    lab::now,
    office::{FRONT_DESK, Office},
    sipp::Plays,
    sound::{AI, CALLER},
    stage::{Caller, Stage},
};
use tandem_store::CallDetail;
use tandem_types::journal::What;

/// Lettings answers at once, so that one sentence is enough; a REFER without news is given up after 3 s.
fn lettings_first(office: Office) -> Office {
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
