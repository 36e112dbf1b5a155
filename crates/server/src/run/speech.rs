//! Providers as the plan names them, and the prompts that they speak before anybody calls.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use tandem_dialplan::{Door, Plan, Profile};
use tandem_speech::{DoorSpec, Line, ProfileSpec, Prompt, Providers};

/// Provider profiles, as the doors to them are made of.
pub fn profiles(profiles: &BTreeMap<String, Profile>) -> Vec<ProfileSpec> {
    let door = |d: &Door| match d {
        Door::None => DoorSpec::None,
        Door::Offline { engine } => DoorSpec::Offline {
            engine: engine.clone(),
        },
        Door::OpenAi {
            base_url,
            model,
            key,
            voice,
            sample_rate,
        } => DoorSpec::OpenAi {
            base_url: base_url.clone(),
            model: model.clone(),
            key: key.as_ref().map(|k| SecretString::from(k.0.clone())),
            voice: Some(voice.clone()).filter(|v| !v.is_empty()),
            sample_rate: Some(*sample_rate).filter(|r| *r != 0),
        },
    };
    profiles
        .values()
        .map(|p| ProfileSpec {
            name: p.name.clone(),
            stt: door(&p.stt),
            llm: door(&p.llm),
            tts: door(&p.tts),
            fallback: p.fallback.clone(),
        })
        .collect()
}

pub(crate) async fn render_prompts(
    plan: &Plan,
    providers: &Arc<Providers>,
    progress: &mut (impl FnMut(&str) + Send),
) {
    let prompts: Vec<Prompt> = plan
        .prompts
        .iter()
        .map(|(text, voice, language, profile)| Prompt {
            profile: profile.clone(),
            line: Line::new(text.clone(), voice.clone(), language.clone()),
        })
        .collect();
    let count = prompts.len();
    if count > 0 {
        let done = providers.render_all(prompts, |_| {}).await;
        progress(&format!(
            "{} of {count} prompts are ready to be played",
            done.done - done.failed
        ));
    }
}
