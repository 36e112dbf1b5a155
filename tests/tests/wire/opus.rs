//! Opus: phones that speak it with each other, with a carrier that does not, and with the AI.

use super::{
    baresip::Like,
    lab::{listen, now},
    office::{FRONT_DESK, Office},
    raw::SIP,
    sipp::{Plays, Sipp},
    sound::{AI, BRIEF, CALLER, OTHER, PERSON},
    stage::Stage,
};
use tandem_standin::Door;
use tandem_types::{
    CallId,
    journal::What,
    media::Codec::{self, Opus, Pcma},
};

/// Tones that only wide band carries.
const HIGH: f64 = 5200.0;
const HIGHER: f64 = 6300.0;

fn opus_phones(office: Office) -> Office {
    let codecs = "[phones]\ncodecs = [\"opus\", \"pcma\"]\n";
    office.with("phones.toml", "[phones]\n", codecs)
}

fn speaks_opus(hz: f64) -> Like<'static> {
    Like {
        hz,
        // With one channel, or baresip does not know it.
        codecs: "opus/48000/1,PCMA",
        rate: 48_000,
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
    let mut stage = Stage::with(121, |_, office| opus_phones(office)).await;
    let mut anna = stage.phone(1, "201", speaks_opus(HIGH)).await;
    let like = Like {
        answers: true,
        ..speaks_opus(HIGHER)
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
    assert_eq!(answered(&stage, call), [Opus, Opus]);
    let places = [stage.lab.phone(1), stage.lab.phone(2)];
    let streams = stage.strike().await;
    for (place, who, hz) in [(places[0], "anna", HIGHER), (places[1], "ben", HIGH)] {
        assert_eq!(streams.codecs_to(place), [Opus], "{who}");
        streams.wide_to(place, talking).is(who, hz);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opus_phone_and_a_g711_carrier_hear_each_other() {
    let mut stage = Stage::with(122, |_, office| opus_phones(office)).await;
    let mut anna = stage.phone(1, "201", speaks_opus(PERSON)).await;
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
    assert_eq!(answered(&stage, call), [Opus, Pcma]);
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    assert_eq!(streams.codecs_to(place), [Opus]);
    assert_eq!(streams.codecs_to(far.ip), [Pcma]);
    streams.to(place, talking).is("anna", OTHER);
    streams.to(far.ip, talking).is("the far end", PERSON);
}

/// The phone calls the front desk: the AI is heard, and hears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opus_phone_talks_with_the_ai() {
    let mut stage = Stage::with(123, |_, office| opus_phones(office)).await;
    let like = Like {
        silent: true,
        ..speaks_opus(CALLER)
    };
    let mut anna = stage.phone(1, "201", like).await;
    stage.hears("i was charged twice this month");
    let begun = now();
    let number = format!("sip:{FRONT_DESK}@{}:{SIP}", stage.gateway());
    anna.command("dial", &number).await;
    let (call, _) = stage.running.call().await;
    anna.until("CALL_ESTABLISHED").await;
    stage.running.agent_said("triage", "help").await;
    let greeted = (begun + 500_000, now());
    anna.speaks(true).await;
    let _ = listen(1200).await;
    anna.speaks(false).await;
    stage.running.agent_said("billing", "charged twice").await;
    anna.command("hangup", "").await;
    stage.running.ended().await;
    assert_eq!(answered(&stage, call), [Opus]);
    let heard = stage.standin.log_of(Door::Transcription);
    let tones: Vec<_> = heard
        .iter()
        .map(|h| h.body["file"]["tone"].as_f64())
        .collect();
    assert!(
        !tones.is_empty() && tones.iter().all(|t| *t == Some(CALLER)),
        "{tones:?}"
    );
    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    assert_eq!(streams.codecs_to(place), [Opus]);
    assert!(streams.to(place, greeted).loudest(AI) > 2000.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_an_opus_phone_takes_the_caller() {
    let mut stage = Stage::with(124, |_, office| opus_phones(office)).await;
    let mut phone = stage.phone(1, "201", speaks_opus(PERSON)).await;
    let mut caller = stage.put_through().await;
    phone.until("CALL_INCOMING").await;
    stage.speaks(BRIEF);
    stage.hears("is anybody there");
    caller.cue("tone").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    let _ = listen(300).await;
    let brief = listen(1200).await;
    phone.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    let _ = listen(600).await;
    let after = listen(2000).await;
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    assert_eq!(answered(&stage, caller.call), [Pcma, Opus]);
    let (anna, desk) = (caller.ip(), stage.lab.phone(1));
    let streams = stage.strike().await;
    assert_eq!(streams.codecs_to(desk), [Opus]);
    streams.to(desk, brief).is("the person, briefed", BRIEF);
    streams.to(desk, after).is("the person", CALLER);
    streams.to(anna, after).is("the caller", PERSON);
    streams.to(anna, brief).never_holds("the caller", BRIEF);
}
