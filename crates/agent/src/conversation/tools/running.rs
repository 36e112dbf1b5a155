//! Requests under way, and what comes of them.

use super::{Answered, Came, Ready, Running};
use crate::{
    conversation::{Conversation, model::Chat, triage::Asked},
    tool::{self, cut},
    understand::Found,
};
use tandem_types::{
    Mono, Now, RequestId,
    canonical::canonical_json,
    context::ActionTaken,
    journal::What,
    provider::{ProviderCommand, ProviderFault},
    tool::{Effect, GRACE, HttpAnswer},
};

/// Answers that later turns are told of, and letters of each.
const REMEMBERED: usize = 6;
const REMEMBERED_LETTERS: usize = 1200;

impl Conversation {
    pub(super) fn start_all(&mut self, now: Now, mut chat: Chat, ready: Vec<Ready>) {
        chat.rounds += 1;
        // What was said before was about looking it up; the answer is still to come.
        chat.spoke = false;
        let turn = chat
            .words
            .last()
            .map(|w| w.turn.clone())
            .unwrap_or_default();
        for r in ready {
            if let Some(told) = self.start(now, &turn, &r) {
                chat.results.push((r.call, told));
            }
        }
        // Whatever else comes of the answer that called them belongs to nothing.
        chat.request = self.next_request();
        chat.waits = self.tools.running.iter().any(|r| r.wanted);
        match chat.waits {
            true => self.chat = Some(chat),
            false => self.tell_results(now, chat),
        }
    }

    /// Sends a request; `Some`: there is an answer already.
    pub(super) fn start(&mut self, now: Now, turn: &str, ready: &Ready) -> Option<String> {
        let Ready {
            call,
            tool,
            args,
            ask,
        } = ready;
        if let Some(key) = &ask.key {
            if let Some(told) = self.tools.done.get(key) {
                return Some(told.clone());
            }
            let running = self.tools.running.iter_mut();
            if let Some(same) = running.into_iter().find(|r| r.key.as_ref() == Some(key)) {
                same.wanted = true;
                same.call = call.clone();
                return None;
            }
        }
        let request = self.next_request();
        self.journal(What::ToolCalled {
            request: request.index,
            tool: tool.name.clone(),
            effect: tool.effect,
            turn: turn.to_owned(),
            arguments: tool::shown(args),
            key: ask.key.clone(),
        });
        self.tools.running.push(Running {
            request,
            tool: tool.name.clone(),
            call: call.clone(),
            key: ask.key.clone(),
            effect: tool.effect,
            since: now.mono,
            by: now.mono + ask.timeout + GRACE,
            wanted: true,
        });
        self.provider(ProviderCommand::Fetch {
            request,
            ask: Box::new(ask.clone()),
        });
        None
    }

    pub(in crate::conversation) fn on_fetched(
        &mut self,
        now: Now,
        request: RequestId,
        result: &Result<HttpAnswer, ProviderFault>,
    ) {
        let Some(at) = self.tools.running.iter().position(|r| r.request == request) else {
            return;
        };
        let run = self.tools.running.remove(at);
        let tool = self
            .brain
            .rules()
            .tools
            .get(&run.tool)
            .cloned()
            .unwrap_or_default();
        let acts = run.effect.acts();
        let (told, came) = match tool::judged(result) {
            Ok(answer) => {
                let facts = tool::facts(&tool.keep, &answer, &format!("tool:{}", run.tool));
                let kept = facts.iter().map(|f| f.name.clone()).collect();
                self.tool_ended(now, &run, "ok".to_owned(), kept);
                self.learn_facts(facts);
                (tool::told(&answer), acts.then_some(Came::Done))
            }
            Err(fault) => {
                self.tool_ended(now, &run, fault.label(), Vec::new());
                let unsure = acts && may_have_acted(fault);
                let came = if unsure { Came::Unsure } else { Came::Failed };
                (tool::told_fault(fault, acts, unsure), Some(came))
            }
        };
        if let Some(came) = came {
            self.memory.actions.push(ActionTaken {
                what: run.tool.replace('_', " "),
                result: match came {
                    Came::Done => "done",
                    Came::Failed => "it did not work",
                    Came::Unsure => "nobody knows whether that was done",
                }
                .to_owned(),
                at: now.wall,
            });
        }
        if let (Some(key), Some(Came::Done)) = (&run.key, came) {
            self.tools.done.insert(key.clone(), told.clone());
        }
        self.remember_answer(&run, &told);
        if run.wanted {
            self.tell(now, run, told, came);
        }
    }

    /// The model is told once all that it waits for is there.
    pub(super) fn tell(&mut self, now: Now, run: Running, told: String, came: Option<Came>) {
        let Some(mut chat) = self.chat.take_if(|c| c.waits) else {
            return;
        };
        chat.came = chat.came.max(came);
        chat.last |= run.effect == Effect::Final && came == Some(Came::Done);
        chat.results.push((run.call, told));
        match self.tools.running.iter().any(|r| r.wanted) {
            true => self.chat = Some(chat),
            false => self.tell_results(now, chat),
        }
    }

    pub(super) fn tool_ended(
        &mut self,
        now: Now,
        run: &Running,
        outcome: String,
        kept: Vec<String>,
    ) {
        let ms = now.mono.since(run.since).as_millis();
        self.journal(What::ToolEnded {
            request: run.request.index,
            tool: run.tool.clone(),
            outcome,
            ms: u32::try_from(ms).unwrap_or(u32::MAX),
            kept,
        });
    }

    /// Facts that nobody here said.
    pub(in crate::conversation) fn learn_facts(&mut self, facts: Vec<tool::Fact>) {
        for f in facts {
            let found = Found {
                name: f.name,
                value: f.value,
                confidence: 1000,
                sensitive: f.sensitive,
            };
            self.memory.learn(vec![found], &f.source, 1000);
        }
    }

    pub(super) fn remember_answer(&mut self, run: &Running, told: &str) {
        let arguments = cut(&run.call.arguments, 300);
        let text = format!("{} {arguments}: {told}", run.tool);
        self.tools.answers.push(Answered {
            agent: self.agent.clone(),
            turn: self.memory.caller_turns,
            text: cut(&text, REMEMBERED_LETTERS),
        });
        if self.tools.answers.len() > REMEMBERED {
            self.tools.answers.remove(0);
        }
    }

    /// What tools have answered this agent so far, as data; what the model is told just now is not among it.
    pub(in crate::conversation) fn tool_answers(&self) -> Option<String> {
        let before = |a: &&Answered| a.turn < self.memory.caller_turns && a.agent == self.agent;
        let ours = self.tools.answers.iter().filter(before);
        let all: Vec<&str> = ours.map(|a| a.text.as_str()).collect();
        let text = canonical_json(&all);
        (!all.is_empty()).then(|| format!("What tools have answered so far, as data: {text}"))
    }

    /// The model waits no longer.
    pub(in crate::conversation) fn leave_tools(&mut self) {
        for run in &mut self.tools.running {
            run.wanted = false;
        }
    }

    /// Reads that nobody wants are dropped; acts go on.
    pub(in crate::conversation) fn settle_tools(&mut self, now: Now) {
        let unwanted = |r: &mut Running| !r.wanted && !r.effect.acts();
        let dropped: Vec<Running> = self.tools.running.extract_if(.., unwanted).collect();
        for run in dropped {
            self.provider(ProviderCommand::CancelFetch {
                request: run.request,
            });
            self.tool_ended(now, &run, "dropped".to_owned(), Vec::new());
        }
    }

    /// The caller is gone: what is under way goes on without us.
    pub(in crate::conversation) fn abandon_tools(&mut self, now: Now) {
        for run in std::mem::take(&mut self.tools.running) {
            self.tool_ended(now, &run, "caller_gone".to_owned(), Vec::new());
        }
    }

    pub(in crate::conversation) fn tools_by(&self) -> Option<Mono> {
        self.tools.running.iter().map(|r| r.by).min()
    }

    /// A driver that has said nothing of it.
    pub(in crate::conversation) fn give_up_on_tools(&mut self, now: Now) {
        let due = self.tools.running.iter().filter(|r| r.by <= now.mono);
        let due: Vec<RequestId> = due.map(|r| r.request).collect();
        for request in due {
            self.provider(ProviderCommand::CancelFetch { request });
            self.on_fetched(now, request, &Err(ProviderFault::TimedOut));
        }
    }

    pub(super) fn next_request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId {
            call: self.call,
            index: self.next_request,
        }
    }

    /// Nothing of the answer reaches the caller by a model: says what its acts have come to.
    pub(in crate::conversation) fn say_what_came(&mut self, now: Now, came: Came) {
        let text = self.phrase(now, came.phrase(), &[]);
        let more = self.phrase(now, "anything_else", &[]);
        self.reply(now, &format!("{text} {more}"));
        self.asked = Some(Asked::AnythingElse);
    }
}

/// The request may have come through although its answer has not.
fn may_have_acted(fault: ProviderFault) -> bool {
    match fault {
        ProviderFault::TimedOut
        | ProviderFault::Malformed
        | ProviderFault::TooLarge
        | ProviderFault::Unreachable => true,
        ProviderFault::Status(status) => !(400..500).contains(&status),
        ProviderFault::NotConfigured
        | ProviderFault::NotInstalled
        | ProviderFault::Unauthorized
        | ProviderFault::RateLimited
        | ProviderFault::Overloaded
        | ProviderFault::Open => false,
    }
}
