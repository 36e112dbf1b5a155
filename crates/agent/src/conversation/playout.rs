//! What is being said, and how much of it was heard.
//!
//! Utterances go out in order. Those that answer one thing belong to one reply; a reply becomes one turn
//! once the last of its utterances is over. While a caller speaks up, or has us on hold, utterances
//! wait here unsent.

mod halt;
mod heard;

use super::{Conversation, Output, State};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{Mono, Now};

/// Stopped utterances are answered at once; after this their end is estimated.
pub(super) const STOP_ANSWER: Duration = Duration::from_secs(1);

/// Time to make the sound before its first sample, at the worst; then [`PACE`] twice over.
const MAKING: Duration = Duration::from_secs(10);

/// Letters a second of unhurried speech.
const PACE: u64 = 15;

/// Sounds that could not be made, in a row, before speech is held to be down: what an agent says first are two, and the keys'
/// menu must be there within 3 s.
const SPEECH_DOWN: u8 = 2;

/// What an utterance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Anything.
    Words,
    /// That this is an AI; counts when it was played whole.
    Disclosure,
    /// It covers a wait; an answer follows it rather than stopping it.
    Filler,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Utterance {
    pub(super) id: u32,
    pub(super) kind: Kind,
    pub(super) interruptible: bool,
    pub(super) stopped: bool,
    reply: u32,
    text: String,
    agent: String,
    sent: bool,
    started: Option<Mono>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reply {
    id: u32,
    agent: String,
    generated: String,
    heard: String,
    cut: bool,
    /// More of it may come.
    open: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Playout {
    next_utterance: u32,
    next_reply: u32,
    pub(super) queue: VecDeque<Utterance>,
    replies: VecDeque<Reply>,
    /// Halted because the caller spoke up: until then at the longest.
    pub(super) paused: Option<Mono>,
    /// When stopped utterances are given up on.
    pub(super) stopped_by: Option<Mono>,
    /// Since when the first in the queue has been the first; with none, since when nothing is said.
    pub(super) front_since: Mono,
    /// Since something was heard, or a transfer failed.
    pub(super) failed_in_a_row: u8,
}

impl Playout {
    /// Something that a caller could talk over is still to be heard.
    pub(super) fn can_interrupt(&self) -> bool {
        self.live().next().is_some() && self.live().all(|u| u.interruptible)
    }

    /// Something must be heard to its end first.
    pub(super) fn must_finish(&self) -> bool {
        self.live().any(|u| !u.interruptible)
    }

    /// Utterances that are neither stopped nor mere fillers.
    fn live(&self) -> impl Iterator<Item = &Utterance> {
        self.queue
            .iter()
            .filter(|u| !u.stopped && u.kind != Kind::Filler)
    }

    pub(super) fn waits_for_stop(&self) -> bool {
        self.queue.iter().any(|u| u.stopped)
    }

    /// What an agent is saying or is about to say.
    pub(super) fn text_to_come(&self) -> Option<&str> {
        self.replies
            .back()
            .map(|r| r.generated.as_str())
            .filter(|t| !t.is_empty())
    }

    pub(super) fn disclosure_to_come(&self) -> bool {
        self.queue
            .iter()
            .any(|u| u.kind == Kind::Disclosure && !u.stopped)
    }

    /// When the first utterance is held to be lost.
    pub(super) fn front_by(&self) -> Option<Mono> {
        let front = self.queue.iter().find(|u| u.sent)?;
        let twice = Duration::from_millis(2000 * front.text.len() as u64 / PACE);
        Some(self.front_since + MAKING + twice)
    }
}

impl Conversation {
    /// Says one thing as the agent in charge; gives the utterance.
    pub(super) fn reply(&mut self, now: Now, text: &str) -> u32 {
        let reply = self.open_reply();
        self.disclose_once(now, reply);
        let id = self.say(now, reply, text, Kind::Words, true);
        self.close_reply(now, reply);
        id
    }

    /// The same, to be heard to its end.
    pub(super) fn announce(&mut self, now: Now, text: &str) -> u32 {
        let reply = self.open_reply();
        let id = self.say(now, reply, text, Kind::Words, false);
        self.close_reply(now, reply);
        id
    }

    /// That this is an AI, before the first thing that an agent says.
    pub(super) fn disclose_once(&mut self, now: Now, reply: u32) {
        if self.memory.disclosed_at.is_none() && !self.playout.disclosure_to_come() {
            let text = self.disclosure();
            self.disclose(now, reply, text);
        }
    }

    /// The same in few words, to somebody who has heard it: a person gives them back (field notes, "At the desk").
    pub(super) fn disclose_again(&mut self, now: Now, reply: u32) {
        let again = &self.brain.rules().disclosure_again;
        let short = again.get(&self.memory.language).cloned();
        let short = short.filter(|_| self.memory.disclosed_at.is_some());
        let text = short.or_else(|| self.disclosure());
        self.disclose(now, reply, text);
    }

    fn disclosure(&self) -> Option<String> {
        let said = &self.brain.rules().disclosure;
        let text = said
            .get(&self.memory.language)
            .or_else(|| said.values().next());
        text.cloned()
    }

    fn disclose(&mut self, now: Now, reply: u32, text: Option<String>) {
        if let Some(text) = text.filter(|t| !t.trim().is_empty()) {
            self.say(now, reply, &text, Kind::Disclosure, false);
        }
    }

    pub(super) fn open_reply(&mut self) -> u32 {
        self.playout.next_reply += 1;
        let id = self.playout.next_reply;
        self.playout.replies.push_back(Reply {
            id,
            agent: self.agent.clone(),
            generated: String::new(),
            heard: String::new(),
            cut: false,
            open: true,
        });
        id
    }

    pub(super) fn close_reply(&mut self, now: Now, reply: u32) {
        if let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == reply) {
            r.open = false;
        }
        self.commit_replies(now);
    }

    /// Queues an utterance of a reply; gives its number.
    pub(super) fn say(
        &mut self,
        now: Now,
        reply: u32,
        text: &str,
        kind: Kind,
        interruptible: bool,
    ) -> u32 {
        self.playout.next_utterance += 1;
        let id = self.playout.next_utterance;
        let text = text.trim().to_owned();
        if text.is_empty() {
            return id;
        }
        if let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == reply) {
            append(&mut r.generated, &text);
        }
        if self.playout.queue.is_empty() {
            self.playout.front_since = now.mono;
        }
        self.playout.queue.push_back(Utterance {
            id,
            kind,
            interruptible,
            stopped: false,
            reply,
            text,
            agent: self.agent.clone(),
            sent: false,
            started: None,
        });
        self.send_utterances();
        id
    }

    /// Sends what waits, unless it has to go on waiting.
    pub(super) fn send_utterances(&mut self) {
        if self.held || self.playout.paused.is_some() {
            return;
        }
        for u in self.playout.queue.iter_mut().filter(|u| !u.sent) {
            u.sent = true;
            let spec = self.brain.spec(&u.agent);
            let language = match spec.language.is_empty() {
                true => self.memory.language.clone(),
                false => spec.language.clone(),
            };
            self.outputs.push_back(Output::Say {
                utterance: u.id,
                text: u.text.clone(),
                voice: spec.voice.clone(),
                language,
                profile: profile_of(&spec),
                interruptible: u.interruptible,
            });
        }
    }

    /// No more will come of a reply; it is over with the last of its utterances.
    pub(super) fn abandon_reply(&mut self, reply: u32) {
        if let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == reply) {
            r.open = false;
        }
    }
}

/// The provider profile of an agent; without one the offline voices and ears.
pub(super) fn profile_of(spec: &tandem_types::agent::AgentSpec) -> String {
    spec.providers
        .clone()
        .unwrap_or_else(|| "offline".to_owned())
}

fn append(to: &mut String, text: &str) {
    if !to.is_empty() && !text.is_empty() {
        to.push(' ');
    }
    to.push_str(text);
}
