//! `tandem reload`, SIGHUP and `tandem drain`, on a running gateway and without one.

use super::lab::{Lab, Said, golden};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

const AT: &str = "--config office --data data";

/// The hash in what it said has a name.
fn with_a_named_hash(said: Said) -> Said {
    let after = said.out.split("configuration ").nth(1).unwrap_or_default();
    let hash: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
    match hash.len() {
        12 => said.naming(&hash, "HASH"),
        _ => said,
    }
}

/// What the journal has of reloads: who asked, each.
fn journaled(lab: &Lab) -> Vec<String> {
    let segment = lab.path("data/journal/shard-0.000001.journal");
    let text = fs::read_to_string(segment).expect("a journal");
    let lines = text.lines().filter(|l| l.contains("\"type\":\"reloaded\""));
    let by = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let what = &line["event"]["what"];
        assert_eq!(what["sha256"].as_str().map(str::len), Some(64));
        what["by"].as_str().unwrap_or_default().to_owned()
    };
    lines.map(by).collect()
}

fn metrics(lab: &Lab) -> String {
    let mut stream = TcpStream::connect((lab.ip, 8088)).expect("a gateway");
    let request = "GET /metrics HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[tokio::test]
async fn a_running_gateway_reloads_all_or_nothing() {
    let lab = Lab::new();
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let plan = "dialplans/reception.toml";
    lab.change(
        plan,
        "\"2000\" = \"echo\"",
        "\"2000\" = \"announce:notice\"",
    );
    let reload = || with_a_named_hash(lab.tandem(&format!("reload {AT}")));
    let good = reload();

    // Its errors are those of `tandem check`, to the letter.
    lab.change(
        plan,
        "\"2000\" = \"announce:notice\"",
        "\"2000\" = \"announce:notise\"",
    );
    let wrong = reload();
    let check = lab.tandem("check office");
    assert_eq!((wrong.code, check.code), (Some(3), Some(3)));
    assert!(
        check.out.starts_with(&wrong.out),
        "{}\n{}",
        check.out,
        wrong.out
    );
    lab.change(
        plan,
        "\"2000\" = \"announce:notise\"",
        "\"2000\" = \"announce:notice\"",
    );

    let listen = format!("udp://{}:5070", lab.ip);
    let elsewhere = format!("udp://{}:5071", lab.ip);
    lab.change("tandem.toml", &listen, &elsewhere);
    lab.change("tandem.toml", "20000-20998", "20000-20498");
    let restart = reload();
    lab.change("tandem.toml", &elsewhere, &listen);
    lab.change("tandem.toml", "20000-20498", "20000-20998");
    golden("reload", &[good, wrong, restart]);

    serving.signal("-HUP");
    serving
        .says("tandem: configuration and certificates read again")
        .await;
    let text = metrics(&lab);
    assert!(
        text.contains("tandem_config_reloads_total{outcome=\"ok\"} 2"),
        "{text}"
    );
    assert!(text.contains("tandem_config_reloads_total{outcome=\"wrong\"} 1"));
    assert!(text.contains("tandem_config_reloads_total{outcome=\"needs-restart\"} 1"));
    assert!(text.contains("tandem_config_last_reload_timestamp_seconds 1"));
    let by = journaled(&lab);
    assert_eq!((by.len(), by[1].as_str()), (2, "SIGHUP"), "{by:?}");

    let json = lab.tandem(&format!("reload --json {AT}")).json();
    assert_eq!(json["in_force"]["sha256"].as_str().map(str::len), Some(64));
    let drained = lab.tandem(&format!("drain --wait {AT}"));
    assert_eq!(drained.code, Some(0), "{}", drained.err);
    assert_eq!(
        drained.out,
        "draining: 0 calls may end by themselves\nstopped\n"
    );
    let ended = serving.ended();
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("stopped, every call had ended"));
}

#[test]
fn without_a_gateway_they_say_so() {
    let lab = Lab::new();
    let said = ["reload", "drain"].map(|verb| lab.tandem(&format!("{verb} {AT}")));
    lab.change("tandem.toml", "[http]", "[http");
    let hidden = lab.tandem(&format!("reload {AT}"));
    assert_eq!(hidden.code, Some(3), "{}", hidden.err);
    golden("nobody_reloads", &said);
}

#[tokio::test]
async fn changed_files_are_taken_by_themselves_and_wrong_ones_are_not() {
    let lab = Lab::new();
    lab.change("tandem.toml", "[node]\n", "[node]\nwatch = true\n");
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let plan = "dialplans/reception.toml";
    let (echo, notice, wrong) = (
        "\"2000\" = \"echo\"",
        "\"2000\" = \"announce:notice\"",
        "\"2000\" = \"announce:notise\"",
    );
    lab.change(plan, echo, wrong);
    serving
        .says("configuration not reloaded: it has errors")
        .await;
    lab.change(plan, wrong, notice);
    serving.says("configuration reloaded").await;
    serving.signal("-TERM");
    serving.ended();
    assert_eq!(journaled(&lab), ["file watch"]);
}
