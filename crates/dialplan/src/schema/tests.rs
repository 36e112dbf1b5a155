//! The schemas are what is published, and know the keys that the reader knows: neither more nor fewer.

use super::schemas;
use crate::{
    SourceFile, load,
    load::{Heard, listen},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schema")
        .join(name)
}

fn text(schema: &schemars::Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("JSON");
    text.push('\n');
    text
}

#[test]
fn what_is_published_is_current() {
    for (name, schema) in schemas() {
        let (path, text) = (published(name), text(&schema));
        if std::env::var_os("TANDEM_BLESS").is_some() {
            fs::write(&path, &text).expect("schema/ can be written");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == text,
            "schema/{name} is not what the types say; TANDEM_BLESS=1 writes it anew"
        );
    }
}

/// An object of the schema, with its keys, by where it stands: `agents.*.says`.
fn objects(root: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    walk(root, root, String::new(), &mut found);
    found
}

fn walk(root: &Value, at: &Value, path: String, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let of = |key: &str| at.get(key).and_then(Value::as_array).into_iter().flatten();
    let name = at["$ref"]
        .as_str()
        .and_then(|r| r.strip_prefix("#/definitions/"));
    let referred = name.map(|name| &root["definitions"][name]);
    for part in referred.into_iter().chain(of("allOf")).chain(of("anyOf")) {
        walk(root, part, path.clone(), found);
    }
    if let Some(items) = at.get("items") {
        walk(root, items, path.clone(), found);
    }
    let below = |key: &str| match path.as_str() {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    if let Some(properties) = at.get("properties").and_then(Value::as_object) {
        let keys = properties.keys().cloned().collect();
        found.insert(path.clone(), keys);
        for (key, value) in properties {
            walk(root, value, below(key), found);
        }
    }
    if let Some(any) = at.get("additionalProperties").filter(|a| a.is_object()) {
        walk(root, any, below("*"), found);
    }
}

/// A name that stands for any is `*` in the schema.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut p, mut s) = (pattern.split('.'), path.split('.'));
    loop {
        match (p.next(), s.next()) {
            (None, None) => return true,
            (Some(p), Some(s)) if p == "*" || p == s => {}
            _ => return false,
        }
    }
}

/// One of everything.
const EVERYTHING: [(&str, &str); 4] = [
    (
        "tandem.toml",
        r#"
[node]
[sip]
listen = ["udp://127.0.0.1:5060", "tls://127.0.0.1:5061"]
tls = { certificate = "c", key = "k" }
session_timers = { expires = "30m" }
bans = {}
[dns]
[rtp]
[http]
[store]
[recordings]
[mail]
[identity]
authorities = "a"
certificates = "c"
[telemetry]
hep = { to = "udp:h:9060" }
[providers.a]
stt = { kind = "openai", model = "m" }
llm = { kind = "openai", model = "m" }
tts = { kind = "openai" }
[providers.b]
stt = { kind = "offline" }
tts = { kind = "offline" }
"#,
    ),
    (
        "trunks/carrier.toml",
        r#"
peers = ["sip:192.0.2.1"]
[auth]
allow_from = ["192.0.2.0/24"]
only = { to_host = "a.example", header = { name = "X", value = "y" } }
username = "u"
password = "file:p"
register = { registrar = "sip:192.0.2.1" }
[tls]
[media]
[numbers]
[limits]
[hosts]
[emergency]
[health]
"#,
    ),
    (
        "phones.toml",
        r#"
[extensions.200]
registers = { username = "200", password = "file:200" }
[classes.lobby]
[phones]
domain = "phones.example"
[[emergency]]
numbers = ["999"]
caller_id = "+442079460100"
location = { country = "GB" }
test = { number = "*999", dials = "+441632960999" }
[features]
"#,
    ),
    (
        "dialplans/head.toml",
        r#"
numbers = ["100"]
start = "agent:triage"
[routes]
"2000" = "echo"
[hours.office]
open = "Mo-Fr 09:00-17:00"
timezone = "Europe/London"
[[when]]
outside = "office"
start = "announce:closed"
[notice.disclosure]
en-GB = "This is a machine."
[recording]
calls = "never"
[caller_lookup]
url = "https://crm.example/{from_e164}"
[tools.refund]
description = "d"
method = "POST"
url = "https://crm.example/refunds"
headers = { X-Office = "a" }
body = { sum = "{amount}" }
args = { amount = { type = "integer" } }
[agents.triage]
tools = ["refund"]
authority = { refund = { amount = { max = 5 } } }
hands_off_to = ["queue:people"]
intents = { team = ["a b c", "d e f", "g h i"] }
routes = { team = "queue:people" }
[menus.main]
prompt = "Press one."
keys = { 1 = "queue:people" }
words = { 1 = "people" }
otherwise = "hangup"
[ask.account]
prompt = "Your number?"
digits = 6
lookup = { url = "https://crm.example/accounts/{account}", keep = ["status"] }
then = "queue:people"
otherwise = "hangup"
[[ask.account.branch]]
fact = "status"
is = "overdue"
to = "queue:people"
[queues.people]
members = ["ext:200"]
max_wait = "1m"
says = {}
[outside.mobile]
via = ["carrier"]
dial = "+441632960700"
[callbacks.people]
queue = "people"
may_call = ["+441632960700"]
[callbacks.people.says]
[voicemail.general]
[voicemail.general.says]
[announcements.closed]
text = "We are closed."
then = "hangup"
[transfers.warm]
accept = { key = "1" }
[transfers.cold]
[[escalate]]
on = "phrase"
any = ["gas leak"]
to = "queue:people"
[limits]
"#,
    ),
];

#[test]
fn it_knows_the_keys_that_the_reader_knows() {
    let files = EVERYTHING.map(|(path, text)| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    });
    let heard = listen(|| drop(load(&files, &|_| Ok("secret".into()), &|_| true)));
    let of = |file: &str| match file.split('/').next() {
        Some("trunks") => "trunk.json",
        Some("dialplans") => "dialplan.json",
        Some("phones.toml") => "phones.json",
        _ => "tandem.json",
    };
    let mut wrong = Vec::new();
    for (name, schema) in schemas() {
        let objects = objects(&serde_json::to_value(&schema).expect("JSON"));
        let mut read: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for Heard { file, table, keys } in heard.iter().filter(|h| of(&h.file) == name) {
            match objects.keys().find(|pattern| fits(pattern, table)) {
                Some(pattern) => read
                    .entry(pattern)
                    .or_default()
                    .extend(keys.iter().cloned()),
                None => wrong.push(format!("{name}: no [{table}], which {file} may have")),
            }
        }
        for (pattern, keys) in &objects {
            let tables = ["agents.*.says", "emergency.location"];
            match read.get(pattern) {
                // Made from the reader's own list of names.
                _ if tables.contains(&pattern.as_str()) => {}
                None => wrong.push(format!("{name}: nobody reads [{pattern}]")),
                Some(known) if known != keys => wrong.push(format!(
                    "{name}: [{pattern}]: only the reader knows {:?}, only the schema {:?}",
                    known - keys,
                    keys - known
                )),
                Some(_) => {}
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
