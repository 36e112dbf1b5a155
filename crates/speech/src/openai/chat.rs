//! `POST /chat/completions`, streamed.

use super::{
    delta::Assembly,
    http::{OpenAi, send},
    sse::Events,
};
use crate::door::{ChatPart, ChatRequest, ChatStream, Llm};
use crate::produce::{Sink, produce};
use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls,
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionTool, ChatCompletionTools,
    CreateChatCompletionRequest, FunctionCall, FunctionObject,
};
use futures_util::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use std::time::Duration;
use tandem_types::provider::{ChatMessage, ProviderFault, Role, ToolSpec};
use tokio::time::timeout;

/// No answer, with all its JSON around the words, is longer.
const MAX_BODY: usize = 4 << 20;

impl Llm for OpenAi {
    fn chat(&self, request: ChatRequest) -> ChatStream {
        let ChatRequest {
            first_token, total, ..
        } = request;
        let post = self
            .post(&["chat", "completions"])
            .header(ACCEPT, "text/event-stream")
            .json(&body(&self.model, request));
        let stall = self.limits.chat_stall;
        produce(move |sink| async move {
            let answer = run(post, first_token, stall, sink);
            timeout(total, answer)
                .await
                .unwrap_or(Err(ProviderFault::TimedOut))
        })
    }
}

async fn run(
    post: reqwest::RequestBuilder,
    first_token: Duration,
    stall: Duration,
    sink: Sink<ChatPart>,
) -> Result<(), ProviderFault> {
    let mut answer = Answer::default();
    // Until there is something to say, all steps together have the first token's time.
    let begin = async {
        answer.begin(post).await?;
        answer.next().await
    };
    let mut parts = timeout(first_token, begin)
        .await
        .map_err(|_| ProviderFault::TimedOut)??;
    loop {
        for part in parts {
            let done = part == ChatPart::Done;
            sink.send(part).await;
            if done {
                return Ok(());
            }
        }
        parts = timeout(stall, answer.next())
            .await
            .map_err(|_| ProviderFault::TimedOut)??;
    }
}

/// An answer as it comes in.
#[derive(Default)]
struct Answer {
    bytes: Option<futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>>,
    /// The server answered with plain JSON although a stream was asked for: all of it.
    whole: Option<Vec<u8>>,
    events: Events,
    assembly: Assembly,
    size: usize,
}

impl Answer {
    async fn begin(&mut self, post: reqwest::RequestBuilder) -> Result<(), ProviderFault> {
        let response = send(post).await?;
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let kind = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => self.whole = Some(Vec::new()),
            "text/html" => return Err(ProviderFault::Malformed),
            // Some servers stream under `text/plain` or no type at all: the events will tell.
            _ => {}
        }
        self.bytes = Some(response.bytes_stream().boxed());
        Ok(())
    }

    /// The next parts, at least one.
    async fn next(&mut self) -> Result<Vec<ChatPart>, ProviderFault> {
        let (mut parts, mut events) = (Vec::new(), Vec::new());
        while parts.is_empty() {
            let bytes = self.bytes.as_mut().ok_or(ProviderFault::Malformed)?;
            match bytes.next().await {
                Some(chunk) => {
                    let chunk = chunk.map_err(|_| ProviderFault::Malformed)?;
                    self.size += chunk.len();
                    if self.size > MAX_BODY {
                        return Err(ProviderFault::Malformed);
                    }
                    match &mut self.whole {
                        Some(whole) => whole.extend_from_slice(&chunk),
                        None => self.events.take(&chunk, &mut events)?,
                    }
                }
                None => {
                    match &mut self.whole {
                        Some(whole) => {
                            let whole = String::from_utf8(std::mem::take(whole));
                            events.push(whole.map_err(|_| ProviderFault::Malformed)?);
                        }
                        None => self.events.end(&mut events)?,
                    }
                    self.parts(&mut events, &mut parts)?;
                    self.assembly.end(&mut parts)?;
                    return Ok(parts);
                }
            }
            self.parts(&mut events, &mut parts)?;
        }
        Ok(parts)
    }

    fn parts(
        &mut self,
        events: &mut Vec<String>,
        parts: &mut Vec<ChatPart>,
    ) -> Result<(), ProviderFault> {
        for event in events.drain(..) {
            if self.assembly.is_done() {
                break;
            }
            self.assembly.event(&event, parts)?;
        }
        Ok(())
    }
}

/// The request. `parallel_tool_calls` and `stream_options` are left out: nothing here needs them, and
/// some servers refuse what they do not know.
fn body(model: &str, request: ChatRequest) -> CreateChatCompletionRequest {
    let tools: Vec<_> = request.tools.into_iter().map(tool).collect();
    CreateChatCompletionRequest {
        model: model.to_owned(),
        messages: request.messages.into_iter().map(message).collect(),
        // An empty list is refused by OpenAI.
        tools: (!tools.is_empty()).then_some(tools),
        stream: Some(true),
        ..Default::default()
    }
}

fn tool(spec: ToolSpec) -> ChatCompletionTools {
    ChatCompletionTools::Function(ChatCompletionTool {
        function: FunctionObject {
            name: spec.name,
            description: Some(spec.description).filter(|text| !text.is_empty()),
            parameters: serde_json::from_str(&spec.parameters).ok(),
            strict: None,
        },
    })
}

fn message(message: ChatMessage) -> ChatCompletionRequestMessage {
    let ChatMessage {
        role,
        content,
        tool_calls,
        tool_call_id,
    } = message;
    match role {
        Role::System => ChatCompletionRequestSystemMessage {
            content: content.into(),
            name: None,
        }
        .into(),
        Role::User => ChatCompletionRequestUserMessage {
            content: content.into(),
            name: None,
        }
        .into(),
        Role::Assistant => {
            let calls: Vec<_> = tool_calls
                .into_iter()
                .map(|call| {
                    let function = FunctionCall {
                        name: call.name,
                        arguments: call.arguments,
                    };
                    ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall {
                        id: call.id,
                        function,
                    })
                })
                .collect();
            ChatCompletionRequestAssistantMessage {
                // Content may be left out beside tool calls only.
                content: (!content.is_empty() || calls.is_empty()).then(|| content.into()),
                tool_calls: (!calls.is_empty()).then_some(calls),
                ..Default::default()
            }
            .into()
        }
        Role::Tool => {
            let tool_call_id = tool_call_id.unwrap_or_default();
            ChatCompletionRequestToolMessage {
                content: content.into(),
                tool_call_id,
            }
            .into()
        }
    }
}
