//! A phone that has IPv6 alone, and one that has IPv4 alone. The first says what it hears, so that whoever hears themselves was
//! heard there.

use super::{
    baresip::{Baresip, Like},
    lab::{Lab, listen},
    office::Office,
    raw::SIP,
    sound::PERSON,
    stage::Stage,
};

fn both(lab: &Lab, office: Office) -> Office {
    let (gateway, port) = (lab.gateway(), lab.gateway6());
    let udp = format!("\"udp://{gateway}:{SIP}\"");
    let rtp = format!("address = \"{gateway}\"");
    office
        .with(
            "tandem.toml",
            &udp,
            &format!("{udp}, \"udp://[::1]:{port}\""),
        )
        .with("tandem.toml", &rtp, &format!("{rtp}\naddress6 = \"::1\""))
}

async fn four(stage: &Stage, answers: bool) -> Baresip {
    let like = Like {
        hz: PERSON,
        answers,
        ..Like::default()
    };
    stage.phone(1, "201", like).await
}

async fn six(stage: &Stage, answers: bool) -> Baresip {
    let like = Like {
        answers,
        echoes: true,
        ipv6: true,
        ..Like::default()
    };
    stage.phone(2, "202", like).await
}

/// Both are in the call: the one with IPv4 hears what comes back from the other.
async fn talk(mut stage: Stage, caller: &mut Baresip, called: &mut Baresip) {
    stage.running.call().await;
    called.until("CALL_ESTABLISHED").await;
    caller.until("CALL_ESTABLISHED").await;
    let _ = listen(600).await;
    let talking = listen(2000).await;
    caller.command("hangup", "").await;
    called.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    streams.to(place, talking).is("the one with IPv4", PERSON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_with_ipv4_calls_one_with_ipv6_alone() {
    let stage = Stage::with(170, both).await;
    let (mut anna, mut ben) = (four(&stage, false).await, six(&stage, true).await);
    let number = format!("sip:202@{}:{SIP}", stage.gateway());
    anna.command("dial", &number).await;
    talk(stage, &mut anna, &mut ben).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_with_ipv6_alone_calls_one_with_ipv4() {
    let stage = Stage::with(171, both).await;
    let (mut anna, mut ben) = (four(&stage, true).await, six(&stage, false).await);
    let number = format!("sip:201@[::1]:{}", stage.lab.gateway6());
    ben.command("dial", &number).await;
    talk(stage, &mut ben, &mut anna).await;
}
