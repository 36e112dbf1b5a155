//! No key and no network: the engines that come from the distribution, and a caller with a human-like voice.

use super::{
    capture::Capture,
    gateway::Running,
    lab::{Lab, now},
    office::{FRONT_DESK, Office},
    raw::cue,
    sipp::{Plays, Sipp},
};
use std::process::Command;
use tandem_codec::{RATE, Resampler};
use tandem_types::journal::What;

/// A sentence in flite's male voice, at telephone rate.
fn spoken(lab: &Lab, words: &str) -> Vec<i16> {
    let file = lab.path("words.wav");
    let status = Command::new("flite")
        .args(["-voice", "rms", "-t", words, "-o"])
        .arg(&file)
        .status();
    assert!(
        status.is_ok_and(|s| s.success()),
        "flite (package flite; `make setup` installs it)"
    );
    let wav = std::fs::read(file).expect("flite's file");
    let rate = u32::from_le_bytes(wav[24..28].try_into().expect("a header"));
    let pcm: Vec<i16> = wav[44..]
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    let mut out = Vec::new();
    Resampler::new(rate, RATE).process(&pcm, &mut out);
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_key_and_no_network_a_sentence_is_understood_and_answered() {
    let lab = Lab::new(22);
    let words = "when is my rent due";
    let talk = spoken(&lab, words);
    let mut running = Running::start(&lab, &Office::shipped(&lab)).await;
    let capture = Capture::start(&lab).await;
    let mut caller = Sipp::saying(&lab, 3, Plays::caller(FRONT_DESK), talk);
    let (call, id) = running.call().await;
    let greeted = running.agent_said("triage", "help").await;
    cue(caller.ip, &id, "talk").await;
    let heard = running
        .until("an understanding", |w| {
            matches!(
                w,
                What::Understood {
                    intent: Some(_),
                    ..
                }
            )
        })
        .await;
    let billing = running
        .until(
            "billing",
            |w| matches!(w, What::AgentEntered { agent, .. } if agent == "billing"),
        )
        .await;
    running.agent_said("billing", "rent due").await;
    let answered = now();
    cue(caller.ip, &id, "bye").await;
    caller.finished().await;
    running.ended().await;
    let record = running.record(call).await;
    let said: Vec<&str> = record
        .turns
        .iter()
        .filter(|t| t.speaker == "caller")
        .map(|t| t.text.as_str())
        .collect();
    eprintln!("the caller said {words:?}, heard was {said:?}, {heard:?}");
    assert_eq!(said, [words]);
    assert!(billing.at > greeted.at);
    let streams = capture.stop().await;
    let answer = streams.to(caller.ip, (billing.at.0, answered)).audible();
    eprintln!("the answer is audible in {answer:.2} of its windows");
    assert!(
        answer > 0.5,
        "billing's voice was heard in {answer:.2} of the windows"
    );
    running.stop().await;
}
