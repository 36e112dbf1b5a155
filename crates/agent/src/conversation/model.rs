//! Talking with a language model: streamed answers, tools, and everything that a model gets wrong.
//!
//! ```text
//!  words ──► asked ──first token──► answering ──done──► tool? ──yes──► go / end
//!              │                        │                 │ unknown target: told so, asked again (3 steps)
//!              │ fault, no token,       │ fault, stall:   │ none, but "I'm transferring you": told so once,
//!              │ nothing in it          │ what was said   │   then the operator
//!              ▼                        ▼ stands          ▼ none
//!          templates at once         listening         listening     (tools of the dialplan: `tools`)
//!              │ three faults in a row, or an agent without templates
//!              ▼
//!          on_provider_down
//! ```

mod act;
mod claims;
mod prompt;
mod speech;

use super::{Conversation, Output, playout::Kind, turns::Unanswered};
use serde::{Deserialize, Serialize};
use speech::{next_sentence, speakable};
use std::time::Duration;
use tandem_types::{
    CallId, Mono, Now, RequestId,
    context::Speaker,
    provider::{ChatMessage, ProviderCommand, ProviderFault, ToolCall},
};

/// The first token must have come by then: with the end of speech before it, under 3 s of wait.
const FIRST_TOKEN: Duration = Duration::from_millis(2500);

/// Between tokens, and for the whole answer.
const STALL: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(15);

/// The provider reports its own time-outs; ours come after, for one that does not.
const GRACE: Duration = Duration::from_millis(250);

/// Letters of one answer; nobody listens for longer.
const LONGEST: usize = 1500;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Chat {
    pub(super) request: RequestId,
    /// The caller's words that it answers, for the templates if it fails.
    pub(super) words: Vec<Unanswered>,
    since: Mono,
    by: Mono,
    end: Mono,
    reply: Option<u32>,
    /// Text that is no whole sentence yet.
    buffer: String,
    text: String,
    tools: Vec<ToolCall>,
    /// What was said between us and the model since the caller's words.
    extra: Vec<ChatMessage>,
    steps: u8,
    /// It was told to act on its own words; what it says now is not for the caller.
    nudged: bool,
    /// The caller has heard, or will hear, something of this answer.
    pub(super) spoke: bool,
    /// It waits for tools; nothing is asked of the model.
    #[serde(default)]
    pub(super) waits: bool,
    /// What tools have answered, until the model is told.
    #[serde(default)]
    pub(super) results: Vec<(ToolCall, String)>,
    /// Rounds of tools so far.
    #[serde(default)]
    pub(super) rounds: u8,
    /// What acts have come to.
    #[serde(default)]
    pub(super) came: Option<super::tools::Came>,
    /// It was told that what it said was done is not.
    #[serde(default)]
    pub(super) corrected: bool,
    /// The conversation is over once the model has said so.
    #[serde(default)]
    pub(super) last: bool,
}

impl Chat {
    /// One that was asked nothing yet.
    pub(super) fn new(call: CallId, since: Now, words: Vec<Unanswered>) -> Self {
        Self {
            request: RequestId { call, index: 0 },
            words,
            since: since.mono,
            by: since.mono,
            end: since.mono,
            reply: None,
            buffer: String::new(),
            text: String::new(),
            tools: Vec::new(),
            extra: Vec::new(),
            steps: 0,
            nudged: false,
            spoke: false,
            waits: false,
            results: Vec::new(),
            rounds: 0,
            came: None,
            corrected: false,
            last: false,
        }
    }
    pub(super) fn spoke(&self) -> bool {
        self.spoke
    }
    pub(super) fn since(&self) -> Mono {
        self.since
    }
    pub(super) fn deadline(&self) -> Mono {
        self.by.min(self.end)
    }
}

impl Conversation {
    /// Asks the model of the agent in charge for an answer to the caller's words.
    pub(super) fn ask_model(&mut self, now: Now, words: Vec<Unanswered>) {
        let since = self.ears.waiting_since.unwrap_or(now.mono);
        self.chat = Some(Chat {
            since,
            ..Chat::new(self.call, now, words)
        });
        self.send_chat(now);
    }

    /// The first answer of an agent that was just handed the caller.
    pub(super) fn open_with_model(&mut self, now: Now, greeting: &str) {
        let said = self
            .memory
            .turns
            .iter()
            .rev()
            .find(|t| t.speaker == Speaker::Caller);
        let words = said.map(|t| Unanswered {
            turn: t.id.clone(),
            text: t.text.clone(),
            by_keys: false,
            learnt: false,
        });
        if let Some(words) = words {
            self.ask_model(now, vec![words]);
            // Said already, and not to be said again.
            let note =
                format!("You have just said to the caller: \"{greeting}\" Go on from there.");
            if let Some(Output::Provider(ProviderCommand::Chat { messages, .. })) =
                self.outputs.back_mut()
                && let Some(system) = messages.first_mut()
            {
                system.content.push_str(&format!("\n{note}"));
            }
        }
    }

    fn send_chat(&mut self, now: Now) {
        let spec = self.brain.spec(&self.agent);
        self.next_request += 1;
        let request = RequestId {
            call: self.call,
            index: self.next_request,
        };
        let mut messages = self.messages();
        let tools = self.tools();
        let Some(chat) = self.chat.as_mut() else {
            return;
        };
        chat.request = request;
        chat.by = now.mono + FIRST_TOKEN + GRACE;
        chat.end = now.mono + TOTAL + GRACE;
        messages.extend(chat.extra.iter().cloned());
        self.provider(ProviderCommand::Chat {
            request,
            profile: super::playout::profile_of(&spec),
            messages,
            tools,
            first_token: FIRST_TOKEN,
            total: TOTAL,
        });
    }

    fn is_current(&self, request: RequestId) -> bool {
        let asked = self.chat.as_ref().filter(|c| !c.waits);
        asked.is_some_and(|c| c.request == request)
    }

    pub(super) fn on_chat_text(&mut self, now: Now, request: RequestId, text: &str) {
        if !self.is_current(request) {
            return;
        }
        let mut sentences = Vec::new();
        let mut endless = false;
        if let Some(chat) = self.chat.as_mut() {
            chat.by = now.mono + STALL;
            chat.text.push_str(text);
            chat.buffer.push_str(text);
            while let Some(s) = next_sentence(&mut chat.buffer, false) {
                sentences.push(s);
            }
            endless = chat.text.len() > LONGEST;
        }
        for s in sentences {
            self.say_of_answer(now, &s);
        }
        if endless {
            self.provider(ProviderCommand::CancelChat { request });
            self.on_chat_done(now, request);
        }
    }

    pub(super) fn on_chat_tool(&mut self, now: Now, request: RequestId, call: ToolCall) {
        if self.is_current(request)
            && let Some(chat) = self.chat.as_mut()
        {
            chat.by = now.mono + STALL;
            // More calls than any answer needs are not kept.
            if chat.tools.len() < 8 {
                chat.tools.push(call);
            }
        }
    }

    /// A sentence as it comes, unless the caller is not meant to hear it.
    fn say_of_answer(&mut self, now: Now, sentence: &str) {
        let text = speakable(sentence);
        let Some(chat) = self.chat.as_ref().filter(|c| !c.nudged && !text.is_empty()) else {
            return;
        };
        let reply = match chat.reply {
            Some(reply) => reply,
            None => {
                let reply = self.open_reply();
                self.disclose_once(now, reply);
                reply
            }
        };
        self.say(now, reply, &text, Kind::Words, true);
        if let Some(chat) = self.chat.as_mut() {
            chat.reply = Some(reply);
            chat.spoke = true;
        }
    }

    pub(super) fn on_chat_done(&mut self, now: Now, request: RequestId) {
        if !self.is_current(request) {
            return;
        }
        let mut rest = Vec::new();
        if let Some(chat) = self.chat.as_mut() {
            while let Some(s) = next_sentence(&mut chat.buffer, true) {
                rest.push(s);
            }
        }
        for s in rest {
            self.say_of_answer(now, &s);
        }
        let Some(mut chat) = self.chat.take() else {
            return;
        };
        if let Some(reply) = chat.reply.take() {
            self.close_reply(now, reply);
        }
        if chat.tools.is_empty() && chat.text.trim().is_empty() && !chat.nudged {
            self.chat = Some(chat);
            return self.model_failed(now, ProviderFault::Malformed, false);
        }
        self.guards.model_faults = 0;
        self.act(now, chat);
    }

    pub(super) fn on_chat_failed(&mut self, now: Now, request: RequestId, fault: ProviderFault) {
        if self.is_current(request) {
            self.model_failed(now, fault, false);
        }
    }

    /// Stops a running answer. Words that nothing of it has answered wait for the next one.
    pub(super) fn drop_chat(&mut self) {
        let Some(chat) = self.chat.take() else {
            return;
        };
        if chat.waits {
            self.leave_tools();
        } else {
            self.provider(ProviderCommand::CancelChat {
                request: chat.request,
            });
        }
        if let Some(reply) = chat.reply {
            self.abandon_reply(reply);
        }
        if !chat.spoke {
            self.ears.unanswered.splice(0..0, chat.words);
        }
    }
}
