//! Neither a key nor a caller's words reach a log line or a debug print.

use crate::common::*;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tandem_speech::{Line, ProfileSpec, Providers, Settings};
use tandem_standin::{Door, Fault, Script, Standin};
use tandem_types::provider::Hints;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

const CANARY: &str = "canary-bird 4929";

#[tokio::test]
async fn logs_hold_neither_keys_nor_words() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for fault in [Fault::Status401, Fault::MalformedJson, Fault::Refuse] {
        let script = Script::default()
            .fault(Door::Chat, fault)
            .fault(Door::Speech, fault)
            .fault(Door::Transcription, fault);
        let standin = Standin::start(script).await.expect("a port");
        let spec = ProfileSpec {
            fallback: Some("offline".to_owned()),
            ..profile("fast", &standin.base_url)
        };
        let providers = Providers::new(vec![spec], Settings::default()).expect("profiles");
        let hints = Hints {
            phrases: Arc::new(vec![CANARY.to_owned()]),
            language: "xx".to_owned(),
        };
        assert!(
            hear_out(providers.llm("fast").chat(ask(CANARY)))
                .await
                .1
                .is_err()
        );
        assert!(
            within(providers.stt("fast").transcribe(tone(600.0, 400), &hints))
                .await
                .is_err()
        );
        assert!(
            listen(providers.tts("fast").speak(Line::new(CANARY, "", "en")))
                .await
                .1
                .is_ok()
        );
    }
    let log = String::from_utf8_lossy(&lines.0.lock().expect("no panic")).into_owned();
    assert!(log.contains("provider failed"), "the log works");
    for secret in ["canary", "4929", "sk-secret"] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
}

#[test]
fn debug_prints_hold_neither_keys_nor_words() {
    let prints = format!(
        "{:?} {:?} {:?}",
        ask(CANARY),
        Line::new(CANARY, "", "en"),
        profile("fast", "http://x/v1")
    );
    for secret in ["canary", "4929", "sk-secret"] {
        assert!(!prints.contains(secret), "{prints}");
    }
}
