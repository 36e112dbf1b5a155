//! `tandem queues`: who waits, and for whom; and people who are not to be rung.

use crate::{Config, ask::Gateway};
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;
use tandem_server::{MemberRow, QueueRow};

#[derive(Subcommand)]
pub(crate) enum Set {
    /// Queues do not ring this person any more.
    Pause(Whom),
    /// They do again.
    Resume(Whom),
}

#[derive(clap::Args)]
pub(crate) struct Whom {
    /// The extension: 201.
    who: String,
    #[command(flatten)]
    config: Config,
}

pub(crate) async fn set(set: &Set) -> anyhow::Result<ExitCode> {
    let (Whom { who, config }, paused) = match set {
        Set::Pause(whom) => (whom, true),
        Set::Resume(whom) => (whom, false),
    };
    let path = format!("/api/v1/people/{who}/pause");
    let answer = Gateway::of(config)?
        .post(&path, &json!({ "paused": paused }))
        .await?;
    answer.granted()?;
    match paused {
        true => println!("queues do not ring {who} any more"),
        false => println!("queues ring {who} again"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn list(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let body = Gateway::of(config)?
        .get("/api/v1/queues")
        .await?
        .granted()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<QueueRow> = serde_json::from_value(body)?;
    if rows.is_empty() {
        println!("callers wait in no queue: none has max_wait");
    }
    for row in &rows {
        print!("{}", text(row));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn text(row: &QueueRow) -> String {
    let usual = row
        .usual_wait_s
        .map_or_else(String::new, |s| format!(", {s} s lately"));
    let mut text = format!(
        "{} ({}): {} waiting{usual}\n",
        row.queue,
        row.dialplan,
        row.waiting.len()
    );
    for w in &row.waiting {
        let rung = match w.rung.is_empty() {
            true => String::new(),
            false => format!(", {} rung", w.rung.join(" and ")),
        };
        text += &format!(
            "  {:<3} {} for {} s{rung}\n",
            w.position, w.call, w.waited_s
        );
    }
    for m in &row.members {
        text += &format!("  {:<12} {}\n", m.member, state(m));
    }
    text
}

fn state(m: &MemberRow) -> String {
    let left = m
        .for_s
        .map_or_else(String::new, |s| format!(" for {s} s more"));
    let missed = match (m.unanswered, m.state.starts_with("paused")) {
        (0, _) | (_, true) => String::new(),
        (n, false) => format!(", {n} unanswered"),
    };
    format!("{}{left}{missed}", m.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_server::WaitingRow;
    use tandem_types::CallId;

    #[test]
    fn a_queue_is_shown_with_who_waits_and_who_is_there() {
        let member = |n: u32, state: &str, for_s, unanswered| MemberRow {
            member: format!("ext:{n}"),
            person: n.to_string(),
            state: state.to_owned(),
            for_s,
            unanswered,
        };
        let call = CallId(7);
        let row = QueueRow {
            dialplan: "reception".into(),
            queue: "billing".into(),
            waiting: vec![WaitingRow {
                call,
                position: 1,
                waited_s: 42,
                rung: vec!["ext:201".into()],
            }],
            members: vec![
                member(201, "rung", None, 1),
                member(202, "after a call", Some(12), 0),
                member(203, "paused: did not answer", None, 2),
            ],
            usual_wait_s: Some(65),
        };
        let expected = format!(
            "billing (reception): 1 waiting, 65 s lately\n  1   {call} for 42 s, ext:201 rung\n  \
             ext:201      rung, 1 unanswered\n  ext:202      after a call for 12 s more\n  \
             ext:203      paused: did not answer\n"
        );
        assert_eq!(text(&row), expected);
    }
}
