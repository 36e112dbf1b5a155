//! What is being said, and how much of it was heard.
//!
//! Utterances go out in order. Those that answer one thing belong to one reply; a reply becomes one turn
//! once the last of its utterances is over. While a caller speaks up, or has us on hold, utterances
//! wait here unsent.

use super::{Conversation, Output, State};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{Mono, Now, context::Speaker, journal::What, provider::ProviderFault};

/// Stopped utterances are answered at once; after this their end is estimated.
pub(super) const STOP_ANSWER: Duration = Duration::from_secs(1);

/// Time to make the sound before its first sample, at the worst; then [`PACE`] twice over.
const MAKING: Duration = Duration::from_secs(10);

/// Letters a second of unhurried speech.
const PACE: u64 = 15;

/// Sounds that could not be made, in a row, before speech is held to be down.
const SPEECH_DOWN: u8 = 3;

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
    /// Since when the first in the queue has been the first.
    front_since: Mono,
    failed_in_a_row: u8,
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
            self.disclose(now, reply);
        }
    }

    /// That this is an AI.
    pub(super) fn disclose(&mut self, now: Now, reply: u32) {
        let said = &self.brain.rules().disclosure;
        let text = said
            .get(&self.memory.language)
            .or_else(|| said.values().next());
        if let Some(text) = text.cloned().filter(|t| !t.trim().is_empty()) {
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

    pub(super) fn on_say_started(&mut self, now: Now, utterance: u32) {
        self.playout.failed_in_a_row = 0;
        if let Some(u) = self.playout.queue.iter_mut().find(|u| u.id == utterance) {
            u.started = Some(now.mono);
        }
    }

    pub(super) fn on_said(
        &mut self,
        now: Now,
        utterance: u32,
        played: u32,
        total: u32,
        whole: bool,
    ) {
        let Some(u) = self.playout.queue.iter().find(|u| u.id == utterance) else {
            return;
        };
        let heard = match whole {
            true => u.text.clone(),
            false => heard_part(&u.text, u64::from(played), u64::from(total)),
        };
        if whole {
            self.playout.failed_in_a_row = 0;
        }
        if whole && u.kind == Kind::Disclosure {
            let language = self.memory.language.clone();
            self.memory.disclosed_at = Some(now.wall);
            self.journal(What::Disclosed { language });
        }
        self.utterance_over(now, utterance, &heard, !whole);
    }

    pub(super) fn on_said_failed(&mut self, now: Now, utterance: u32) {
        if !self.playout.queue.iter().any(|u| u.id == utterance) {
            return;
        }
        self.playout.failed_in_a_row = self.playout.failed_in_a_row.saturating_add(1);
        let down = self.playout.failed_in_a_row >= SPEECH_DOWN;
        self.journal(What::ProviderFailed {
            door: "tts".to_owned(),
            fault: ProviderFault::Unreachable,
            instead: if down {
                "on_provider_down"
            } else {
                "these words are left out"
            }
            .to_owned(),
        });
        self.utterance_over(now, utterance, "", false);
        if down && self.is_talking() {
            self.playout.failed_in_a_row = 0;
            self.providers_down(now, "speech could not be made");
        }
    }

    fn utterance_over(&mut self, now: Now, utterance: u32, heard: &str, cut: bool) {
        let Some(at) = self.playout.queue.iter().position(|u| u.id == utterance) else {
            return;
        };
        if let Some(u) = self.playout.queue.remove(at)
            && let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == u.reply)
        {
            append(&mut r.heard, heard);
            r.cut |= cut;
        }
        if at == 0 {
            self.playout.front_since = now.mono;
        }
        if !self.playout.waits_for_stop() {
            self.playout.stopped_by = None;
        }
        if self.playout.queue.is_empty() {
            self.playout.paused = None;
        }
        self.commit_replies(now);
    }

    /// Replies that are over become turns, in their order. What nobody heard is none.
    fn commit_replies(&mut self, now: Now) {
        while let Some(front) = self.playout.replies.front() {
            let busy = front.open || self.playout.queue.iter().any(|u| u.reply == front.id);
            if busy {
                return;
            }
            let Some(r) = self.playout.replies.pop_front() else {
                return;
            };
            if r.heard.is_empty() {
                continue;
            }
            let speaker = Speaker::Agent(r.agent);
            let turn = self.memory.add_turn(now, speaker.clone(), &r.heard, r.cut);
            self.journal(What::TurnEnded {
                turn,
                speaker,
                generated: (r.generated != r.heard).then_some(r.generated),
                text: r.heard,
                interrupted: r.cut,
                confidence: 1000,
            });
        }
    }

    /// No more will come of a reply; it is over with the last of its utterances.
    pub(super) fn abandon_reply(&mut self, reply: u32) {
        if let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == reply) {
            r.open = false;
        }
    }

    /// The caller put us on hold: what is being said waits, what is to come waits behind it.
    pub(super) fn hold_saying(&mut self) {
        let playing = self.playout.queue.iter().any(|u| u.sent && !u.stopped);
        if playing && self.playout.paused.is_none() {
            self.outputs.push_back(Output::PauseSaying);
        }
        self.playout.paused = None;
        self.held_back = playing;
    }

    /// They are back: goes on, or says gently that somebody is still here.
    pub(super) fn unhold_saying(&mut self, now: Now) {
        self.playout.front_since = now.mono;
        if std::mem::take(&mut self.held_back) {
            self.outputs.push_back(Output::ResumeSaying);
        }
        let quiet = self.playout.queue.is_empty() && self.is_talking();
        self.send_utterances();
        if quiet && self.ears.unanswered.is_empty() && self.chat.is_none() {
            let text = self.phrase(now, "resumed", &[]);
            self.reply(now, &text);
        }
    }

    /// Halts at the first sign that the caller speaks up.
    pub(super) fn pause(&mut self, until: Mono) {
        let front = self.playout.queue.iter().find(|u| !u.stopped);
        let speaks = matches!(self.state, State::Talking | State::Ending { .. });
        let may = speaks && front.is_some_and(|u| u.interruptible && u.sent);
        if may && self.playout.paused.is_none() {
            self.playout.paused = Some(until);
            self.outputs.push_back(Output::PauseSaying);
        }
    }

    /// It was nothing: goes on.
    pub(super) fn resume(&mut self, now: Now) {
        if self.playout.paused.take().is_some() && !self.held {
            self.playout.front_since = now.mono;
            self.outputs.push_back(Output::ResumeSaying);
            self.send_utterances();
        }
    }

    /// The caller has the word: all of it stops.
    pub(super) fn stop_saying(&mut self, now: Now) {
        self.playout.paused = None;
        let unsent: Vec<u32> = self
            .playout
            .queue
            .iter()
            .filter(|u| !u.sent)
            .map(|u| u.id)
            .collect();
        let mut any = false;
        for u in self
            .playout
            .queue
            .iter_mut()
            .filter(|u| u.sent && !u.stopped)
        {
            u.stopped = true;
            any = true;
        }
        if any {
            self.outputs.push_back(Output::StopSaying);
            self.playout.stopped_by = Some(now.mono + STOP_ANSWER);
        }
        for id in unsent {
            self.utterance_over(now, id, "", true);
        }
    }

    /// Utterances whose end was never told count by the time that they had.
    pub(super) fn give_up_on_stopped(&mut self, now: Now) {
        self.playout.stopped_by = None;
        let stopped: Vec<u32> = self
            .playout
            .queue
            .iter()
            .filter(|u| u.stopped)
            .map(|u| u.id)
            .collect();
        self.estimate(now, &stopped);
    }

    /// Everything that is left counts by the time that it had.
    pub(super) fn give_up_on_all(&mut self, now: Now) {
        let all: Vec<u32> = self.playout.queue.iter().map(|u| u.id).collect();
        self.estimate(now, &all);
    }

    fn estimate(&mut self, now: Now, ids: &[u32]) {
        for id in ids {
            let heard = self.playout.queue.iter().find(|u| u.id == *id).map(|u| {
                let ms = u
                    .started
                    .map_or(0, |s| now.mono.since(s).as_millis() as u64);
                heard_part(&u.text, ms, 0)
            });
            self.utterance_over(now, *id, &heard.unwrap_or_default(), true);
        }
    }

    /// The first utterance was neither finished nor failed for too long.
    pub(super) fn lose_front(&mut self, now: Now) {
        if let Some(id) = self.playout.queue.front().map(|u| u.id) {
            self.on_said_failed(now, id);
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

/// The whole words that fit the share that was played. Where the whole length was never known, by
/// [`PACE`].
fn heard_part(text: &str, played_ms: u64, total_ms: u64) -> String {
    let letters = text.chars().count() as u64;
    let heard = match total_ms {
        0 => played_ms.saturating_mul(PACE) / 1000,
        total => letters.saturating_mul(played_ms.min(total)) / total,
    };
    if heard >= letters {
        return text.to_owned();
    }
    let part: String = text.chars().take(heard as usize).collect();
    let ends_on_word = text
        .chars()
        .nth(heard as usize)
        .is_some_and(char::is_whitespace);
    let cut = match (ends_on_word, part.rfind(char::is_whitespace)) {
        (true, _) => part.as_str(),
        (false, Some(at)) => &part[..at],
        (false, None) => "",
    };
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_ends_on_a_word() {
        let text = "one two three four";
        assert_eq!(heard_part(text, 1000, 1000), text);
        assert_eq!(heard_part(text, 500, 1000), "one two");
        assert_eq!(heard_part(text, 167, 1000), "one");
        assert_eq!(heard_part(text, 100, 1000), "");
        assert_eq!(heard_part(text, 0, 0), "");
        assert_eq!(heard_part(text, 600, 0), "one two");
        assert_eq!(heard_part("dŵr a thân", 9, 10), "dŵr a");
        assert_eq!(heard_part("", 5, 5), "");
    }
}
