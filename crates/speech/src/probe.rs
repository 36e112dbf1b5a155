//! What is installed and answers, for `tandem check` and the doctor.

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeLine {
    /// What was looked at: `pocketsphinx`, `flite`, `espeak-ng`, or `fast.llm` for a door of a profile.
    pub what: String,
    /// It can be used.
    pub ok: bool,
    /// One sentence: what was found, or what to do about it. No secret, no caller data.
    pub detail: String,
}

use crate::openai::OpenAi;
use crate::profile::{DoorSpec, ProfileSpec};
use crate::providers::Settings;
use std::collections::BTreeMap;

pub(crate) async fn probe(
    specs: &BTreeMap<String, ProfileSpec>,
    settings: &Settings,
    http: &reqwest::Client,
) -> Vec<ProbeLine> {
    let mut lines = Vec::new();
    for spec in specs.values() {
        for (name, door) in [("stt", &spec.stt), ("llm", &spec.llm), ("tts", &spec.tts)] {
            if let DoorSpec::OpenAi { .. } = door
                && let Some(server) = OpenAi::new(http.clone(), door, settings.limits.clone())
            {
                let found = server.probe().await;
                lines.push(ProbeLine { what: format!("{}.{name}", spec.name), ok: found.is_ok(), detail: format!("{found:?}") });
            }
        }
    }
    lines
}
