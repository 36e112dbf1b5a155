//! What a call asks of speech and language providers, and their answers. A request is answered
//! exactly once with an end (`Transcribed`, `ChatDone`, `ChatFailed`, `Fetched`), or not at all after its cancel.

use crate::{
    LegId, RequestId, SegmentId,
    tool::{HttpAnswer, HttpAsk},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// A fault, and whose it is: always the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderFault {
    /// Nothing is configured for this.
    NotConfigured,
    /// The library, model or program is not on this machine.
    NotInstalled,
    /// Refused, unreachable, reset, no DNS.
    Unreachable,
    /// No answer within the limit.
    TimedOut,
    /// 401, 403.
    Unauthorized,
    /// 429.
    RateLimited,
    /// Any other 4xx or 5xx.
    Status(u16),
    /// The answer was no answer: HTML, broken JSON, cut in mid-stream, empty, endless.
    Malformed,
    /// The answer is longer than anybody needs.
    TooLarge,
    /// Our own queue for it is full.
    Overloaded,
    /// The circuit breaker is open: it failed a moment ago.
    Open,
}

/// What the recogniser should expect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hints {
    /// Phrases in lower case that a caller may say here, for a recogniser in grammar mode; the dialplan's
    /// examples, yes/no, the menu's words.
    pub phrases: Arc<Vec<String>>,
    /// BCP 47.
    pub language: String,
}

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The words; empty when nothing was understood.
    pub text: String,
    /// 0 to 1000; what the recogniser believes. 1000 where it does not say.
    pub confidence: u16,
    /// The recogniser holds that this fits nothing it was told to expect.
    pub rejected: bool,
}

/// Who said a message of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The caller.
    User,
    /// The agent.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
    /// On an assistant's message: the tools it called.
    pub tool_calls: Vec<ToolCall>,
    /// On a tool's message: the call it answers.
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    /// A plain message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of its arguments, as JSON text.
    pub parameters: String,
}

/// A tool call by the model: untrusted input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The model's id for it; made up by us where a server leaves it out.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// JSON text of the arguments, perhaps malformed.
    pub arguments: String,
}

/// Asked of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ProviderCommand {
    /// Turn a kept segment into words; its sound is dropped afterwards.
    Transcribe {
        /// The segment.
        segment: SegmentId,
        /// The provider profile.
        profile: String,
        /// What to expect.
        hints: Hints,
    },
    /// Drop a kept segment.
    Discard {
        /// The segment.
        segment: SegmentId,
    },
    /// Ask a language model; the answer is streamed.
    Chat {
        /// Chosen by the asker.
        request: RequestId,
        /// The provider profile.
        profile: String,
        /// The conversation.
        messages: Vec<ChatMessage>,
        /// What it may call.
        tools: Vec<ToolSpec>,
        /// Give up when the first token has not come by then.
        first_token: Duration,
        /// Give up altogether.
        total: Duration,
    },
    /// Stop a running request; nothing more of it arrives.
    CancelChat {
        /// The request.
        request: RequestId,
    },
    /// Ask a tool over HTTP.
    Fetch {
        /// Chosen by the asker; no chat's.
        request: RequestId,
        /// What.
        ask: Box<HttpAsk>,
    },
    /// Nobody waits for the answer any more.
    CancelFetch {
        /// The request.
        request: RequestId,
    },
    /// The leg is gone: drop whatever is kept of it. What a tool does goes on where it has a key.
    Forget {
        /// The leg.
        leg: LegId,
    },
}

/// Answered by a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProviderEvent {
    /// The end of `Transcribe`.
    Transcribed {
        /// The segment.
        segment: SegmentId,
        /// What was heard, or why not.
        result: Result<Transcript, ProviderFault>,
    },
    /// Some more words of an answer.
    ChatText {
        /// The request.
        request: RequestId,
        /// The words.
        text: String,
    },
    /// A whole tool call, its arguments complete.
    ChatTool {
        /// The request.
        request: RequestId,
        /// The call.
        call: ToolCall,
    },
    /// The answer is complete.
    ChatDone {
        /// The request.
        request: RequestId,
    },
    /// The answer will not come, or breaks off here.
    ChatFailed {
        /// The request.
        request: RequestId,
        /// Why.
        fault: ProviderFault,
    },
    /// The end of `Fetch`.
    Fetched {
        /// The request.
        request: RequestId,
        /// What was answered, or why nothing of use was.
        result: Result<HttpAnswer, ProviderFault>,
    },
}

impl ProviderFault {
    /// For metrics and for the record: `timed_out`, `status_500`.
    pub fn label(self) -> String {
        let name = match self {
            Self::NotConfigured => "not_configured",
            Self::NotInstalled => "not_installed",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Status(status) => return format!("status_{status}"),
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Overloaded => "overloaded",
            Self::Open => "open",
        };
        name.to_owned()
    }
}
