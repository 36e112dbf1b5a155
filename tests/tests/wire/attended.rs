//! Attended transfer with linphonec: the person has the caller, puts them on hold, calls a colleague on another phone, and transfers
//! them to each other (REFER with Replaces, RFC 3891). Both hear each other then, and the person's phone is free.

use super::{
    baresip::Like,
    lab::{SOON, eventually, listen},
    linphone::Linphone,
    sound::{CALLER, OTHER, PERSON},
    stage::Stage,
};
use tandem_types::{Reason, journal::What};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_asks_a_colleague_and_passes_the_caller_on() {
    let mut stage = Stage::with(80, |_, office| {
        office.with(
            "dialplans/reception.toml",
            "\"2000\" = \"echo\"",
            "\"2000\" = \"echo\"\n\"2012\" = \"ext:203\"",
        )
    })
    .await;
    let like = Like {
        hz: OTHER,
        answers: true,
        ..Like::default()
    };
    let _colleague = stage.phone(2, "201", like).await;
    let password = stage.office.password("203");
    let mut person = Linphone::start(&stage.lab, 1, "203", &password, PERSON);
    eventually("linphonec is registered", SOON, async || {
        let snapshot = stage.running.gateway().snapshot().await;
        let phones = snapshot.expect("the shard answers").phones;
        phones.iter().any(|(user, _)| user == "203")
    })
    .await;
    let (gateway, desk) = (stage.gateway(), stage.lab.phone(2));

    let mut caller = stage.ring_in("2012").await;
    person.says("Receiving new incoming call").await;
    person.command("answer");
    let bridged = |w: &What| matches!(w, What::Bridged { .. });
    stage
        .running
        .until("the person has the caller", bridged)
        .await;
    person.command("pause");
    let held = |w: &What| matches!(w, What::LegHeld { held: true, .. });
    stage.running.until("the caller is on hold", held).await;
    person.command(&format!("call sip:201@{gateway}"));
    stage
        .running
        .until("the person has the colleague", bridged)
        .await;
    person.speaks();
    let _ = listen(600).await;
    let consulted = listen(1000).await;

    person.command("transfer 1 --to-call 2");
    let over =
        |w: &What| matches!(w, What::CallEnded { end, .. } if end.reason == Reason::Transferred);
    stage.running.until("the second call is over", over).await;
    stage
        .running
        .until("the colleague has the caller", bridged)
        .await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let joined = listen(1500).await;
    caller.hangs_up().await;
    stage.running.ended().await;
    let record = stage.running.record(caller.call).await;
    assert_eq!(record.legs.len(), 3, "{:?}", record.legs);

    let anna = caller.ip();
    let streams = stage.strike().await;
    streams
        .to(desk, consulted)
        .is("the colleague, asked", PERSON);
    streams.to(anna, joined).is("the caller", OTHER);
    streams.to(desk, joined).is("the colleague", CALLER);
}
