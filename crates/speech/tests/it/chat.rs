//! Chat with the stand-in: what it is sent, what comes back, dialects, deadlines, cancelling.

use crate::common::*;
use futures_util::{StreamExt, future::join_all};
use serde_json::json;
use std::time::Duration;
use tandem_speech::{ChatPart, ChatRequest, Line};
use tandem_standin::{ChatRule, Dialect, Door, End, Fault, Script, Standin};
use tandem_types::provider::{ChatMessage, Hints, ProviderFault, Role, ToolCall, ToolSpec};

fn script() -> Script {
    Script::default()
        .rule(
            ChatRule::on_regex("(?i)put me through.*billing")
                .says("Of course.")
                .calls("hand_off", &json!({"to": "agent:billing"}))
                .in_chunks_of(5),
        )
        .rule(
            ChatRule::on("weather")
                .when_system_contains("agent")
                .at_turn(1)
                .says("Größe: sunny — all day."),
        )
        .rule(
            ChatRule::always()
                .after_tool("done")
                .says("You are through."),
        )
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: "hand_off".to_owned(),
        arguments: r#"{"to":"agent:billing"}"#.to_owned(),
    }
}

#[tokio::test]
async fn a_tool_call_and_its_result_go_round() {
    let standin = Standin::start(script()).await.expect("a port");
    let llm = providers(&standin).llm("fast");
    let mut request = ask("please put me through to billing");
    request.tools.push(ToolSpec {
        name: "hand_off".to_owned(),
        description: "Hands the caller on.".to_owned(),
        parameters: r#"{"type":"object","properties":{"to":{"type":"string"}}}"#.to_owned(),
    });
    let (parts, end) = hear_out(llm.chat(request.clone())).await;
    assert_eq!((words(&parts).as_str(), end), ("Of course.", Ok(())));
    assert_eq!(
        parts[parts.len() - 2..],
        [ChatPart::Tool(call("call_1_0")), ChatPart::Done]
    );

    let mut said = ChatMessage::new(Role::Assistant, "");
    said.tool_calls.push(call("call_1_0"));
    let mut result = ChatMessage::new(Role::Tool, "done");
    result.tool_call_id = Some("call_1_0".to_owned());
    request.messages.extend([said, result]);
    let (parts, _) = hear_out(llm.chat(request)).await;
    assert_eq!(words(&parts), "You are through.");

    let log = standin.log_of(Door::Chat);
    assert_eq!(log[0].authorization.as_deref(), Some("Bearer sk-secret"));
    assert_eq!(
        log[0].body,
        json!({
            "model": "stand-in",
            "stream": true,
            "messages": [
                { "role": "system", "content": "You are an agent." },
                { "role": "user", "content": "please put me through to billing" },
            ],
            "tools": [{ "type": "function", "function": {
                "name": "hand_off",
                "description": "Hands the caller on.",
                "parameters": { "type": "object", "properties": { "to": { "type": "string" } } },
            } }],
        })
    );
    assert_eq!(
        log[1].body["messages"][2],
        json!({
            "role": "assistant",
            "tool_calls": [{ "id": "call_1_0", "type": "function", "function": {
                "name": "hand_off", "arguments": r#"{"to":"agent:billing"}"#,
            } }],
        })
    );
    assert_eq!(
        log[1].body["messages"][3],
        json!({ "role": "tool", "content": "done", "tool_call_id": "call_1_0" })
    );
}

#[tokio::test]
async fn servers_that_are_not_openai() {
    let off = Dialect::default();
    let dialects = [
        off,
        Dialect {
            no_ids: true,
            ..off
        },
        Dialect {
            no_index: true,
            ..off
        },
        Dialect {
            no_ids: true,
            no_index: true,
            whole_tools: true,
            ..off
        },
        Dialect {
            stop_with_tools: true,
            ..off
        },
        Dialect { usage: true, ..off },
        Dialect {
            no_space: true,
            crlf: true,
            comments: true,
            ..off
        },
        Dialect {
            no_done: true,
            usage: true,
            ..off
        },
        Dialect { nulls: true, ..off },
        Dialect {
            torn: 1,
            crlf: true,
            ..off
        },
        Dialect { torn: 7, ..off },
        Dialect {
            never_streams: true,
            ..off
        },
        Dialect {
            no_ids: true,
            no_index: true,
            whole_tools: true,
            stop_with_tools: true,
            usage: true,
            no_space: true,
            crlf: true,
            comments: true,
            no_done: true,
            nulls: true,
            torn: 3,
            never_streams: false,
        },
    ];
    join_all(dialects.map(|dialect| async move {
        let standin = Standin::start(Script {
            dialect,
            ..script()
        })
        .await
        .expect("a port");
        let llm = providers(&standin).llm("fast");
        let (parts, end) = hear_out(llm.chat(ask("How is the weather?"))).await;
        assert_eq!(
            (words(&parts).as_str(), end),
            ("Größe: sunny — all day.", Ok(())),
            "{dialect:?}"
        );
        let (parts, end) = hear_out(llm.chat(ask("Put me through to billing"))).await;
        assert_eq!(
            (words(&parts).as_str(), end),
            ("Of course.", Ok(())),
            "{dialect:?}"
        );
        let tools: Vec<_> = parts
            .iter()
            .filter(|part| matches!(part, ChatPart::Tool(_)))
            .collect();
        let [ChatPart::Tool(tool)] = tools[..] else {
            panic!("{dialect:?}: {tools:?}")
        };
        assert_eq!(
            (&tool.name, &tool.arguments),
            (&call("").name, &call("").arguments),
            "{dialect:?}"
        );
        assert!(!tool.id.is_empty());
        assert_eq!(parts.last(), Some(&ChatPart::Done));
    }))
    .await;
}

#[tokio::test]
async fn words_come_as_they_are_made() {
    // The second word never comes: only a client that passes the first one on at once gets past this.
    let rule = ChatRule::always()
        .says("one two")
        .in_chunks_of(4)
        .paced(Duration::ZERO, Duration::from_secs(600));
    let standin = Standin::start(Script::default().rule(rule))
        .await
        .expect("a port");
    let mut stream = providers(&standin).llm("fast").chat(ask("go"));
    assert_eq!(
        within(stream.next()).await,
        Some(Ok(ChatPart::Text("one ".to_owned())))
    );
}

#[tokio::test]
async fn a_first_token_that_comes_late_is_a_time_out() {
    let rule = ChatRule::always()
        .says("late")
        .paced(Duration::from_secs(600), Duration::ZERO);
    let standin = Standin::start(Script::default().rule(rule))
        .await
        .expect("a port");
    let request = ChatRequest {
        first_token: Duration::from_millis(300),
        ..ask("go")
    };
    let (parts, end) = hear_out(providers(&standin).llm("fast").chat(request)).await;
    assert_eq!((parts, end), (Vec::new(), Err(ProviderFault::TimedOut)));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_in_all_is_a_time_out() {
    let rule = ChatRule::always()
        .says(&"word ".repeat(2000))
        .paced(Duration::ZERO, Duration::from_millis(20));
    let standin = Standin::start(Script::default().rule(rule))
        .await
        .expect("a port");
    let request = ChatRequest {
        total: Duration::from_millis(800),
        ..ask("go")
    };
    let (parts, end) = hear_out(providers(&standin).llm("fast").chat(request)).await;
    assert_eq!(end, Err(ProviderFault::TimedOut));
    assert!(!parts.is_empty());
}

async fn dropped(standin: &Standin) {
    within(standin.until(|log| {
        log.first()
            .is_some_and(|request| request.end == End::Dropped)
    }))
    .await;
}

#[tokio::test]
async fn dropping_a_request_ends_it_at_every_door() {
    let arrived = |log: &[tandem_standin::Logged]| !log.is_empty();
    for door in [Door::Chat, Door::Transcription, Door::Speech] {
        let standin = Standin::start(Script::default().fault(door, Fault::Hang))
            .await
            .expect("a port");
        let providers = providers(&standin);
        let (stt, hints) = (providers.stt("fast"), Hints::default());
        let request = async {
            match door {
                Door::Chat => drop(providers.llm("fast").chat(ask("go")).next().await),
                Door::Transcription => drop(stt.transcribe(tone(500.0, 300), &hints).await),
                Door::Speech => drop(
                    providers
                        .tts("fast")
                        .speak(Line::new("Hello", "", "en"))
                        .next()
                        .await,
                ),
                Door::Tool => unreachable!("tools have no profile"),
            }
        };
        tokio::select! {
            () = request => panic!("{door} answered"),
            () = within(standin.until(arrived)) => {}
        }
        dropped(&standin).await;
    }
}

#[tokio::test]
async fn dropping_a_chat_in_mid_sentence_closes_the_connection() {
    let rule = ChatRule::always()
        .says(&"word ".repeat(100))
        .paced(Duration::ZERO, Duration::from_millis(50));
    let standin = Standin::start(Script::default().rule(rule))
        .await
        .expect("a port");
    let mut stream = providers(&standin).llm("fast").chat(ask("go"));
    assert!(matches!(
        within(stream.next()).await,
        Some(Ok(ChatPart::Text(_)))
    ));
    drop(stream);
    dropped(&standin).await;
}
