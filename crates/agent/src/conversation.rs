//! The machine: one call's conversation, with whichever agent has the caller.
//!
//! ```text
//!            transfer failed, returned                     no such agent
//!        ┌───────────────────────────────┐            ┌──────────────────────► Ending ──┐
//!        │   no operator, tried too often, goodbye    │                          ▲  │     │ goodbye said,
//!        │        ┌───────────────────────────────────┼──────────────────────────┘  │     │ or 15 s
//!        ▼        │                                   │       the caller goes on    │     ▼
//!     ┌─ Talking ─┴◄──────────────────────────────────┼─────────────────────────────┘   Over
//!     │   ▲ ▲ │  to anybody but an agent              │                                   ▲
//!     │   │ │ └────────► Leaving ──said, or 4 s──► Away ──done──► WithPerson              │
//!     │   │ │ "never mind" │ (phones ring already)    ▲                │                  │
//!     │   │ └──────────────┘                          │                │                  │
//!     │   └─────────────── returned ──────────────────┴────────────────┘                  │
//!     └── another agent: stays in Talking                 the caller is gone, from any ───┘
//!
//!  Waiting ──begin──► Talking
//! ```
//!
//! In `Talking` there is always an utterance to be heard, or somebody listening with a deadline. What
//! may overlap (an utterance, speech, transcripts, a model's answer, keys, hold) stands in parts of its own;
//! after every step `settle` asks each whether it can go on.

mod brain;
mod ending;
mod greeting;
mod guards;
mod handoff;
mod io;
mod keys;
mod memory;
mod model;
mod phrases;
mod playout;
#[cfg(test)]
mod tests;
mod tools;
mod transfer;
mod triage;
mod turns;
mod waiting;

pub use brain::Brain;
pub use io::{ConversationStart, Input, Output, Return};
pub(crate) use memory::Memory;

use crate::package::Offer;
use guards::{Alarm, Guards};
use keys::Keys;
use playout::Playout;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};
use tandem_types::{
    CallId, HandoffId, Mono, Now, Rng,
    agent::Target,
    context::{ContextPackage, HandoffReason, Turn},
    journal::What,
    provider::{ProviderCommand, ProviderEvent},
};
use triage::Asked;
use turns::Ears;

/// Deadlines handled in one call of [`Conversation::handle_timeout`]; each clears its own cause, so
/// this is never reached.
const ALARMS: usize = 32;

/// Who has the caller, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Before [`Input::Begin`].
    Waiting,
    /// An agent.
    Talking,
    /// An agent, who is announcing a transfer.
    Leaving(Leaving),
    /// The call carries the transfer out; music plays.
    Away(Away),
    /// A person.
    WithPerson { handoff: HandoffId, target: Target },
    /// An agent, who says goodbye.
    Ending { by: Mono },
    /// Nobody.
    Over,
}

/// A transfer that is being announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leaving {
    target: Target,
    offer: Offer,
    by: Mono,
    /// Since when phones are rung already.
    begun: Option<Mono>,
    /// Somebody waits to be told.
    answered: bool,
}

/// A transfer that the call carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Away {
    handoff: HandoffId,
    target: Target,
    reason: HandoffReason,
    /// When the caller is told how to come back.
    hint_at: Option<Mono>,
    /// They want to.
    abandoned: bool,
    /// Who has them until then, if no agent has.
    person: Option<(HandoffId, Target)>,
}

/// One call's conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversation {
    #[serde(skip)]
    brain: Arc<Brain>,
    call: CallId,
    rng: Rng,
    utc_offset_minutes: i16,
    state: State,
    /// The agent who has the caller, or had them last.
    agent: String,
    /// Turns of the call when that agent took over.
    entry_turn: u32,
    /// What that agent was handed.
    briefed: Option<Box<ContextPackage>>,
    memory: Memory,
    ears: Ears,
    playout: Playout,
    chat: Option<model::Chat>,
    keys: Keys,
    /// A key that leads somewhere, as soon as what it interrupted is accounted for.
    key_choice: Option<(char, Target)>,
    asked: Option<Asked>,
    #[serde(default)]
    tools: tools::Tools,
    /// First words that wait until the caller was looked up.
    #[serde(default)]
    greeting: Option<greeting::Greeting>,
    /// The caller is looked up until then.
    #[serde(default)]
    looked_up_by: Option<Mono>,
    guards: Guards,
    held: bool,
    /// An utterance was halted by that.
    held_back: bool,
    /// Who is being put through waits in a queue.
    #[serde(default)]
    queued: bool,
    next_request: u32,
    outputs: VecDeque<Output>,
}

impl Conversation {
    /// A conversation that waits for [`Input::Begin`].
    pub fn new(start: ConversationStart, _now: Now) -> Self {
        let mut this = Self {
            brain: start.brain,
            call: start.call,
            rng: start.rng,
            utc_offset_minutes: 0,
            state: State::Waiting,
            agent: String::new(),
            entry_turn: 0,
            briefed: None,
            memory: Memory {
                caller_number: start.caller_number,
                given_name: start.caller_name.filter(|n| !n.trim().is_empty()),
                language: start.language,
                ..Memory::default()
            },
            ears: Ears::default(),
            playout: Playout::default(),
            chat: None,
            keys: Keys::default(),
            key_choice: None,
            asked: None,
            tools: tools::Tools::default(),
            greeting: None,
            looked_up_by: start.looked_up_by,
            guards: Guards::default(),
            held: false,
            held_back: false,
            queued: false,
            next_request: start.requests,
            outputs: VecDeque::new(),
        };
        this.learn_facts(start.facts);
        this
    }

    /// What the caller said to the call itself, before an agent had them or between two: it is handed on with the rest.
    pub fn said_elsewhere(&mut self, turn: Turn) {
        self.memory.add_elsewhere(turn);
    }

    /// Gives a deserialised conversation its rules and models back.
    pub fn attach(&mut self, brain: Arc<Brain>) {
        self.brain = brain;
    }

    /// The caller's local time, for `{daypart}`: minutes east of UTC.
    pub fn set_utc_offset(&mut self, minutes: i16) {
        self.utc_offset_minutes = minutes;
    }

    /// The agent who has the caller, or had them last; `None` before the first.
    pub fn agent(&self) -> Option<&str> {
        Some(self.agent.as_str()).filter(|a| !a.is_empty())
    }

    /// The turns so far (the last 400 of a very long call).
    pub fn turns(&self) -> &[Turn] {
        &self.memory.turns
    }

    /// Goodbye was said, or the caller is gone.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// The call itself moves the caller on (by the key of a menu): a package of all that is known. Journalling it is up to
    /// the call, which answers as it does to [`Output::Transfer`].
    pub fn pass_on(
        &mut self,
        now: Now,
        target: &Target,
        reason: HandoffReason,
        trigger: &str,
    ) -> ContextPackage {
        let mut offer = self.offer(now, target, reason, trigger);
        let person = match &self.state {
            State::WithPerson { handoff, target } if !target.0.starts_with("menu:") => {
                Some((*handoff, target.clone()))
            }
            _ => None,
        };
        if let Some((_, from)) = &person {
            offer.from = crate::package::holder_of(from);
        }
        if matches!(self.state, State::Away(_) | State::WithPerson { .. }) {
            self.listen(!self.held);
            self.state = State::Away(Away {
                handoff: offer.handoff,
                target: target.clone(),
                reason,
                hint_at: None,
                abandoned: false,
                person,
            });
        }
        crate::package::build(&self.memory, offer)
    }

    /// Takes an input. One that does not fit the state is ignored.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Begin { agent } => self.on_begin(now, agent),
            Input::SpeechStarted { segment } => self.on_speech_started(now, segment),
            Input::SpeechGoesOn { segment, ms } => self.on_speech_goes_on(now, segment, ms),
            Input::SpeechEnded { segment, ms } => self.on_speech_ended(now, segment, ms),
            Input::Provider(event) => self.on_provider(now, event),
            Input::Digit(digit) => self.on_digit(now, digit),
            Input::SayStarted { utterance } => self.on_say_started(now, utterance),
            Input::Said {
                utterance,
                played_ms,
                total_ms,
                whole,
            } => {
                self.on_said(now, utterance, played_ms, total_ms, whole);
            }
            Input::SaidFailed { utterance } => self.on_said_failed(now, utterance),
            Input::Held(held) => self.on_held(now, held),
            Input::TransferBegun { handoff } => self.on_transfer_begun(now, handoff),
            Input::TransferRang => self.on_transfer_rang(now),
            Input::TransferQueued => self.queued = true,
            Input::TransferAnswered => self.on_transfer_answered(now),
            Input::TransferFailed {
                handoff,
                reason,
                more,
            } => self.on_transfer_failed(now, handoff, reason, more),
            Input::TransferDone { handoff } => self.on_transfer_done(now, handoff),
            Input::Returned { note, how } => self.on_returned(now, note, how),
            Input::LookedUp { facts } => self.on_looked_up(now, facts),
            Input::Told { facts } => self.learn_facts(facts),
            Input::PersonKeeps => self.on_person_keeps(),
            Input::CallerGone => self.on_gone(now),
        }
        self.settle(now);
    }

    /// The next output; drain after every input and timeout.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let next = self.alarms().into_iter().min();
        next.map(|(at, alarm)| (at, alarm.name()))
    }

    /// Acts on deadlines that have passed; early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        for _ in 0..ALARMS {
            let due: Option<(Mono, Alarm)> =
                self.alarms().into_iter().filter(|a| a.0 <= now.mono).min();
            let Some((_, alarm)) = due else {
                return;
            };
            self.ring(now, alarm);
            self.settle(now);
        }
    }

    /// Everything that can go on goes on.
    fn settle(&mut self, now: Now) {
        self.settle_tools(now);
        self.settle_turns(now);
        self.settle_key(now);
        self.settle_greeting(now);
        self.settle_words(now);
        self.settle_pause(now);
        self.settle_leaving(now);
        self.settle_ending(now);
        self.settle_quiet(now);
    }

    /// A remark that came to nothing: goes on as soon as that is known.
    fn settle_pause(&mut self, now: Now) {
        let nothing = !self.ears.busy() && self.ears.unanswered.is_empty();
        if self.playout.paused.is_some() && nothing {
            self.resume(now);
        }
    }

    fn on_provider(&mut self, now: Now, event: ProviderEvent) {
        match event {
            ProviderEvent::Transcribed { segment, result } => {
                self.on_transcribed(now, segment, result)
            }
            ProviderEvent::ChatText { request, text } => self.on_chat_text(now, request, &text),
            ProviderEvent::ChatTool { request, call } => self.on_chat_tool(now, request, call),
            ProviderEvent::ChatDone { request } => self.on_chat_done(now, request),
            ProviderEvent::ChatFailed { request, fault } => {
                self.on_chat_failed(now, request, fault)
            }
            ProviderEvent::Fetched { request, result } => self.on_fetched(now, request, &result),
        }
    }

    /// Hold music is no caller: stops listening and every clock, and comes back gently.
    fn on_held(&mut self, now: Now, held: bool) {
        if self.held == held || self.state == State::Over {
            return;
        }
        self.held = held;
        let with_agent = match self.state {
            State::Talking | State::Leaving(_) | State::Ending { .. } => true,
            State::Away(_) => return self.listen(!held),
            State::Waiting | State::WithPerson { .. } | State::Over => false,
        };
        if !with_agent {
            return;
        }
        self.listen(!held);
        self.guards.heard_from();
        match held {
            true => self.hold_saying(),
            false => self.unhold_saying(now),
        }
    }

    fn on_gone(&mut self, now: Now) {
        if self.state == State::Over {
            return;
        }
        self.drop_chat();
        self.abandon_tools(now);
        self.give_up_on_all(now);
        let digits = std::mem::take(&mut self.keys).digits;
        if !digits.is_empty() {
            self.keyed(digits, false);
        }
        self.ears.speaking = None;
        self.key_choice = None;
        self.offer_what_rings(now);
        self.state = State::Over;
    }

    fn is_talking(&self) -> bool {
        self.state == State::Talking
    }

    fn journal(&mut self, what: What) {
        self.outputs.push_back(Output::Journal(what));
    }

    fn provider(&mut self, command: ProviderCommand) {
        self.outputs.push_back(Output::Provider(command));
    }
}
