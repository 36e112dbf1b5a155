//! What a call still has open, by its journal: enough to close it properly when its own state is lost, in a crash of the process
//! or in a fault within the call.

use super::{Event, HandoffEnd, MessageEnd, QueueEnd, What};
use crate::{
    CallId, HandoffId, LegId, MessageId, Party, Reason, Termination, TransferId, Wall,
    recording::{RecordingEnd, RecordingSum},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is open after the events that were applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Of the last event; 0 before the first.
    pub seq: u32,
    /// Of the first event.
    pub started: Wall,
    /// When billing began.
    pub answered: Option<Wall>,
    /// `CallEnded` is there; only `LegMeasured`, `RecordingEnded` and `MessageEnded` may follow.
    pub ended: bool,
    /// Legs that have not ended.
    pub legs: BTreeSet<LegId>,
    /// Legs whose measures have not come.
    pub unmeasured: BTreeSet<LegId>,
    /// Handoffs without a terminal state.
    pub handoffs: BTreeSet<HandoffId>,
    /// Transfers without a terminal state.
    pub transfers: BTreeSet<TransferId>,
    /// The queue that the caller waits in, and since when.
    #[serde(default)]
    pub queue: Option<(String, Wall)>,
    /// A recording began, and has no end.
    #[serde(default)]
    pub recording: bool,
    /// Messages that are being left: each with its mailbox and its file.
    #[serde(default)]
    pub messages: BTreeMap<MessageId, (String, String)>,
}

impl Open {
    /// Takes the next event of the call.
    pub fn apply(&mut self, event: &Event) {
        if self.seq == 0 {
            self.started = event.at;
        }
        self.seq = event.seq;
        match &event.what {
            What::LegCreated { leg, .. } => {
                self.legs.insert(*leg);
                self.unmeasured.insert(*leg);
            }
            What::LegEnded { leg, .. } => {
                self.legs.remove(leg);
            }
            What::LegMeasured { leg, .. } => {
                self.unmeasured.remove(leg);
            }
            What::CallAnswered => self.answered = Some(event.at),
            What::HandoffOffered { package, .. } => {
                self.handoffs.insert(package.handoff);
            }
            What::HandoffEnded { handoff, .. } => {
                self.handoffs.remove(handoff);
            }
            What::TransferStarted { transfer, .. } => {
                self.transfers.insert(*transfer);
            }
            What::TransferEnded { transfer, .. } => {
                self.transfers.remove(transfer);
            }
            What::QueueEntered { queue, .. } => self.queue = Some((queue.clone(), event.at)),
            What::QueueLeft { .. } => self.queue = None,
            // By itself it is no call's.
            What::PersonPaused { .. } => self.ended |= event.seq == 1,
            What::RecordingStarted { .. } => self.recording = true,
            What::RecordingEnded { .. } => self.recording = false,
            What::MessageStarted {
                message,
                mailbox,
                path,
                ..
            } => {
                let file = (mailbox.clone(), path.clone());
                self.messages.insert(*message, file);
            }
            What::MessageEnded { message, .. } => drop(self.messages.remove(message)),
            What::MessageHeard { .. }
            | What::MessageDeleted { .. }
            | What::MessageTranscribed { .. }
            | What::MessageMailed { .. }
            | What::MailFailed { .. }
            | What::CallbackEnded { .. } => self.ended |= event.seq == 1,
            What::CallEnded { .. } | What::Reloaded { .. } => self.ended = true,
            What::CallStarted { .. }
            | What::CallerVerified { .. }
            | What::LegRinging { .. }
            | What::LegAnswered { .. }
            | What::LegProved { .. }
            | What::LegHeld { .. }
            | What::Disclosed { .. }
            | What::AgentEntered { .. }
            | What::TurnEnded { .. }
            | What::Understood { .. }
            | What::ProviderFailed { .. }
            | What::ToolCalled { .. }
            | What::ToolEnded { .. }
            | What::HandoffAcknowledged { .. }
            | What::TransferDialled { .. }
            | What::TransferRang { .. }
            | What::TransferAnswered { .. }
            | What::TransferBriefed { .. }
            | What::TransferAccepted { .. }
            | What::TransferBridged { .. }
            | What::TransferAttemptFailed { .. }
            | What::Bridged { .. }
            | What::KeyPressed { .. }
            | What::AnswerGiven { .. }
            | What::Refused { .. }
            | What::RecordingPaused { .. }
            | What::RecordingResumed { .. }
            | What::CallbackAsked { .. }
            | What::CallbackDialled { .. }
            | What::CallbackTried { .. }
            | What::Alarm { .. } => {}
        }
    }

    /// Nothing is to come any more.
    pub fn is_complete(&self) -> bool {
        self.ended && self.unmeasured.is_empty() && !self.recording && self.messages.is_empty()
    }

    /// What ends the call for a fault of ours: each wait, transfer, handoff and leg gets its end, then the call. Nothing where it has
    /// ended. Measures are not made up.
    pub fn closing(&self, at: Wall) -> Vec<What> {
        if self.ended {
            return Vec::new();
        }
        let end = Termination::new(Party::Gateway, Reason::Internal);
        let ms = |from: Wall| u64::try_from(at.millis().saturating_sub(from.millis())).unwrap_or(0);
        let transfers = self.transfers.iter().map(|t| What::TransferEnded {
            transfer: *t,
            failed: Some(Reason::Internal),
        });
        let handoffs = self.handoffs.iter().map(|h| What::HandoffEnded {
            handoff: *h,
            end: HandoffEnd::Failed,
            reason: Some(Reason::Internal),
        });
        let queue = self.queue.iter().map(|(queue, since)| What::QueueLeft {
            queue: queue.clone(),
            end: QueueEnd::Ended,
            waited_ms: ms(*since),
        });
        let legs = self.legs.iter().map(|l| What::LegEnded { leg: *l, end });
        let call_ended = What::CallEnded {
            end,
            duration_ms: ms(self.started),
            billed_ms: self.answered.map_or(0, ms),
        };
        queue
            .chain(transfers)
            .chain(handoffs)
            .chain(legs)
            .chain([call_ended])
            .collect()
    }

    /// As [`Self::closing`], where the process that recorded the call is gone too.
    pub fn closing_after_a_crash(&self, at: Wall) -> Vec<What> {
        let sum = RecordingSum::unknown(RecordingEnd::Lost);
        let lost = self.recording.then_some(What::RecordingEnded { sum });
        // What was said until then is in the file.
        let messages = self.messages.keys().map(|message| What::MessageEnded {
            message: *message,
            by: MessageEnd::Ended,
            kept: true,
            sum: RecordingSum::unknown(RecordingEnd::Lost),
        });
        let rows = self.closing(at).into_iter().chain(lost);
        rows.chain(messages).collect()
    }

    /// These as the next events of the call.
    pub fn numbered(&self, call: CallId, at: Wall, all: Vec<What>) -> Vec<Event> {
        let number = |(what, seq)| Event {
            call,
            seq,
            at,
            what,
        };
        all.into_iter().zip(self.seq + 1..).map(number).collect()
    }
}
