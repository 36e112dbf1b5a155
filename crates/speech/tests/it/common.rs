use futures_util::StreamExt;
use std::{future::Future, sync::Arc, time::Duration};
use tandem_speech::{
    ChatPart, ChatRequest, ChatStream, DoorSpec, PcmStream, ProfileSpec, Providers, Settings,
};
use tandem_standin::Standin;
use tandem_types::provider::{ChatMessage, ProviderFault, Role};

/// Longer than anything here may take, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it hangs")
}

pub(crate) fn door(base_url: &str) -> DoorSpec {
    DoorSpec::OpenAi {
        base_url: base_url.to_owned(),
        model: "stand-in".to_owned(),
        key: Some("sk-secret".to_owned().into()),
        voice: Some("alba".to_owned()),
        sample_rate: None,
    }
}

/// A profile whose doors are all at one server, without a fallback.
pub(crate) fn profile(name: &str, base_url: &str) -> ProfileSpec {
    let door = || door(base_url);
    ProfileSpec {
        name: name.to_owned(),
        stt: door(),
        llm: door(),
        tts: door(),
        fallback: None,
    }
}

/// One profile, `fast`, at the stand-in.
pub(crate) fn providers(standin: &Standin) -> Arc<Providers> {
    Providers::new(
        vec![profile("fast", &standin.base_url)],
        Settings::default(),
    )
    .expect("a profile")
}

pub(crate) fn ask(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![
            ChatMessage::new(Role::System, "You are an agent."),
            ChatMessage::new(Role::User, text),
        ],
        tools: Vec::new(),
        first_token: PATIENCE,
        total: PATIENCE,
    }
}

/// Parts as they came, and how it ended.
pub(crate) async fn hear_out(stream: ChatStream) -> (Vec<ChatPart>, Result<(), ProviderFault>) {
    let (mut parts, mut end) = (Vec::new(), Ok(()));
    let all: Vec<_> = within(stream.collect()).await;
    for part in all {
        assert_eq!(end, Ok(()), "something came after a fault");
        match part {
            Ok(part) => parts.push(part),
            Err(fault) => end = Err(fault),
        }
    }
    (parts, end)
}

/// All sound, and how it ended.
pub(crate) async fn listen(stream: PcmStream) -> (Vec<i16>, Result<(), ProviderFault>) {
    let (mut pcm, mut end) = (Vec::new(), Ok(()));
    let all: Vec<_> = within(stream.collect()).await;
    for chunk in all {
        assert_eq!(end, Ok(()), "something came after a fault");
        match chunk {
            Ok(chunk) => {
                assert!(
                    (1..=1600).contains(&chunk.len()),
                    "a chunk of {}",
                    chunk.len()
                );
                pcm.extend(chunk);
            }
            Err(fault) => end = Err(fault),
        }
    }
    (pcm, end)
}

/// The words of a chat's parts.
pub(crate) fn words(parts: &[ChatPart]) -> String {
    parts
        .iter()
        .map(|part| {
            if let ChatPart::Text(text) = part {
                text.as_str()
            } else {
                ""
            }
        })
        .collect()
}

pub(crate) fn tone(hz: f64, ms: usize) -> Arc<[i16]> {
    let sample =
        |n: usize| ((n as f64 * std::f64::consts::TAU * hz / 8000.0).sin() * 9000.0) as i16;
    (0..ms * 8).map(sample).collect()
}
