//! Who is let in.

use super::{lab::SOON, raw::ask, stage::Stage};
use std::time::Duration;

/// How long an unknown source waits for nothing.
const SILENCE: Duration = Duration::from_millis(800);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_is_answered_to_those_we_know_and_strangers_hear_nothing() {
    let stage = Stage::set(19).await;
    let (gateway, carrier, stranger) =
        (stage.gateway(), stage.lab.carrier(1), stage.lab.stranger());
    let to = |user: &str| format!("sip:{user}{gateway}");
    let answer = ask(carrier, gateway, "OPTIONS", &to(""), "", SOON)
        .await
        .expect("an answer");
    assert!(
        answer.starts_with("SIP/2.0 200") && answer.contains("\r\nAllow: INVITE"),
        "{answer}"
    );
    for (method, user) in [
        ("OPTIONS", ""),
        ("INVITE", "+442079460100@"),
        ("MESSAGE", "200@"),
        ("BYE", "x@"),
    ] {
        let answer = ask(stranger, gateway, method, &to(user), "", SILENCE).await;
        assert_eq!(answer, None, "{method} of a stranger");
    }
    // A phone may be anywhere: its REGISTER is challenged, and learns nothing else.
    let contact = format!("Contact: <sip:201@{stranger}>\r\n");
    let answer = ask(stranger, gateway, "REGISTER", &to(""), &contact, SOON)
        .await
        .expect("a challenge");
    assert!(
        answer.starts_with("SIP/2.0 401") && answer.contains("WWW-Authenticate: Digest"),
        "{answer}"
    );
    // What nobody implements is refused with its own answer, to those we know.
    let answer = ask(carrier, gateway, "FROBNICATE", &to("x@"), "", SOON)
        .await
        .expect("an answer");
    assert!(
        answer.starts_with("SIP/2.0 405") || answer.starts_with("SIP/2.0 501"),
        "{answer}"
    );
    let _ = stage.strike().await;
}
