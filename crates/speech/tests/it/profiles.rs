//! Profiles, fallbacks, and the probe.

use crate::common::*;
use tandem_speech::{DoorSpec, Line, ProfileSpec, Providers, Settings, SetupError};
use tandem_standin::{ChatRule, Door, Fault, Script, Standin};
use tandem_types::provider::{Hints, ProviderFault};

fn new(specs: Vec<ProfileSpec>) -> Result<std::sync::Arc<Providers>, SetupError> {
    Providers::new(specs, Settings::default())
}

fn falling(name: &str, to: &str) -> ProfileSpec {
    ProfileSpec {
        fallback: Some(to.to_owned()),
        ..profile(name, "http://127.0.0.1:9/v1")
    }
}

#[test]
fn profiles_that_do_not_fit_together() {
    let error = |specs| new(specs).map(drop).expect_err("an error").to_string();
    assert!(
        error(vec![falling("a", "offline"), falling("a", "offline")])
            .contains("`a` is there twice")
    );
    assert!(error(vec![falling("a", "b")]).contains("falls back to `b`"));
    assert!(error(vec![falling("a", "b"), falling("b", "a")]).contains("falls back to itself"));
    let offline = |engine: &str| DoorSpec::Offline {
        engine: engine.to_owned(),
    };
    assert!(
        error(vec![ProfileSpec {
            tts: offline("festival"),
            ..falling("a", "offline")
        }])
        .contains("flite, espeak-ng")
    );
    assert!(
        error(vec![ProfileSpec {
            llm: offline(""),
            ..falling("a", "offline")
        }])
        .contains("llm")
    );
    let bad = error(vec![ProfileSpec {
        fallback: None,
        ..profile("a", "ftp://user:pw@x")
    }]);
    assert!(bad.contains("base_url of stt") && !bad.contains("pw"));
}

#[tokio::test]
async fn the_next_profile_answers_when_one_fails() {
    let first = Standin::start(
        Script::default()
            .fault(Door::Chat, Fault::Status500)
            .fault(Door::Speech, Fault::Html)
            .fault(Door::Transcription, Fault::Refuse),
    )
    .await
    .expect("a port");
    let second = Standin::start(
        Script::default()
            .rule(ChatRule::always().says("I am the second."))
            .tone(600.0, "hello"),
    )
    .await
    .expect("a port");
    let mut spec = profile("fast", &first.base_url);
    spec.fallback = Some("careful".to_owned());
    let mut other = profile("careful", &second.base_url);
    other.tts = DoorSpec::None;
    other.fallback = Some("offline".to_owned());
    let providers = new(vec![spec, other]).expect("profiles");

    let (parts, end) = hear_out(providers.llm("fast").chat(ask("hello"))).await;
    assert_eq!((words(&parts).as_str(), end), ("I am the second.", Ok(())));
    let heard = within(
        providers
            .stt("fast")
            .transcribe(tone(600.0, 400), &Hints::default()),
    )
    .await;
    assert_eq!(heard.map(|heard| heard.text), Ok("hello".to_owned()));
    let (pcm, end) = listen(
        providers
            .tts("fast")
            .speak(Line::new("Hello there.", "", "en")),
    )
    .await;
    assert!(pcm.len() > 4000 && end.is_ok(), "flite spoke");
    assert_eq!((first.log().len(), second.log().len()), (3, 2));
}

#[tokio::test]
async fn what_was_half_said_is_not_said_again_by_another() {
    let rule = ChatRule::always().says(&"I will now tell you a long story. ".repeat(9));
    let first = Standin::start(Script::default().rule(rule).fault(Door::Chat, Fault::Cut))
        .await
        .expect("a port");
    let second = Standin::start(Script::default()).await.expect("a port");
    let spec = ProfileSpec {
        fallback: Some("careful".to_owned()),
        ..profile("fast", &first.base_url)
    };
    let providers = new(vec![spec, profile("careful", &second.base_url)]).expect("profiles");
    let (parts, end) = hear_out(providers.llm("fast").chat(ask("go"))).await;
    assert!(words(&parts).starts_with("I will now"));
    assert_eq!(end, Err(ProviderFault::Malformed));
    assert!(second.log().is_empty());
}

#[tokio::test]
async fn the_first_fault_is_told_when_all_fail() {
    let standin = Standin::start(Script::default().fault(Door::Chat, Fault::Status429))
        .await
        .expect("a port");
    let spec = ProfileSpec {
        fallback: Some("b".to_owned()),
        ..profile("a", &standin.base_url)
    };
    let providers = new(vec![spec, profile("b", "http://127.0.0.1:9/v1")]).expect("profiles");
    assert_eq!(
        hear_out(providers.llm("a").chat(ask("go"))).await.1,
        Err(ProviderFault::RateLimited)
    );
    assert_eq!(
        hear_out(providers.llm("offline").chat(ask("go"))).await.1,
        Err(ProviderFault::NotConfigured)
    );
    assert!(
        providers.has_llm("a") && !providers.has_llm("offline") && !providers.has_llm("nobody")
    );
}

#[tokio::test]
async fn the_probe_tells_what_is_there() {
    let standin = Standin::start(Script::default()).await.expect("a port");
    let mut spec = profile("fast", &standin.base_url);
    spec.stt = DoorSpec::None;
    spec.tts = door("http://user:pw@127.0.0.1:9/v1");
    let lines = within(new(vec![spec]).expect("profiles").probe()).await;
    let found: Vec<_> = lines
        .iter()
        .map(|line| (line.what.as_str(), line.ok))
        .collect();
    let expected = [
        ("pocketsphinx", true),
        ("flite", true),
        ("espeak-ng", true),
        ("fast.llm", true),
        ("fast.tts", false),
    ];
    assert_eq!(found, expected, "{lines:?}");
    assert_eq!(lines[4].detail, "http://127.0.0.1:9/v1 cannot be reached");
}
