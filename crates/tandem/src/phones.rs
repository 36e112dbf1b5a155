//! `tandem phones`: where the desk phones are.

use crate::{Config, ask::Gateway};
use std::process::ExitCode;
use tandem_server::{ContactRow, PhoneRow};

pub(crate) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let answer = Gateway::of(config)?.get("/api/v1/phones").await?;
    let body = answer.granted()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<PhoneRow> = serde_json::from_value(body)?;
    if rows.is_empty() {
        println!("phones.toml has no phones");
    }
    for row in &rows {
        print!("{}", text(row));
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for the phone, and one for each place where it is.
pub(crate) fn text(row: &PhoneRow) -> String {
    let calls = match row.calls {
        0 => "idle".to_owned(),
        1 => "in a call".to_owned(),
        n => format!("in {n} calls"),
    };
    let state = match (&row.via, &row.user, row.contacts.len(), row.seen) {
        (Some(trunk), _, _, _) => format!("by trunk {trunk}"),
        (None, None, _, _) => "does not register".to_owned(),
        (None, Some(_), 0, Some(seen)) => format!("not registered; last seen {seen}"),
        (None, Some(_), 0, None) => "not registered".to_owned(),
        (None, Some(_), _, _) => format!("registered, {calls}"),
    };
    let mut text = format!("{:<8}{:<22}{state}\n", row.extension, row.name);
    for contact in &row.contacts {
        text.push_str(&format!("{:<8}{}\n", "", place(contact)));
    }
    text
}

fn place(c: &ContactRow) -> String {
    let proxied = if c.proxied { " (a proxy)" } else { "" };
    let agent = match c.user_agent.as_str() {
        "" => String::new(),
        agent => format!("  {agent}"),
    };
    format!(
        "{} {}{proxied}  for {} s more, seen {}{agent}",
        c.transport, c.address, c.expires_s, c.seen
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::Wall;

    #[test]
    fn a_phone_is_where_it_is_or_was_seen() {
        let seen = Wall(1_795_428_000_000_000);
        let contact = ContactRow {
            uri: "sip:201@192.0.2.7".into(),
            transport: "tls".into(),
            address: "192.0.2.7:5061".parse().expect("an address"),
            proxied: true,
            user_agent: "Yealink SIP-T46U".into(),
            expires_s: 290,
            seen,
        };
        let row = PhoneRow {
            extension: "201".into(),
            name: "Billing one".into(),
            user: Some("201".into()),
            via: None,
            contacts: vec![contact],
            seen: Some(seen),
            calls: 1,
        };
        assert_eq!(
            text(&row),
            "201     Billing one           registered, in a call\n        \
             tls 192.0.2.7:5061 (a proxy)  for 290 s more, seen 2026-11-23T10:00:00.000Z  Yealink SIP-T46U\n"
        );
        let gone = PhoneRow {
            contacts: Vec::new(),
            ..row.clone()
        };
        assert!(text(&gone).ends_with("not registered; last seen 2026-11-23T10:00:00.000Z\n"));
        let never = PhoneRow { seen: None, ..gone };
        assert!(text(&never).ends_with("Billing one           not registered\n"));
        let far = PhoneRow {
            via: Some("pbx".into()),
            user: None,
            ..never
        };
        assert!(text(&far).ends_with("by trunk pbx\n"));
    }
}
