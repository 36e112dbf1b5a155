//! Questions that are answered by keys ([`tandem_dialplan::Ask`]), with no agent.
//!
//! ```text
//!   question --over--> waiting --time-out--> asked again, `retries` times --> otherwise
//!      |  key            | key                 ^                                  ^
//!      +-----------------+--> answer --wrong---+                                  |
//!                               |              ^ 404: nobody has that number      |
//!                               |--> looked up +--any other fault, no answer------+
//!                               v       v
//!                          first branch that holds, else `then` --nobody takes it--> otherwise
//! ```
//! What was answered is a fact of the call, for agents and people that have the caller later.

use super::{Call, Ctx, Purpose, Stage, background::Under};
use crate::api::Output;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_agent::{
    tool::{Fact, facts, is_secret, judged, lookup},
    understand,
};
use tandem_dialplan::{Ask, Destination, Typed};
use tandem_types::{
    LegId, Mono, Party, Reason, RequestId, Termination,
    canonical::canonical_json,
    journal::What,
    media::Lane,
    provider::{ProviderCommand, ProviderEvent, ProviderFault},
    tool::{Effect, GRACE, HttpAnswer},
};

/// Conversations count their requests from 1 on; these are out of their way.
const REQUESTS: u32 = 1 << 31;

/// In the words of a conversation: before its first turn, by the caller.
const BEFORE: &str = "t0";

/// A question is being put, or its answer looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asking {
    pub(super) name: String,
    tries: u32,
    typed: String,
    /// A key by then: the question is over, or an answer has begun.
    until: Option<Mono>,
    looking: Option<Looking>,
}

/// Another system is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Looking {
    request: RequestId,
    since: Mono,
    /// A driver that has said nothing by then says nothing.
    by: Mono,
    answer: String,
    /// The caller is being told that it takes a moment.
    speaks: bool,
    /// Where they go once that is said.
    then: Option<Destination>,
}

/// What asking has found out, over a whole call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// What callers keyed, and what others know of that.
    pub(crate) facts: Vec<Fact>,
    requests: u32,
    /// The key that would have ended an answer, which was whole without it: pressed by then, it means nothing.
    spare: Option<(char, Mono)>,
}

impl Looking {
    fn under_way(&self) -> (u32, Mono) {
        (self.request.index, self.since)
    }
}

impl Asking {
    /// Somebody speaks: no time-out of silence.
    pub(super) fn hold_silence(&mut self) {
        self.until = None;
    }

    /// No key of an answer was pressed yet.
    pub(super) fn is_empty(&self) -> bool {
        self.typed.is_empty()
    }

    /// Whether a key, or a number that is read out, counts now.
    pub(super) fn waits(&self) -> bool {
        self.looking.is_none()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        match &self.looking {
            Some(l) => l.then.is_none().then_some((l.by, "look-up of an answer")),
            None => self.until.map(|at| (at, "no answer to a question")),
        }
    }
}

impl Call {
    pub(super) fn enter_ask(&mut self, cx: &mut Ctx<'_>, name: String) {
        self.quiet_background(cx);
        self.stage = Stage::Asking(Asking {
            name,
            tries: 0,
            typed: String::new(),
            until: None,
            looking: None,
        });
        self.connect_all(cx);
        self.background(cx, self.caller, Some(Under::Comfort));
        let words = self.ask(cx).map(|(_, ask)| ask.prompt.clone());
        self.settle_words(cx);
        self.put(cx, words);
    }

    /// A number that was read out; false: it was none, or nobody waits for one.
    pub(super) fn number_said(&mut self, cx: &mut Ctx<'_>, said: &str) -> bool {
        let Some((a, ask)) = self.ask(cx) else {
            return false;
        };
        let number = understand::digits(said).filter(|_| a.waits());
        let Some(Typed::Whole(answer)) = number.map(|n| ask.whole(&n)) else {
            return false;
        };
        a.until = None;
        self.stop(cx, |p| matches!(p, Purpose::Prompt));
        self.answer_given(cx, answer);
        true
    }

    /// What is answered here is nobody's business.
    pub(super) fn is_secret_here(&mut self, cx: &Ctx<'_>) -> bool {
        self.ask(cx).is_some_and(|(a, ask)| is_hidden(ask, &a.name))
    }

    fn ask<'p>(&mut self, cx: &Ctx<'p>) -> Option<(&mut Asking, &'p Ask)> {
        let plan = self.dialplan(cx.plan)?;
        let Stage::Asking(a) = &mut self.stage else {
            return None;
        };
        let ask = plan.asks.get(&a.name)?;
        Some((a, ask))
    }

    fn put(&mut self, cx: &mut Ctx<'_>, words: Option<String>) {
        let Some(words) = words else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        let sound = self.speech(cx.plan, words);
        self.play(cx, self.caller, sound, Lane::Voice, Purpose::Prompt);
    }

    /// The question, or the word that it takes a moment, is over or could not be said.
    pub(super) fn question_over(&mut self, cx: &mut Ctx<'_>) {
        let (now, busy) = (cx.now.mono, self.words.are_busy());
        let Some((a, ask)) = self.ask(cx) else { return };
        match &mut a.looking {
            None if a.typed.is_empty() && !busy => a.until = Some(now + ask.timeout),
            None => {}
            Some(l) => {
                l.speaks = false;
                if let Some(to) = l.then.take() {
                    self.leave_ask(cx, to);
                }
            }
        }
    }

    pub(super) fn ask_due(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now.mono;
        let Some((a, ask)) = self.ask(cx) else { return };
        if a.poll_timeout().is_none_or(|(at, _)| at > now) {
            return;
        }
        if let Some(l) = &a.looking {
            let request = l.request;
            let cancel = ProviderCommand::CancelFetch { request };
            cx.out.push_back(Output::Provider(cancel));
            return self.answer_looked_up(cx, &Err(ProviderFault::TimedOut));
        }
        let typed = std::mem::take(&mut a.typed);
        match ask.settled(&typed) {
            Typed::Whole(answer) => self.answer_given(cx, answer),
            _ if typed.is_empty() => self.ask_again(cx, false),
            _ => self.ask_again(cx, true),
        }
    }

    /// Whether this key only ends what was whole already.
    pub(super) fn is_spare(&mut self, cx: &Ctx<'_>, digit: char) -> bool {
        let spare = self.given.spare.take();
        spare.is_some_and(|(key, by)| key == digit && cx.now.mono < by)
    }

    pub(super) fn key_in_ask(&mut self, cx: &mut Ctx<'_>, leg: LegId, digit: char) {
        let now = cx.now.mono;
        self.drop_segment(cx);
        let Some((a, ask)) = self.ask(cx) else { return };
        if !a.waits() {
            return;
        }
        let means = ask.keyed(&a.typed, digit);
        a.until = None;
        if let Typed::More(typed) = &means {
            a.typed.clone_from(typed);
            a.until = Some(now + ask.digit_timeout);
        }
        let did = format!("answers ask:{}", a.name);
        let hidden = is_hidden(ask, &a.name) && digit.is_ascii_digit();
        let ends = ask.end_key.filter(|key| *key != digit);
        let spare = ends.map(|key| (key, now + ask.digit_timeout));
        let digit = if hidden { '*' } else { digit };
        self.journal(cx, What::KeyPressed { leg, digit, did });
        self.stop(cx, |p| matches!(p, Purpose::Prompt));
        match means {
            Typed::More(_) => {}
            Typed::Wrong => self.ask_again(cx, true),
            Typed::Whole(answer) => {
                self.given.spare = spare;
                self.answer_given(cx, answer);
            }
        }
    }

    pub(super) fn ask_again(&mut self, cx: &mut Ctx<'_>, wrong: bool) {
        let Some((a, ask)) = self.ask(cx) else { return };
        a.tries += 1;
        a.typed.clear();
        a.until = None;
        a.looking = None;
        if a.tries > ask.retries {
            return self.enter(cx, ask.otherwise.clone());
        }
        let words = match wrong {
            true => ask.again(),
            false => ask.prompt.clone(),
        };
        self.put(cx, Some(words));
    }

    fn answer_given(&mut self, cx: &mut Ctx<'_>, answer: String) {
        let Some((a, ask)) = self.ask(cx) else { return };
        let (name, hidden) = (a.name.clone(), is_hidden(ask, &a.name));
        let shown = match hidden {
            true => format!("{} digits", answer.len()),
            false => answer.clone(),
        };
        let given = What::AnswerGiven {
            question: format!("ask:{name}"),
            answer: shown.clone(),
        };
        self.journal(cx, given);
        let Some(plan) = ask.lookup.clone() else {
            return self.answer_known(cx, answer, Vec::new());
        };
        self.given.requests += 1;
        let request = RequestId {
            call: self.id,
            index: REQUESTS + self.given.requests,
        };
        let call = self.id.to_string();
        let known = |gap: &str| match gap {
            _ if gap == name => Some(answer.clone()),
            "from_e164" => Some(self.from.clone()).filter(|n| tandem_types::is_e164(n)),
            "call" => Some(call.clone()),
            _ => self.known(gap).map(str::to_owned),
        };
        let Some(http) = lookup(&plan, &known) else {
            let fault = "its address names what is not known of this caller";
            let text = format!("the look-up of ask:{name} was not made: {fault}");
            self.journal(cx, What::Alarm { text });
            return self.enter(cx, ask.otherwise.clone());
        };
        let called = What::ToolCalled {
            request: request.index,
            tool: format!("ask:{name}"),
            effect: Effect::Read,
            turn: String::new(),
            arguments: canonical_json(&BTreeMap::from([(&name, &shown)])),
            key: None,
        };
        let Some((a, _)) = self.ask(cx) else { return };
        a.looking = Some(Looking {
            request,
            since: cx.now.mono,
            by: cx.now.mono + plan.timeout + GRACE,
            answer,
            speaks: ask.meanwhile.is_some(),
            then: None,
        });
        self.journal(cx, called);
        cx.out.push_back(Output::Provider(ProviderCommand::Fetch {
            request,
            ask: Box::new(http),
        }));
        if ask.meanwhile.is_some() {
            self.put(cx, ask.meanwhile.clone());
        }
    }

    /// Whether this was the answer to a look-up of a question's.
    pub(super) fn asked_others(&mut self, cx: &mut Ctx<'_>, event: &ProviderEvent) -> bool {
        let ProviderEvent::Fetched { request, result } = event else {
            return false;
        };
        let asked = self.ask(cx).and_then(|(a, _)| a.looking.as_ref());
        if asked.is_some_and(|l| l.request == *request && l.then.is_none()) {
            self.answer_looked_up(cx, result);
        }
        request.index > REQUESTS
    }

    fn answer_looked_up(&mut self, cx: &mut Ctx<'_>, result: &Result<HttpAnswer, ProviderFault>) {
        let Some((a, ask)) = self.ask(cx) else { return };
        let name = format!("ask:{}", a.name);
        let Some(l) = a.looking.clone() else { return };
        let keep = ask.lookup.as_ref().map(|l| &l.keep);
        let judged = judged(result).map(|found| facts(keep.map_or(&[], |k| k), &found, &name));
        let (outcome, kept) = match &judged {
            Ok(found) => (
                "ok".to_owned(),
                found.iter().map(|f| f.name.clone()).collect(),
            ),
            Err(fault) => (fault.label(), Vec::new()),
        };
        self.look_up_ended(cx, &name, l.under_way(), outcome, kept);
        match judged {
            Ok(found) => self.answer_known(cx, l.answer, found),
            Err(ProviderFault::Status(404)) => {
                self.stop(cx, |p| matches!(p, Purpose::Prompt));
                self.ask_again(cx, true);
            }
            Err(_) => {
                self.stop(cx, |p| matches!(p, Purpose::Prompt));
                self.enter(cx, ask.otherwise.clone());
            }
        }
    }

    /// An answer, with what others know of it.
    fn answer_known(&mut self, cx: &mut Ctx<'_>, answer: String, found: Vec<Fact>) {
        let Some((a, ask)) = self.ask(cx) else { return };
        let hidden = is_hidden(ask, &a.name);
        let mut new = vec![Fact {
            name: a.name.clone(),
            value: answer.clone(),
            sensitive: hidden,
            source: BEFORE.to_owned(),
        }];
        new.extend(found);
        self.learn(cx, new);
        let (to, _) = ask.way(&answer, |name| self.known(name));
        let to = to.clone();
        let Some((a, _)) = self.ask(cx) else { return };
        match a.looking.as_mut().filter(|l| l.speaks) {
            Some(l) => l.then = Some(to),
            None => self.leave_ask(cx, to),
        }
    }

    fn learn(&mut self, cx: &mut Ctx<'_>, new: Vec<Fact>) {
        if let Some(name) = new.iter().find(|f| f.name == "name") {
            self.from_name = Some(name.value.clone());
        }
        let again = |old: &Fact| new.iter().any(|f| f.name == old.name);
        self.given.facts.retain(|old| !again(old));
        self.given.facts.extend(new.iter().cloned());
        self.talk_input(cx, tandem_agent::Input::Told { facts: new });
    }

    /// What is known of the caller by this name.
    fn known(&self, name: &str) -> Option<&str> {
        let mut facts = self.given.facts.iter().chain(self.lookup.facts());
        facts.find(|f| f.name == name).map(|f| f.value.as_str())
    }

    /// When nobody takes them there, they go where no answer leads.
    fn leave_ask(&mut self, cx: &mut Ctx<'_>, to: Destination) {
        let otherwise = self.ask(cx).map(|(_, ask)| ask.otherwise.clone());
        let otherwise = otherwise.into_iter().filter(|o| *o != to).collect();
        self.hops = 0;
        self.enter_with(cx, to, otherwise);
    }

    /// The call is over, or somebody takes the caller out of it.
    pub(super) fn abandon_ask(&mut self, cx: &mut Ctx<'_>) {
        let Some((a, _)) = self.ask(cx) else { return };
        let name = format!("ask:{}", a.name);
        let Some(l) = a.looking.take().filter(|l| l.then.is_none()) else {
            return;
        };
        self.look_up_ended(
            cx,
            &name,
            l.under_way(),
            "caller_gone".to_owned(),
            Vec::new(),
        );
        let cancel = ProviderCommand::CancelFetch { request: l.request };
        cx.out.push_back(Output::Provider(cancel));
    }
}

fn is_hidden(ask: &Ask, name: &str) -> bool {
    ask.sensitive || is_secret(name)
}
