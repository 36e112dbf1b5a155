//! `tandem trunks`: how the trunks do.

use crate::{Config, ask::Gateway, calls::count};
use std::process::ExitCode;
use tandem_server::{RegistrationRow, TrunkRow};

pub(crate) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let answer = Gateway::of(config)?.get("/api/v1/trunks").await?;
    let body = answer.granted()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<TrunkRow> = serde_json::from_value(body)?;
    if rows.is_empty() {
        println!("there are no trunks: write trunks/NAME.toml");
    }
    for row in &rows {
        print!("{}", text(row));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(row: &TrunkRow) -> String {
    let ways = match (row.inbound, row.outbound) {
        (true, true) => "both ways",
        (true, false) => "in",
        (false, true) => "out",
        (false, false) => "closed",
    };
    let calls = match (row.limit, row.reserve) {
        (0, _) => count(row.calls as usize, "call"),
        (limit, 0) => format!("{} of {limit} calls", row.calls),
        (limit, kept) => format!("{} of {limit} calls, {kept} kept for transfers", row.calls),
    };
    let refer = if row.refer { ", REFER is sent" } else { "" };
    let mut text = format!("{:<14}{ways}, {calls}{refer}\n", row.trunk);
    let mut line = |what: &str| text.push_str(&format!("{:<14}{what}\n", ""));
    for peer in &row.peers {
        let how = match peer.up {
            Some(true) => "answers",
            Some(false) => "DOES NOT ANSWER",
            None => "not asked ([health] options = \"30s\" would)",
        };
        line(&format!("{}  {how}", peer.peer));
    }
    if let Some(registration) = &row.registration {
        line(&registered(registration));
    }
    if let Some(failed) = &row.failed {
        line(&format!("last failure {}: {}", failed.at, failed.what));
    }
    text
}

fn registered(r: &RegistrationRow) -> String {
    let left = r.expires_s.map(|s| format!(" for {s} s more"));
    let answer = r.answer.as_ref().map(|a| match a.status {
        0 => format!("; no answer at {}", a.at),
        status => format!("; answered {status} {} at {}", a.reason, a.at),
    });
    format!(
        "account {}{}{}",
        r.state,
        left.unwrap_or_default(),
        answer.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_server::{Answered, Failed, PeerRow};
    use tandem_types::Wall;

    #[test]
    fn a_trunk_says_who_answers_what_the_registrar_said_and_what_failed() {
        let at = Wall(1_795_428_000_000_000);
        let peer = |peer: &str, up| PeerRow {
            peer: peer.into(),
            up,
        };
        let row = TrunkRow {
            trunk: "carrier".into(),
            inbound: true,
            outbound: true,
            peers: vec![
                peer("sip:192.0.2.1", Some(true)),
                peer("sip:192.0.2.2", Some(false)),
                peer("sip:192.0.2.3", None),
            ],
            registration: Some(RegistrationRow {
                state: "registered".into(),
                expires_s: Some(290),
                answer: Some(Answered {
                    at,
                    status: 200,
                    reason: "OK".into(),
                }),
            }),
            calls: 3,
            limit: 60,
            reserve: 4,
            failed: Some(Failed {
                at,
                what: "INVITE: 503 Service Unavailable".into(),
            }),
            refer: true,
        };
        assert_eq!(
            text(&row),
            "carrier       both ways, 3 of 60 calls, 4 kept for transfers, REFER is sent\n              \
             sip:192.0.2.1  answers\n              \
             sip:192.0.2.2  DOES NOT ANSWER\n              \
             sip:192.0.2.3  not asked ([health] options = \"30s\" would)\n              \
             account registered for 290 s more; answered 200 OK at 2026-11-23T10:00:00.000Z\n              \
             last failure 2026-11-23T10:00:00.000Z: INVITE: 503 Service Unavailable\n"
        );
    }
}
