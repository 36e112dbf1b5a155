//! Transcription and speech with the stand-in.

use crate::common::*;
use std::{sync::Arc, time::Duration};
use tandem_codec::ToneMeter;
use tandem_speech::{Line, Providers, Settings};
use tandem_standin::{Door, Script, Speak, Standin};
use tandem_types::provider::{Hints, ProviderFault};

#[tokio::test]
async fn an_utterance_goes_out_as_wide_band_wav_with_its_hints() {
    let mut script = Script::default()
        .tone(500.0, " I have a question. ")
        .tone(900.0, "Goodbye.");
    script.hear.in_order = vec!["first".to_owned(), String::new(), "third".to_owned()];
    let standin = Standin::start(script).await.expect("a port");
    let stt = providers(&standin).stt("fast");
    let hints = Hints {
        phrases: Arc::new(vec!["pay my bill".into(), "goodbye".into()]),
        language: "en-GB".into(),
    };
    for (sound, text) in [
        (tone(900.0, 800), "Goodbye."),
        (tone(500.0, 800), "I have a question."),
        (tone(2000.0, 800), "third"),
    ] {
        let heard = within(stt.transcribe(sound, &hints))
            .await
            .expect("an answer");
        assert_eq!(
            (heard.text.as_str(), heard.confidence, heard.rejected),
            (text, 1000, false)
        );
    }
    let body = &standin.log_of(Door::Transcription)[0].body;
    assert_eq!(
        body["file"],
        serde_json::json!({ "bytes": 44 + 800 * 32, "rate": 16000, "ms": 800, "tone": 900.0 })
    );
    assert_eq!(body["language"], "en");
    assert_eq!(body["prompt"], "pay my bill, goodbye");
    assert_eq!(body["response_format"], "json");
    assert_eq!(body["model"], "stand-in");
}

#[tokio::test]
async fn silence_asks_nobody() {
    let standin = Standin::start(Script::default()).await.expect("a port");
    let providers = providers(&standin);
    let heard = within(
        providers
            .stt("fast")
            .transcribe(Arc::new([]), &Hints::default()),
    )
    .await;
    assert_eq!(heard, Ok(Default::default()));
    let (pcm, end) = listen(providers.tts("fast").speak(Line::new("  ", "", "en"))).await;
    assert_eq!((pcm.len(), end), (0, Ok(())));
    assert!(standin.log().is_empty());
}

#[tokio::test]
async fn sound_of_any_rate_and_wrapping_comes_out_at_8_khz() {
    for (rate, wav, configured) in [
        (24_000, false, None),
        (16_000, false, Some(16_000)),
        (22_050, true, None),
        (48_000, true, Some(8_000)),
        (8_000, false, Some(8_000)),
    ] {
        let speak = Speak {
            rate,
            wav,
            hz: 600.0,
            ms_per_char: 50,
            ..Speak::default()
        };
        let standin = Standin::start(Script {
            speak,
            ..Script::default()
        })
        .await
        .expect("a port");
        let mut spec = profile("fast", &standin.base_url);
        if let tandem_speech::DoorSpec::OpenAi { sample_rate, .. } = &mut spec.tts {
            *sample_rate = configured;
        }
        let providers = Providers::new(vec![spec], Settings::default()).expect("profiles");
        let (pcm, end) = listen(providers.tts("fast").speak(Line::new(
            "twenty characters ok",
            "",
            "en",
        )))
        .await;
        assert_eq!(end, Ok(()), "{rate} {wav}");
        assert!(
            (7950..=8010).contains(&pcm.len()),
            "{rate} {wav}: {}",
            pcm.len()
        );
        assert!(
            ToneMeter::new(8_000).share(&pcm[400..], 600.0) > 0.95,
            "{rate} {wav}"
        );
    }
}

#[tokio::test]
async fn voices_are_chosen_by_line_then_by_profile() {
    let standin = Standin::start(Script::default()).await.expect("a port");
    let tts = providers(&standin).tts("fast");
    for voice in ["nova", "", "slt"] {
        listen(tts.speak(Line::new("x", voice, "en")))
            .await
            .1
            .expect("sound");
    }
    let asked: Vec<_> = standin
        .log()
        .iter()
        .map(|request| request.body["voice"].clone())
        .collect();
    assert_eq!(asked, ["nova", "alba", "alba"]);
    assert_eq!(standin.log()[0].body["response_format"], "pcm");
}

#[tokio::test]
async fn a_line_is_heard_before_it_is_complete() {
    let speak = Speak {
        pace: Duration::from_secs(600),
        ..Speak::default()
    };
    let standin = Standin::start(Script {
        speak,
        ..Script::default()
    })
    .await
    .expect("a port");
    let mut settings = Settings::default();
    settings.limits.sound_stall = Duration::from_millis(400);
    let providers =
        Providers::new(vec![profile("fast", &standin.base_url)], settings).expect("profiles");
    let (pcm, end) = listen(providers.tts("fast").speak(Line::new(
        "a long line of words",
        "",
        "en",
    )))
    .await;
    // 100 ms came, and then a pause without end.
    assert_eq!((pcm.len(), end), (0, Err(ProviderFault::TimedOut)));
}
