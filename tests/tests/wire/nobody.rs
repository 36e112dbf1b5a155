//! Nobody takes the caller: the AI, which never left, has them again.

use super::{
    baresip::Like,
    lab::{listen, now},
    sound::{AI, BRIEF, CALLER, PERSON},
    stage::Stage,
};
use tandem_types::{
    Reason,
    journal::{HandoffEnd, What},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_phone_is_busy_and_the_next_presses_2_so_the_ai_is_back() {
    let mut stage = Stage::set(3).await;
    let mut first = stage.phone(1, "201", Like::default()).await;
    let mut second = stage.phone(2, "202", Like::default()).await;
    let mut caller = stage.put_through().await;
    let anna = caller.ip();

    first.until("CALL_INCOMING").await;
    // baresip's key for hanging up refuses a call that rings with 486.
    first.command("hangup", "").await;
    let busy = stage
        .running
        .until("busy", |w| matches!(w, What::TransferAttemptFailed { .. }))
        .await;
    second.until("CALL_INCOMING").await;
    stage.speaks(BRIEF);
    second.command("accept", "").await;
    stage
        .running
        .until("the brief", |w| matches!(w, What::TransferBriefed { .. }))
        .await;
    let briefing = listen(1000).await;
    stage.speaks(AI);
    second.press("2").await;
    let declined = stage
        .running
        .until("the refusal", |w| {
            matches!(w, What::TransferAttemptFailed { .. })
        })
        .await;
    second.until("CALL_CLOSED").await;
    let back = now();
    stage.running.agent_said("billing", "billing again").await;
    let back = (back + 300_000, now());

    // It knows what was said, and goes on.
    stage.says(&caller, "when is my rent due").await;
    stage.running.agent_said("billing", "first day").await;
    caller.hangs_up().await;
    stage.running.ended().await;

    assert!(
        matches!(
            busy.what,
            What::TransferAttemptFailed {
                reason: Reason::Busy,
                sip: 486,
                ..
            }
        ),
        "{busy:?}"
    );
    assert!(
        matches!(
            declined.what,
            What::TransferAttemptFailed {
                reason: Reason::Declined,
                ..
            }
        ),
        "{declined:?}"
    );
    let record = stage.running.record(caller.call).await;
    let handoff = record.handoffs.last().expect("a handoff");
    assert_eq!(
        (handoff.to.as_str(), handoff.state.as_str()),
        ("queue:billing", "failed")
    );
    assert_eq!(handoff.failed_reason.as_deref(), Some("declined"));
    let transfer = record.transfers.last().expect("a transfer");
    assert_eq!(
        (
            transfer.outcome.as_deref(),
            transfer.failed_reason.as_deref()
        ),
        (Some("failed"), Some("declined"))
    );
    let attempts: Vec<_> = transfer
        .attempts
        .iter()
        .map(|a| (a.target.as_str(), a.reason.as_deref()))
        .collect();
    assert_eq!(
        attempts,
        [("ext:201", Some("busy")), ("ext:202", Some("declined"))]
    );
    let ends = stage
        .running
        .journal()
        .iter()
        .filter(|e| {
            matches!(
                e.what,
                What::HandoffEnded {
                    end: HandoffEnd::Failed,
                    ..
                }
            )
        })
        .count();
    assert_eq!(ends, 1, "one terminal state");
    let streams = stage.strike().await;
    streams
        .to(anna, briefing)
        .is_music("the caller, on hold", &[AI, BRIEF, PERSON, CALLER]);
    streams
        .to(anna, back)
        .is("the caller, back with the AI", AI);
    streams
        .to(anna, (briefing.0, back.1))
        .never_holds("the caller: the brief", BRIEF);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_person_hangs_up_in_the_middle_of_the_brief_and_the_ai_is_back() {
    let mut stage = Stage::set(4).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.put_through().await;
    phone.until("CALL_INCOMING").await;
    stage.speaks(BRIEF);
    phone.command("accept", "").await;
    stage
        .running
        .until("the brief", |w| matches!(w, What::TransferBriefed { .. }))
        .await;
    let _ = listen(700).await;
    stage.speaks(AI);
    phone.command("hangup", "").await;
    let failed = stage
        .running
        .until("the hang-up", |w| {
            matches!(w, What::TransferAttemptFailed { .. })
        })
        .await;
    // The second phone of the queue is not registered: nobody is left.
    let back = now();
    stage.running.agent_said("billing", "billing again").await;
    let back = (back + 300_000, now());
    caller.hangs_up().await;
    stage.running.ended().await;
    assert!(
        matches!(
            failed.what,
            What::TransferAttemptFailed {
                reason: Reason::Normal | Reason::Declined,
                ..
            }
        ),
        "{failed:?}"
    );
    let record = stage.running.record(caller.call).await;
    assert_eq!(
        record.handoffs.last().map(|h| h.state.as_str()),
        Some("failed")
    );
    assert_eq!(record.call.ended_by.as_deref(), Some("caller"));
    let anna = caller.ip();
    let streams = stage.strike().await;
    streams
        .to(anna, back)
        .is("the caller, back with the AI", AI);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_hangs_up_in_the_middle_of_the_brief_and_the_person_is_told() {
    let mut stage = Stage::set(6).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.put_through().await;
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    stage
        .running
        .until("the brief", |w| matches!(w, What::TransferBriefed { .. }))
        .await;
    let _ = listen(700).await;
    // What is spoken anew from here on is that the caller has left.
    stage.speaks(BRIEF);
    let gone = now();
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    let released = now();
    stage.running.ended().await;
    let record = stage.running.record(caller.call).await;
    assert_eq!(
        record.handoffs.last().map(|h| h.state.as_str()),
        Some("abandoned")
    );
    let desk = stage.lab.phone(1);
    let streams = stage.strike().await;
    let told = streams.to(desk, (gone, released));
    eprintln!("the person was told for {} ms", (released - gone) / 1000);
    assert!(
        (released - gone) < 4_000_000,
        "the person was kept for {} ms",
        (released - gone) / 1000
    );
    assert!(
        told.loudest(BRIEF) > 3000.0,
        "the person was not told: {:.0}",
        told.loudest(BRIEF)
    );
}
