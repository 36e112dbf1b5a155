//! `tandem talk`, with the shipped office and with a language model.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tandem_standin::{ChatRule, Fault, Script, Standin, ToolRule};

/// What is printed when this is typed.
fn typed(config: &Path, words: &[&str], lines: &[&str]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .arg("talk")
        .args(words)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("standard input");
    for line in lines {
        writeln!(input, "{line}").expect("it reads");
    }
    drop(input);
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success());
    String::from_utf8(out.stdout).expect("text")
}

fn in_order(printed: &str, parts: &[&str]) {
    let mut rest = printed;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("no {part:?} in its place:\n{printed}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn from_triage_to_people_and_back() {
    let office = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dialplans");
    let printed = typed(
        &office,
        &["--at", "2026-11-20 15:00"],
        &[
            "i was charged twice this month",
            "please put me through to billing",
            "hello?",
            "/nobody",
            "0",
            "",
        ],
    );
    in_order(
        &printed,
        &[
            "agent:triage has the caller",
            "triage: Good afternoon, this is Northgate.",
            "understood: billing (",
            "handoff to agent:billing (IntentMatch",
            "agent:billing has the caller",
            "put through to queue:billing, which rings ext:201, ext:202",
            "Enter: somebody takes the call",
            "billing: This is billing again.",
            "handoff to queue:reception (Key",
            "put through to queue:reception",
        ],
    );
}

#[tokio::test]
async fn with_a_language_model() {
    let script = Script::default()
        .rule(ChatRule::on("parking").says("There are three places behind the house."));
    let model = Standin::start(script).await.expect("a server");
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: String| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write(
        "tandem.toml",
        format!(
            "[providers.local]\nllm = {{ kind = \"openai\", base_url = {:?}, model = \"m\" }}\n",
            model.base_url
        ),
    );
    write(
        "dialplans/house.toml",
        "numbers = [\"1000\"]\nstart = \"agent:desk\"\n[notice.disclosure]\nen-GB = \"You speak with a machine.\"\n\
         [agents.desk]\nproviders = \"local\"\ninstructions = \"You know the house.\"\n\
         [agents.desk.intents]\nhours = [\"when are you open\", \"what are your hours\", \"are you open today\"]\n\
         [agents.desk.answers]\nhours = \"From nine to five.\"\n"
            .to_owned(),
    );
    let config = dir.path().to_owned();
    let ask = |words: &'static [&'static str]| {
        let config = config.clone();
        tokio::task::spawn_blocking(move || {
            typed(&config, words, &["is there any parking at the house"])
        })
    };
    let printed = ask(&[]).await.expect("it ran");
    in_order(
        &printed,
        &[
            "You speak with a machine.",
            "desk: There are three places behind the house.",
        ],
    );
    let printed = ask(&["--no-model"]).await.expect("it ran");
    assert!(!printed.contains("three places"), "{printed}");
    model.change(|s| *s = std::mem::take(s).fault(tandem_standin::Door::Chat, Fault::Status500));
    let printed = ask(&[]).await.expect("it ran");
    assert!(printed.contains("llm failed"), "{printed}");
}

/// A house whose desk asks another system, at the stand-in.
fn house(server: &Standin) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: String| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    let (model, tools) = (&server.base_url, server.tools_url());
    write(
        "tandem.toml",
        format!(
            "[providers.local]\nllm = {{ kind = \"openai\", base_url = {model:?}, model = \"m\" }}\n"
        ),
    );
    write(
        "trunks/carrier.toml",
        "peers = [\"sip:192.0.2.1\"]\n[auth]\nallow_from = [\"192.0.2.0/24\"]\n".to_owned(),
    );
    write(
        "dialplans/house.toml",
        format!(
            r#"numbers = ["+442079460100"]
start = "agent:desk"
[notice.disclosure]
en-GB = "You speak with a machine."
[caller_lookup]
url = "{tools}/callers/{{from_e164}}"
keep = ["name"]
[tools.open_ticket]
description = "Open a ticket"
method = "POST"
url = "{tools}/tickets"
confirm_with_caller = true
keep = ["ticket"]
args = {{ summary = {{}} }}
[agents.desk]
providers = "local"
greeting = "Good {{daypart}} {{caller_name}}."
instructions = "You know the house."
tools = ["open_ticket"]
"#
        ),
    );
    dir
}

#[tokio::test]
async fn tools_and_the_caller_are_asked_for_and_shown() {
    let call = serde_json::json!({ "summary": "the lift is stuck" });
    let script = Script::default()
        .rule(ChatRule::on("lift").calls("open_ticket", &call))
        .rule(
            ChatRule::on("yes")
                .after_tool("\"ok\":true")
                .says("It is open."),
        )
        .tool(ToolRule::at("/callers/").answers(serde_json::json!({ "name": "Mary Jones" })))
        .tool(ToolRule::at("/tickets").answers(serde_json::json!({ "ticket": 7 })));
    let server = Standin::start(script).await.expect("a server");
    let dir = house(&server);
    let config = dir.path().to_owned();
    let typed = tokio::task::spawn_blocking(move || {
        let at = ["--from", "+447700900123", "--at", "2026-11-20 10:00"];
        typed(&config, &at, &["the lift is stuck again", "yes"])
    });
    let printed = typed.await.expect("it ran");
    in_order(
        &printed,
        &[
            "/tools/callers/%2B447700900123",
            "name: Mary Jones",
            "desk: Good morning Mary Jones.",
            "the model calls open_ticket",
            "desk: Shall I do this: Open a ticket, summary the lift is stuck?",
            "desk: Please say yes, or press 1.",
            "tool open_ticket {\"summary\":\"the lift is stuck\"}",
            "POST http://127.0.0.1:",
            "tool open_ticket: ok after",
            "and keeps ticket",
            "desk: It is open.",
        ],
    );
    assert_eq!(server.log_of(tandem_standin::Door::Tool).len(), 2);
    let out = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args([
            "dialplan",
            "test",
            "--to",
            "+442079460100",
            "--from",
            "+447700900123",
            "--config",
        ])
        .arg(dir.path())
        .output()
        .expect("it runs");
    let printed = String::from_utf8_lossy(&out.stdout).into_owned();
    in_order(
        &printed,
        &[
            "the caller is looked up: GET http://127.0.0.1:",
            "800 ms at the most (dialplans/house.toml:5)",
            "agent:desk has the caller",
            "its model may call open_ticket (write, once the caller has said yes): POST http://127.0.0.1:",
            "(dialplans/house.toml:8)",
        ],
    );
    assert_eq!(
        server.log_of(tandem_standin::Door::Tool).len(),
        2,
        "nobody was asked"
    );
}
