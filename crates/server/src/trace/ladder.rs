//! The ladder of a call, in text.

use super::Traced;
use std::net::SocketAddr;

/// A ladder as text: our gateway in the middle column of two, one line a message.
pub fn ladder(messages: &[Traced]) -> String {
    const WIDTH: usize = 26;
    let mut peers: Vec<SocketAddr> = Vec::new();
    for m in messages {
        if !peers.contains(&m.remote) {
            peers.push(m.remote);
        }
    }
    // The caller on the left, the gateway next to it, everybody else to the right.
    let mut columns: Vec<String> = peers.iter().map(ToString::to_string).collect();
    columns.insert(columns.len().min(1), "tandem".into());
    let column_of = |m: &Traced| {
        let at = peers.iter().position(|p| *p == m.remote).unwrap_or(0);
        if at >= 1 { at + 1 } else { at }
    };
    let us = peers.len().min(1);
    let mut out = format!("{:>9} ", "");
    for c in &columns {
        out.push_str(&format!("{c:^WIDTH$}"));
    }
    out.push('\n');
    let first = messages.first().map_or(0, |m| m.at.millis());
    for m in messages {
        let (from, to) = if m.sent {
            (us, column_of(m))
        } else {
            (column_of(m), us)
        };
        let (left, right) = (from.min(to), from.max(to));
        let mut line: Vec<char> = columns
            .iter()
            .flat_map(|_| format!("{:^WIDTH$}", "|").chars().collect::<Vec<_>>())
            .collect();
        let (a, b) = (left * WIDTH + WIDTH / 2, right * WIDTH + WIDTH / 2);
        let room = b.saturating_sub(a + 1);
        let label: String = label(&m.text)
            .chars()
            .take(room.saturating_sub(4))
            .collect();
        let dashes = room.saturating_sub(label.chars().count() + 2);
        let arrow = format!(
            "{} {label} {}",
            "-".repeat(dashes / 2),
            "-".repeat(dashes - dashes / 2)
        );
        for (i, c) in arrow.chars().enumerate() {
            if let Some(place) = line.get_mut(a + 1 + i) {
                *place = c;
            }
        }
        let tip = if to > from {
            b.saturating_sub(1)
        } else {
            a + 1
        };
        if let Some(place) = line.get_mut(tip) {
            *place = if to > from { '>' } else { '<' };
        }
        let seconds = (m.at.millis() - first) as f64 / 1000.0;
        let line: String = line.into_iter().collect();
        out.push_str(&format!("{seconds:>9.3} {}\n", line.trim_end()));
    }
    out
}

/// `INVITE +442079460100`, `200 OK (INVITE)`, with `SDP` where there is a body of that type.
fn label(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let header = |name: &str| {
        text.lines().find_map(|l| {
            let (n, v) = l.split_once(':')?;
            n.trim()
                .eq_ignore_ascii_case(name)
                .then(|| v.trim().to_owned())
        })
    };
    let sdp = if text.contains("\r\nv=0") { " SDP" } else { "" };
    if let Some(status) = first.strip_prefix("SIP/2.0 ") {
        let method = header("CSeq")
            .and_then(|c| c.split_whitespace().nth(1).map(str::to_owned))
            .unwrap_or_default();
        return format!("{status} ({method}){sdp}");
    }
    let mut words = first.split_whitespace();
    let method = words.next().unwrap_or_default();
    let user = words
        .next()
        .and_then(|uri| uri.split_once(':'))
        .and_then(|(_, rest)| rest.split_once('@'))
        .map_or("", |(user, _)| user);
    format!("{method} {user}{sdp}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::Wall;

    fn traced(sent: bool, port: u16, ms: i64, text: &str) -> Traced {
        Traced {
            at: Wall(ms * 1000),
            sent,
            transport: "UDP".into(),
            remote: ([127, 0, 0, 1], port).into(),
            local: ([127, 0, 0, 1], 5060).into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_ladder_has_the_caller_left_and_the_desk_right() {
        let text = ladder(&[
            traced(
                false,
                6000,
                0,
                "INVITE sip:100@gw SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n",
            ),
            traced(
                true,
                7000,
                1,
                "INVITE sip:201@desk SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n",
            ),
            traced(
                false,
                7000,
                250,
                "SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n",
            ),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].contains("INVITE 100") && lines[1].contains('>'),
            "{text}"
        );
        assert!(
            lines[3].contains("180 Ringing (INVITE)") && lines[3].contains('<'),
            "{text}"
        );
        assert!(lines[3].find('<') > lines[1].find('>'), "{text}");
    }
}
