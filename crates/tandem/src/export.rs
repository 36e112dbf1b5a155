//! `tandem export cdr`: call detail records as a file.

use crate::{Config, calls::store, report::Time};
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};
use tandem_store::CallRow;
use tandem_types::Wall;

/// What.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Export {
    /// Calls, the oldest first: as CSV with the columns of Asterisk's cdr_csv and their names in the first line, or as JSON lines with
    /// all that is known. Those that go on are left out of the CSV.
    Cdr(Cdr),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Cdr {
    /// A line of JSON for each call, instead of CSV.
    #[arg(long)]
    jsonl: bool,
    /// CSV; what is printed if nothing is said.
    #[arg(long, conflicts_with = "jsonl")]
    csv: bool,
    #[command(flatten)]
    time: Time,
    #[command(flatten)]
    config: Config,
}

/// Rows that are read at a time.
const PAGE: u32 = 5_000;

/// Asterisk's columns (cdr_csv and cdr_custom), and its linkedid.
const COLUMNS: [&str; 19] = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
    "linkedid",
];

pub(crate) async fn run(what: Export) -> anyhow::Result<ExitCode> {
    let Export::Cdr(ask) = what;
    let span = ask.time.span()?;
    let store = store(&ask.config).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    if !ask.jsonl {
        writeln!(out, "{}", COLUMNS.join(","))?;
    }
    let mut after = None;
    loop {
        let rows = store.calls_after(span, after, PAGE).await?;
        for row in &rows {
            match (ask.jsonl, row.ended) {
                (true, _) => writeln!(out, "{}", serde_json::to_string(row)?)?,
                (false, Some(_)) => writeln!(out, "{}", line(row))?,
                (false, None) => {}
            }
        }
        match rows.last() {
            Some(last) => after = Some((last.started, last.uniqueid)),
            None => break,
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// One call as Asterisk would have written it. Its `channel` is the SIP Call-ID, its `lastapp` and `lastdata` are where the call
/// began, its `dstchannel` is the agent or the queue that had the caller, its `userfield` says who ended it and why.
fn line(r: &CallRow) -> String {
    let (app, data) = r.start.split_once(':').unwrap_or((&r.start, ""));
    let end = [r.ended_by.as_deref(), r.reason.as_deref()];
    let end: Vec<&str> = end.into_iter().flatten().collect();
    let held = r.queue.as_ref().or(r.agent.as_ref());
    let cells = [
        r.via.clone(),
        r.from.clone(),
        r.to.clone(),
        r.dialplan.clone().unwrap_or_default(),
        format!("<{}>", r.from),
        r.sip_call_id.clone(),
        held.cloned().unwrap_or_default(),
        app.to_owned(),
        data.to_owned(),
        time(Some(r.started)),
        time(r.answered),
        time(r.ended),
        (r.duration_ms.unwrap_or_default() / 1000).to_string(),
        r.billsec.unwrap_or_default().to_string(),
        r.disposition.clone().unwrap_or_default(),
        "DOCUMENTATION".to_owned(),
        r.uniqueid.to_string(),
        end.join(" "),
        r.linkedid.to_string(),
    ];
    cells.map(|c| quoted(&c)).join(",")
}

/// `2026-11-20 10:00:00`, in UTC.
fn time(at: Option<Wall>) -> String {
    at.map_or_else(String::new, |at| {
        let text = at.to_string();
        text.get(..19).unwrap_or(&text).replace('T', " ")
    })
}

/// RFC 4180. What a spreadsheet would take for a formula, and is no number, is shown as text.
fn quoted(cell: &str) -> String {
    let number = cell
        .strip_prefix('+')
        .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let mark = if risky { "'" } else { "" };
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("+442079460100"), "\"+442079460100\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(quoted("+1;cmd"), "\"'+1;cmd\"");
    }
}
