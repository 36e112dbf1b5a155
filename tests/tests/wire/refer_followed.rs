//! A cold transfer by REFER that a real phone follows: it calls the target, says so with NOTIFY, and talks with it when
//! the gateway has left.

use super::{
    baresip::{Baresip, Like},
    lab::listen,
    office::FRONT_DESK,
    refer::lettings_first,
    sipp::{Plays, Sipp},
    sound::{CALLER, OTHER},
    stage::Stage,
};
use tandem_types::journal::What;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_follows_the_refer_talks_with_the_target_without_us() {
    let mut stage = Stage::with(51, |lab, office| {
        let carrier = lab.carrier_network();
        // The caller is a phone at 127.0.0.1 that comes from the carrier, and a key spares it saying anything.
        lettings_first(office)
            .with(
                "trunks/carrier.toml",
                &carrier,
                &format!("{carrier}\", \"127.0.0.1/32"),
            )
            .and(
                "dialplans/reception.toml",
                "[[escalate]]\non = \"key:5\"\nto = \"outside:viewings\"\n",
            )
    })
    .await;
    let mut viewings = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    viewings.listens().await;
    let like = Like {
        user: "+447700900123",
        hz: CALLER,
        registers: false,
        silent: true,
        ..Like::default()
    };
    let mut caller = Baresip::start(&stage.lab, 1, like).await;
    caller
        .command("dial", &format!("sip:{FRONT_DESK}@{}", stage.gateway()))
        .await;
    let (call, _) = stage.running.call().await;
    caller.until("CALL_ESTABLISHED").await;
    stage.running.agent_said("lettings", "lettings").await;
    caller.press("5").await;
    let accepted = |w: &What| matches!(w, What::TransferAccepted { .. });
    let accepted = stage.running.until("the last NOTIFY", accepted).await;
    let by_notify =
        matches!(&accepted.what, What::TransferAccepted { by, .. } if by == "NOTIFY 200");
    assert!(by_notify, "{accepted:?}");
    stage.running.ended().await;
    caller.speaks(true).await;
    let _ = listen(600).await;
    let after = listen(1500).await;
    caller.command("hangup", "").await;
    viewings.finished().await;

    let record = stage.running.record(call).await;
    assert_eq!(
        (
            record.call.ended_by.as_deref(),
            record.call.reason.as_deref()
        ),
        (Some("gateway"), Some("transferred"))
    );
    assert_eq!(record.legs.len(), 1, "the gateway called nobody");
    let (phone, far) = (stage.lab.phone(1), stage.lab.carrier(1));
    let streams = stage.strike().await;
    streams
        .to(phone, after)
        .is("the caller, with the target", OTHER);
    streams.to(far, after).is("the target", CALLER);
}
