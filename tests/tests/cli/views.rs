//! `calls`, `call`, `handoffs`, `trace`: what they print of three calls, with and without a gateway.

use super::{
    lab::{Lab, golden},
    story::call,
};
use serde_json::json;

const AT: &str = "--config office --data data";

#[tokio::test]
async fn calls_and_one_call() {
    let lab = Lab::with_story().await;
    let (first, second, third) = (call(1), call(2), call(3));
    let beginning = &first.to_string()[..12];
    golden(
        "calls",
        &[
            lab.tandem(&format!("calls {AT}")),
            lab.tandem(&format!("calls --limit 1 {AT}")),
            lab.tandem(&format!("call {first} {AT}")),
            lab.tandem(&format!("call {second} {AT}")),
            lab.tandem(&format!("call {third} {AT}")),
            lab.tandem(&format!("call {beginning} {AT}")),
            lab.tandem(&format!("call 7ZZZ {AT}")),
        ],
    );
}

#[tokio::test]
async fn reports_and_exports() {
    let lab = Lab::with_story().await;
    let all: Vec<_> = [
        "report calls",
        "report transfers",
        "report intents",
        "report transfers --json",
        "report calls --until 2020-01-01",
        "report calls --since yesterday",
        "export cdr",
        "export cdr --jsonl --until 2020-01-01T08:00",
    ]
    .iter()
    .map(|words| lab.tandem(&format!("{words} {AT}")))
    .collect();
    let codes: Vec<_> = all.iter().filter_map(|s| s.code).collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 1, 0, 0]);
    let jsonl = lab.tandem(&format!("export cdr --jsonl {AT}"));
    let calls: Vec<serde_json::Value> = jsonl
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        calls
            .iter()
            .map(|c| c["uniqueid"].clone())
            .collect::<Vec<_>>(),
        [json!(call(1)), json!(call(2)), json!(call(3))]
    );
    golden("reports", &all);
}

#[tokio::test]
async fn the_same_as_json() {
    let lab = Lab::with_story().await;
    let calls = lab.tandem(&format!("calls --json {AT}")).json();
    let ids: Vec<_> = calls
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| c["uniqueid"].clone())
        .collect();
    assert_eq!(ids, [json!(call(3)), json!(call(2)), json!(call(1))]);
    golden(
        "json",
        &[
            lab.tandem(&format!("calls --json {AT}")),
            lab.tandem(&format!("call {} --json {AT}", call(1))),
            lab.tandem(&format!("handoffs --json {AT}")),
            lab.tandem(&format!("handoffs --verify --json {AT}")),
            lab.tandem("version --json"),
        ],
    );
}

#[tokio::test]
async fn the_ledger() {
    let lab = Lab::with_story().await;
    golden(
        "handoffs",
        &[
            lab.tandem(&format!("handoffs {AT}")),
            lab.tandem(&format!("handoffs {} {AT}", call(2))),
            lab.tandem(&format!("handoffs --verify {AT}")),
            lab.tandem(&format!("handoffs 7ZZZ {AT}")),
        ],
    );
}

#[tokio::test]
async fn nobody_has_called_yet() {
    let lab = Lab::new();
    let never_served = [
        lab.tandem(&format!("calls {AT}")),
        lab.tandem(&format!("call 01 {AT}")),
        lab.tandem(&format!("handoffs {AT}")),
        lab.tandem(&format!("trace 01 {AT}")),
    ];
    golden("no_database", &never_served);
    // A view makes no database.
    assert!(!lab.path("data").exists());
}

#[tokio::test]
async fn no_gateway_is_running() {
    let lab = Lab::with_story().await;
    let third = call(3);
    golden(
        "no_gateway",
        &[
            lab.tandem(&format!("trace {third} {AT}")),
            lab.tandem(&format!("call {third} --hangup {AT}")),
            lab.tandem(&format!("trace 7ZZZ {AT}")),
        ],
    );
}
