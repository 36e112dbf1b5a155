//! People of queues at real phones: key 4 of the brief sends the caller to another queue; a phone pauses itself and comes back by codes;
//! a pause outlives the process.

use super::{
    baresip::{Baresip, Like},
    lab::{Lab, SOON, eventually, listen},
    office::Office,
    recording::{Served, tandem},
    sound::{AI, BRIEF, CALLER, OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::{QueueEnd, What};

/// Callers wait for billing (201, 202) and for repairs (203).
fn waiting(office: Office) -> Office {
    office
        .with(
            "dialplans/reception.toml",
            "members = [\"ext:201\", \"ext:202\"]",
            "members = [\"ext:201\", \"ext:202\"]\nmax_wait = \"2m\"",
        )
        .with(
            "dialplans/reception.toml",
            "members = [\"ext:203\"]",
            "members = [\"ext:203\"]\nmax_wait = \"2m\"",
        )
}

async fn briefed(stage: &mut Stage, phone: &mut Baresip) {
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    let _ = listen(500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_4_sends_the_caller_to_the_other_queue() {
    let mut stage = Stage::with(154, |_, office| {
        waiting(office).with(
            "dialplans/reception.toml",
            "[transfers.warm]\n",
            "[transfers.warm]\nsend_to = \"queue:repairs\"\n",
        )
    })
    .await;
    let mut billing = stage.phone(1, "201", Like::default()).await;
    let like = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut repairs = stage.phone(2, "203", like).await;
    let mut caller = stage.put_through().await;
    stage.speaks(BRIEF);
    briefed(&mut stage, &mut billing).await;
    billing.press("4").await;
    let sent = |w: &What| matches!(w, What::QueueLeft { queue, end: QueueEnd::SentOn, .. } if queue == "billing");
    stage.running.until("the caller is sent on", sent).await;
    let waits = |w: &What| matches!(w, What::QueueEntered { queue, .. } if queue == "repairs");
    stage.running.until("the caller waits again", waits).await;
    billing.until("CALL_CLOSED").await;
    briefed(&mut stage, &mut repairs).await;
    let told = listen(600).await;
    repairs.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let together = listen(1500).await;
    caller.hangs_up().await;
    repairs.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let record = stage.running.record(caller.call).await;
    assert_eq!(record.call.queue.as_deref(), Some("repairs"));
    assert_eq!(record.call.queue_end.as_deref(), Some("taken"));
    let (from, phones) = (caller.ip(), [1, 2].map(|n| stage.lab.phone(n)));
    let streams = stage.strike().await;
    let nobody = [AI, BRIEF, PERSON, OTHER, CALLER];
    streams.to(from, told).is_music("the caller", &nobody);
    streams.to(phones[1], told).is("repairs, briefed", BRIEF);
    streams.to(from, together).is("the caller", OTHER);
    streams.to(phones[1], together).is("repairs", CALLER);
}

/// Dials a code, hears what it did, and is hung up.
async fn dials(stage: &mut Stage, phone: &mut Baresip, code: &str) -> (i64, i64) {
    let uri = format!("sip:{code}@{}", stage.gateway());
    phone.command("dial", &uri).await;
    phone.until("CALL_ESTABLISHED").await;
    let _ = listen(200).await;
    let heard = listen(500).await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_pauses_itself_and_comes_back() {
    let mut stage = Stage::with(155, |_, office| waiting(office)).await;
    let mut one = stage.phone(1, "201", Like::default()).await;
    let like = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut two = stage.phone(2, "202", like).await;
    let mut told = Vec::new();
    told.push(dials(&mut stage, &mut one, "*47").await);
    let mut caller = stage.put_through().await;
    briefed(&mut stage, &mut two).await;
    assert_eq!(one.count("CALL_INCOMING"), 0, "who is paused is not rung");
    two.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.hangs_up().await;
    two.until("CALL_CLOSED").await;
    stage.running.ended().await;
    told.push(dials(&mut stage, &mut one, "*48").await);
    let mut caller = stage.put_through().await;
    briefed(&mut stage, &mut one).await;
    one.press("1").await;
    stage.running.until("the bridge", bridged).await;
    caller.hangs_up().await;
    one.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    for stretch in told {
        let heard = streams.to(place, stretch).audible();
        assert!(heard > 0.1, "words say what the code did: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_outlives_the_process() {
    let lab = Lab::new(156);
    let office = waiting(Office::shipped(&lab)).write(&lab);
    let mut serving = Served::start(&lab, &office).await;
    let ask = |what: &[&str]| {
        let out = tandem(&office, &lab)
            .arg("queues")
            .args(what)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{what:?}: {said}");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    ask(&["pause", "201"]);
    ask(&["pause", "202"]);
    ask(&["resume", "202"]);
    serving.signal("-9");
    serving = Served::start(&lab, &office).await;
    let paused = async || {
        let text = ask(&[]);
        let state = |who: &str| {
            let line = text.lines().find(|l| l.contains(who));
            line.is_some_and(|l| l.contains("paused"))
        };
        assert!(!state("ext:202"), "{text}");
        state("ext:201")
    };
    eventually("201 is paused", SOON, paused).await;
    ask(&["resume", "201"]);
    serving.signal("-9");
    serving = Served::start(&lab, &office).await;
    let _ = listen(2000).await;
    assert!(!ask(&[]).contains("paused"));
    serving.signal("-INT");
}
