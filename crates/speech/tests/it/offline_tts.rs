//! flite and espeak-ng, as they are installed.

use crate::common::*;
use futures_util::{StreamExt, future::join_all};
use tandem_speech::{DoorSpec, Line, ProfileSpec, Providers, Settings};
use tandem_types::provider::ProviderFault;

fn speech(pcm: &[i16]) -> bool {
    let loudest = pcm.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    let power = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64;
    loudest > 4000 && power.sqrt() > 400.0
}

fn providers(engine: &str) -> std::sync::Arc<Providers> {
    let tts = DoorSpec::Offline {
        engine: engine.to_owned(),
    };
    let spec = ProfileSpec {
        name: "x".to_owned(),
        stt: DoorSpec::None,
        llm: DoorSpec::None,
        tts,
        fallback: None,
    };
    Providers::new(vec![spec], Settings::default()).expect("profiles")
}

#[tokio::test]
async fn each_engine_speaks_audibly() {
    for engine in ["flite", "espeak-ng"] {
        let line = Line::new("Thanks for calling Northgate. How can I help?", "slt", "en");
        let (pcm, end) = listen(providers(engine).tts("x").speak(line)).await;
        assert_eq!(end, Ok(()), "apt-get install {engine}");
        assert!(
            (12_000..48_000).contains(&pcm.len()),
            "{engine}: {} samples",
            pcm.len()
        );
        assert!(speech(&pcm), "{engine}");
    }
}

#[tokio::test]
async fn voices_and_languages_differ() {
    let tts = providers("").tts("x");
    let lines = [
        ("slt", "en"),
        ("rms", "en"),
        ("awb", "en-GB"),
        ("kal", "en"),
        ("espeak", "en"),
        ("", "de"),
        ("", "hi-IN"),
    ];
    let mut heard = Vec::new();
    for (voice, language) in lines {
        let (pcm, end) = listen(tts.speak(Line::new("Guten Tag, hello", voice, language))).await;
        assert_eq!(end, Ok(()), "{voice} {language}");
        assert!(speech(&pcm), "{voice} {language}");
        assert!(
            !heard.contains(&pcm),
            "{voice} {language} sounds like another"
        );
        heard.push(pcm);
    }
}

#[tokio::test]
async fn text_is_text_whatever_it_looks_like() {
    let tts = providers("").tts("x");
    for (text, language) in [
        ("-voice kal --help; $(touch /tmp/x) `id` | cat", "en"),
        ("-w /tmp/x --help", "de"),
        ("\"'\\ \0\u{7}ok", "en"),
    ] {
        let (pcm, end) = listen(tts.speak(Line::new(text, "", language))).await;
        assert_eq!(end, Ok(()), "{text}");
        assert!(speech(&pcm), "{text}");
    }
    for nothing in ["", " \n\t", "\0"] {
        assert_eq!(
            listen(tts.speak(Line::new(nothing, "", "en"))).await,
            (Vec::new(), Ok(()))
        );
    }
    let (_, end) = listen(tts.speak(Line::new("word ".repeat(5000), "", "en"))).await;
    assert_eq!(end, Err(ProviderFault::Malformed));
}

#[tokio::test]
async fn many_at_once_and_some_that_go_away() {
    let tts = providers("").tts("x");
    let lines = (0..12).map(|n| {
        let mut stream = tts.speak(Line::new(format!("This is line number {n}."), "kal", "en"));
        async move {
            if n % 3 == 0 {
                // Polled once and dropped: its program is killed.
                futures_util::future::poll_immediate(stream.next()).await;
                return true;
            }
            let (pcm, end) = listen(stream).await;
            end.is_ok() && speech(&pcm)
        }
    });
    assert!(join_all(lines).await.into_iter().all(|well| well));
}
