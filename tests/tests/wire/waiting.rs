//! A caller waits in a queue with music while the only person of it talks with somebody else; when that is over the phone rings by
//! itself, the person is briefed and takes the caller.

use super::{
    baresip::Like,
    lab::listen,
    sound::{AI, BRIEF, CALLER, OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::What;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_waits_with_music_until_the_person_has_hung_up() {
    let mut stage = Stage::with(116, |_, office| {
        office.with(
            "dialplans/reception.toml",
            "members = [\"ext:201\", \"ext:202\"]",
            "members = [\"ext:201\"]\nmax_wait = \"2m\"",
        )
    })
    .await;
    let mut anna = stage.phone(1, "201", Like::default()).await;
    let like = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut ben = stage.phone(2, "202", like).await;
    let uri = format!("sip:201@{}", stage.gateway());
    ben.command("dial", &uri).await;
    anna.until("CALL_INCOMING").await;
    anna.command("accept", "").await;
    let joined = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("the two talk", joined).await;

    let mut caller = stage.put_through().await;
    let waits = |w: &What| matches!(w, What::QueueEntered { position: 1, .. });
    let journal = stage.running.journal();
    assert!(journal.iter().any(|e| waits(&e.what)), "the caller waits");
    let _ = listen(500).await;
    let meanwhile = listen(1500).await;
    stage.speaks(BRIEF);
    ben.command("hangup", "").await;
    stage.running.ended().await;
    anna.until("CALL_CLOSED").await;
    anna.until("CALL_INCOMING").await;
    anna.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    let _ = listen(300).await;
    let told = listen(800).await;
    anna.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let together = listen(1500).await;
    caller.hangs_up().await;
    anna.until("CALL_CLOSED").await;
    stage.running.ended().await;

    let record = stage.running.record(caller.call).await;
    assert_eq!(record.call.queue.as_deref(), Some("billing"));
    assert_eq!(record.call.queue_end.as_deref(), Some("taken"));
    assert!(
        record.call.queue_ms.is_some_and(|ms| ms > 2000),
        "{:?}",
        record.call
    );
    let (from, phone) = (caller.ip(), stage.lab.phone(1));
    let streams = stage.strike().await;
    let nobody = [AI, BRIEF, PERSON, OTHER, CALLER];
    for stretch in [meanwhile, told] {
        streams
            .to(from, stretch)
            .is_music("the caller, waiting", &nobody);
    }
    streams
        .to(phone, meanwhile)
        .is("the person, with a colleague", OTHER);
    streams.to(phone, told).is("the person, briefed", BRIEF);
    streams
        .to(from, together)
        .is("the caller, with the person", PERSON);
    streams
        .to(phone, together)
        .is("the person, with the caller", CALLER);
}
