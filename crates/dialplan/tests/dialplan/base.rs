//! A small office in memory, right in every part, for the tests to break.

use tandem_dialplan::{
    Diagnostic, Host, Inspect, Loaded, NodeTls, SourceFile, TlsComplaint, TlsPart, load_on,
};

const TANDEM: &str = r#"
[node]
name = "gw-1"

[sip]
listen = ["udp://127.0.0.1:5060"]

[rtp]
ports = "30000-30999"

[providers.fast]
llm = { kind = "openai", base_url = "http://127.0.0.1:8000/v1", model = "local", key = "env:KEY" }
"#;

const CARRIER: &str = r#"
peers = ["sip:sbc.carrier.example"]

[auth]
allow_from = ["203.0.113.0/28"]
username = "northgate"
password = "cred:carrier"

[limits]
may_dial = ["_+44X."]
never_dial = ["_+44909X."]
"#;

const PHONES: &str = r#"
[extensions.200]
name = "Reception"
registers = { username = "200", password = "file:secrets/200" }

[extensions."_21X"]
name = "Lettings"
via = "carrier"

[[emergency]]
numbers = ["999", "112"]
caller_id = "+442079460100"
tell = ["ext:200"]

[phones]
domain = "phones.example"
"#;

const HEAD: &str = r#"
numbers = ["+442079460100", "_+4420794601[1-4]X"]
trunks = ["carrier"]
languages = ["en-GB"]
start = "agent:triage"

[routes]
"2000" = "echo"
"7001" = "menu:main"
"7002" = "outside:plumber"

[notice.disclosure]
en-GB = "You are speaking with a machine."

[agents.triage]
greeting = "Good {daypart}."
instructions_file = "prompts/triage.md"
providers = "fast"
hands_off_to = ["queue:repairs"]

[agents.triage.intents]
repairs = ["my boiler is broken", "there is a leak", "report a repair"]
[agents.triage.routes]
repairs = "queue:repairs"

[menus.main]
prompt = "For repairs press 1."
keys = { 1 = "queue:repairs" }
otherwise = "queue:repairs"

[announcements.closed]
text = "We are closed."
then = "hangup"

[queues.repairs]
members = ["ext:200", "ext:210"]
ring = "20s"
otherwise = ["announce:closed"]

[outside.plumber]
via = ["carrier"]
dial = "+441632960555"

[[escalate]]
on = "key:0"
to = "queue:repairs"

[limits]
operator = "queue:repairs"
may_dial = ["_2XX", "+441632960555"]
never_dial = ["_00X."]
"#;

/// The office's files.
pub(crate) fn base() -> Vec<SourceFile> {
    [
        ("tandem.toml", TANDEM),
        ("trunks/carrier.toml", CARRIER),
        ("phones.toml", PHONES),
        ("dialplans/head.toml", HEAD),
        ("prompts/triage.md", "You are the front desk."),
    ]
    .into_iter()
    .map(|(path, text)| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    })
    .collect()
}

/// One change to the office.
pub(crate) enum Change {
    /// In this file, this text (it must be there, once) becomes that.
    Swap(&'static str, &'static str, &'static str),
    /// This is written at the end of the file; a new file where there was none.
    Add(&'static str, &'static str),
    /// A file with this in it.
    Write(&'static str, String),
    /// The file is gone.
    Drop(&'static str),
}

/// The office with changes, loaded on a Linux machine as it comes.
pub(crate) fn changed(changes: &[Change]) -> Loaded {
    let mut files = base();
    for change in changes {
        match change {
            Change::Swap(path, from, to) => {
                let file = files
                    .iter_mut()
                    .find(|f| f.path == *path)
                    .expect("the file");
                assert_eq!(file.text.matches(from).count(), 1, "{path}: {from}");
                file.text = file.text.replace(from, to);
            }
            Change::Add(path, text) => match files.iter_mut().find(|f| f.path == *path) {
                Some(file) => file.text.push_str(text),
                None => files.push(SourceFile {
                    path: (*path).to_owned(),
                    text: (*text).to_owned(),
                }),
            },
            Change::Write(path, text) => {
                files.push(SourceFile {
                    path: (*path).to_owned(),
                    text: text.clone(),
                });
            }
            Change::Drop(path) => files.retain(|f| f.path != *path),
        }
    }
    let secrets = |reference: &str| match reference {
        "env:GONE" => Err("the variable is not set".to_owned()),
        "env:EMPTY" => Ok("\n".to_owned()),
        _ => Ok("s3cr3t-value\n".to_owned()),
    };
    let host = Host {
        ephemeral_ports: Some((32_768, 60_999)),
        // 21 November 2026, 12:00.
        now: tandem_types::Wall(1_795_262_400_000_000),
        inspect: Some(&inspected),
    };
    load_on(host, &files, &secrets, &|path| {
        path == "sounds/hold.wav" || path == "dialplans/notes.md"
    })
}

/// Files whose names say what is wrong with them.
fn inspected(what: Inspect<'_>) -> Vec<TlsComplaint> {
    let named = |file: &str, part, wrong: &str, fatal| {
        let what = format!("{file}: {wrong}");
        let complaint = TlsComplaint { part, fatal, what };
        file.contains(wrong).then_some(complaint)
    };
    let own = |tls: &NodeTls| {
        [
            named(&tls.certificate, TlsPart::Certificate, "expired", false),
            named(&tls.key, TlsPart::Key, "another", true),
        ]
    };
    match what {
        Inspect::Own(tls, _) => own(tls).into_iter().flatten().collect(),
        Inspect::Authorities(file) => named(file, TlsPart::Authorities, "missing", true)
            .into_iter()
            .collect(),
    }
}

/// Everything that was found, in whichever way the loading went.
pub(crate) fn found(changes: &[Change]) -> Vec<Diagnostic> {
    match changed(changes) {
        Ok((_, warnings)) => warnings,
        Err(found) => found,
    }
}
