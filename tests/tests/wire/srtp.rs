//! SRTP with keys in SDP, with a phone that nobody here wrote: where it is demanded, where it is offered, where it is refused.

use super::{
    baresip::{Baresip, Like},
    door::http,
    lab::listen,
    office::Office,
    raw::SIP,
    sipp::{Plays, Sipp},
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_types::{CallId, SrtpSuite, journal::What};

fn phones_may_encrypt(office: Office, policy: &str) -> Office {
    office.with(
        "phones.toml",
        "[phones]\n",
        &format!("[phones]\nsrtp = \"{policy}\"\n"),
    )
}

/// What each leg of a call was encrypted by.
fn encrypted(stage: &Stage, call: CallId) -> Vec<Option<SrtpSuite>> {
    stage.running.answered(call, |what| match what {
        What::LegAnswered { leg, srtp, .. } => Some((leg.index, *srtp)),
        _ => None,
    })
}

/// Every key that was in the SDP of a call is gone from what is kept of it.
async fn no_key_is_kept(stage: &Stage, call: CallId) {
    let text = http(stage.gateway(), &format!("/api/v1/calls/{call}/trace")).await;
    let keys: Vec<&str> = text.split("inline:").skip(1).collect();
    assert!(!keys.is_empty(), "there were some in {text}");
    for key in keys {
        assert!(key.starts_with(&"x".repeat(40)), "{key}");
    }
    let journal = format!("{:?}", stage.running.journal());
    assert!(!journal.contains("inline"), "{journal}");
}

async fn dials(stage: &mut Stage, phone: &mut Baresip, number: &str) -> CallId {
    let number = format!("sip:{number}@{}:{SIP}", stage.gateway());
    phone.command("dial", &number).await;
    let (call, _) = stage.running.call().await;
    call
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_demands_srtp_and_a_plain_carrier_hear_each_other() {
    let mut stage = Stage::with(93, |_, office| phones_may_encrypt(office, "required")).await;
    let like = Like {
        echoes: true,
        mediaenc: "srtp-mand",
        ..Like::default()
    };
    let mut anna = stage.phone(1, "201", like).await;
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    let call = dials(&mut stage, &mut anna, "+441632960123").await;
    anna.until("CALL_ESTABLISHED").await;
    let _ = listen(800).await;
    let talking = listen(2000).await;
    anna.command("hangup", "").await;
    far.finished().await;
    stage.running.ended().await;
    let suites = encrypted(&stage, call);
    eprintln!("the phone's leg and the carrier's: {suites:?}");
    assert!(matches!(suites[..], [Some(_), None]), "{suites:?}");
    no_key_is_kept(&stage, call).await;
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    // Through the phone and back: both ways were decrypted.
    streams.to(far.ip, talking).is("the far end", OTHER);
    let wire = streams.to(place, talking).share_of(OTHER);
    assert!(wire < 0.1, "in clear on the wire to the phone: {wire}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn srtp_is_offered_and_taken_and_where_it_is_refused_there_is_plain_rtp() {
    let mut stage = Stage::with(94, |_, office| phones_may_encrypt(office, "preferred")).await;
    let secure = Like {
        hz: PERSON,
        answers: true,
        mediaenc: "srtp-mand",
        ..Like::default()
    };
    let mut anna = stage.phone(1, "201", secure).await;
    let plain = Like {
        user: "202",
        hz: OTHER,
        answers: true,
        ..Like::default()
    };
    let mut ben = stage.phone(2, "202", plain).await;
    let mut heard = Vec::new();
    for (from_ben, whole) in [(true, [false, true]), (false, [true, false])] {
        let call = if from_ben {
            dials(&mut stage, &mut ben, "201").await
        } else {
            dials(&mut stage, &mut anna, "202").await
        };
        anna.until("CALL_ESTABLISHED").await;
        ben.until("CALL_ESTABLISHED").await;
        let _ = listen(600).await;
        heard.push(listen(1500).await);
        ben.command("hangup", "").await;
        stage.running.ended().await;
        let suites = encrypted(&stage, call);
        eprintln!("from ben {from_ben}: {suites:?}");
        assert_eq!(
            suites.iter().map(Option::is_some).collect::<Vec<_>>(),
            whole
        );
        no_key_is_kept(&stage, call).await;
    }
    let (first, second) = (stage.lab.phone(1), stage.lab.phone(2));
    let streams = stage.strike().await;
    for span in heard {
        streams.to(second, span).is("ben, who is plain", PERSON);
        let wire = streams.to(first, span).share_of(OTHER);
        assert!(wire < 0.1, "in clear on the wire to anna: {wire}");
    }
}
