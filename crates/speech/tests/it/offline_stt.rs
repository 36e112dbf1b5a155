//! pocketsphinx on flite's voices through u-law: an office's phrases are understood, other talk is kept
//! out. (espeak-ng's voices are no test callers: no recogniser of this kind understands them.)

use crate::common::*;
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use tandem_codec::Law;
use tandem_speech::{Line, Providers, Settings};
use tandem_types::provider::{Hints, ProviderFault, Transcript};

const VOICES: [&str; 3] = ["slt", "rms", "awb"];

const PHRASES: [&str; 30] = [
    "i have a question about my bill",
    "when is my rent due",
    "you charged me twice",
    "my boiler is broken",
    "there is a leak in the kitchen",
    "report a repair",
    "i would like to rent a flat",
    "is the two bedroom still available",
    "book a viewing",
    "speak to a person",
    "talk to reception",
    "operator",
    "opening hours",
    "where are you located",
    "cancel my appointment",
    "change my appointment",
    "make a payment",
    "my heating does not work",
    "the front door is locked",
    "i lost my keys",
    "leave a message",
    "call me back",
    "repeat that please",
    "go back",
    "yes",
    "no",
    "that is right",
    "that is wrong",
    "goodbye",
    "help",
];

/// As people put it: what is said, and what is to be understood.
const WRAPPED: [(&str, &str); 5] = [
    (
        "um, hi, I'd like to book a viewing please",
        "book a viewing",
    ),
    (
        "hello, there is a leak in the kitchen",
        "there is a leak in the kitchen",
    ),
    ("yes, I want to make a payment please", "make a payment"),
    ("Hi. My boiler is broken.", "my boiler is broken"),
    ("please can I speak to a person", "speak to a person"),
];

/// None of the phrases.
const OTHER: [&str; 12] = [
    "what is the weather like in paris tomorrow",
    "my grandmother baked an enormous chocolate cake",
    "do you sell second hand bicycles",
    "please play some jazz music",
    "the quick brown fox jumps over the lazy dog",
    "how tall is the eiffel tower",
    "we went sailing around the island last summer",
    "tell me a joke about elephants",
    "i think the government should resign",
    "the train from london arrives at midnight",
    "add milk and eggs to the shopping list",
    "who won the football match yesterday",
];

fn hints() -> Hints {
    Hints {
        phrases: Arc::new(PHRASES.map(str::to_owned).to_vec()),
        language: "en-US".to_owned(),
    }
}

/// What a telephone makes of it, with 200 ms of silence around.
fn telephone(pcm: &[i16]) -> Arc<[i16]> {
    let silence = std::iter::repeat_n(0, 1600);
    let heard = pcm
        .iter()
        .map(|sample| Law::Mu.decode(Law::Mu.encode(*sample)));
    silence.clone().chain(heard).chain(silence).collect()
}

async fn transcribe(providers: &Providers, text: &str, voice: &str) -> Transcript {
    let (pcm, end) = listen(providers.tts("offline").speak(Line::new(text, voice, "en"))).await;
    assert_eq!(end, Ok(()), "apt-get install flite");
    let heard = within(
        providers
            .stt("offline")
            .transcribe(telephone(&pcm), &hints()),
    )
    .await;
    heard.unwrap_or_else(|fault| {
        panic!("{fault:?}: apt-get install libpocketsphinx3 pocketsphinx-en-us")
    })
}

fn providers() -> Arc<Providers> {
    let mut settings = Settings::default();
    settings.pocketsphinx.workers = 2;
    Providers::new(Vec::new(), settings).expect("the offline profile")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn office_phrases_are_understood_and_other_talk_is_rejected() {
    let providers = providers();
    providers.warm_up();
    let voice = |n: usize| VOICES[n % VOICES.len()];
    let phrases = PHRASES
        .iter()
        .enumerate()
        .map(|(n, said)| (voice(n), *said, Some(*said)));
    let wrapped = WRAPPED
        .iter()
        .enumerate()
        .map(|(n, (said, meant))| (voice(n), *said, Some(*meant)));
    let other = OTHER
        .iter()
        .enumerate()
        .map(|(n, said)| (voice(n), *said, None));
    let said: Vec<_> = phrases.chain(wrapped).chain(other).collect();
    let heard: Vec<_> = stream::iter(said)
        .map(|(voice, said, meant)| {
            let providers = &providers;
            async move { (voice, said, meant, transcribe(providers, said, voice).await) }
        })
        .buffered(2)
        .collect()
        .await;

    let (mut right, mut wrong, mut kept_out) = (0, Vec::new(), 0);
    let (mut lost, mut slipped_in) = (Vec::new(), Vec::new());
    for (voice, said, meant, heard) in heard {
        match meant {
            Some(meant) if heard.text.contains(meant) => {
                right += 1;
                if heard.rejected {
                    lost.push((voice, said, heard));
                }
            }
            Some(_) => wrong.push((voice, said, heard)),
            None if heard.rejected => kept_out += 1,
            None => slipped_in.push((voice, said, heard)),
        }
    }
    let all = PHRASES.len() + WRAPPED.len();
    eprintln!("phrases right: {right} of {all}; wrong: {wrong:?}");
    eprintln!("right but rejected: {lost:?}");
    eprintln!(
        "other talk rejected: {kept_out} of {}; accepted: {slipped_in:?}",
        OTHER.len()
    );
    assert!(right * 10 >= all * 9, "{right} of {all} phrases are right");
    assert!(lost.len() <= 2, "{} right ones are rejected", lost.len());
    assert!(
        kept_out * 4 >= OTHER.len() * 3,
        "{kept_out} of {} are kept out",
        OTHER.len()
    );
}

#[tokio::test]
async fn silence_and_clicks_are_nothing_at_all() {
    let providers = providers();
    let stt = providers.stt("offline");
    for quiet in [vec![0; 16_000], vec![0; 20], Vec::new()] {
        let heard = within(stt.transcribe(quiet.into(), &hints())).await;
        assert_eq!(
            heard
                .expect("apt-get install libpocketsphinx3 pocketsphinx-en-us")
                .text,
            ""
        );
    }
    let noise: Arc<[i16]> = (0..16_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 20) as i16 - 2048)
        .collect();
    let heard = within(stt.transcribe(noise, &hints()))
        .await
        .expect("an answer");
    assert!(heard.text.is_empty() || heard.rejected, "{heard:?}");
}

#[tokio::test]
async fn without_phrases_nothing_is_understood() {
    let heard = within(
        providers()
            .stt("offline")
            .transcribe(tone(300.0, 1000), &Hints::default()),
    )
    .await;
    assert_eq!(heard, Ok(Transcript::default()));
}

/// The library reads decimals with memory that all its decoders share: models that are loaded and
/// grammars that are made side by side crashed the process, or never came to an end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recognisers_that_start_side_by_side_do_not_disturb_each_other() {
    let mut settings = Settings::default();
    settings.pocketsphinx.workers = 4;
    for _ in 0..8 {
        let providers = Providers::new(Vec::new(), settings.clone()).expect("the offline profile");
        let heard = (0..8).map(|n| {
            // Each its own grammar.
            let phrases = PHRASES.map(str::to_owned).into_iter().skip(n).collect();
            let (stt, hints) = (
                providers.stt("offline"),
                Hints {
                    phrases: Arc::new(phrases),
                    ..hints()
                },
            );
            async move { stt.transcribe(Arc::new([0; 1600]), &hints).await }
        });
        for heard in within(futures_util::future::join_all(heard)).await {
            assert_eq!(heard.expect("an answer").text, "");
        }
    }
}

#[tokio::test]
async fn another_language_is_not_installed() {
    let hints = Hints {
        language: "de-DE".to_owned(),
        ..hints()
    };
    let heard = within(
        providers()
            .stt("offline")
            .transcribe(tone(300.0, 1000), &hints),
    )
    .await;
    assert_eq!(heard, Err(ProviderFault::NotInstalled));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_not_installed_and_says_so() {
    let mut settings = Settings::default();
    settings.pocketsphinx.model_dir = Some("/nowhere".into());
    let providers = Providers::new(Vec::new(), settings).expect("the offline profile");
    for _ in 0..2 {
        let heard = within(
            providers
                .stt("offline")
                .transcribe(tone(300.0, 1000), &hints()),
        )
        .await;
        assert_eq!(heard, Err(ProviderFault::NotInstalled));
    }
    let probe = within(providers.probe()).await;
    let line = probe
        .iter()
        .find(|line| line.what == "pocketsphinx")
        .expect("a line");
    assert!(
        !line.ok && line.detail.contains("pocketsphinx-en-us"),
        "{line:?}"
    );
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let mut settings = Settings::default();
    settings.pocketsphinx.workers = 1;
    let providers = Providers::new(Vec::new(), settings).expect("the offline profile");
    let (stt, hints) = (providers.stt("offline"), hints());
    let answers = (0..12).map(|_| stt.transcribe(tone(300.0, 400), &hints));
    let answers = within(futures_util::future::join_all(answers)).await;
    let overloaded = answers
        .iter()
        .filter(|answer| **answer == Err(ProviderFault::Overloaded))
        .count();
    // One at work, four in the queue; the others hear it before the model is even loaded.
    assert!((7..=8).contains(&overloaded), "{overloaded}");
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() >= 4);
}
