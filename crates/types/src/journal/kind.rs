//! What an event is called.

use super::What;
use crate::Party;

impl What {
    /// Its `type`, as serde spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CallStarted { .. } => "call_started",
            Self::CallerVerified { .. } => "caller_verified",
            Self::LegCreated { .. } => "leg_created",
            Self::LegRinging { .. } => "leg_ringing",
            Self::LegAnswered { .. } => "leg_answered",
            Self::LegProved { .. } => "leg_proved",
            Self::LegHeld { .. } => "leg_held",
            Self::LegEnded { .. } => "leg_ended",
            Self::LegMeasured { .. } => "leg_measured",
            Self::CallAnswered => "call_answered",
            Self::Disclosed { .. } => "disclosed",
            Self::AgentEntered { .. } => "agent_entered",
            Self::TurnEnded { .. } => "turn_ended",
            Self::Understood { .. } => "understood",
            Self::ProviderFailed { .. } => "provider_failed",
            Self::ToolCalled { .. } => "tool_called",
            Self::ToolEnded { .. } => "tool_ended",
            Self::HandoffOffered { .. } => "handoff_offered",
            Self::HandoffAcknowledged { .. } => "handoff_acknowledged",
            Self::HandoffEnded { .. } => "handoff_ended",
            Self::TransferStarted { .. } => "transfer_started",
            Self::TransferDialled { .. } => "transfer_dialled",
            Self::TransferRang { .. } => "transfer_rang",
            Self::TransferAnswered { .. } => "transfer_answered",
            Self::TransferBriefed { .. } => "transfer_briefed",
            Self::TransferAccepted { .. } => "transfer_accepted",
            Self::TransferBridged { .. } => "transfer_bridged",
            Self::TransferAttemptFailed { .. } => "transfer_attempt_failed",
            Self::TransferEnded { .. } => "transfer_ended",
            Self::QueueEntered { .. } => "queue_entered",
            Self::QueueLeft { .. } => "queue_left",
            Self::PersonPaused { .. } => "person_paused",
            Self::Bridged { .. } => "bridged",
            Self::KeyPressed { .. } => "key_pressed",
            Self::AnswerGiven { .. } => "answer_given",
            Self::Refused { .. } => "refused",
            Self::RecordingStarted { .. } => "recording_started",
            Self::RecordingPaused { .. } => "recording_paused",
            Self::RecordingResumed { .. } => "recording_resumed",
            Self::RecordingEnded { .. } => "recording_ended",
            Self::MessageStarted { .. } => "message_started",
            Self::MessageEnded { .. } => "message_ended",
            Self::MessageHeard { .. } => "message_heard",
            Self::MessageDeleted { .. } => "message_deleted",
            Self::MessageTranscribed { .. } => "message_transcribed",
            Self::MessageMailed { .. } => "message_mailed",
            Self::MailFailed { .. } => "mail_failed",
            Self::CallbackAsked { .. } => "callback_asked",
            Self::CallbackDialled { .. } => "callback_dialled",
            Self::CallbackTried { .. } => "callback_tried",
            Self::CallbackEnded { .. } => "callback_ended",
            Self::Alarm { .. } => "alarm",
            Self::Reloaded { .. } => "reloaded",
            Self::CallEnded { .. } => "call_ended",
        }
    }

    /// Who ended the call, if this says so.
    pub fn ended_by(&self) -> Option<Party> {
        match self {
            Self::CallEnded { end, .. } => Some(end.by),
            _ => None,
        }
    }
}
