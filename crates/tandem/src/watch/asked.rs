//! What the gateway is asked each time, by the API.

use crate::ask::Gateway;
use anyhow::Context;
use serde::Deserialize;
use std::time::Duration;
use tandem_server::{PhoneRow, QueueRow};
use tandem_store::{CallDetail, CallRow};
use tandem_types::CallId;
use tokio::time::timeout;

/// Calls that are listed.
pub(super) const CALLS: usize = 100;
/// A gateway that has not answered by then is away; it lets rows come for 2 s itself.
const PATIENCE: Duration = Duration::from_secs(6);

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// This call; else the first of the list.
    pub(super) call: Option<CallId>,
    /// Its messages.
    pub(super) ladder: bool,
    /// Queues and phones.
    pub(super) people: bool,
}

/// `/health/ready`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Ready {
    pub(super) draining: bool,
    pub(super) store: String,
    pub(super) calls: usize,
    pub(super) capacity: u32,
}

/// One round of answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) ready: Ready,
    /// The newest first.
    pub(super) calls: Vec<CallRow>,
    pub(super) call: Option<CallDetail>,
    /// Empty: no messages of it are kept.
    pub(super) ladder: Option<String>,
    pub(super) queues: Vec<QueueRow>,
    pub(super) phones: Vec<PhoneRow>,
}

/// # Errors
/// No gateway answers, or not in time, or with an error.
pub(super) async fn ask(gateway: &Gateway, wanted: Wanted) -> anyhow::Result<Told> {
    timeout(PATIENCE, round(gateway, wanted))
        .await
        .with_context(|| format!("the gateway at http://{gateway} does not answer"))?
}

async fn round(gateway: &Gateway, wanted: Wanted) -> anyhow::Result<Told> {
    // Not ready (draining) is an answer, too.
    let ready = gateway.get("/health/ready").await?.body;
    let calls = gateway.get(&format!("/api/v1/calls?limit={CALLS}")).await?;
    let mut told = Told {
        ready: serde_json::from_value(ready)?,
        calls: serde_json::from_value(calls.granted()?)?,
        ..Told::default()
    };
    if let Some(call) = wanted
        .call
        .or_else(|| told.calls.first().map(|c| c.uniqueid))
    {
        let detail = gateway.get(&format!("/api/v1/calls/{call}")).await?;
        if !detail.refused {
            told.call = Some(serde_json::from_value(detail.body)?);
        }
        if wanted.ladder {
            let trace = gateway.get(&format!("/api/v1/calls/{call}/trace")).await?;
            let ladder = trace.body["ladder"].as_str().unwrap_or_default();
            told.ladder = Some(ladder.to_owned());
        }
    }
    if wanted.people {
        let queues = gateway.get("/api/v1/queues").await?.granted()?;
        let phones = gateway.get("/api/v1/phones").await?.granted()?;
        told.queues = serde_json::from_value(queues)?;
        told.phones = serde_json::from_value(phones)?;
    }
    Ok(told)
}
