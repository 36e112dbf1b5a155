//! The stand-in as any client sees it: what it answers, what it writes down, what its faults look like.

use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tandem_standin::{ChatRule, Door, End, Fault, Script, Standin};

async fn chat(standin: &Standin, request: Value) -> reqwest::Result<reqwest::Response> {
    Client::new()
        .post(format!("{}/chat/completions", standin.base_url))
        .json(&request)
        .send()
        .await
}

fn said(text: &str, stream: bool) -> Value {
    json!({ "model": "m", "stream": stream, "messages": [
        { "role": "system", "content": "You are billing." },
        { "role": "user", "content": text },
    ] })
}

#[tokio::test]
async fn the_first_rule_that_fits_answers() {
    let script = Script {
        otherwise: "Pardon?".to_owned(),
        ..Script::default()
            .rule(ChatRule::on("bill").at_turn(2).says("second turn"))
            .rule(
                ChatRule::on("bill")
                    .when_system_contains("triage")
                    .says("triage"),
            )
            .rule(ChatRule::on_regex("^my (bill|invoice)$").says("Which one?"))
            .rule(ChatRule::on("bill").after_tool("paid").says("It is paid."))
    };
    let standin = Standin::start(script).await.expect("a port");
    let two_turns = json!({ "messages": [
        { "role": "user", "content": "hello" },
        { "role": "assistant", "content": "hi" },
        { "role": "user", "content": "My Bill" },
    ] });
    let after_tool = json!({ "messages": [
        { "role": "user", "content": "my bill" },
        { "role": "tool", "content": "paid on Monday" },
    ] });
    for (request, answer) in [
        (said("my invoice", false), "Which one?"),
        (said("my bills", false), "Pardon?"),
        (two_turns, "second turn"),
        (after_tool, "It is paid."),
    ] {
        let whole: Value = chat(&standin, request)
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        assert_eq!(whole["choices"][0]["message"]["content"], answer);
    }
    let log = standin.log();
    assert_eq!(log.len(), 4);
    assert_eq!(
        (
            log[0].nth,
            log[0].end,
            &log[0].body["messages"][1]["content"]
        ),
        (1, End::Sent, &json!("my invoice"))
    );
    assert_eq!(log[3].nth, 4);
}

#[tokio::test]
async fn a_stream_has_openais_shape() {
    let rule = ChatRule::always()
        .says("Hello you")
        .in_chunks_of(5)
        .calls("go", &json!({ "to": 1 }));
    let standin = Standin::start(Script::default().rule(rule))
        .await
        .expect("a port");
    let response = chat(&standin, said("hi", true)).await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.expect("a body");
    let events: Vec<&str> = text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|event| serde_json::from_str(event).expect("JSON"))
        .collect();
    let delta = |n: usize| &chunks[n]["choices"][0]["delta"];
    assert_eq!(
        (&delta(1)["content"], &delta(2)["content"]),
        (&json!("Hello"), &json!(" you"))
    );
    assert_eq!(delta(3)["tool_calls"][0]["id"], "call_1_0");
    assert_eq!(
        delta(4)["tool_calls"][0],
        json!({ "index": 0, "function": { "arguments": "{\"to\"" } })
    );
    assert_eq!(
        chunks.last().expect("a chunk")["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

#[tokio::test]
async fn a_fault_meets_the_request_that_it_was_planned_for() {
    let script = Script::default()
        .rule(ChatRule::always().says("fine"))
        .fault_at(Door::Chat, 2, Fault::Status429);
    let standin = Standin::start(script).await.expect("a port");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(
            chat(&standin, said("hi", false))
                .await
                .expect("an answer")
                .status()
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 429, 200]);
    assert_eq!(standin.log()[1].fault, Some(Fault::Status429));
    standin.change(|script| script.faults = vec![(Door::Chat, None, Fault::Status500)]);
    assert_eq!(
        chat(&standin, said("hi", false))
            .await
            .expect("an answer")
            .status(),
        500
    );
}

#[tokio::test]
async fn broken_connections_are_broken_on_the_wire() {
    for fault in [Fault::Refuse, Fault::Reset] {
        let standin = Standin::start(Script::default().fault(Door::Chat, fault))
            .await
            .expect("a port");
        let error = chat(&standin, said("hi", true))
            .await
            .expect_err("no answer");
        assert!(error.is_request(), "{fault:?}: {error:?}");
    }
    let standin = Standin::start(Script::default().fault(Door::Chat, Fault::Cut))
        .await
        .expect("a port");
    let response = chat(&standin, said("hi", true))
        .await
        .expect("the head of an answer");
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn a_client_that_goes_away_is_written_down() {
    let standin = Standin::start(Script::default().fault(Door::Chat, Fault::Hang))
        .await
        .expect("a port");
    let mut request = Box::pin(chat(&standin, said("hi", true)));
    tokio::select! {
        _ = &mut request => panic!("it answered"),
        () = standin.until(|log| log.len() == 1) => {}
    }
    drop(request);
    let gone = standin.until(|log| log[0].end == End::Dropped);
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .expect("it noticed");
    let line = serde_json::to_value(&standin.log()[0]).expect("JSON");
    assert_eq!(
        (&line["door"], &line["fault"], &line["end"]),
        (&json!("chat"), &json!("hang"), &json!("dropped"))
    );
}
