//! `tandem report calls | transfers | intents`: counts over the database, with or without a running gateway.

use crate::{Config, Format, calls::store};
use anyhow::bail;
use std::process::ExitCode;
use tandem_dialplan::Zone;
use tandem_store::Span;
use tandem_types::Wall;

/// Which.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Report {
    /// Each called number: calls, answered, taken by people, ended without any, how long.
    Calls(Ask),
    /// How far transfers came, by destination and reason: offered, rang, answered, briefed, accepted, bridged, kept for 60 s.
    Transfers(Ask),
    /// What callers wanted, who understood it, and how surely.
    Intents(Ask),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Ask {
    #[command(flatten)]
    time: Time,
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    format: Format,
}

/// Of which time.
#[derive(clap::Args, Debug)]
pub(crate) struct Time {
    /// Then or later, in UTC: 2026-11-01, or "2026-11-01 08:30".
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before that, in UTC.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Time {
    pub(crate) fn span(&self) -> anyhow::Result<Span> {
        Ok(Span {
            since: self.since.as_deref().map(moment).transpose()?,
            until: self.until.as_deref().map(moment).transpose()?,
        })
    }
}

fn moment(text: &str) -> anyhow::Result<Wall> {
    let utc = Zone::default();
    match utc
        .read(text)
        .or_else(|| utc.read(&format!("{text} 00:00")))
    {
        Some(at) => Ok(at),
        None => bail!("{text:?} is no time; write it like 2026-11-01 or \"2026-11-01 08:30\""),
    }
}

pub(crate) async fn run(what: Report) -> anyhow::Result<ExitCode> {
    let ask = match &what {
        Report::Calls(ask) | Report::Transfers(ask) | Report::Intents(ask) => ask,
    };
    let (span, json) = (ask.time.span()?, ask.format.json);
    let store = store(&ask.config).await?;
    match &what {
        Report::Calls(_) => {
            let rows = store.report_calls(span).await?;
            let lines = rows.iter().map(|r| {
                let mean = |all: u64, of: u64| all.checked_div(of).unwrap_or_default().to_string();
                [
                    r.to.clone(),
                    r.calls.to_string(),
                    r.answered.to_string(),
                    r.to_people.to_string(),
                    r.alone.to_string(),
                    mean(r.seconds, r.answered),
                    mean(r.waited_ms / 1000, r.calls),
                ]
            });
            let head = [
                "number",
                "calls",
                "answered",
                "to people",
                "alone",
                "mean s",
                "mean wait s",
            ];
            print(json, &rows, head, lines)?;
        }
        Report::Transfers(_) => {
            let rows = store.report_transfers(span).await?;
            let lines = rows.iter().map(|r| {
                let steps = [
                    r.offered, r.rang, r.answered, r.briefed, r.accepted, r.bridged, r.kept,
                ];
                let [a, b, c, d, e, f, g] = steps.map(|n| n.to_string());
                [r.to.clone(), r.reason.clone(), a, b, c, d, e, f, g]
            });
            let head = [
                "to",
                "reason",
                "offered",
                "rang",
                "answered",
                "briefed",
                "accepted",
                "bridged",
                "kept 60 s",
            ];
            print(json, &rows, head, lines)?;
        }
        Report::Intents(_) => {
            let rows = store.report_intents(span).await?;
            let lines = rows.iter().map(|r| {
                [
                    r.intent
                        .clone()
                        .unwrap_or_else(|| "nothing known".to_owned()),
                    r.by.clone(),
                    r.turns.to_string(),
                    r.calls.to_string(),
                    format!("{}.{} %", r.confidence / 10, r.confidence % 10),
                ]
            });
            print(
                json,
                &rows,
                ["intent", "by", "turns", "calls", "confidence"],
                lines,
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A table: words to the left, numbers to the right.
fn print<const N: usize>(
    json: bool,
    rows: &impl serde::Serialize,
    head: [&str; N],
    lines: impl Iterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    let lines: Vec<[String; N]> = lines.collect();
    if lines.is_empty() {
        println!("nothing in that time");
        return Ok(());
    }
    let all = || std::iter::once(head.map(str::to_owned)).chain(lines.iter().cloned());
    let width = |column: usize| {
        let cells = all().filter_map(|line| Some(line.get(column)?.chars().count()));
        cells.max().unwrap_or_default()
    };
    let is_number = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        column > 0
            && cells
                .clone()
                .all(|c| c.starts_with(|d: char| d.is_ascii_digit()))
    };
    let columns: Vec<(usize, bool)> = (0..N).map(|c| (width(c), is_number(c))).collect();
    for line in all() {
        let cells: Vec<String> = line
            .iter()
            .zip(&columns)
            .map(|(cell, (width, right))| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            })
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
    Ok(())
}
