//! Wide band: phones that speak G.722 with each other, and with a carrier that does not.

use super::{
    baresip::Like,
    lab::listen,
    office::Office,
    raw::SIP,
    sipp::{Plays, Sipp},
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_types::{
    CallId,
    journal::What,
    media::Codec::{self, G722, Pcma},
};

/// Tones that only wide band carries.
const HIGH: f64 = 5200.0;
const HIGHER: f64 = 6300.0;

fn wide_phones(office: Office) -> Office {
    let codecs = "[phones]\ncodecs = [\"g722\", \"pcma\"]\n";
    office.with("phones.toml", "[phones]\n", codecs)
}

fn speaks_g722(hz: f64) -> Like<'static> {
    Like {
        hz,
        // With its rate, or baresip does not know it.
        codecs: "G722/16000/1,PCMA",
        rate: 16_000,
        ..Like::default()
    }
}

/// What each leg of the call was answered with.
fn answered(stage: &Stage, call: CallId) -> Vec<Codec> {
    stage.running.answered(call, |what| match what {
        What::LegAnswered { leg, codec, .. } => Some((leg.index, *codec)),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_desk_phones_keep_wide_band_between_them() {
    let mut stage = Stage::with(91, |_, office| wide_phones(office)).await;
    let mut anna = stage.phone(1, "201", speaks_g722(HIGH)).await;
    let like = Like {
        answers: true,
        ..speaks_g722(HIGHER)
    };
    let mut ben = stage.phone(2, "202", like).await;
    let number = format!("sip:202@{}:{SIP}", stage.gateway());
    anna.command("dial", &number).await;
    let (call, _) = stage.running.call().await;
    ben.until("CALL_ESTABLISHED").await;
    anna.until("CALL_ESTABLISHED").await;
    let _ = listen(400).await;
    let talking = listen(2000).await;
    anna.command("hangup", "").await;
    stage.running.ended().await;
    assert_eq!(answered(&stage, call), [G722, G722]);
    let places = [stage.lab.phone(1), stage.lab.phone(2)];
    let streams = stage.strike().await;
    for (place, who, hz) in [(places[0], "anna", HIGHER), (places[1], "ben", HIGH)] {
        assert_eq!(streams.codecs_to(place), [G722], "{who}");
        streams.wide_to(place, talking).is(who, hz);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_g722_phone_and_a_g711_carrier_hear_each_other() {
    let mut stage = Stage::with(92, |_, office| wide_phones(office)).await;
    let mut anna = stage.phone(1, "201", speaks_g722(PERSON)).await;
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    let number = format!("sip:+441632960123@{}:{SIP}", stage.gateway());
    anna.command("dial", &number).await;
    let (call, _) = stage.running.call().await;
    anna.until("CALL_ESTABLISHED").await;
    let _ = listen(400).await;
    let talking = listen(2000).await;
    anna.command("hangup", "").await;
    far.finished().await;
    stage.running.ended().await;
    assert_eq!(answered(&stage, call), [G722, Pcma]);
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    assert_eq!(streams.codecs_to(place), [G722]);
    assert_eq!(streams.codecs_to(far.ip), [Pcma]);
    streams.to(place, talking).is("anna", OTHER);
    streams.to(far.ip, talking).is("the far end", PERSON);
}
