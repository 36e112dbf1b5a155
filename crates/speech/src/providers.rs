//! Profiles by name.

use crate::cache::{Cached, PromptCache, Rendered};
use crate::door::{Answer, ChatPart, ChatRequest, ChatStream, Line, Llm, PcmStream, Stt, Tts};
use crate::fetch::{EndpointSpec, Endpoints};
use crate::offline::{OfflineStt, OfflineTts, PocketsphinxSettings, Programs};
use crate::openai::{Clients, Limits, OpenAi};
use crate::probe::{self, ProbeLine};
use crate::profile::{DoorSpec, OFFLINE, ProfileSpec, SetupError};
use crate::wrap::{Breaker, Fallback, Gate};
use futures_util::StreamExt;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use tandem_types::provider::{Hints, ProviderFault, Transcript};
use tandem_types::tool::{HttpAnswer, HttpAsk};

/// What all profiles share.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where rendered prompts are kept from one start to the next. `None`: in memory only.
    pub cache_dir: Option<PathBuf>,
    /// The offline recogniser.
    pub pocketsphinx: PocketsphinxSettings,
    /// How long servers may take.
    pub limits: Limits,
    /// Whom tools ask.
    pub endpoints: Vec<EndpointSpec>,
}

/// The doors of every profile, with fallback, breaker and cache in place.
pub struct Providers {
    profiles: BTreeMap<String, Doors>,
    specs: BTreeMap<String, ProfileSpec>,
    cache: Arc<PromptCache>,
    settings: Settings,
    clients: Clients,
    recogniser: Arc<OfflineStt>,
    endpoints: Endpoints,
}

/// What one profile leads to.
struct Doors {
    stt: Arc<dyn Stt>,
    llm: Arc<dyn Llm>,
    tts: Arc<dyn Tts>,
}

/// One static prompt of the dialplan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The provider profile that will be asked for it.
    pub profile: String,
    /// What is said.
    pub line: Line,
}

impl Providers {
    /// Builds every door. Nothing is loaded or asked yet.
    ///
    /// # Errors
    /// The profiles do not fit together, or no HTTP client can be made.
    pub fn new(specs: Vec<ProfileSpec>, settings: Settings) -> Result<Arc<Self>, SetupError> {
        let mut by_name = BTreeMap::new();
        for spec in specs {
            if let Some(twice) = by_name.insert(spec.name.clone(), spec) {
                return Err(SetupError::Twice(twice.name));
            }
        }
        by_name
            .entry(OFFLINE.to_owned())
            .or_insert_with(ProfileSpec::offline);
        let clients = Clients::new(&settings.limits)?;
        let cache = Arc::new(PromptCache::new(settings.cache_dir.clone()));
        let recogniser = Arc::new(OfflineStt::new(settings.pocketsphinx.clone()));
        let parts = Parts {
            settings: &settings,
            clients: &clients,
            cache: &cache,
            recogniser: &recogniser,
            programs: &Arc::new(Programs::default()),
        };
        let mut raw = BTreeMap::new();
        for spec in by_name.values() {
            raw.insert(spec.name.clone(), RawDoors::new(spec, &parts)?);
        }
        let mut profiles = BTreeMap::new();
        for name in by_name.keys() {
            profiles.insert(name.clone(), chain(name, &by_name, &raw)?);
        }
        let endpoints = Endpoints::new(&clients, &settings.endpoints)?;
        Ok(Arc::new(Self {
            endpoints,
            profiles,
            specs: by_name,
            cache,
            settings,
            clients,
            recogniser,
        }))
    }

    /// Starts to load the offline recogniser where any profile can reach it, so that the first caller
    /// does not wait for it. Returns at once.
    pub fn warm_up(&self) {
        if self
            .specs
            .values()
            .any(|spec| matches!(spec.stt, DoorSpec::Offline { .. }))
        {
            self.recogniser.warm_up();
        }
    }

    /// The recogniser of a profile. A name that is no profile answers `NotConfigured`.
    pub fn stt(&self, profile: &str) -> Arc<dyn Stt> {
        self.profiles
            .get(profile)
            .map_or_else(|| Arc::new(Nothing) as Arc<dyn Stt>, |d| d.stt.clone())
    }

    /// The model of a profile. A name that is no profile answers `NotConfigured`.
    pub fn llm(&self, profile: &str) -> Arc<dyn Llm> {
        self.profiles
            .get(profile)
            .map_or_else(|| Arc::new(Nothing) as Arc<dyn Llm>, |d| d.llm.clone())
    }

    /// The voice of a profile. A name that is no profile answers `NotConfigured`.
    pub fn tts(&self, profile: &str) -> Arc<dyn Tts> {
        self.profiles
            .get(profile)
            .map_or_else(|| Arc::new(Nothing) as Arc<dyn Tts>, |d| d.tts.clone())
    }

    /// Asks a tool: the answer if it is a 2xx, UTF-8 and not too long. Dropping it ends the request.
    ///
    /// # Errors
    /// Whatever else came of it; a redirect is `Status(3xx)` and not followed.
    pub async fn fetch(&self, ask: HttpAsk) -> Result<HttpAnswer, ProviderFault> {
        self.endpoints.fetch(ask).await
    }

    /// Has the profile, with its fallbacks, any model at all?
    pub fn has_llm(&self, profile: &str) -> bool {
        let mut name = Some(profile);
        while let Some(spec) = name.and_then(|n| self.specs.get(n)) {
            if !matches!(spec.llm, DoorSpec::None) {
                return true;
            }
            name = spec.fallback.as_deref();
        }
        false
    }

    /// Renders prompts into the cache's folder, two at a time; `progress` hears of each one's end.
    /// Those that are there already cost one look at the disk. Faults are counted, not returned: a
    /// prompt that could not be made now is made, or falls back, when it is spoken.
    pub async fn render_all(
        &self,
        prompts: Vec<Prompt>,
        progress: impl FnMut(Rendered) + Send,
    ) -> Rendered {
        let jobs = prompts
            .into_iter()
            .map(|prompt| (self.tts(&prompt.profile), prompt.line));
        self.cache.render_all(jobs.collect(), progress).await
    }

    /// What is installed and answers: the offline engines, and each server of each profile (asked for
    /// its list of models, which costs nothing).
    pub async fn probe(&self) -> Vec<ProbeLine> {
        probe::probe(&self.specs, &self.settings, &self.clients).await
    }
}

/// What the doors of all profiles are made of.
struct Parts<'a> {
    settings: &'a Settings,
    clients: &'a Clients,
    cache: &'a Arc<PromptCache>,
    recogniser: &'a Arc<OfflineStt>,
    programs: &'a Arc<Programs>,
}

/// The doors of one profile before its fallbacks are put behind them.
struct RawDoors {
    stt: Option<Arc<dyn Stt>>,
    llm: Option<Arc<dyn Llm>>,
    tts: Option<Arc<dyn Tts>>,
}

impl RawDoors {
    fn new(spec: &ProfileSpec, parts: &Parts<'_>) -> Result<Self, SetupError> {
        let remote = |door: &'static str, spec_door: &DoorSpec| {
            OpenAi::new(parts.clients, spec_door, parts.settings.limits.clone())
                .map(Arc::new)
                .ok_or_else(|| SetupError::BadUrl {
                    profile: spec.name.clone(),
                    door,
                })
        };
        let gate = |door: &str| Gate::new(format!("{}.{door}", spec.name));
        let stt: Option<Arc<dyn Stt>> = match &spec.stt {
            DoorSpec::None => None,
            DoorSpec::Offline { engine } => {
                known(spec, "stt", engine, &["pocketsphinx"], "pocketsphinx")?;
                Some(parts.recogniser.clone())
            }
            door @ DoorSpec::OpenAi { .. } => Some(Arc::new(Breaker::new(
                gate("stt"),
                remote("stt", door)? as Arc<dyn Stt>,
            ))),
        };
        let llm: Option<Arc<dyn Llm>> = match &spec.llm {
            DoorSpec::None => None,
            DoorSpec::Offline { engine } => {
                return Err(SetupError::UnknownEngine {
                    profile: spec.name.clone(),
                    door: "llm",
                    engine: engine.clone(),
                    known: "there is none",
                });
            }
            door @ DoorSpec::OpenAi { .. } => Some(Arc::new(Breaker::new(
                gate("llm"),
                remote("llm", door)? as Arc<dyn Llm>,
            ))),
        };
        let tts: Option<Arc<dyn Tts>> = match &spec.tts {
            DoorSpec::None => None,
            DoorSpec::Offline { engine } => {
                known(
                    spec,
                    "tts",
                    engine,
                    &["flite", "espeak-ng"],
                    "flite, espeak-ng",
                )?;
                let engine_name = format!("offline:{engine}");
                let voice = Arc::new(OfflineTts::new(engine, parts.programs.clone()));
                Some(Arc::new(Cached::new(
                    parts.cache.clone(),
                    engine_name,
                    voice,
                )))
            }
            door @ DoorSpec::OpenAi {
                base_url,
                model,
                voice,
                ..
            } => {
                let engine_name = format!(
                    "{base_url} {model} {}",
                    voice.as_deref().unwrap_or_default()
                );
                let breaker = Arc::new(Breaker::new(
                    gate("tts"),
                    remote("tts", door)? as Arc<dyn Tts>,
                ));
                Some(Arc::new(Cached::new(
                    parts.cache.clone(),
                    engine_name,
                    breaker,
                )))
            }
        };
        Ok(Self { stt, llm, tts })
    }
}

fn known(
    spec: &ProfileSpec,
    door: &'static str,
    engine: &str,
    engines: &[&str],
    known: &'static str,
) -> Result<(), SetupError> {
    if engine.is_empty() || engines.contains(&engine) {
        return Ok(());
    }
    Err(SetupError::UnknownEngine {
        profile: spec.name.clone(),
        door,
        engine: engine.to_owned(),
        known,
    })
}

/// A profile's doors, each followed by those of its fallbacks.
fn chain(
    name: &str,
    specs: &BTreeMap<String, ProfileSpec>,
    raw: &BTreeMap<String, RawDoors>,
) -> Result<Doors, SetupError> {
    let (mut stt, mut llm, mut tts) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    let mut at = name;
    loop {
        if seen.contains(&at) {
            return Err(SetupError::Circle(name.to_owned()));
        }
        seen.push(at);
        let (Some(spec), Some(doors)) = (specs.get(at), raw.get(at)) else {
            break;
        };
        stt.extend(doors.stt.clone());
        llm.extend(doors.llm.clone());
        tts.extend(doors.tts.clone());
        let Some(fallback) = &spec.fallback else {
            break;
        };
        if !specs.contains_key(fallback) {
            return Err(SetupError::UnknownFallback {
                profile: at.to_owned(),
                fallback: fallback.clone(),
            });
        }
        at = fallback;
    }
    Ok(Doors {
        stt: Arc::new(Fallback::new(format!("{name}.stt"), stt)),
        llm: Arc::new(Fallback::new(format!("{name}.llm"), llm)),
        tts: Arc::new(Fallback::new(format!("{name}.tts"), tts)),
    })
}

/// The door of a profile that is not there.
struct Nothing;

impl Stt for Nothing {
    fn transcribe<'a>(&'a self, _: Arc<[i16]>, _: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async { Err(ProviderFault::NotConfigured) })
    }
}

impl Llm for Nothing {
    fn chat(&self, _: ChatRequest) -> ChatStream {
        fault_once::<ChatPart>()
    }
}

impl Tts for Nothing {
    fn speak(&self, _: Line) -> PcmStream {
        fault_once::<Vec<i16>>()
    }
}

fn fault_once<T: Send + 'static>()
-> futures_util::stream::BoxStream<'static, Result<T, ProviderFault>> {
    futures_util::stream::once(async { Err(ProviderFault::NotConfigured) }).boxed()
}
