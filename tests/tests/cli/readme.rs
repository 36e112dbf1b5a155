//! The README's commands: each is one that exists, and those that need nobody at the other end are run.

use super::lab::Lab;
use std::{fs, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What stands indented by four, without its comment.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let known = [
        "make ",
        "cargo ",
        "target/release/tandem ",
        "tandem ",
        "curl ",
    ];
    readme
        .lines()
        .filter_map(|l| l.strip_prefix("    "))
        .filter(|l| known.iter().any(|k| l.starts_with(k)))
        .map(|l| l.split('#').next().unwrap_or_default().trim().to_owned())
        .collect()
}

/// `calls | call ID [--hangup] | trace ID [--messages]      each with --json`, one by one.
fn spelt_out(line: &str) -> Vec<String> {
    let line = line.split("  ").next().unwrap_or_default();
    let line = line
        .trim_start_matches("target/release/")
        .trim_start_matches("tandem ");
    let mut all = Vec::new();
    for verb in line.split(" | ") {
        match verb.split_once(" [") {
            Some((bare, option)) => {
                all.push(bare.to_owned());
                all.push(format!("{bare} {}", option.trim_end_matches(']')));
            }
            None => all.push(verb.to_owned()),
        }
    }
    all
}

#[test]
fn every_make_verb_of_the_readme_is_in_the_makefile() {
    let verbs: Vec<String> = commands()
        .into_iter()
        .filter(|c| c.starts_with("make "))
        .collect();
    assert!(verbs.len() >= 3, "{verbs:?}");
    for verb in verbs {
        let words: Vec<&str> = verb.split_whitespace().skip(1).collect();
        let dry = Command::new("make")
            .arg("--dry-run")
            .args(&words)
            .current_dir(root())
            .output()
            .expect("make");
        assert!(
            dry.status.success(),
            "{verb}: {}",
            String::from_utf8_lossy(&dry.stderr)
        );
    }
}

#[tokio::test]
async fn every_tandem_command_of_the_readme_is_taken() {
    let lab = Lab::with_story().await;
    let lines: Vec<String> = commands()
        .into_iter()
        .filter(|c| c.contains("tandem "))
        .collect();
    let said: Vec<String> = lines.iter().flat_map(|l| spelt_out(l)).collect();
    assert!(said.len() >= 8, "{said:?}");
    let id = super::story::call(3).to_string();
    for words in said {
        // They are tested elsewhere: a gateway that runs, a demo, what needs a terminal, and somebody else's files.
        let elsewhere = ["serve", "build", "demo", "watch", "import", "init"];
        if elsewhere.iter().any(|verb| words.starts_with(verb)) {
            continue;
        }
        let words = words.replace("ID", &id).replace("dialplans", "office");
        let at = match words.starts_with("check") {
            true => "",
            false => " --config office --data data",
        };
        let words = words.replace(" DIR", " office");
        let ran = lab.tandem(&format!("{words}{at}"));
        // No gateway is running: that is said, and is no wrong usage.
        let fine = match ran.code {
            Some(0) => true,
            Some(1) => ran.err.contains("no gateway answers"),
            _ => false,
        };
        assert!(
            fine,
            "tandem {words}: exit {:?}\n{}{}",
            ran.code, ran.out, ran.err
        );
    }
}

#[tokio::test]
async fn every_curl_of_the_readme_is_answered() {
    let lab = Lab::new();
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let lines: Vec<String> = commands()
        .into_iter()
        .filter(|c| c.starts_with("curl "))
        .collect();
    assert!(!lines.is_empty());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let host = words[0].split("/").take(3).collect::<Vec<_>>().join("/");
        for path in &words {
            let path = path.strip_prefix(host.as_str()).unwrap_or(path);
            assert_eq!(get(&lab, path).await, "HTTP/1.1 200 OK", "{path}");
        }
    }
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
}

/// The status line that a path gives.
async fn get(lab: &Lab, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect((lab.ip, 8088))
        .await
        .expect("HTTP");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        lab.ip
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}
