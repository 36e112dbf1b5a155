//! What is installed and answers, for `tandem check` and the doctor.

use crate::offline::{self, PocketsphinxSettings, Program};
use crate::openai::{Clients, OpenAi};
use crate::profile::{DoorSpec, ProfileSpec};
use crate::providers::Settings;
use std::{collections::BTreeMap, process::Stdio};
use tandem_types::provider::ProviderFault;
use tokio::{process::Command, task};

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

/// The offline engines first, then the servers, in the order of the profiles' names.
pub(crate) async fn probe(
    specs: &BTreeMap<String, ProfileSpec>,
    settings: &Settings,
    clients: &Clients,
) -> Vec<ProbeLine> {
    let mut lines = vec![
        recogniser(settings.pocketsphinx.clone()).await,
        program(Program::Flite).await,
        program(Program::Espeak).await,
    ];
    for spec in specs.values() {
        for (name, door) in [("stt", &spec.stt), ("llm", &spec.llm), ("tts", &spec.tts)] {
            if let Some(server) = OpenAi::new(clients, door, settings.limits.clone()) {
                let what = format!("{}.{name}", spec.name);
                lines.push(remote(what, door, &server).await);
            }
        }
    }
    lines
}

async fn recogniser(settings: PocketsphinxSettings) -> ProbeLine {
    let loaded = task::spawn_blocking(move || offline::try_load(&settings)).await;
    let (ok, detail) = match loaded {
        Ok(Ok(())) => (true, "speech recognition by phrases, US English".to_owned()),
        Ok(Err(detail)) => (false, detail),
        Err(_) => (false, "loading it failed".to_owned()),
    };
    ProbeLine {
        what: "pocketsphinx".to_owned(),
        ok,
        detail,
    }
}

async fn program(program: Program) -> ProbeLine {
    let name = program.name();
    let mut command = Command::new(name);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let (ok, detail) = match command.output().await {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let version = text
                .lines()
                .find(|line| line.contains(|c: char| c.is_ascii_digit()))
                .unwrap_or_default();
            (true, version.trim().chars().take(80).collect())
        }
        Err(_) => (false, format!("not installed: apt-get install {name}")),
    };
    ProbeLine {
        what: name.to_owned(),
        ok,
        detail,
    }
}

async fn remote(what: String, door: &DoorSpec, server: &OpenAi) -> ProbeLine {
    let (ok, found) = match server.probe().await {
        Ok(()) => (true, "answers".to_owned()),
        // It is there, and does not list its models: many small servers do not.
        Err(ProviderFault::Status(404 | 405 | 501)) => {
            (true, "answers, without a list of models".to_owned())
        }
        Err(ProviderFault::Unauthorized) => (false, "refuses the key".to_owned()),
        Err(ProviderFault::TimedOut) => (false, "does not answer in time".to_owned()),
        Err(ProviderFault::Unreachable) => (false, "cannot be reached".to_owned()),
        Err(ProviderFault::Status(status)) => (false, format!("answers with status {status}")),
        Err(other) => (false, format!("answers wrongly ({other:?})")),
    };
    let at = match door {
        DoorSpec::OpenAi { base_url, .. } => without_secrets(base_url),
        DoorSpec::None | DoorSpec::Offline { .. } => String::new(),
    };
    ProbeLine {
        what,
        ok,
        detail: format!("{at} {found}"),
    }
}

/// An address may carry a user, a password, or a key in its query.
fn without_secrets(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else {
        return String::new();
    };
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{}://{}{port}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(
            without_secrets("http://me:pw@h:8000/v1?key=abc#x"),
            "http://h:8000/v1"
        );
    }
}
