//! What the stand-in says and hears.

use crate::{fault::Fault, log::Door};
use regex::Regex;
use serde_json::Value;
use std::time::Duration;

/// The whole script. Start from [`Script::default`].
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Asked in order; the first that matches answers.
    pub chat: Vec<ChatRule>,
    /// What is said when no rule matches. Empty: an answer with no words in it.
    pub otherwise: String,
    /// How its chat stream deviates from OpenAI's.
    pub dialect: Dialect,
    /// What it understands.
    pub hear: Hear,
    /// What it sounds like.
    pub speak: Speak,
    /// What tools answer; 404 where none fits.
    pub tools: Vec<ToolRule>,
    /// Door, which request to it (from 1; `None`: every one), and the fault. The first that fits counts.
    pub faults: Vec<(Door, Option<usize>, Fault)>,
}

impl Script {
    /// One more rule.
    #[must_use]
    pub fn rule(mut self, rule: ChatRule) -> Self {
        self.chat.push(rule);
        self
    }

    /// What a tool answers.
    #[must_use]
    pub fn tool(mut self, rule: ToolRule) -> Self {
        self.tools.push(rule);
        self
    }

    /// A sound that is mostly this frequency is heard as this text.
    #[must_use]
    pub fn tone(mut self, hz: f64, text: &str) -> Self {
        self.hear.tones.push((hz, text.to_owned()));
        self
    }

    /// Every request to the door fails so.
    #[must_use]
    pub fn fault(mut self, door: Door, fault: Fault) -> Self {
        self.faults.push((door, None, fault));
        self
    }

    /// The `nth` request to the door (from 1) fails so.
    #[must_use]
    pub fn fault_at(mut self, door: Door, nth: usize, fault: Fault) -> Self {
        self.faults.push((door, Some(nth), fault));
        self
    }

    pub(crate) fn fault_for(&self, door: Door, nth: usize) -> Option<Fault> {
        let fits =
            |(d, n, _): &&(Door, Option<usize>, Fault)| *d == door && n.is_none_or(|n| n == nth);
        self.faults.iter().find(fits).map(|(_, _, fault)| *fault)
    }
}

/// What a tool answers at a path.
#[derive(Clone, Debug)]
pub struct ToolRule {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) answer: Value,
    pub(crate) location: Option<String>,
    pub(crate) delay: Duration,
}

impl ToolRule {
    /// Where the path contains this: 200 and `null`.
    pub fn at(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            status: 200,
            answer: Value::Null,
            location: None,
            delay: Duration::ZERO,
        }
    }

    /// Answers this.
    #[must_use]
    pub fn answers(mut self, answer: Value) -> Self {
        self.answer = answer;
        self
    }

    /// With this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sends the client elsewhere.
    #[must_use]
    pub fn redirects(mut self, location: &str) -> Self {
        self.status = 302;
        self.location = Some(location.to_owned());
        self
    }

    /// After so long.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// One rule of a chat: all that it asks for must hold. Without [`ChatRule::after_tool`] it does not
/// match when the last message is a tool's result (a rule that calls a tool would call it for ever).
#[derive(Clone, Debug)]
pub struct ChatRule {
    user: Option<Match>,
    system: Option<String>,
    turn: Option<usize>,
    after_tool: Option<String>,
    pub(crate) text: String,
    pub(crate) tools: Vec<(String, String)>,
    pub(crate) first_token: Duration,
    pub(crate) token_delay: Duration,
    pub(crate) chunk: usize,
}

#[derive(Clone, Debug)]
enum Match {
    Contains(String),
    Regex(Regex),
}

impl ChatRule {
    /// Matches every request.
    pub fn always() -> Self {
        Self {
            user: None,
            system: None,
            turn: None,
            after_tool: None,
            text: String::new(),
            tools: Vec::new(),
            first_token: Duration::ZERO,
            token_delay: Duration::ZERO,
            chunk: 8,
        }
    }

    /// Matches when the last thing the user said contains this (in any case).
    pub fn on(part: &str) -> Self {
        Self {
            user: Some(Match::Contains(part.to_lowercase())),
            ..Self::always()
        }
    }

    /// Matches when the last thing the user said fits a regular expression.
    ///
    /// # Panics
    /// When it is not one: a script is part of a test.
    pub fn on_regex(expression: &str) -> Self {
        let regex = Regex::new(expression).unwrap_or_else(|error| panic!("script: {error}"));
        Self {
            user: Some(Match::Regex(regex)),
            ..Self::always()
        }
    }

    /// And a system message contains this.
    #[must_use]
    pub fn when_system_contains(mut self, part: &str) -> Self {
        self.system = Some(part.to_owned());
        self
    }

    /// And the user has spoken this often (from 1).
    #[must_use]
    pub fn at_turn(mut self, turn: usize) -> Self {
        self.turn = Some(turn);
        self
    }

    /// And the last message is a tool's result that contains this.
    #[must_use]
    pub fn after_tool(mut self, part: &str) -> Self {
        self.after_tool = Some(part.to_owned());
        self
    }

    /// Says this.
    #[must_use]
    pub fn says(mut self, text: &str) -> Self {
        self.text = text.to_owned();
        self
    }

    /// Calls a tool (after what it says).
    #[must_use]
    pub fn calls(self, tool: &str, arguments: &Value) -> Self {
        self.calls_raw(tool, &arguments.to_string())
    }

    /// Calls a tool with arguments that need not be JSON.
    #[must_use]
    pub fn calls_raw(mut self, tool: &str, arguments: &str) -> Self {
        self.tools.push((tool.to_owned(), arguments.to_owned()));
        self
    }

    /// Waits so long before the first token, and so long before each further one.
    #[must_use]
    pub fn paced(mut self, first_token: Duration, token_delay: Duration) -> Self {
        self.first_token = first_token;
        self.token_delay = token_delay;
        self
    }

    /// Characters in a piece of text or of a tool's arguments.
    #[must_use]
    pub fn in_chunks_of(mut self, characters: usize) -> Self {
        self.chunk = characters.max(1);
        self
    }

    /// Does it fit the request?
    pub(crate) fn fits(&self, request: &Value) -> bool {
        let none = Vec::new();
        let messages = request["messages"].as_array().unwrap_or(&none);
        let of = |role: &'static str| messages.iter().filter(move |m| m["role"] == role);
        let text = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
        let last_user = of("user").next_back().map(text).unwrap_or_default();
        let tool_result = messages.last().filter(|m| m["role"] == "tool").map(text);
        let user_fits = match &self.user {
            None => true,
            Some(Match::Contains(part)) => last_user.to_lowercase().contains(part),
            Some(Match::Regex(regex)) => regex.is_match(&last_user),
        };
        let tool_fits = match (&self.after_tool, &tool_result) {
            (None, result) => result.is_none(),
            (Some(part), Some(result)) => result.contains(part),
            (Some(_), None) => false,
        };
        user_fits
            && tool_fits
            && self
                .system
                .as_ref()
                .is_none_or(|part| of("system").any(|m| text(m).contains(part)))
            && self.turn.is_none_or(|turn| of("user").count() == turn)
    }
}

/// How servers that call themselves compatible deviate. All off: OpenAI's own shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// No `id` on chunks and tool calls.
    pub no_ids: bool,
    /// No `index` on tool calls.
    pub no_index: bool,
    /// A tool call comes whole in one delta.
    pub whole_tools: bool,
    /// `finish_reason` is `stop` although tools are called.
    pub stop_with_tools: bool,
    /// A last chunk with `usage` and empty `choices`.
    pub usage: bool,
    /// `data:` without the space.
    pub no_space: bool,
    /// CRLF line ends.
    pub crlf: bool,
    /// Comments between events (`: ping`).
    pub comments: bool,
    /// The stream ends without `[DONE]`.
    pub no_done: bool,
    /// `content: null` and `tool_calls: null` beside what there is.
    pub nulls: bool,
    /// Events are torn into pieces of this many bytes on the wire. 0: whole.
    pub torn: usize,
    /// Answers whole (JSON, no SSE) although a stream was asked for.
    pub never_streams: bool,
}

/// What the stand-in understands of a recording.
#[derive(Clone, Debug, Default)]
pub struct Hear {
    /// The strongest of these frequencies decides, if it holds a twentieth of the power.
    pub tones: Vec<(f64, String)>,
    /// Where no tone decides: the text of the nth recording; after the last, nothing is understood.
    pub in_order: Vec<String>,
    /// How long it takes.
    pub delay: Duration,
}

/// What the stand-in sounds like.
#[derive(Clone, Copy, Debug)]
pub struct Speak {
    /// The tone.
    pub hz: f64,
    /// Its length for each character of the text.
    pub ms_per_char: u32,
    /// Samples in a second.
    pub rate: u32,
    /// With a WAV header, as some servers send even where PCM was asked for.
    pub wav: bool,
    /// Before the first sound.
    pub first: Duration,
    /// Between pieces of 100 ms.
    pub pace: Duration,
}

impl Default for Speak {
    fn default() -> Self {
        Self {
            hz: 440.0,
            ms_per_char: 40,
            rate: 24_000,
            wav: false,
            first: Duration::ZERO,
            pace: Duration::ZERO,
        }
    }
}
