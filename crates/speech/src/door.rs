//! The three doors. The world is open here, so these are traits; everything behind them is ours.

use futures_util::{future::BoxFuture, stream::BoxStream};
use std::{fmt, sync::Arc, time::Duration};
use tandem_types::provider::{ChatMessage, Hints, ProviderFault, ToolCall, ToolSpec, Transcript};

/// Samples in a second, everywhere in this crate's interface.
pub const SAMPLE_RATE: u32 = 8_000;

/// The longest chunk of a [`PcmStream`], in samples: 200 ms.
pub const MAX_CHUNK: usize = SAMPLE_RATE as usize / 5;

/// One answer, later. Dropping it ends the request.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, ProviderFault>>;

/// Parts of a chat's answer: any number of `Text` and `Tool`, then exactly one `Done` or one fault,
/// then the stream's end. Dropping it ends the request.
pub type ChatStream = BoxStream<'static, Result<ChatPart, ProviderFault>>;

/// Sound, 8 kHz mono, in chunks of 1 to [`MAX_CHUNK`] samples, then the stream's end; a fault is the
/// last item. Dropping it ends the request.
pub type PcmStream = BoxStream<'static, Result<Vec<i16>, ProviderFault>>;

/// Sound to words.
pub trait Stt: Send + Sync {
    /// Transcribes one whole utterance (8 kHz mono). Silence and noise are an empty text, never a fault.
    fn transcribe<'a>(&'a self, pcm: Arc<[i16]>, hints: &'a Hints) -> Answer<'a, Transcript>;
}

/// A language model.
pub trait Llm: Send + Sync {
    /// Starts a chat; nothing happens before the stream is polled.
    fn chat(&self, request: ChatRequest) -> ChatStream;
}

/// Words to sound.
pub trait Tts: Send + Sync {
    /// Starts to speak; nothing happens before the stream is polled.
    fn speak(&self, line: Line) -> PcmStream;
}

/// What is asked of a model. `Debug` shows sizes only: the messages are a caller's.
#[derive(Clone)]
pub struct ChatRequest {
    /// The conversation.
    pub messages: Vec<ChatMessage>,
    /// What it may call.
    pub tools: Vec<ToolSpec>,
    /// `TimedOut` when no text and no tool call has come by then.
    pub first_token: Duration,
    /// `TimedOut` when the answer is not complete by then.
    pub total: Duration,
}

impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatRequest")
            .field("messages", &self.messages.len())
            .field("tools", &self.tools.len())
            .field("first_token", &self.first_token)
            .field("total", &self.total)
            .finish()
    }
}

/// A part of a model's answer.
#[derive(Clone, PartialEq, Eq)]
pub enum ChatPart {
    /// Some more words, as they came.
    Text(String),
    /// A whole tool call, its arguments complete (they may still be malformed JSON).
    Tool(ToolCall),
    /// The answer is complete.
    Done,
}

impl fmt::Debug for ChatPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Tool(call) => write!(f, "Tool({}, {} bytes)", call.name, call.arguments.len()),
            Self::Done => f.write_str("Done"),
        }
    }
}

/// One thing to say. `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// What is said. Empty: no sound, no fault.
    pub text: String,
    /// Whose voice, by a name that the engine understands; an unknown or empty one is the engine's
    /// (or the profile's) own.
    pub voice: String,
    /// BCP 47; empty is `en`.
    pub language: String,
    /// A prompt of the configuration, which the cache may write to the disk.
    pub(crate) keep: bool,
}

impl Line {
    /// A line to say in a call: its sound never reaches the disk.
    pub fn new(
        text: impl Into<String>,
        voice: impl Into<String>,
        language: impl Into<String>,
    ) -> Self {
        Self {
            text: text.into(),
            voice: voice.into(),
            language: language.into(),
            keep: false,
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("bytes", &self.text.len())
            .field("voice", &self.voice)
            .field("language", &self.language)
            .finish()
    }
}
