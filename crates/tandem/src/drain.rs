//! `tandem drain`: the running gateway takes no new calls and stops when the last is over, as after SIGTERM.

use crate::{Config, ask::Gateway, calls::count};
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// How often is looked whether it is gone.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) async fn run(config: &Config, wait: bool, json: bool) -> anyhow::Result<ExitCode> {
    let gateway = Gateway::of(config)?;
    let body = gateway.post("/api/v1/drain", &json!({})).await?.granted()?;
    let calls = |v: &serde_json::Value| v["calls"].as_u64().unwrap_or(0) as usize;
    let mut left = calls(&body);
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
    } else {
        println!("draining: {} may end by themselves", count(left, "call"));
    }
    if !wait {
        return Ok(ExitCode::SUCCESS);
    }
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        // Nobody answers any more: it has stopped.
        let Ok(answer) = gateway.get("/api/v1/status").await else {
            break;
        };
        if !answer.refused && calls(&answer.body) != left {
            left = calls(&answer.body);
            if !json {
                println!("{} left", count(left, "call"));
            }
        }
    }
    if !json {
        println!("stopped");
    }
    Ok(ExitCode::SUCCESS)
}
