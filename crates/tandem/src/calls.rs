//! `tandem calls`, `tandem call ID`, `tandem handoffs`: views of the database, with or without a running
//! gateway.

use crate::Config;
use anyhow::{Context, anyhow, bail};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};
use tandem_dialplan::Node;
use tandem_server::config::{ConfigError, database_file, read};
use tandem_store::{
    CallDetail, CallFilter, CallRow, HandoffFilter, HandoffRow, LegRow, RecordingRow, Store,
    ToolRow,
};
use tandem_types::{CallId, Wall};

/// No such call.
const NONE: u8 = 4;
/// Calls among which the first characters of an id are looked for.
const RECENT: u32 = 1000;

/// The machine's part of the configuration.
pub(crate) fn node(config: &Config) -> anyhow::Result<Node> {
    let (plan, _) = read(&config.config).map_err(|error| match error {
        ConfigError::Wrong(_) => anyhow::Error::from(Wrong(config.config.clone())),
        error @ ConfigError::Unreadable { .. } => anyhow::Error::from(error),
    })?;
    Ok(plan
        .node
        .placed(&config.config.to_string_lossy(), config.data.as_deref()))
}

/// A view needs a configuration without errors.
#[derive(Debug, thiserror::Error)]
#[error("the configuration {} has errors; `tandem check {}` lists them", .0.display(), .0.display())]
pub(crate) struct Wrong(PathBuf);

/// The database as the gateway has left it. A view makes none.
pub(crate) async fn store(config: &Config) -> anyhow::Result<Store> {
    let node = node(config)?;
    if let Some(file) = database_file(&node.store_url)
        && !file.exists()
    {
        bail!(
            "no calls yet: there is no database {}; `tandem serve` makes it (--config and --data say where)",
            file.display()
        );
    }
    let store = Store::connect(&node.store_url).await?;
    store.migrate().await?;
    Ok(store)
}

/// The call whose id begins so.
pub(crate) async fn find(store: &Store, id: &str) -> anyhow::Result<Option<CallId>> {
    if let Ok(id) = id.parse() {
        return Ok(Some(id));
    }
    let wanted = id.to_ascii_uppercase();
    let rows = store.calls(&CallFilter::default(), RECENT).await?;
    let mut hits = rows
        .iter()
        .map(|r| r.uniqueid)
        .filter(|c| c.to_string().starts_with(&wanted));
    match (hits.next(), hits.next()) {
        (Some(_), Some(_)) => bail!("more than one call begins with {wanted}; write more of it"),
        (hit, _) => Ok(hit),
    }
}

pub(crate) fn no_such(id: &str) -> ExitCode {
    eprintln!("tandem: no call begins with {id}; `tandem calls` lists them");
    ExitCode::from(NONE)
}

pub(crate) async fn list(config: &Config, limit: u32, json: bool) -> anyhow::Result<ExitCode> {
    let rows = store(config)
        .await?
        .calls(&CallFilter::default(), limit)
        .await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<28}{:<26}{:<18}{:<18}{:>8}  {:<12}ended by",
        "call", "started", "from", "to", "seconds", "disposition"
    );
    for r in &rows {
        println!("{}", line(r));
    }
    if rows.is_empty() {
        println!("no calls yet");
    }
    Ok(ExitCode::SUCCESS)
}

fn line(r: &CallRow) -> String {
    let by = r.ended_by.clone().unwrap_or_else(|| "running".into());
    let from = if r.from.is_empty() {
        "withheld"
    } else {
        r.from.as_str()
    };
    format!(
        "{:<28}{:<26}{:<18}{:<18}{:>8}  {:<12}{by}",
        r.uniqueid.to_string(),
        r.started.to_string(),
        from,
        r.to,
        r.billsec.map_or_else(String::new, |s| s.to_string()),
        r.disposition.as_deref().unwrap_or("running"),
    )
}

pub(crate) async fn show(config: &Config, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    let store = store(config).await?;
    let detail = match find(&store, id).await? {
        Some(id) => store.call(id).await?,
        None => None,
    };
    let Some(detail) = detail else {
        return Ok(no_such(id));
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&detail)?);
    } else {
        print!("{}", text(&detail));
    }
    Ok(ExitCode::SUCCESS)
}

/// Seconds since the call began, for the left column.
pub(crate) fn since(start: Wall, at: Wall) -> String {
    format!("{:>8.2}", (at.millis() - start.millis()) as f64 / 1000.0)
}

/// A call as an admin reads it.
pub(crate) fn text(d: &CallDetail) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let c = &d.call;
    let from = if c.from.is_empty() {
        "withheld"
    } else {
        c.from.as_str()
    };
    let _ = writeln!(
        out,
        "call {}  {from} -> {}  by {}  {}",
        c.uniqueid,
        c.to,
        c.via,
        c.disposition.as_deref().unwrap_or("running")
    );
    let ended = c.ended_by.as_ref().map_or_else(
        || "still running".to_owned(),
        |by| {
            let (billed, reason) = (c.billsec.unwrap_or(0), c.reason.as_deref());
            format!(
                "{billed} s billed, ended by {by} ({})",
                reason.unwrap_or_default()
            )
        },
    );
    let _ = writeln!(out, "  started {}, {ended}", c.started);
    if let Some(queue) = &c.queue {
        let end = c
            .queue_end
            .as_deref()
            .unwrap_or("waiting")
            .replace('_', " ");
        let waited = c
            .queue_ms
            .map_or_else(String::new, |ms| format!(" after {} s", ms / 1000));
        let _ = writeln!(out, "  queue {queue}: {end}{waited}");
    }
    if let Some(attested) = &c.attested {
        let _ = writeln!(out, "  the caller's number: {attested}");
    }
    if !d.turns.is_empty() {
        let _ = writeln!(out, "\n  transcript");
    }
    for t in &d.turns {
        let cut = if t.interrupted { " [cut off]" } else { "" };
        let meant = t.intent.as_ref().map_or_else(String::new, |i| {
            format!(
                "   ({i} {:.2}, {})",
                f64::from(t.intent_confidence.unwrap_or(0)) / 1000.0,
                t.understood_by.as_deref().unwrap_or("")
            )
        });
        let _ = writeln!(
            out,
            "  {} {:<4}{:<16}{}{cut}{meant}",
            since(c.started, t.at),
            t.turn,
            t.speaker,
            t.text
        );
    }
    if !d.handoffs.is_empty() {
        let _ = writeln!(out, "\n  handoffs");
    }
    for h in &d.handoffs {
        let _ = writeln!(out, "  {} {}", since(c.started, h.offered), handoff_line(h));
    }
    if !d.transfers.is_empty() {
        let _ = writeln!(out, "\n  transfers");
    }
    for t in &d.transfers {
        let outcome = t
            .failed_reason
            .clone()
            .or_else(|| t.outcome.clone())
            .unwrap_or_else(|| "under way".into());
        let _ = writeln!(
            out,
            "  {} {} to {}: {outcome}",
            since(c.started, t.started),
            t.kind,
            t.to
        );
        let steps = [
            ("rang", t.rang),
            ("answered", t.answered),
            ("briefed", t.briefed),
            ("accepted", t.accepted),
            ("bridged", t.bridged),
        ];
        for (what, at) in steps
            .into_iter()
            .filter_map(|(what, at)| at.map(|at| (what, at)))
        {
            let _ = writeln!(out, "  {}     {what}", since(c.started, at));
        }
        if let Some(brief) = &t.brief {
            let _ = writeln!(out, "               brief: {brief}");
        }
    }
    if !d.tools.is_empty() {
        let _ = writeln!(out, "\n  tools");
    }
    for t in &d.tools {
        let _ = writeln!(out, "  {} {}", since(c.started, t.at), tool_words(t));
    }
    if let Some(r) = &d.recording {
        let _ = writeln!(out, "\n  recording");
        let _ = writeln!(
            out,
            "  {} {}",
            since(c.started, r.started),
            recording_words(r)
        );
    }
    let _ = writeln!(out, "\n  legs");
    for l in &d.legs {
        let _ = writeln!(
            out,
            "  {:>8} {:<9}{:<18}{}",
            l.leg.index,
            l.role,
            l.peer,
            leg_words(l)
        );
    }
    out
}

fn tool_words(t: &ToolRow) -> String {
    let outcome = t.outcome.as_deref().unwrap_or("under way");
    let ms =
        t.ms.map_or_else(String::new, |ms| format!(" after {ms} ms"));
    let kept = match t.kept.is_empty() {
        true => String::new(),
        false => format!(", and keeps {}", t.kept.join(", ")),
    };
    format!("{} {}: {outcome}{ms}{kept}", t.tool, t.arguments)
}

fn recording_words(r: &RecordingRow) -> String {
    let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1000.0);
    let mut words = vec![r.path.clone()];
    words.extend(r.key_id.iter().map(|k| format!("encrypted by {k}")));
    words.extend((r.pauses > 0).then(|| count(r.pauses as usize, "pause")));
    match r.outcome.as_deref() {
        None => words.push("under way".to_owned()),
        Some("lost") => words.push("cut off with the gateway".to_owned()),
        Some("whole") => words.extend(r.ms.map(seconds)),
        Some(fault) => words.push(format!("{fault} after {}", seconds(r.ms.unwrap_or(0)))),
    }
    let lost = r.lost_ms.filter(|ms| *ms > 0);
    words.extend(lost.map(|ms| format!("{} LOST", seconds(ms))));
    words.extend(
        r.sha256
            .iter()
            .map(|h| format!("sha256 {}", &h[..h.len().min(12)])),
    );
    words.join("  ")
}

fn leg_words(l: &LegRow) -> String {
    let stats = l.stats.unwrap_or_default();
    format!(
        "{}  sent {}, received {}, lost {}  {}",
        l.codec.as_deref().unwrap_or("not answered"),
        stats.sent,
        stats.received,
        stats.lost,
        l.reason.as_deref().unwrap_or("up"),
    )
}

pub(crate) fn handoff_line(h: &HandoffRow) -> String {
    let whole = match h.delivered_equals_recorded {
        Some(true) => "delivered as recorded",
        Some(false) => "DELIVERED OTHERWISE THAN RECORDED",
        None => "not delivered",
    };
    format!(
        "{} {} -> {}  {} ({})  {whole}  {}",
        h.handoff,
        h.from,
        h.to,
        h.state,
        h.reason,
        &h.sha256[..h.sha256.len().min(12)]
    )
}

pub(crate) async fn handoffs(
    config: &Config,
    call: Option<String>,
    verify: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let store = store(config).await?;
    let mut filter = HandoffFilter::default();
    if let Some(id) = &call {
        match find(&store, id).await? {
            Some(found) => filter.call = Some(found),
            None => return Ok(no_such(id)),
        }
    }
    let rows = store.handoffs(&filter).await?;
    if verify {
        return check_chains(&store, &rows, filter.call, json).await;
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    for h in &rows {
        println!("{}  {}", h.offered, handoff_line(h));
    }
    if rows.is_empty() {
        println!("no handoffs");
    }
    Ok(ExitCode::SUCCESS)
}

async fn check_chains(
    store: &Store,
    rows: &[HandoffRow],
    one: Option<CallId>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut calls: Vec<CallId> = rows.iter().map(|h| h.call).chain(one).collect();
    calls.sort();
    calls.dedup();
    let mut verdicts = Vec::new();
    let mut broken = 0;
    for call in calls {
        let verdict = store.verify(call).await?;
        broken += usize::from(verdict.broken.is_some());
        verdicts.push((call, verdict));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&verdicts)?);
    } else {
        for (call, verdict) in &verdicts {
            let words = match &verdict.broken {
                None => format!("{} events, whole", verdict.events),
                Some(fault) => format!(
                    "{} events, BROKEN: {}",
                    verdict.events,
                    serde_json::to_string(fault)?
                ),
            };
            println!("{call}  {words}");
        }
        println!("{}, {broken} broken", count(verdicts.len(), "chain"));
    }
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub(crate) async fn hangup(config: &Config, id: &str) -> anyhow::Result<ExitCode> {
    let store = store(config).await?;
    let Some(call) = find(&store, id).await? else {
        return Ok(no_such(id));
    };
    let Some(detail) = store.call(call).await? else {
        return Ok(no_such(id));
    };
    if detail.call.ended_by.is_some() {
        bail!("call {call} has ended already");
    }
    let http = http(config)?;
    let answer = reqwest::Client::new()
        .post(format!("http://{http}/api/v1/calls/{call}/hangup"))
        .send()
        .await;
    reached(http, answer)?.error_for_status()?;
    println!("call {call} is being ended");
    Ok(ExitCode::SUCCESS)
}

/// Where the gateway of this configuration can be asked.
pub(crate) fn http(config: &Config) -> anyhow::Result<SocketAddr> {
    node(config)?
        .http
        .context("the gateway cannot be asked: [http] listen is not set in tandem.toml")
}

/// The gateway's answer, or what to do when it gave none.
pub(crate) fn reached(
    http: SocketAddr,
    answer: reqwest::Result<reqwest::Response>,
) -> anyhow::Result<reqwest::Response> {
    answer.map_err(|error| match error.is_connect() {
        true => anyhow!(
            "no gateway answers at http://{http}; is `tandem serve` running with this configuration?"
        ),
        false => anyhow::Error::from(error).context(format!("the gateway at http://{http}")),
    })
}

/// `1 call`, `2 calls`.
pub(crate) fn count(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
