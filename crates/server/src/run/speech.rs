//! Providers as the plan names them, and the prompts that they speak before anybody calls.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use tandem_dialplan::{Door, Endpoint, Plan, Profile, Secret};
use tandem_speech::{
    DoorSpec, EndpointSpec, Line, ProfileSpec, Prompt, Providers, Settings, SetupError,
};

/// Whom calls may ask: profiles and tools of the plan in force, and of plans before it, by which calls may still go.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    profiles: BTreeMap<String, Profile>,
    endpoints: BTreeMap<String, Endpoint>,
}

impl Asked {
    /// Where both know a name, the newer one counts.
    pub(crate) fn with(mut self, plan: &Plan) -> Self {
        self.profiles.extend(plan.node.providers.clone());
        let all = plan.dialplans.values().flat_map(|d| &d.endpoints);
        self.endpoints
            .extend(all.map(|e| (e.name.clone(), e.clone())));
        self
    }

    pub(crate) fn providers(&self, plan: &Plan) -> Result<Arc<Providers>, SetupError> {
        let settings = Settings {
            cache_dir: Some(plan.node.prompt_cache.clone().into()),
            endpoints: self.endpoints.values().map(endpoint).collect(),
            ..Settings::default()
        };
        Providers::new(profiles(&self.profiles), settings)
    }
}

/// Whom the tools of all dialplans ask.
pub fn endpoints(plan: &Plan) -> Vec<EndpointSpec> {
    let all = plan.dialplans.values().flat_map(|d| &d.endpoints);
    all.map(endpoint).collect()
}

fn endpoint(e: &Endpoint) -> EndpointSpec {
    let secret = |s: &Secret| SecretString::from(s.0.clone());
    EndpointSpec {
        name: e.name.clone(),
        origin: e.origin.clone(),
        headers: e
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), secret(value)))
            .collect(),
        bearer: e.bearer.as_ref().map(secret),
    }
}

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
