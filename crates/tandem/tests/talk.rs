//! `tandem talk`, with the shipped office and with a language model.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tandem_standin::{ChatRule, Fault, Script, Standin};

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
