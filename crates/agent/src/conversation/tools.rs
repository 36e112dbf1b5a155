//! Tools that a model calls: each call checked, each act done once, and an answer to the caller whatever comes of it.
//!
//! ```text
//!  the model's call ──no such tool, arguments, authority──► refused: the model is told why, and asked again
//!        │
//!        ├─ the caller must say yes ─► asked ──no, other words, another agent──► lapsed: the model goes on
//!        │                               │ yes, key 1; the question was heard
//!        │                               ▼
//!        │      done already in this call: its answer again, nothing is sent
//!        ▼
//!    journaled ─► under way ──answer──► facts kept, the model is told ─► goes on talking
//!                   │  │ fault, no JSON, our own deadline ─► the model is told that it did not work
//!                   │  │                                     │ the model fails too: the templates say so
//!                   │  └ the caller speaks or is gone: a read is dropped; an act goes on, and what came of it is known
//!                   │    to whoever has the caller then
//!                   ▼
//!              filler, while nothing else is heard
//! ```
//!
//! Only a turn of the caller that is complete asks a model, so nothing is ever done for words that may still go on.

mod confirm;
mod running;

use super::{Conversation, model::Chat};
use crate::tool::{self, Args, cut};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use tandem_types::{
    Mono, Now, RequestId,
    canonical::hash_of,
    is_e164,
    provider::ToolCall,
    tool::{Confirm, Effect, HttpAsk, Tool},
};

/// Rounds of calls for one turn of the caller.
const ROUNDS: u8 = 3;

/// Letters of a key; half of a SHA-256 tells acts of one call apart.
const KEY: usize = 32;

/// A request under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Running {
    request: RequestId,
    tool: String,
    call: ToolCall,
    key: Option<String>,
    effect: Effect,
    since: Mono,
    by: Mono,
    /// The model waits for it.
    wanted: bool,
}

/// What tools have done in this call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tools {
    running: Vec<Running>,
    /// Acts that were done: their answers, by their keys.
    done: BTreeMap<String, String>,
    /// What tools have answered, for the turns that follow.
    answers: Vec<Answered>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answered {
    /// Nobody else is told: another agent may have no such tool.
    agent: String,
    /// The caller's turns when it came.
    turn: u32,
    text: String,
}

/// What acts have come to, for a model that cannot say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Came {
    Done,
    Failed,
    Unsure,
}

impl Came {
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::Done => "tool_done",
            Self::Failed => "tool_failed",
            Self::Unsure => "tool_unsure",
        }
    }
}

/// A call that may be made.
struct Ready {
    call: ToolCall,
    tool: Arc<Tool>,
    args: Args,
    ask: HttpAsk,
}

/// Why one may not.
struct Refused {
    wanted: String,
    rule: &'static str,
    told: String,
}

impl Conversation {
    pub(super) fn has_tool(&self, name: &str) -> bool {
        let listed = self.brain.spec(&self.agent).tools.iter().any(|t| t == name);
        listed && self.brain.rules().tools.contains_key(name)
    }

    /// The calls of one answer.
    pub(super) fn use_tools(&mut self, now: Now, mut chat: Chat, calls: Vec<ToolCall>) {
        let mut results = Vec::new();
        let mut ready: Vec<Ready> = Vec::new();
        for (n, mut call) in calls.into_iter().enumerate() {
            // Servers repeat their ids.
            call.id = format!("call_{}_{n}", chat.request.index);
            if !self.has_tool(&call.name) {
                let told = "not done: first see what the other tools answer, then call this again if it is still right";
                results.push((call, told.to_owned()));
                continue;
            }
            match self.ready(call.clone()) {
                Ok(r) if ready.iter().any(|o| o.ask == r.ask) => {
                    results.push((
                        call,
                        "refused: the same as another of these calls".to_owned(),
                    ));
                }
                Ok(_) if chat.rounds >= ROUNDS => {
                    let told = "refused: enough for one answer; tell the caller what you know";
                    results.push((call, told.to_owned()));
                }
                Ok(r) => ready.push(r),
                Err(refused) => {
                    self.refused(&refused.wanted, refused.rule);
                    results.push((call, refused.told));
                }
            }
        }
        if ready.is_empty() {
            return self.answer_tools(now, chat, results);
        }
        // The others may be called again once the caller has answered.
        let asks = |r: &Ready| r.tool.confirm != Confirm::No && !self.is_done(&r.ask);
        if let Some(at) = ready.iter().position(asks) {
            let ready = ready.swap_remove(at);
            self.note_model(&chat, None);
            return self.ask_to_act(now, ready);
        }
        chat.results = results;
        self.start_all(now, chat, ready);
    }

    /// Checks a call, and makes the request of it.
    fn ready(&self, call: ToolCall) -> Result<Ready, Refused> {
        let spec = self.brain.spec(&self.agent);
        let wanted = || cut(&format!("{} {}", call.name, call.arguments), 200);
        let refused = |rule, told| Refused {
            wanted: wanted(),
            rule,
            told,
        };
        let Some(tool) = self.brain.rules().tools.get(&call.name).cloned() else {
            let told = "refused: there is no such tool".to_owned();
            return Err(refused("not among the tools of this agent", told));
        };
        let args = tool::arguments(&tool, &spec, self.brain.patterns(), &call.arguments).map_err(
            |wrong| match wrong.beyond {
                true => refused("beyond the authority of this agent", wrong.told),
                false => refused("arguments that the tool does not take", wrong.told),
            },
        )?;
        let known = |name: &str| self.known_of_call(name);
        let (url, body) = tool::request(&tool, &args, &known)
            .map_err(|gap| refused("arguments that the tool does not take", gap.told()))?;
        let same = serde_json::json!({ "call": self.call.to_string(), "tool": tool.name, "arguments": args });
        let key = hash_of(&same).get(..KEY).map(str::to_owned);
        let ask = HttpAsk {
            endpoint: tool.endpoint.clone(),
            method: tool.method,
            url,
            body,
            key: key.filter(|_| tool.effect.acts()),
            timeout: tool.timeout,
        };
        Ok(Ready {
            call,
            tool,
            args,
            ask,
        })
    }

    /// What a template may hold besides arguments.
    fn known_of_call(&self, name: &str) -> Option<String> {
        let number = &self.memory.caller_number;
        match name {
            "from_e164" => Some(number.clone()).filter(|n| is_e164(n)),
            "call" => Some(self.call.to_string()),
            "agent" => Some(self.agent.clone()),
            "language" => Some(self.memory.language.clone()),
            "caller_name" => self.memory.name(),
            fact => self.memory.value(fact).map(str::to_owned),
        }
    }

    /// Something was done for this caller, in this call.
    pub(super) fn has_acted(&self) -> bool {
        !self.tools.done.is_empty()
    }

    /// A tool has told something.
    pub(super) fn has_looked_up(&self) -> bool {
        !self.tools.answers.is_empty()
    }

    fn is_done(&self, ask: &HttpAsk) -> bool {
        let key = ask.key.as_ref();
        key.is_some_and(|k| self.tools.done.contains_key(k))
    }
}
