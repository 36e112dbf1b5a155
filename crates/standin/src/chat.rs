//! `/v1/chat/completions`.

use crate::{
    Shared,
    connection::Handle,
    fault::{self, Fault},
    log::{Door, Entry},
    paced::{self, Last},
    script::{ChatRule, Dialect, Script},
};
use axum::{
    Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::{iter, time::Duration};

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

pub(crate) async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(handle): ConnectInfo<Handle>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    let script = shared.script().clone();
    let key = authorization(&headers);
    let mut entry = shared.log.add(Door::Chat, request.clone(), key, |nth| {
        script.fault_for(Door::Chat, nth)
    });
    let rule = script.chat.iter().find(|rule| rule.fits(&request)).cloned();
    let rule = rule.unwrap_or_else(|| ChatRule::always().says(&script.otherwise));
    if let Some(fault) = entry.fault
        && let Some(response) = fault::common(fault, &mut entry, &handle).await
    {
        return response;
    }
    if request["stream"] == true && !script.dialect.never_streams {
        stream(&script, &rule, entry)
    } else {
        whole(&rule, entry).await
    }
}

pub(crate) fn authorization(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn stream(script: &Script, rule: &ChatRule, mut entry: Entry) -> Response {
    let dialect = script.dialect;
    let events = Events {
        dialect,
        nth: entry.nth,
    }
    .of(rule);
    let bytes = |events: &[(Duration, String)]| -> Vec<u8> {
        events.iter().flat_map(|(_, e)| e.bytes()).collect()
    };
    match entry.fault {
        Some(Fault::Slow) => fault::drip(EVENTS, bytes(&events), entry),
        Some(Fault::Cut) => fault::cut(EVENTS, bytes(&events), entry),
        Some(Fault::Endless) => {
            let more = Events {
                dialect,
                nth: entry.nth,
            }
            .delta(json!({ "content": "and so on " }));
            fault::endless(EVENTS, Vec::new(), more.into_bytes(), entry)
        }
        Some(Fault::DoubledEnd) => {
            let mut twice = bytes(&events);
            twice.extend_from_within(..);
            entry.sent();
            fault::typed(StatusCode::OK, EVENTS, twice)
        }
        Some(fault) => {
            entry.sent();
            let (content_type, body): (_, Vec<u8>) = match fault {
                Fault::MalformedJson => (EVENTS, b"data: {\"choices\":[{\"delta\":{\"content\":\"Hel\n\n".to_vec()),
                Fault::BadUtf8 => {
                    (EVENTS, b"data: {\"choices\":[{\"delta\":{\"content\":\"H\xff\xfe\"}}]}\n\ndata: [DONE]\n\n".to_vec())
                }
                Fault::WrongTypes => {
                    (EVENTS, b"data: {\"choices\":[{\"delta\":{\"content\":{\"text\":7}}}]}\n\ndata: [DONE]\n\n".to_vec())
                }
                Fault::OddAudio => ("audio/pcm", vec![0x55; 4801]),
                _ => (EVENTS, Vec::new()),
            };
            fault::typed(StatusCode::OK, content_type, body)
        }
        None => {
            let torn = dialect.torn;
            let pieces = events
                .into_iter()
                .flat_map(move |(delay, event)| tear(delay, event, torn));
            fault::streamed(EVENTS, paced::body(pieces, Last::Whole, entry))
        }
    }
}

/// Cuts an event into pieces of `size` bytes; the delay is before the first.
fn tear(delay: Duration, event: String, size: usize) -> impl Iterator<Item = (Duration, Bytes)> {
    let mut rest = Bytes::from(event);
    let mut delay = delay;
    iter::from_fn(move || {
        let size = if size == 0 {
            rest.len()
        } else {
            size.min(rest.len())
        };
        (!rest.is_empty()).then(|| (std::mem::take(&mut delay), rest.split_to(size)))
    })
}

async fn whole(rule: &ChatRule, mut entry: Entry) -> Response {
    paced::pause(rule.first_token).await;
    let answer = json!({
        "id": format!("chatcmpl-{}", entry.nth),
        "object": "chat.completion",
        "model": "stand-in",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": rule.text,
                "tool_calls": rule.tools.iter().enumerate().map(|(i, (name, arguments))| json!({
                    "id": format!("call_{i}"), "type": "function",
                    "function": { "name": name, "arguments": arguments },
                })).collect::<Vec<_>>(),
            },
            "finish_reason": if rule.tools.is_empty() { "stop" } else { "tool_calls" },
        }],
    });
    bad_json(&answer, &mut entry).unwrap_or_else(|| {
        entry.sent();
        Json(answer).into_response()
    })
}

/// The faults of a JSON answer that need the answer; `None`: no fault. Takes `entry` where the body
/// goes on after the handler has returned.
pub(crate) fn bad_json(answer: &Value, entry: &mut Entry) -> Option<Response> {
    let fault = entry.fault?;
    let bytes = answer.to_string().into_bytes();
    let body = match fault {
        Fault::Slow => return Some(fault::drip(JSON, bytes, entry.take())),
        Fault::Cut => return Some(fault::cut(JSON, bytes, entry.take())),
        Fault::Endless => {
            return Some(fault::endless(
                JSON,
                b"{\"text\":\"".to_vec(),
                vec![b'a'; 4096],
                entry.take(),
            ));
        }
        Fault::MalformedJson => bytes[..bytes.len() - 1].to_vec(),
        Fault::BadUtf8 => b"{\"text\":\"\xff\xfe\"}".to_vec(),
        Fault::DoubledEnd => [bytes.clone(), bytes].concat(),
        Fault::WrongTypes => b"{\"text\":[1,2],\"choices\":7}".to_vec(),
        Fault::OddAudio => return Some(finish(entry, "audio/pcm", vec![0x55; 4801])),
        _ => Vec::new(),
    };
    Some(finish(entry, JSON, body))
}

fn finish(entry: &mut Entry, content_type: &'static str, body: Vec<u8>) -> Response {
    entry.sent();
    fault::typed(StatusCode::OK, content_type, body)
}

/// Writes the events of a stream in a dialect.
struct Events {
    dialect: Dialect,
    nth: usize,
}

impl Events {
    fn of(&self, rule: &ChatRule) -> Vec<(Duration, String)> {
        let mut events: Vec<String> = Vec::new();
        if self.dialect.comments {
            events.push(self.raw(": keep-alive"));
        }
        events.push(self.delta(json!({ "role": "assistant", "content": "" })));
        let first = events.len();
        for piece in pieces(&rule.text, rule.chunk) {
            events.push(self.delta(json!({ "content": piece })));
            if self.dialect.comments {
                events.push(self.raw(": ping"));
            }
        }
        for (index, (name, arguments)) in rule.tools.iter().enumerate() {
            self.tool(index, name, arguments, rule.chunk, &mut events);
        }
        let reason = match rule.tools.is_empty() || self.dialect.stop_with_tools {
            true => "stop",
            false => "tool_calls",
        };
        events.push(self.chunk(json!([{ "index": 0, "delta": {}, "finish_reason": reason }])));
        if self.dialect.usage {
            events.push(self.chunk(json!([])));
        }
        if !self.dialect.no_done {
            events.push(self.data("[DONE]"));
        }
        let delay = |i: usize| match i {
            i if i == first => rule.first_token,
            i if i > first => rule.token_delay,
            _ => Duration::ZERO,
        };
        events
            .into_iter()
            .enumerate()
            .map(|(i, event)| (delay(i), event))
            .collect()
    }

    fn tool(
        &self,
        index: usize,
        name: &str,
        arguments: &str,
        chunk: usize,
        events: &mut Vec<String>,
    ) {
        let call = |function: Value, first: bool| {
            let mut call = json!({ "function": function });
            if !self.dialect.no_index {
                call["index"] = index.into();
            }
            if first && !self.dialect.no_ids {
                call["id"] = format!("call_{}_{index}", self.nth).into();
                call["type"] = "function".into();
            }
            self.delta(json!({ "tool_calls": [call] }))
        };
        if self.dialect.whole_tools {
            return events.push(call(json!({ "name": name, "arguments": arguments }), true));
        }
        events.push(call(json!({ "name": name, "arguments": "" }), true));
        events.extend(
            pieces(arguments, chunk).map(|piece| call(json!({ "arguments": piece }), false)),
        );
    }

    fn delta(&self, mut delta: Value) -> String {
        if self.dialect.nulls {
            for key in ["content", "tool_calls", "role"] {
                if delta.get(key).is_none() {
                    delta[key] = Value::Null;
                }
            }
        }
        self.chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]))
    }

    fn chunk(&self, choices: Value) -> String {
        let mut chunk = json!({ "object": "chat.completion.chunk", "created": 0, "model": "stand-in", "choices": choices });
        if !self.dialect.no_ids {
            chunk["id"] = format!("chatcmpl-{}", self.nth).into();
        }
        if chunk["choices"] == json!([]) {
            chunk["usage"] =
                json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
        }
        self.data(&chunk.to_string())
    }

    fn data(&self, data: &str) -> String {
        self.raw(&format!(
            "data:{}{data}",
            if self.dialect.no_space { "" } else { " " }
        ))
    }

    fn raw(&self, line: &str) -> String {
        let end = if self.dialect.crlf { "\r\n" } else { "\n" };
        format!("{line}{end}{end}")
    }
}

/// Pieces of `size` characters.
fn pieces(text: &str, size: usize) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters
        .chunks(size)
        .map(|piece| piece.iter().collect())
        .collect();
    pieces.into_iter()
}
