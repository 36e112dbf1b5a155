//! A callback with real phones: the caller (SIPp) asks and is let go, baresip rings first, hears who it is, and key 1 rings the caller,
//! who sees the number that they had called.

use super::{
    baresip::Like,
    lab::listen,
    office::Office,
    sipp::{Plays, Sipp},
    sound::{BRIEF, OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::{CallbackTry, What};

/// Callers who ask for it are called back.
const BACK: &str = "+442079460198";

fn with_callback(office: Office) -> Office {
    let plan = format!(
        r#"version = 1
numbers = [{BACK:?}]
trunks = ["carrier"]
languages = ["en-GB"]
providers = "standin"
start = "callback:people"
[limits]
may_dial = ["201", "+447700900123"]
[queues.people]
members = ["ext:201"]
max_wait = "5m"
[callbacks.people]
queue = "people"
may_call = ["+447700900123"]
"#
    );
    office.and("dialplans/back.toml", &plan).with(
        "trunks/carrier.toml",
        "may_dial = [\"_+441632960XXX\"]",
        "may_dial = [\"_+441632960XXX\", \"+447700900123\"]",
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_person_is_rung_first_and_then_the_caller() {
    let mut stage = Stage::with(180, |_, office| with_callback(office)).await;
    stage.speaks(BRIEF);
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    far.listens().await;
    let mut caller = stage.ring_in(BACK).await;
    caller.sipp.finished().await;
    stage.running.ended().await;
    let asked = caller.call;
    // Nobody was there; who comes is rung at once.
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let incoming = phone.until("CALL_INCOMING").await.to_string();
    assert!(incoming.contains("7700900123"), "{incoming}");
    phone.command("accept", "").await;
    let _ = listen(500).await;
    let told = listen(800).await;
    phone.press("1").await;
    let joined = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("they speak", joined).await;
    let _ = listen(600).await;
    let together = listen(1500).await;
    phone.command("hangup", "").await;
    far.finished().await;
    stage.running.ended().await;
    let spoke = |w: &What| matches!(w, What::CallbackTried { callback, how: CallbackTry::Spoke, .. } if *callback == asked);
    let journal = stage.running.journal();
    assert!(journal.iter().any(|e| spoke(&e.what)), "{journal:?}");
    for part in ["INVITE sip:+447700900123@", "From: <sip:+442079460198@"] {
        assert!(
            far.messages().contains(part),
            "{part} in {}",
            far.messages()
        );
    }
    let (there, here) = (far.ip, stage.lab.phone(1));
    let streams = stage.strike().await;
    streams.to(here, told).is("the person is told", BRIEF);
    streams.to(here, together).is("the person", OTHER);
    streams.to(there, together).is("the caller", PERSON);
}
