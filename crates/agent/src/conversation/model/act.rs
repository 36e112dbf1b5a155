//! What an answer asks for, and what happens when there is none.

use super::{
    Chat,
    claims::{claims_act, claims_transfer},
    prompt::Tool,
    speech::says_goodbye,
};
use crate::conversation::{Conversation, triage::Asked};
use tandem_types::{
    Now,
    agent::Target,
    context::HandoffReason,
    journal::What,
    provider::{ChatMessage, ProviderCommand, ProviderFault, Role, ToolCall},
};

/// Follow-ups to one turn of the caller.
const STEPS: u8 = 3;

/// Faults in a row before the model is held to be down.
const DOWN: u8 = 3;

impl Conversation {
    /// What the answer asks for, checked against what this agent may do.
    pub(super) fn act(&mut self, now: Now, mut chat: Chat) {
        let calls = std::mem::take(&mut chat.tools);
        if !chat.nudged && calls.iter().any(|c| self.has_tool(&c.name)) {
            return self.use_tools(now, chat, calls);
        }
        let mut results = Vec::new();
        for call in &calls {
            match self.read_tool(call) {
                Ok(Tool::Transfer { target, reason }) => {
                    let name = target.0.strip_prefix("agent:").unwrap_or_default();
                    if self.is_ping_pong(name) {
                        self.refused(
                            &target.0,
                            "no handoff back without a new word of the caller",
                        );
                        results.push((
                            call.clone(),
                            "refused: the caller has said nothing new; help them yourself"
                                .to_owned(),
                        ));
                        continue;
                    }
                    self.note_model(&chat, Some(&target));
                    let told = chat.spoke || chat.nudged;
                    return self.go(now, &target, HandoffReason::Model, &reason, !told);
                }
                // It promised a transfer; hanging up is no way to keep that.
                Ok(Tool::EndCall) if chat.nudged => {}
                Ok(Tool::EndCall) if chat.spoke && says_goodbye(&chat.text) => {
                    self.note_model(&chat, None);
                    return self.end_after_words(now);
                }
                Ok(Tool::EndCall) => {
                    self.note_model(&chat, None);
                    return self.end(now);
                }
                Err(refusal) => {
                    self.refused(&refusal.wanted, "not among the targets of this agent");
                    results.push((call.clone(), refusal.told));
                }
            }
        }
        if !results.is_empty() {
            return self.answer_tools(now, chat, results);
        }
        if chat.nudged || claims_transfer(&chat.text) {
            return self.make_it_act(now, chat);
        }
        if let Some(claim) =
            claims_act(&chat.text, self.has_looked_up()).filter(|_| !self.has_acted())
        {
            let claim = claim.to_owned();
            return self.make_it_correct_itself(now, chat, &claim);
        }
        self.note_model(&chat, None);
        if chat.last {
            self.end_after_words(now);
        }
    }

    /// What the caller's words were taken for, by the model.
    pub(in crate::conversation) fn note_model(&mut self, chat: &Chat, target: Option<&Target>) {
        let Some(turn) = chat.words.last().map(|w| w.turn.clone()) else {
            return;
        };
        let routes = &self.brain.spec(&self.agent).routes;
        let intent = target
            .and_then(|t| routes.iter().find(|r| r.1 == t))
            .map(|r| r.0.clone());
        self.understood(&turn, intent.as_deref(), 0, "model");
    }

    /// Tells the model why its calls were refused, and asks again.
    pub(in crate::conversation) fn answer_tools(
        &mut self,
        now: Now,
        mut chat: Chat,
        results: Vec<(ToolCall, String)>,
    ) {
        chat.steps += 1;
        if chat.steps >= STEPS {
            if let Some(came) = chat.came.filter(|_| !chat.spoke) {
                self.say_what_came(now, came);
            } else if !chat.spoke {
                let words = std::mem::take(&mut chat.words);
                let guess = Default::default();
                self.by_template(now, &words, guess);
            }
            return;
        }
        chat.results = results;
        self.tell_results(now, chat);
    }

    /// The model is told what came of its calls, and asked how to go on.
    pub(in crate::conversation) fn tell_results(&mut self, now: Now, mut chat: Chat) {
        let results = std::mem::take(&mut chat.results);
        chat.waits = false;
        let mut message = ChatMessage::new(Role::Assistant, std::mem::take(&mut chat.text));
        message.tool_calls = results.iter().map(|r| r.0.clone()).collect();
        chat.extra.push(message);
        for (call, told) in results {
            let mut result = ChatMessage::new(Role::Tool, told);
            result.tool_call_id = Some(call.id);
            chat.extra.push(result);
        }
        self.ask_again(now, chat);
    }

    /// It said that it transfers the caller and did nothing: told so once, then the operator has them.
    fn make_it_act(&mut self, now: Now, mut chat: Chat) {
        if chat.nudged {
            self.refused(
                "a transfer that was announced and never made",
                "what is said is done",
            );
            self.note_model(&chat, None);
            return self.escalate(now, HandoffReason::Policy, "the model announced a transfer");
        }
        chat.nudged = true;
        self.admonish(now, chat, "You told the caller that you transfer them, but you did not call transfer_to. Call it now, with one of its targets. Say nothing.");
    }

    /// It said that something was done, and no tool of this call has done anything: it does it now, or takes it back, once; then it
    /// is taken back for it.
    fn make_it_correct_itself(&mut self, now: Now, mut chat: Chat, claim: &str) {
        self.refused(claim, "what is said is done");
        if chat.corrected {
            self.note_model(&chat, None);
            return self.take_back(now);
        }
        chat.corrected = true;
        chat.spoke = false;
        self.admonish(now, chat, "You told the caller that something was done, and no tool has done it. If it is right and you have a tool for it, call it now. Otherwise tell the caller in one sentence that it has not been done.");
    }

    /// What it said stands, and this is said of it: asked again.
    fn admonish(&mut self, now: Now, mut chat: Chat, told: &str) {
        let said = std::mem::take(&mut chat.text);
        chat.extra.push(ChatMessage::new(Role::Assistant, said));
        chat.extra.push(ChatMessage::new(Role::System, told));
        self.ask_again(now, chat);
    }

    /// In our own words.
    fn take_back(&mut self, now: Now) {
        let text = self.phrase(now, "not_done", &[]);
        let more = self.phrase(now, "anything_else", &[]);
        self.reply(now, &format!("{text} {more}"));
        self.asked = Some(Asked::AnythingElse);
    }

    fn ask_again(&mut self, now: Now, mut chat: Chat) {
        chat.buffer.clear();
        chat.text.clear();
        self.chat = Some(chat);
        self.send_chat(now);
    }

    /// A fault, or nothing for too long: the templates answer in the same step.
    pub(in crate::conversation) fn model_failed(
        &mut self,
        now: Now,
        fault: ProviderFault,
        cancel: bool,
    ) {
        let Some(mut chat) = self.chat.take() else {
            return;
        };
        if cancel {
            self.provider(ProviderCommand::CancelChat {
                request: chat.request,
            });
        }
        self.guards.model_faults = self.guards.model_faults.saturating_add(1);
        let spec = self.brain.spec(&self.agent);
        let no_templates =
            spec.intents.is_empty() && spec.answers.is_empty() && spec.routes.is_empty();
        let down = self.guards.model_faults >= DOWN || (no_templates && !chat.spoke);
        let came = chat.came.filter(|_| !chat.spoke);
        let instead = match (chat.nudged, down, chat.spoke) {
            (true, _, _) => "operator",
            (_, true, _) => "on_provider_down",
            (_, _, true) => "what was said",
            (_, _, false) if came.is_some() => "what came of it",
            (_, _, false) if chat.corrected => "it was taken back",
            (_, _, false) => "templates",
        };
        self.journal(What::ProviderFailed {
            door: "llm".to_owned(),
            fault,
            instead: instead.to_owned(),
        });
        if let Some(reply) = chat.reply.take() {
            self.close_reply(now, reply);
        }
        if !chat.tools.is_empty() {
            // A whole call had come before the fault.
            return self.act(now, chat);
        }
        if let Some(came) = came {
            // Whatever follows: what was done, or was not, they must hear.
            self.say_what_came(now, came);
            if chat.last {
                return self.end(now);
            }
        }
        if came.is_none() && chat.corrected && !chat.spoke {
            self.take_back(now);
        }
        match instead {
            "operator" => self.escalate(
                now,
                HandoffReason::ProviderOutage,
                "the model announced a transfer",
            ),
            "on_provider_down" => self.providers_down(now, "the language model is down"),
            "templates" => {
                let text = chat
                    .words
                    .iter()
                    .map(|w| w.text.as_str())
                    .collect::<Vec<_>>()
                    .join(" ");
                let guess = self
                    .brain
                    .model(&self.agent)
                    .map(|m| m.classify(&text))
                    .unwrap_or_default();
                self.by_template(now, &chat.words, guess);
            }
            _ => {}
        }
        self.ears.waiting_since = None;
    }
}
