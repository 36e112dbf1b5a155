//! Agents with tools, and callers who are looked up: a carrier's call by SIPp, a model and another system over real HTTP, a desk
//! phone at the end.

use super::{
    baresip::Like,
    door::http,
    office::{FRONT_DESK, Office},
    sound::AI,
    stage::Stage,
};
use serde_json::json;
use std::time::Duration;
use tandem_standin::{ChatRule, Door, Fault, Script, ToolRule};
use tandem_types::{context::Speaker, journal::What};

/// The front desk with a tool for each effect, and a look-up.
const TOOLS_OF_THE_DESK: &str = r#"
[caller_lookup]
url = "TOOLS/callers/{from_e164}"
bearer = "file:secrets/crm"
timeout = "800ms"
keep = ["name", "tenancy_id"]

[tools.find_tenant]
description = "Find a tenancy by postcode"
url = "TOOLS/tenants/{postcode}"
bearer = "file:secrets/crm"
timeout = "2s"
keep = ["street"]
args = { postcode = { type = "string" } }

[tools.book_visit]
description = "Book a visit"
method = "POST"
url = "TOOLS/visits"
bearer = "file:secrets/crm"
confirm_with_caller = "Shall I book a visit on {day}?"
body = { tenancy = "{tenancy_id}", day = "{day}" }
args = { day = { enum = ["Tuesday", "Friday"] } }
"#;

fn with_tools(office: Office) -> Office {
    office
        .and("secrets/crm", "crm-t0ken\n")
        .and("dialplans/reception.toml", TOOLS_OF_THE_DESK)
        .with(
            "dialplans/reception.toml",
            "greeting = \"Good {daypart}, this is Northgate.",
            "tools = [\"find_tenant\", \"book_visit\"]\ngreeting = \"Good {daypart} {caller_name}, this is Northgate.",
        )
}

const FAILED: &str = r#""ok":false"#;

fn script() -> Script {
    Script::default()
        .rule(ChatRule::on("parcel").calls("find_tenant", &json!({ "postcode": "SW1A 1AA/../x" })))
        .rule(
            ChatRule::on("parcel")
                .after_tool(r#""street":"Mill Lane""#)
                .says("You live in Mill Lane."),
        )
        .rule(
            ChatRule::on("parcel")
                .after_tool(FAILED)
                .says("I cannot see that."),
        )
        .rule(ChatRule::on("gardener").calls("book_visit", &json!({ "day": "Tuesday" })))
        .rule(
            ChatRule::on("yes")
                .after_tool(r#""ok":true"#)
                .says("It is booked."),
        )
        .tool(
            ToolRule::at("/callers/")
                .answers(json!({ "name": "Mary Jones", "tenancy_id": "T-7" }))
                .after(Duration::from_millis(200)),
        )
        .tool(ToolRule::at("/tenants/").answers(json!({ "street": "Mill Lane" })))
        .tool(ToolRule::at("/visits").answers(json!({ "visit": 1 })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_looked_up_served_by_tools_and_handed_to_a_person_who_knows() {
    let mut stage = Stage::thinking(160, true, script(), |_, office| with_tools(office)).await;
    let mut phone = stage.phone(1, "200", Like::default()).await;
    let mut caller = stage.ring_in(FRONT_DESK).await;
    stage
        .running
        .agent_said("triage", "Mary Jones, this is Northgate")
        .await;
    stage.says(&caller, "check on the blue parcel for me").await;
    stage
        .running
        .agent_said("triage", "You live in Mill Lane.")
        .await;
    stage.says(&caller, "send the gardener over").await;
    stage
        .running
        .agent_said("triage", "Shall I book a visit on Tuesday?")
        .await;
    stage.says(&caller, "yes please").await;
    stage.running.agent_said("triage", "It is booked.").await;
    stage.says(&caller, "can i speak to a person").await;
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    let briefed = stage.running.until("the brief", briefed).await;
    phone.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let What::TransferBriefed { text, .. } = &briefed.what else {
        unreachable!("asked for it")
    };
    assert!(text.contains("Mary Jones"), "{text}");

    // What left the machine.
    let log = stage.standin.log_of(Door::Tool);
    let paths: Vec<&str> = log.iter().filter_map(|l| l.body["path"].as_str()).collect();
    let number = paths[0]
        .strip_prefix("/tools/callers/%2B")
        .expect("the caller's number");
    assert!(number.bytes().all(|b| b.is_ascii_digit()), "{number}");
    assert_eq!(
        paths[1..],
        ["/tools/tenants/SW1A%201AA%2F..%2Fx", "/tools/visits"]
    );
    for request in &log {
        assert_eq!(request.authorization.as_deref(), Some("Bearer crm-t0ken"));
    }
    assert_eq!(
        log[2].body["json"],
        json!({ "tenancy": "T-7", "day": "Tuesday" })
    );
    assert!(log[2].body["headers"]["idempotency-key"].is_string());

    // What the record and the metrics say.
    let record = stage.running.record(caller.call).await;
    let tools: Vec<_> = record
        .tools
        .iter()
        .map(|t| (t.tool.as_str(), t.outcome.as_deref()))
        .collect();
    let ok = Some("ok");
    assert_eq!(
        tools,
        [
            ("caller_lookup", ok),
            ("find_tenant", ok),
            ("book_visit", ok)
        ]
    );
    let metrics = http(stage.gateway(), "/metrics").await;
    assert!(
        metrics.contains(r#"tandem_tool_seconds_count{tool="book_visit",outcome="ok"}"#),
        "{metrics}"
    );
    assert!(!metrics.contains("crm-t0ken") && !metrics.contains("Mary"));
    let _ = stage.strike().await;
}

/// How another system fails: by a fault, or by what it answers.
enum Fails {
    By(Fault),
    Saying(ToolRule),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_tool_refuses_the_caller_hears_something_within_three_seconds() {
    let elsewhere = "http://127.0.0.1:9/elsewhere";
    let not_there = ToolRule::at("/tenants/").status(404);
    let cases = vec![
        (Fails::By(Fault::Refuse), "unreachable"),
        (Fails::By(Fault::Status500), "status_500"),
        (Fails::Saying(not_there), "status_404"),
        (Fails::By(Fault::Status401), "unauthorized"),
        (
            Fails::Saying(ToolRule::at("/tenants/").redirects(elsewhere)),
            "status_302",
        ),
    ];
    each_is_answered(161, cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_tool_answers_the_caller_hears_something_within_three_seconds() {
    let cases = vec![
        (Fails::By(Fault::Hang), "timed_out"),
        (Fails::By(Fault::Slow), "timed_out"),
        (Fails::By(Fault::Html), "malformed"),
        (Fails::By(Fault::MalformedJson), "malformed"),
        (Fails::By(Fault::Endless), "too_large"),
    ];
    each_is_answered(162, cases).await;
}

/// One call, in which each of these is met once.
async fn each_is_answered(test: u8, cases: Vec<(Fails, &str)>) {
    let mut stage = Stage::thinking(test, true, script(), |_, office| with_tools(office)).await;
    let mut caller = stage.ring_in(FRONT_DESK).await;
    stage
        .running
        .agent_said("triage", "this is Northgate")
        .await;
    let mut asked = Vec::new();
    for (fails, label) in cases {
        stage.standin.change(|s| {
            let sane = std::mem::take(s);
            *s = match fails {
                Fails::By(fault) => Script {
                    faults: vec![(Door::Tool, None, fault)],
                    ..sane
                },
                Fails::Saying(rule) => Script {
                    faults: Vec::new(),
                    tools: vec![rule],
                    ..sane
                },
            };
        });
        stage.says(&caller, "check on the blue parcel for me").await;
        let heard = stage
            .running
            .until("the caller's words", |w| {
                matches!(
                    w,
                    What::TurnEnded {
                        speaker: Speaker::Caller,
                        ..
                    }
                )
            })
            .await;
        let ended = stage
            .running
            .until("the tool's end", |w| matches!(w, What::ToolEnded { .. }))
            .await;
        assert!(
            matches!(&ended.what, What::ToolEnded { outcome, .. } if outcome == label),
            "{label}: {:?}",
            ended.what
        );
        stage
            .running
            .agent_said("triage", "I cannot see that.")
            .await;
        asked.push((label, heard.at.0));
    }
    caller.hangs_up().await;
    stage.running.ended().await;
    let record = stage.running.record(caller.call).await;
    let failed = record
        .tools
        .iter()
        .filter(|t| t.tool == "find_tenant")
        .count();
    assert_eq!(failed, asked.len(), "each in the record");
    let ip = caller.ip();
    let streams = stage.strike().await;
    for (label, at) in asked {
        let first = streams.to(ip, (at, at + 5_000_000)).first(AI);
        eprintln!("{label}: first sound of an answer after {first:?} ms");
        assert!(first.is_some_and(|ms| ms <= 3000), "{label}: {first:?}");
    }
}
