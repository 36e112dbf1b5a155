//! `tandem trace ID`: the SIP ladder of a call, from the running gateway's ring.

use crate::{Config, calls};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::process::ExitCode;
use tandem_server::trace::Traced;
use tandem_store::Store;

#[derive(Deserialize, serde::Serialize)]
struct Answer {
    ladder: String,
    messages: Vec<Traced>,
}

pub(crate) async fn run(
    config: &Config,
    id: &str,
    whole: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let node = calls::node(config)?;
    let Some(http) = node.http else {
        bail!("[http] listen is not set in tandem.toml, so the gateway cannot be asked")
    };
    let store = Store::connect(&node.store_url).await?;
    let Some(call) = calls::find(&store, id).await? else {
        eprintln!("tandem: no call begins with {id}; `tandem calls` lists them");
        return Ok(ExitCode::from(4));
    };
    let answer = reqwest::get(format!("http://{http}/api/v1/calls/{call}/trace"))
        .await
        .with_context(|| {
            format!("no gateway answers at http://{http}; traces live in the running one")
        })?;
    if answer.status() == 404 {
        bail!(
            "the gateway keeps no messages of {call}: it has been restarted since, or 500 calls have come after it"
        );
    }
    let answer: Answer = answer.error_for_status()?.json().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&answer.messages)?);
    } else if whole {
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
