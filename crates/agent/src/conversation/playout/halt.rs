//! Halting, going on, stopping: the caller speaks up, or has us on hold.

use super::{Conversation, Output, STOP_ANSWER, State};
use tandem_types::{Mono, Now};

impl Conversation {
    /// The caller put us on hold: what is being said waits, what is to come waits behind it.
    pub(in crate::conversation) fn hold_saying(&mut self) {
        let playing = self.playout.queue.iter().any(|u| u.sent && !u.stopped);
        if playing && self.playout.paused.is_none() {
            self.outputs.push_back(Output::PauseSaying);
        }
        self.playout.paused = None;
        self.held_back = playing;
    }

    /// They are back: goes on, or says gently that somebody is still here.
    pub(in crate::conversation) fn unhold_saying(&mut self, now: Now) {
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
    pub(in crate::conversation) fn pause(&mut self, until: Mono) {
        let front = self.playout.queue.iter().find(|u| !u.stopped);
        let speaks = matches!(self.state, State::Talking | State::Ending { .. });
        let may = speaks && front.is_some_and(|u| u.interruptible && u.sent);
        if may && self.playout.paused.is_none() {
            self.playout.paused = Some(until);
            self.outputs.push_back(Output::PauseSaying);
        }
    }

    /// It was nothing: goes on.
    pub(in crate::conversation) fn resume(&mut self, now: Now) {
        if self.playout.paused.take().is_some() && !self.held {
            self.playout.front_since = now.mono;
            self.outputs.push_back(Output::ResumeSaying);
            self.send_utterances();
        }
    }

    /// The caller has the word: all of it stops.
    pub(in crate::conversation) fn stop_saying(&mut self, now: Now) {
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
}
