//! Each of the sixteen faults at each of the three doors: the right fault, in time, with one request.

use crate::common::*;
use futures_util::future::join_all;
use std::time::Duration;
use tandem_speech::{ChatPart, ChatRequest, Limits, Line, Providers, Settings};
use tandem_standin::{ChatRule, Door, Fault, Script, Standin};
use tandem_types::provider::{Hints, ProviderFault as P};

const DEADLINE: Duration = Duration::from_millis(1_500);
const SAID: &str = "Thank you, your appointment on Tuesday is booked.";

fn settings() -> Settings {
    let limits = Limits {
        connect: DEADLINE,
        transcription: DEADLINE,
        first_sound: DEADLINE,
        sound_stall: DEADLINE,
        chat_stall: DEADLINE,
    };
    Settings {
        limits,
        ..Settings::default()
    }
}

async fn standin(door: Door, fault: Fault) -> Standin {
    let rule = ChatRule::always().says(SAID);
    let mut script = Script::default()
        .rule(rule)
        .tone(700.0, SAID)
        .fault(door, fault);
    script.speak.ms_per_char = 20;
    Standin::start(script).await.expect("a port")
}

/// What a fault is taken for at a door; `None`: the answer is usable.
fn expected(door: Door, fault: Fault) -> Option<P> {
    match (fault, door) {
        (Fault::Refuse | Fault::Reset, _) => Some(P::Unreachable),
        (Fault::Status500, _) => Some(P::Status(500)),
        (Fault::Status429, _) => Some(P::RateLimited),
        (Fault::Status401, _) => Some(P::Unauthorized),
        (Fault::Hang | Fault::Slow, _) | (Fault::Endless, Door::Chat) => Some(P::TimedOut),
        // The end of a chat stream twice is said once; a second WAV behind the first is not played; a type
        // that is no text and an odd byte hurt no sound.
        (Fault::DoubledEnd, Door::Chat | Door::Speech) => None,
        (Fault::BadUtf8 | Fault::OddAudio, Door::Speech) => None,
        (
            Fault::Cut
            | Fault::MalformedJson
            | Fault::Html
            | Fault::BadUtf8
            | Fault::Empty
            | Fault::Endless
            | Fault::DoubledEnd
            | Fault::WrongTypes
            | Fault::OddAudio,
            _,
        ) => Some(P::Malformed),
    }
}

async fn outcome(door: Door, providers: &Providers) -> Option<P> {
    match door {
        Door::Chat => {
            let request = ChatRequest {
                first_token: DEADLINE,
                total: DEADLINE * 2,
                ..ask("book it")
            };
            let (parts, end) = hear_out(providers.llm("fast").chat(request)).await;
            if end.is_ok() {
                assert_eq!(words(&parts), SAID);
                assert_eq!(
                    parts.iter().filter(|part| **part == ChatPart::Done).count(),
                    1
                );
                assert_eq!(parts.last(), Some(&ChatPart::Done));
            }
            end.err()
        }
        Door::Transcription => {
            let stt = providers.stt("fast");
            let heard = within(stt.transcribe(tone(700.0, 500), &Hints::default())).await;
            if let Ok(heard) = &heard {
                assert_eq!(heard.text, SAID);
            }
            heard.err()
        }
        Door::Speech => {
            let (pcm, end) = listen(providers.tts("fast").speak(Line::new(SAID, "", "en"))).await;
            if end.is_ok() {
                // 20 ms a character; the filter holds back 2 ms.
                let whole = SAID.len() * 20 * 8;
                assert!(
                    (whole - 40..=whole + 8).contains(&pcm.len()),
                    "{} of {whole}",
                    pcm.len()
                );
            }
            end.err()
        }
        Door::Tool => unreachable!("tools have no profile: see tools.rs"),
    }
}

async fn every_fault_at(door: Door) {
    let cases = Fault::ALL.map(|fault| async move {
        let standin = standin(door, fault).await;
        let providers =
            Providers::new(vec![profile("fast", &standin.base_url)], settings()).expect("profiles");
        assert_eq!(
            outcome(door, &providers).await,
            expected(door, fault),
            "{fault:?} at {door}"
        );
        assert_eq!(standin.log().len(), 1, "{fault:?} at {door}: no retries");
    });
    join_all(cases).await;
}

#[tokio::test]
async fn at_the_chat() {
    every_fault_at(Door::Chat).await;
}

#[tokio::test]
async fn at_the_transcription() {
    every_fault_at(Door::Transcription).await;
}

#[tokio::test]
async fn at_the_speech() {
    every_fault_at(Door::Speech).await;
}

#[tokio::test]
async fn nobody_listens_at_the_port() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port")
        .port();
    let spec = profile("fast", &format!("http://127.0.0.1:{port}/v1"));
    let providers = Providers::new(vec![spec], settings()).expect("profiles");
    for door in [Door::Chat, Door::Transcription, Door::Speech] {
        assert_eq!(
            outcome(door, &providers).await,
            Some(P::Unreachable),
            "{door}"
        );
    }
}

#[tokio::test]
async fn three_faults_open_the_breaker_and_the_server_is_left_alone() {
    let standin = standin(Door::Transcription, Fault::Status500).await;
    let providers = providers(&standin);
    for expected in [
        P::Status(500),
        P::Status(500),
        P::Status(500),
        P::Open,
        P::Open,
    ] {
        assert_eq!(
            outcome(Door::Transcription, &providers).await,
            Some(expected)
        );
    }
    assert_eq!(standin.log().len(), 3);
    // The other doors of the same server are not concerned.
    assert_eq!(outcome(Door::Chat, &providers).await, None);
}
