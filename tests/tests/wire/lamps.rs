//! Phones that subscribe: SIPp watches an extension as a lamp of a desk phone does, baresip asks for messages that wait.

use super::{
    baresip::Like,
    lab::{SOON, eventually},
    sipp::{Plays, Sipp},
    stage::Stage,
};

async fn subscriptions(stage: &Stage) -> usize {
    let snapshot = stage.running.gateway().snapshot().await;
    snapshot.expect("the shard answers").subscriptions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lamp_follows_a_call_from_ringing_to_its_end() {
    let mut stage = Stage::set(110).await;
    let mut called = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.phone(2, "203", Like::default()).await;
    let password = stage.office.password("202");
    let gateway = stage.gateway();
    let uri = format!("201@{gateway}:5060");
    let mut lamp = Sipp::phone(
        &stage.lab,
        Plays {
            scenario: "watches-a-colleague",
            muted: true,
            more: &["-au", "202", "-ap", &password, "-auth_uri", &uri],
            ..Plays::caller("201")
        },
    );
    lamp.logs("it watches").await;
    assert_eq!(subscriptions(&stage).await, 1);
    caller.command("dial", &format!("sip:201@{gateway}")).await;
    called.until("CALL_INCOMING").await;
    called.command("accept", "").await;
    caller.until("CALL_ESTABLISHED").await;
    caller.command("hangup", "").await;
    stage.running.ended().await;
    lamp.finished().await;
    eventually("nobody watches any more", SOON, async || {
        subscriptions(&stage).await == 0
    })
    .await;
    let _ = stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_told_that_no_message_waits() {
    let stage = Stage::set(111).await;
    let like = Like {
        mwi: true,
        ..Like::default()
    };
    let mut phone = stage.phone(1, "201", like).await;
    let told = phone.until("MWI_NOTIFY").await;
    let text = told["param"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains("Messages-Waiting: no"), "{told}");
    assert_eq!(subscriptions(&stage).await, 1);
    let _ = stage.strike().await;
}
