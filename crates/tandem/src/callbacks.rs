//! `tandem callbacks`: callers who are to be called back.

use crate::{Config, Format, ask::Gateway};
use anyhow::bail;
use clap::Subcommand;
use serde_json::Value;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum Callbacks {
    /// Who is to be called back, in the order in which they asked.
    List {
        /// Those that are over, too, and how they ended.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// They are not called back. Who is being called just now is.
    Cancel {
        /// The id of the call in which they asked, or the first characters of it.
        id: String,
        #[command(flatten)]
        config: Config,
    },
}

pub(crate) async fn run(what: Callbacks) -> anyhow::Result<ExitCode> {
    match what {
        Callbacks::List {
            all,
            config,
            format,
        } => list(&config, all, format.json).await,
        Callbacks::Cancel { id, config } => cancel(&config, &id).await,
    }
}

async fn rows(gateway: &Gateway, all: bool) -> anyhow::Result<Vec<Value>> {
    let path = format!("/api/v1/callbacks?all={all}");
    let body = gateway.get(&path).await?.granted()?;
    Ok(serde_json::from_value(body)?)
}

async fn list(config: &Config, all: bool, json: bool) -> anyhow::Result<ExitCode> {
    let rows = rows(&Gateway::of(config)?, all).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        println!("nobody is to be called back");
    }
    for row in &rows {
        println!("{}", line(row));
    }
    Ok(ExitCode::SUCCESS)
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

fn line(row: &Value) -> String {
    let tries = match row["tries"].as_u64() {
        None | Some(0) => "not tried yet".to_owned(),
        Some(n) => format!("rung {n} times, last {}", text(row, "dialled")),
    };
    let state = match text(row, "outcome") {
        "" => tries,
        outcome => format!("{outcome}, by {}", text(row, "ended_by")),
    };
    let words = [
        text(row, "callback"),
        text(row, "asked"),
        text(row, "name"),
        text(row, "number"),
        &state,
    ];
    words.join("  ")
}

async fn cancel(config: &Config, id: &str) -> anyhow::Result<ExitCode> {
    let gateway = Gateway::of(config)?;
    let rows = rows(&gateway, false).await?;
    let wanted = id.to_ascii_uppercase();
    let found: Vec<&str> = rows
        .iter()
        .map(|row| text(row, "callback"))
        .filter(|c| c.starts_with(&wanted))
        .collect();
    let one = match found[..] {
        [one] => one,
        [] => bail!("nobody who asked in call {id} is to be called back"),
        [..] => bail!("{id} begins the ids of {} calls", found.len()),
    };
    let path = format!("/api/v1/callbacks/{one}");
    gateway.delete(&path).await?.granted()?;
    println!("{one} is not called back");
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_callback_is_a_line() {
        let mut row = json!({
            "callback": "01K", "asked": "2026-11-22T05:00:00Z", "name": "reception/billing", "number": "+441632960001",
            "tries": 0, "dialled": null, "outcome": null, "ended_by": null,
        });
        let begins = "01K  2026-11-22T05:00:00Z  reception/billing  +441632960001  ";
        assert_eq!(line(&row), format!("{begins}not tried yet"));
        row["tries"] = json!(2);
        row["dialled"] = json!("2026-11-22T06:00:00Z");
        let tried = "rung 2 times, last 2026-11-22T06:00:00Z";
        assert_eq!(line(&row), format!("{begins}{tried}"));
        row["outcome"] = json!("given_up");
        row["ended_by"] = json!("gateway");
        assert_eq!(line(&row), format!("{begins}given_up, by gateway"));
    }
}
