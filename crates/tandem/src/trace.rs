//! `tandem trace ID`: the SIP ladder of a call, from the running gateway's ring, or a capture of it.

mod capture;

use crate::{Config, calls};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::{fs::File, io::BufWriter, path::PathBuf, process::ExitCode};
use tandem_server::trace::Traced;

#[derive(Deserialize, serde::Serialize)]
struct Answer {
    ladder: String,
    messages: Vec<Traced>,
}

/// How it is shown.
#[derive(clap::Args, Debug)]
pub(crate) struct Shown {
    /// Print whole messages instead of a ladder.
    #[arg(long)]
    messages: bool,
    /// Write the messages to a capture file for Wireshark, tshark or sngrep.
    #[arg(long, value_name = "FILE", conflicts_with = "messages")]
    pcapng: Option<PathBuf>,
}

pub(crate) async fn run(
    config: &Config,
    id: &str,
    shown: &Shown,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let http = calls::http(config)?;
    let store = calls::store(config).await?;
    let Some(call) = calls::find(&store, id).await? else {
        return Ok(calls::no_such(id));
    };
    let answer = reqwest::get(format!("http://{http}/api/v1/calls/{call}/trace")).await;
    let answer = calls::reached(http, answer)?;
    if answer.status() == 404 {
        bail!(
            "the gateway keeps no messages of {call}: it has been restarted since, or 500 calls have come after it"
        );
    }
    let answer: Answer = answer.error_for_status()?.json().await?;
    if let Some(path) = &shown.pcapng {
        let file =
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        capture::write(BufWriter::new(file), &answer.messages)?;
        let count = calls::count(answer.messages.len(), "message");
        eprintln!("tandem: {count} of {call} in {}", path.display());
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&answer.messages)?);
    } else if shown.pcapng.is_some() {
        // The file is what was asked for.
    } else if shown.messages {
        for m in &answer.messages {
            let way = if m.sent { "to" } else { "from" };
            println!(
                "---- {} {way} {} {}\n{}",
                m.at,
                m.transport,
                m.remote,
                m.text.trim_end()
            );
        }
    } else {
        print!("{}", answer.ladder);
    }
    Ok(ExitCode::SUCCESS)
}
