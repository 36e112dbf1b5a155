//! An echo, and a phone on TCP or TLS: what a call by a connection sounds like.

use super::{
    baresip::{Like, sip_port},
    lab::listen,
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::What;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_on_tcp_hears_its_own_echo_and_is_called_over_its_connection() {
    let over_tcp = Like {
        transport: "tcp",
        ..Like::default()
    };
    hears_its_echo_and_is_called(Stage::set(43).await, over_tcp).await;
}

/// A phone that registers by a connection calls the echo, and is called by another one, which does not.
pub(crate) async fn hears_its_echo_and_is_called(mut stage: Stage, like: Like<'_>) {
    let (transport, port) = (like.transport, sip_port(like.transport));
    let mut phone = stage.phone(1, "201", like).await;
    let gateway = stage.gateway();
    let echo = format!("sip:2000@{gateway}:{port};transport={transport}");
    phone.command("dial", &echo).await;
    let (echo, _) = stage.running.call().await;
    phone.until("CALL_ESTABLISHED").await;
    let _ = listen(600).await;
    let own = listen(1500).await;
    phone.command("hangup", "").await;
    stage.running.ended().await;

    // The gateway opens no connection to a phone: the call comes by the one that it registered over.
    let like = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut other = stage.phone(2, "203", like).await;
    other.command("dial", &format!("sip:201@{gateway}")).await;
    let (called, _) = stage.running.call().await;
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    stage
        .running
        .until("the bridge", |w| matches!(w, What::Bridged { .. }))
        .await;
    let _ = listen(600).await;
    let joined = listen(1200).await;
    phone.command("hangup", "").await;
    other.until("CALL_CLOSED").await;
    stage.running.ended().await;

    let transports = |call| {
        let messages = stage.running.gateway().trace(call);
        let of = |to: u16| {
            let with = messages.iter().filter(move |m| m.remote.port() == to);
            with.map(|m| m.transport.clone()).collect::<Vec<_>>()
        };
        let (same, others) = messages
            .iter()
            .partition::<Vec<_>, _>(|m| m.transport.eq_ignore_ascii_case(transport));
        (same.len(), others.len(), of(stage.lab.phone(2).sip))
    };
    let (same, others, _) = transports(echo);
    assert!(
        same >= 5 && others == 0,
        "the echo: {same} messages by {transport}, {others} by others"
    );
    let (same, others, with_other) = transports(called);
    assert!(
        same >= 5 && others == with_other.len(),
        "the call: {same} by {transport}, {others} by others"
    );

    let (desk, far) = (stage.lab.phone(1), stage.lab.phone(2));
    let streams = stage.strike().await;
    streams.to(desk, own).is("the phone, its echo", PERSON);
    streams.to(desk, joined).is("the phone, called", OTHER);
    streams
        .to(far, joined)
        .is("the other, who called it", PERSON);
}
