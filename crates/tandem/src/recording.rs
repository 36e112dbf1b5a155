//! `tandem recording`: pause and resume, decrypt, erase.

use crate::{
    Config,
    calls::{find, http, no_such, node, reached, store},
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tandem_dialplan::Node;
use tandem_server::recording;

#[derive(Subcommand)]
pub(crate) enum Recording {
    /// Let the recording of a running call rest: silence of the same length, no keys and no words in the transcript.
    Pause {
        /// The call's id, or the first characters of it.
        id: String,
        #[command(flatten)]
        config: Config,
    },
    /// Let it go on.
    Resume {
        /// The call's id, or the first characters of it.
        id: String,
        #[command(flatten)]
        config: Config,
    },
    /// Make a WAV file of an encrypted recording.
    Decrypt {
        /// The call's id, or the first characters of it; or a file.
        what: String,
        /// The WAV file to make.
        #[arg(long, short)]
        out: PathBuf,
        #[command(flatten)]
        config: Config,
    },
    /// Erase the key of an encrypted recording: nobody can hear it any more, nor any copy of it.
    Erase {
        /// The call's id, or the first characters of it; or a file.
        what: String,
        #[command(flatten)]
        config: Config,
    },
}

pub(crate) async fn run(what: Recording) -> anyhow::Result<ExitCode> {
    match what {
        Recording::Pause { id, config } => pause(&config, &id, true).await,
        Recording::Resume { id, config } => pause(&config, &id, false).await,
        Recording::Decrypt { what, out, config } => decrypt(&config, &what, &out).await,
        Recording::Erase { what, config } => erase(&config, &what).await,
    }
}

async fn pause(config: &Config, id: &str, paused: bool) -> anyhow::Result<ExitCode> {
    let store = store(config).await?;
    let Some(call) = find(&store, id).await? else {
        return Ok(no_such(id));
    };
    let row = store.recording(call).await?;
    if row.is_none_or(|r| r.ended.is_some()) {
        bail!("call {call} is not being recorded");
    }
    let http = http(config)?;
    let answer = reqwest::Client::new()
        .post(format!("http://{http}/api/v1/calls/{call}/recording"))
        .json(&json!({ "paused": paused }))
        .send()
        .await;
    reached(http, answer)?.error_for_status()?;
    println!(
        "the recording of {call} {}",
        if paused { "rests" } else { "goes on" }
    );
    Ok(ExitCode::SUCCESS)
}

/// The file that is meant, or `None`: no such call.
async fn file(config: &Config, node: &Node, what: &str) -> anyhow::Result<Option<PathBuf>> {
    let path = Path::new(what);
    if path.is_file() {
        return Ok(Some(path.to_owned()));
    }
    let store = store(config).await?;
    let Some(call) = find(&store, what).await? else {
        return Ok(None);
    };
    let row = store.recording(call).await?;
    let row = row.with_context(|| format!("call {call} was not recorded"))?;
    Ok(Some(Path::new(&node.recordings.dir).join(row.path)))
}

fn only_encrypted(path: &Path) -> anyhow::Result<()> {
    if path.extension().is_some_and(|e| e == "wav") {
        bail!("{} is not encrypted", path.display());
    }
    Ok(())
}

async fn decrypt(config: &Config, what: &str, out: &Path) -> anyhow::Result<ExitCode> {
    let node = node(config)?;
    let Some(path) = file(config, &node, what).await? else {
        return Ok(no_such(what));
    };
    only_encrypted(&path)?;
    let keys = |name: &str| node.recordings.keys.get(name).and_then(|k| k.key());
    let whole = recording::open(&path, out, &keys)?;
    println!("{}", out.display());
    if !whole {
        eprintln!(
            "tandem: {} has no end: it is being written, or its gateway was killed; this is all there is",
            path.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn erase(config: &Config, what: &str) -> anyhow::Result<ExitCode> {
    let node = node(config)?;
    let Some(path) = file(config, &node, what).await? else {
        return Ok(no_such(what));
    };
    only_encrypted(&path)?;
    recording::erase(&path)?;
    println!("the key of {} is erased", path.display());
    Ok(ExitCode::SUCCESS)
}
