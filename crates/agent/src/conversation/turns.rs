//! Listening: from speech to complete turns, in the order in which they were spoken.
//!
//! Each stretch of speech is transcribed at its end; stretches that end while another is transcribed
//! wait their turn, none is dropped. Words become a turn when whatever they interrupted has been
//! accounted for, and are acted on when the caller has finished.

use super::{Conversation, Output, State, playout::profile_of};
use crate::package::identifies;
use crate::understand::{self, from_words, is_backchannel, mood, yes_or_no};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{
    Mono, Now, SegmentId,
    context::Speaker,
    journal::What,
    provider::{Hints, ProviderCommand, ProviderFault, Transcript},
};

/// Silence that ends a turn: LiveKit's 0.5 s and some more for callers who think.
pub(super) const END_SILENCE: Duration = Duration::from_millis(600);

/// Speech after which an utterance is halted, and after which it is over.
const PAUSE_MS: u32 = 200;
const CONFIRM_MS: u32 = 500;

/// How long an utterance stays halted when nobody tells how the speech went on.
const PAUSED: Duration = Duration::from_secs(3);

/// How long it waits for the words of a short remark.
const PAUSED_FOR_WORDS: Duration = Duration::from_secs(1);

/// Shorter sounds without words are a cough or a click.
const NOISE_MS: u32 = 350;

/// Below this a recogniser is guessing.
const STT_FLOOR: u16 = 200;

/// How long words may take. Twice the slowest hosted recogniser's 99th percentile.
pub(super) const TRANSCRIPT: Duration = Duration::from_secs(4);

/// Speech whose end is never told is over after this.
pub(super) const LONGEST_SPEECH: Duration = Duration::from_secs(30);

/// Recogniser faults in a row before it is held to be down.
const RECOGNISER_DOWN: u8 = 2;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Speaking {
    pub(super) segment: SegmentId,
    pub(super) since: Mono,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    segment: SegmentId,
    ms: u32,
    pub(super) by: Mono,
    result: Option<Result<Transcript, ProviderFault>>,
}

impl Pending {
    pub(super) fn is_open(&self) -> bool {
        self.result.is_none()
    }
}

/// Words or keys that are known, and not yet a turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ready {
    text: String,
    confidence: u16,
    by_keys: bool,
    /// It asks for an answer.
    counts: bool,
    /// The recogniser held that it fits nothing.
    rejected: bool,
}

/// A turn that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unanswered {
    pub(super) turn: String,
    pub(super) text: String,
    pub(super) by_keys: bool,
    /// Facts in it that were not known before.
    pub(super) learnt: bool,
}

/// Something was said and not understood at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Unclear {
    Words,
    /// The recogniser failed.
    Fault,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ears {
    pub(super) listening: bool,
    pub(super) speaking: Option<Speaking>,
    pub(super) pending: VecDeque<Pending>,
    /// Given up on; their words still count when they come.
    late: Vec<SegmentId>,
    ready: VecDeque<Ready>,
    pub(super) unanswered: Vec<Unanswered>,
    pub(super) unclear: Option<Unclear>,
    /// Since when words wait for an answer.
    pub(super) waiting_since: Option<Mono>,
    faults: u8,
}

impl Ears {
    /// Somebody is speaking, or what they said is not known yet.
    pub(super) fn busy(&self) -> bool {
        self.speaking.is_some() || !self.pending.is_empty() || !self.ready.is_empty()
    }
}

impl Conversation {
    pub(super) fn listen(&mut self, on: bool) {
        if self.ears.listening != on {
            self.ears.listening = on;
            // Off drops a running stretch without an event.
            self.ears.speaking = None;
            self.outputs.push_back(Output::Listen {
                on,
                end_silence: END_SILENCE,
            });
        }
    }

    pub(super) fn on_speech_started(&mut self, now: Now, segment: SegmentId) {
        if self.ears.listening {
            self.ears.speaking = Some(Speaking {
                segment,
                since: now.mono,
            });
        }
    }

    pub(super) fn on_speech_goes_on(&mut self, now: Now, segment: SegmentId, ms: u32) {
        if !self.ears.listening {
            return;
        }
        if self.ears.speaking.is_none() {
            self.ears.speaking = Some(Speaking {
                segment,
                since: now.mono,
            });
        }
        if ms >= CONFIRM_MS && self.is_talking() {
            let thinks = self.chat.as_ref().is_some_and(|c| !c.spoke());
            if self.playout.can_interrupt() {
                self.drop_chat();
                self.stop_saying(now);
            } else if thinks {
                // There is more to come: answered together.
                self.drop_chat();
            }
        } else if ms >= PAUSE_MS {
            self.pause(now.mono + PAUSED);
        }
    }

    pub(super) fn on_speech_ended(&mut self, now: Now, segment: SegmentId, ms: u32) {
        if self
            .ears
            .speaking
            .as_ref()
            .is_some_and(|s| s.segment == segment)
        {
            self.ears.speaking = None;
        }
        if self.held || matches!(self.state, State::Over | State::WithPerson { .. }) {
            // Hold music, or words for somebody else.
            return self.provider(ProviderCommand::Discard { segment });
        }
        if self.ears.pending.iter().any(|p| p.segment == segment) {
            return;
        }
        if let Some(until) = self.playout.paused.as_mut() {
            *until = now.mono + PAUSED_FOR_WORDS;
        }
        self.ears.pending.push_back(Pending {
            segment,
            ms,
            by: now.mono + TRANSCRIPT,
            result: None,
        });
        self.ears.waiting_since.get_or_insert(now.mono);
        let spec = self.brain.spec(&self.agent);
        let language = match spec.language.is_empty() {
            true => self.memory.language.clone(),
            false => spec.language.clone(),
        };
        let hints = Hints {
            phrases: self.brain.hints(&self.agent),
            language,
        };
        self.provider(ProviderCommand::Transcribe {
            segment,
            profile: profile_of(&spec),
            hints,
        });
    }

    pub(super) fn on_transcribed(
        &mut self,
        now: Now,
        segment: SegmentId,
        result: Result<Transcript, ProviderFault>,
    ) {
        if let Some(at) = self.ears.late.iter().position(|s| *s == segment) {
            self.ears.late.remove(at);
            if let Ok(t) = result
                && !t.rejected
                && !t.text.trim().is_empty()
            {
                self.heard(now, u32::MAX, Ok(t));
            }
            return;
        }
        if let Some(p) = self
            .ears
            .pending
            .iter_mut()
            .find(|p| p.segment == segment && p.is_open())
        {
            p.result = Some(result);
        }
        self.take_results(now);
    }

    /// Transcripts that are overdue count as failed; their words count when they come after all.
    pub(super) fn give_up_on_transcripts(&mut self, now: Now) {
        for p in self
            .ears
            .pending
            .iter_mut()
            .filter(|p| p.is_open() && p.by <= now.mono)
        {
            p.result = Some(Err(ProviderFault::TimedOut));
            self.ears.late.push(p.segment);
        }
        self.take_results(now);
    }

    fn take_results(&mut self, now: Now) {
        while let Some(front) = self.ears.pending.front_mut() {
            let Some(result) = front.result.take() else {
                return;
            };
            let ms = front.ms;
            self.ears.pending.pop_front();
            self.heard(now, ms, result);
        }
    }

    fn heard(&mut self, now: Now, ms: u32, result: Result<Transcript, ProviderFault>) {
        let t = match result {
            Ok(t) => t,
            Err(fault) => return self.recogniser_failed(now, fault),
        };
        self.ears.faults = 0;
        let text = t.text.trim().to_owned();
        let unsure = t.rejected || t.confidence < STT_FLOOR;
        if text.is_empty() || unsure {
            let noise = text.is_empty() && ms < NOISE_MS;
            if !noise && !self.playout.can_interrupt() {
                self.ears.unclear = Some(Unclear::Words);
            }
            if text.is_empty() {
                return;
            }
        }
        let answers = self.asked.is_some() && yes_or_no(&text).is_some();
        let counts = match self.playout.can_interrupt() || self.playout.must_finish() {
            true => answers || !is_backchannel(&text),
            false => true,
        };
        self.ears.ready.push_back(Ready {
            text,
            confidence: t.confidence,
            by_keys: false,
            counts: counts && !unsure,
            rejected: unsure,
        });
    }

    fn recogniser_failed(&mut self, now: Now, fault: ProviderFault) {
        self.ears.faults = self.ears.faults.saturating_add(1);
        let down = self.ears.faults >= RECOGNISER_DOWN;
        self.journal(What::ProviderFailed {
            door: "stt".to_owned(),
            fault,
            instead: if down { "on_provider_down" } else { "keys" }.to_owned(),
        });
        if !self.is_talking() {
            return;
        }
        if down {
            self.ears.faults = 0;
            self.providers_down(now, "speech could not be understood");
        } else {
            self.ears.unclear = Some(Unclear::Fault);
        }
    }

    /// Keys that are no choice: a turn of their own.
    pub(super) fn keyed(&mut self, digits: String, counts: bool) {
        self.ears.ready.push_back(Ready {
            text: digits,
            confidence: 1000,
            by_keys: true,
            counts,
            rejected: false,
        });
    }

    /// What is known becomes turns. Words of weight stop what may be stopped, and wait until it is
    /// known how much of that was heard.
    pub(super) fn settle_turns(&mut self, now: Now) {
        let weighty = self.ears.ready.iter().any(|r| r.counts);
        if weighty && self.is_talking() && self.playout.can_interrupt() {
            self.drop_chat();
            self.stop_saying(now);
        }
        if self.playout.waits_for_stop() {
            return;
        }
        while let Some(r) = self.ears.ready.pop_front() {
            self.commit(now, r);
        }
    }

    /// One turn of the caller, with the facts and the mood in it.
    fn commit(&mut self, now: Now, r: Ready) {
        let speaker = match r.by_keys {
            true => Speaker::CallerKeys,
            false => Speaker::Caller,
        };
        let asked = self.last_words();
        let turn = self.memory.add_turn(now, speaker.clone(), &r.text, false);
        self.journal(What::TurnEnded {
            turn: turn.clone(),
            speaker,
            text: r.text.clone(),
            generated: None,
            interrupted: false,
            confidence: r.confidence,
        });
        if r.rejected {
            self.understood(&turn, None, 0, "classifier");
            return;
        }
        let found = match r.by_keys {
            true => understand::from_keys(&r.text, asked.as_deref())
                .into_iter()
                .collect(),
            false => from_words(&r.text, asked.as_deref()),
        };
        let new = self.memory.learn(found, &turn, r.confidence);
        let learnt = new.iter().any(identifies);
        if !r.by_keys {
            self.memory.sentiment.push(mood(&r.text));
        }
        self.guards.heard_from();
        let acts = match self.state {
            State::Talking => r.counts,
            State::Ending { .. } => r.counts && self.stays(&r.text, r.by_keys),
            State::Waiting
            | State::Leaving(_)
            | State::Away(_)
            | State::WithPerson { .. }
            | State::Over => false,
        };
        if !r.by_keys && self.leaves() && understand::changes_mind(&r.text) {
            self.never_mind(now);
        } else if acts {
            self.ears.unanswered.push(Unanswered {
                turn,
                text: r.text,
                by_keys: r.by_keys,
                learnt,
            });
        } else {
            self.memory.note_wish(&turn, &r.text, None);
        }
    }

    /// What the agent said last or is saying: a bare number answers it.
    pub(super) fn last_words(&self) -> Option<String> {
        let coming = self.playout.text_to_come();
        coming
            .or_else(|| self.memory.last_agent_text())
            .map(str::to_owned)
    }
}
