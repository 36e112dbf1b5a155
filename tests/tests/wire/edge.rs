//! Desk phones behind a proxy: they register through it with Path, and their calls follow its Record-Route.

use super::{
    baresip::Like,
    kamailio::{Kamailio, Role},
    lab::{Lab, listen},
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_standin::Script;
use tandem_types::journal::What;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_behind_an_edge_call_each_other_hold_and_hang_up_along_its_route() {
    let lab = Lab::new(66);
    let edge = Kamailio::start(&lab, lab.edge(), Role::Edge).await;
    let mut stage = Stage::over(lab, false, Script::default(), |_, office| office).await;
    let behind = |user, hz| Like {
        user,
        hz,
        by: Some(edge.ip),
        ..Like::default()
    };
    let mut caller = stage.phone(1, "201", behind("201", PERSON)).await;
    let mut called = stage.phone(2, "202", behind("202", OTHER)).await;
    let (gateway, phone) = (stage.gateway(), std::net::Ipv4Addr::LOCALHOST);
    let routed = |method: &str, from| edge.said(&format!("routed {method} from {from}"));

    caller.command("dial", &format!("sip:202@{gateway}")).await;
    let (call, _) = stage.running.call().await;
    called.until("CALL_INCOMING").await;
    called.command("accept", "").await;
    caller.until("CALL_ESTABLISHED").await;
    called.until("CALL_ESTABLISHED").await;
    let _ = listen(600).await;
    let talking = listen(1500).await;
    // The caller's phone was asked who it is: it has ACKed that as well.
    assert_eq!(
        (routed("ACK", gateway), routed("ACK", phone)),
        (1, 2),
        "{}",
        edge.log()
    );

    // A re-INVITE of the one that was called, and its ACK, take the same way.
    called.command("hold", "").await;
    stage
        .running
        .until("hold", |w| matches!(w, What::LegHeld { held: true, .. }))
        .await;
    let _ = listen(600).await;
    let held = listen(1500).await;
    called.command("resume", "").await;
    stage
        .running
        .until("resume", |w| matches!(w, What::LegHeld { held: false, .. }))
        .await;
    let _ = listen(600).await;
    let again = listen(1500).await;
    assert_eq!(
        (routed("INVITE", phone), routed("ACK", phone)),
        (2, 4),
        "{}",
        edge.log()
    );

    caller.command("hangup", "").await;
    stage.running.ended().await;
    called.until("CALL_CLOSED").await;
    assert_eq!(
        (routed("BYE", phone), routed("BYE", gateway)),
        (1, 1),
        "{}",
        edge.log()
    );
    let record = stage.running.record(call).await;
    assert_eq!(record.call.ended_by.as_deref(), Some("caller"));
    let trace = stage.running.gateway().trace(call);
    let direct: Vec<_> = trace.iter().filter(|m| m.remote.ip() != edge.ip).collect();
    assert!(direct.is_empty(), "nothing passes the edge by: {direct:?}");
    let (one, two) = (stage.lab.phone(1), stage.lab.phone(2));
    let streams = stage.strike().await;
    for time in [talking, again] {
        streams.to(one, time).is("the caller", OTHER);
        streams.to(two, time).is("the one called", PERSON);
    }
    streams
        .to(one, held)
        .is_music("the caller, on hold", &[OTHER, PERSON]);
}
