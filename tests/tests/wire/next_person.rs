//! The first person cannot, the second one takes the caller: who hears what between two real phones.

use super::{
    baresip::{Baresip, Like},
    lab::listen,
    sound::{AI, BRIEF, CALLER, OTHER, PERSON},
    stage::Stage,
};
use tandem_types::{
    Reason,
    journal::{HandoffEnd, What},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_person_presses_2_and_the_second_takes_the_caller() {
    let mut stage = Stage::set(50).await;
    let mut first = stage.phone(1, "201", Like::default()).await;
    let like = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut second = stage.phone(2, "202", like).await;
    let mut caller = stage.put_through().await;
    first.until("CALL_INCOMING").await;
    stage.speaks(BRIEF);
    let told_first = briefs(&mut stage, &mut first).await;
    first.press("2").await;
    let failed = |w: &What| matches!(w, What::TransferAttemptFailed { .. });
    let declined = stage.running.until("the refusal", failed).await;
    first.until("CALL_CLOSED").await;
    second.until("CALL_INCOMING").await;
    let told_second = briefs(&mut stage, &mut second).await;
    second.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    let bridged = stage.running.until("the bridge", bridged).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let joined = listen(1500).await;
    caller.hangs_up().await;
    second.until("CALL_CLOSED").await;
    stage.running.ended().await;

    let refused = matches!(
        declined.what,
        What::TransferAttemptFailed {
            reason: Reason::Declined,
            ..
        }
    );
    assert!(refused, "{declined:?}");
    let record = stage.running.record(caller.call).await;
    let [transfer] = &record.transfers[..] else {
        panic!("one transfer: {:#?}", record.transfers)
    };
    let attempts: Vec<_> = transfer
        .attempts
        .iter()
        .map(|a| (a.target.as_str(), a.reason.as_deref()))
        .collect();
    assert_eq!(attempts, [("ext:201", Some("declined")), ("ext:202", None)]);
    assert_eq!(transfer.outcome.as_deref(), Some("completed"));
    let ends = stage
        .running
        .journal()
        .into_iter()
        .filter_map(|e| match e.what {
            What::HandoffEnded { end, .. } => Some(end),
            _ => None,
        });
    // Triage's to billing, and billing's to the person: one end each.
    assert_eq!(ends.collect::<Vec<_>>(), [HandoffEnd::Completed; 2]);

    let (anna, places) = (caller.ip(), [1, 2].map(|n| stage.lab.phone(n)));
    let streams = stage.strike().await;
    for (stretch, place) in [(told_first, places[0]), (told_second, places[1])] {
        streams.to(place, stretch).is("a person, briefed", BRIEF);
        let nobody = [AI, BRIEF, PERSON, OTHER, CALLER];
        streams
            .to(anna, stretch)
            .is_music("the caller meanwhile", &nobody);
    }
    let before = (told_first.0, bridged.at.0);
    let waiting = streams.to(anna, before);
    for (who, hz) in [
        ("the brief", BRIEF),
        ("the first", PERSON),
        ("the second", OTHER),
    ] {
        waiting.never_holds(&format!("the caller, waiting: {who}"), hz);
    }
    streams
        .to(anna, joined)
        .is("the caller, with the second", OTHER);
    streams.to(places[1], joined).is("the second", CALLER);
}

/// The phone is answered and its person listens to the brief for a while.
async fn briefs(stage: &mut Stage, phone: &mut Baresip) -> (i64, i64) {
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    let _ = listen(300).await;
    listen(800).await
}
