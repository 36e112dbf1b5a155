//! `tandem demo`: the shipped office at work. A caller whose words are synthesised and desk phones of our own
//! call through the gateway over real SIP and RTP on loopback; what each heard is measured.

mod actor;
mod office;
mod report;
mod scenes;

use crate::Config;
use anyhow::Context;
use std::{process::ExitCode, time::Duration};
use tandem_server::{config::read_hashed, start};

/// The whole demo takes about two minutes; something is wrong when it takes five.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn run(config: &Config, stay: bool, json: bool) -> anyhow::Result<ExitCode> {
    let read = read_hashed(&config.config)?;
    let fresh = std::env::temp_dir().join(format!("tandem-demo-{}", std::process::id()));
    let data = config
        .data
        .clone()
        .unwrap_or_else(|| fresh.to_string_lossy().into_owned());
    let gateway = start(read, &config.config, Some(&data), |line| {
        eprintln!("tandem: {line}")
    })
    .await
    .context("the demo's gateway; is another one running with the same addresses?")?;
    for hint in &gateway.hints {
        eprintln!("tandem: {hint}");
    }
    let mut office = office::open(&gateway, &config.config).await?;
    let scenes =
        match tokio::time::timeout(PATIENCE, scenes::play(&gateway, &mut office, json)).await {
            Ok(scenes) => scenes?,
            Err(_) => anyhow::bail!(
                "the demo did not come to its end within {} s",
                PATIENCE.as_secs()
            ),
        };
    gateway.written().await;
    let passed = report::print(&gateway, &scenes, json).await?;
    if stay {
        office::stay(&gateway).await?;
    }
    drop(office);
    gateway.stop(async {}).await;
    if config.data.is_none() {
        let _ = std::fs::remove_dir_all(&fresh);
    }
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
