//! A desk phone calls for help.

use super::{
    baresip::Like,
    lab::listen,
    sipp::{Plays, Sipp},
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::What;

/// Dials 999 and waits until the services answer.
async fn dials_999(stage: &Stage) -> super::baresip::Baresip {
    let mut phone = stage.phone(2, "203", Like::default()).await;
    let dial = format!("sip:999@{}", stage.gateway());
    phone.command("dial", &dial).await;
    phone.until("CALL_ESTABLISHED").await;
    phone
}

/// The services got an INVITE with all of this.
fn were_told(services: &Sipp, parts: &[&str]) {
    let sent = services.messages();
    for part in parts {
        assert!(sent.contains(part), "no {part:?} in\n{sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_phone_dials_999_and_reception_is_told_who_it_was() {
    let stage = Stage::set(97).await;
    let mut services = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    services.listens().await;
    let like = Like {
        answers: true,
        ..Like::default()
    };
    let mut reception = stage.phone(1, "200", like).await;
    let mut phone = dials_999(&stage).await;
    reception.until("CALL_ESTABLISHED").await;
    let _ = listen(600).await;
    let talking = listen(1500).await;
    // The gateway hangs up once it is said.
    reception.until("CALL_CLOSED").await;
    phone.command("hangup", "").await;
    services.finished().await;
    let text = "phone 203 calls for help by 999";
    let alarm = |w: &What| matches!(w, What::Alarm { text: t } if t == text);
    let journal = stage.running.journal();
    assert_eq!(journal.iter().filter(|e| alarm(&e.what)).count(), 1);
    let parts = [
        "INVITE sip:999@",
        "From: <sip:+442079460100@",
        "Priority: emergency",
    ];
    were_told(&services, &parts);
    let (far, near) = (services.ip, stage.lab.phone(2));
    let streams = stage.strike().await;
    streams.to(near, talking).is("the phone", OTHER);
    streams.to(far, talking).is("the services", PERSON);
}

/// SIPp 3.6 finds no address for its sound in a body of parts, so nobody is heard here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_asks_for_it_is_told_where_the_phone_is() {
    let place = "\n[emergency]\nlocation = \"pidf-lo\"\n";
    let stage = Stage::with(98, |_, office| office.and("trunks/carrier.toml", place)).await;
    let mut services = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    services.listens().await;
    let mut phone = dials_999(&stage).await;
    phone.command("hangup", "").await;
    services.finished().await;
    let parts = [
        "Geolocation: <cid:",
        "Content-Type: multipart/mixed",
        "Content-Type: application/pidf+xml",
        "<ca:RD>Harbour Street</ca:RD><ca:HNO>12</ca:HNO>",
    ];
    were_told(&services, &parts);
    let _ = stage.strike().await;
}
