//! `tandem voicemail`: messages that callers left.

use crate::{Config, Format, ask::Gateway};
use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};
use std::{
    fs::OpenOptions,
    io::{IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Subcommand)]
pub(crate) enum Voicemail {
    /// Messages that wait, the oldest first.
    List {
        /// Of this mailbox alone: its name, or the dialplan's and its own, as in reception/general.
        #[arg(long)]
        mailbox: Option<String>,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// A message as a WAV file: `tandem voicemail play ID | aplay`. It counts as heard.
    Play {
        /// The message's id, or the first characters of it.
        id: String,
        /// The file to make; standard output if left out.
        #[arg(long, short)]
        out: Option<PathBuf>,
        /// It goes on being new.
        #[arg(long)]
        keep_new: bool,
        #[command(flatten)]
        config: Config,
    },
    /// Delete a message, and erase its sound.
    Delete {
        /// The message's id, or the first characters of it.
        id: String,
        #[command(flatten)]
        config: Config,
    },
}

pub(crate) async fn run(what: Voicemail) -> anyhow::Result<ExitCode> {
    match what {
        Voicemail::List {
            mailbox,
            config,
            format,
        } => list(&config, mailbox.as_deref(), format.json).await,
        Voicemail::Play {
            id,
            out,
            keep_new,
            config,
        } => play(&config, &id, out, keep_new).await,
        Voicemail::Delete { id, config } => delete(&config, &id).await,
    }
}

async fn rows(gateway: &Gateway) -> anyhow::Result<Vec<Value>> {
    let body = gateway.get("/api/v1/voicemail").await?.granted()?;
    Ok(serde_json::from_value(body)?)
}

async fn list(config: &Config, mailbox: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let mut rows = rows(&Gateway::of(config)?).await?;
    let is_it = |row: &Value, wanted: &str| {
        let of = text(row, "mailbox");
        of == wanted || of.split('/').next_back() == Some(wanted)
    };
    rows.retain(|row| mailbox.is_none_or(|wanted| is_it(row, wanted)));
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        println!("no messages");
    }
    for row in &rows {
        print!("{}", line(row));
    }
    Ok(ExitCode::SUCCESS)
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

fn line(row: &Value) -> String {
    let state = if row["heard"].is_null() {
        "new"
    } else {
        "saved"
    };
    let from = match text(row, "from") {
        "" => "withheld",
        from => from,
    };
    // Of a process that was killed only the file knows.
    let length = match row["ms"].as_u64() {
        Some(ms) if ms > 0 => format!("{} s", ms.div_ceil(1000)),
        _ => "cut off".to_owned(),
    };
    let mut out = format!(
        "{}  {}  {state:<5}  {}  {from}  {length}\n",
        text(row, "message"),
        text(row, "started"),
        text(row, "mailbox"),
    );
    if !text(row, "transcript").is_empty() {
        out += &format!("    {}\n", text(row, "transcript"));
    }
    if row["mailed"].is_null() && !text(row, "mail_error").is_empty() {
        let what = match row["mail_given_up"].as_bool() {
            Some(true) => "given up",
            _ => "tried again",
        };
        out += &format!("    mail, {what}: {}\n", text(row, "mail_error"));
    }
    out
}

/// The one message that begins so.
async fn find(gateway: &Gateway, id: &str) -> anyhow::Result<String> {
    let rows = rows(gateway).await?;
    let wanted = id.to_ascii_uppercase();
    let found: Vec<&str> = rows
        .iter()
        .map(|row| text(row, "message"))
        .filter(|m| m.starts_with(&wanted))
        .collect();
    match found[..] {
        [one] => Ok(one.to_owned()),
        [] => bail!("no message {id} waits"),
        [..] => bail!("{id} begins the ids of {} messages", found.len()),
    }
}

async fn play(
    config: &Config,
    id: &str,
    out: Option<PathBuf>,
    keep_new: bool,
) -> anyhow::Result<ExitCode> {
    if out.is_none() && std::io::stdout().is_terminal() {
        bail!("a WAV file is no text: add --out FILE.wav, or | aplay");
    }
    let gateway = Gateway::of(config)?;
    let message = find(&gateway, id).await?;
    let path = format!("/api/v1/voicemail/{message}");
    let wav = gateway.fetch(&format!("{path}/sound")).await?;
    match &out {
        Some(file) => {
            keep(file, &wav)?;
            println!("{}", file.display());
        }
        None => std::io::stdout().write_all(&wav)?,
    }
    if !keep_new {
        let heard = gateway.post(&format!("{path}/heard"), &json!({})).await?;
        heard.granted()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody else of this machine may hear it.
fn keep(file: &Path, wav: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let new = options.write(true).create(true).truncate(true);
    new.mode(0o600).open(file)?.write_all(wav)
}

async fn delete(config: &Config, id: &str) -> anyhow::Result<ExitCode> {
    let gateway = Gateway::of(config)?;
    let message = find(&gateway, id).await?;
    let path = format!("/api/v1/voicemail/{message}");
    gateway.delete(&path).await?.granted()?;
    println!("{message} is deleted");
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line_and_what_became_of_it_stands_below() {
        let mut row = json!({
            "message": "01K-1", "started": "2026-11-22T05:00:00Z", "mailbox": "reception/general",
            "from": "+441632960001", "ms": 4200, "heard": null, "transcript": "please call me",
            "mailed": null, "mail_error": "no answer", "mail_given_up": false,
        });
        assert_eq!(
            line(&row),
            "01K-1  2026-11-22T05:00:00Z  new    reception/general  +441632960001  5 s\n    please call me\n    \
             mail, tried again: no answer\n"
        );
        row["from"] = json!("");
        row["ms"] = json!(0);
        row["heard"] = json!("2026-11-22T06:00:00Z");
        row["transcript"] = Value::Null;
        row["mail_error"] = Value::Null;
        assert_eq!(
            line(&row),
            "01K-1  2026-11-22T05:00:00Z  saved  reception/general  withheld  cut off\n"
        );
    }
}
