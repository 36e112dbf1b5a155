//! Which rows an event changes.

use crate::{
    callbacks, calls, handoffs, messages, people, recordings, sql::Statement, transfers, turns,
};
use tandem_types::journal::{Event, What};

/// The statements of an event, in order; besides its own line in `event_lines`.
pub(super) fn statements(e: &Event) -> Vec<Statement> {
    match &e.what {
        What::CallerVerified { attested, .. } => vec![calls::verified(e, *attested)],
        What::Disclosed { .. } => vec![calls::disclosed(e)],
        What::AgentEntered { agent, handoff } => {
            let entered = handoff.map(|h| handoffs::entered(e, h));
            [calls::agent_entered(e, agent)]
                .into_iter()
                .chain(entered)
                .collect()
        }
        What::TurnEnded {
            turn,
            speaker,
            text,
            generated,
            interrupted,
            confidence,
        } => {
            let (generated, interrupted, confidence) =
                (generated.as_ref(), *interrupted, *confidence);
            let t = turns::Ended {
                turn,
                speaker,
                text,
                generated,
                interrupted,
                confidence,
            };
            vec![turns::ended(e, &t)]
        }
        What::Understood {
            turn,
            intent,
            confidence,
            by,
        } => {
            vec![turns::understood(e, turn, intent.as_ref(), *confidence, by)]
        }
        What::HandoffOffered { package, sha256 } => vec![handoffs::offered(e, package, sha256)],
        What::HandoffAcknowledged {
            handoff,
            sha256,
            delivered,
        } => {
            vec![handoffs::acknowledged(
                e,
                *handoff,
                sha256,
                delivered.as_ref(),
            )]
        }
        What::HandoffEnded {
            handoff,
            end,
            reason,
        } => {
            vec![handoffs::ended(e, *handoff, *end, *reason)]
        }
        What::TransferStarted { .. }
        | What::TransferDialled { .. }
        | What::TransferRang { .. }
        | What::TransferAnswered { .. }
        | What::TransferBriefed { .. }
        | What::TransferAccepted { .. }
        | What::TransferBridged { .. }
        | What::TransferAttemptFailed { .. }
        | What::TransferEnded { .. } => of_transfer(e),
        What::QueueEntered { queue, .. } => vec![calls::queued(e, queue)],
        What::QueueLeft {
            queue,
            end,
            waited_ms,
        } => vec![calls::waited(e, queue, *end, *waited_ms)],
        What::PersonPaused { person, paused, by } => vec![people::paused(e, person, *paused, by)],
        What::RecordingStarted { path, key } => vec![recordings::started(e, path, key.as_ref())],
        What::RecordingPaused { .. } => vec![recordings::paused(e)],
        What::RecordingEnded { sum } => vec![recordings::ended(e, sum)],
        // Those of calls and legs are gathered: see `calls::note`, `legs::note`.
        What::CallStarted { .. }
        | What::CallAnswered
        | What::CallEnded { .. }
        | What::LegCreated { .. }
        | What::LegRinging { .. }
        | What::LegAnswered { .. }
        | What::LegProved { .. }
        | What::LegEnded { .. }
        | What::LegMeasured { .. }
        | What::Bridged { .. }
        | What::LegHeld { .. }
        | What::RecordingResumed { .. }
        | What::ProviderFailed { .. }
        | What::ToolCalled { .. }
        | What::ToolEnded { .. }
        | What::KeyPressed { .. }
        | What::AnswerGiven { .. }
        | What::Refused { .. }
        | What::Alarm { .. }
        | What::Reloaded { .. } => Vec::new(),
        What::MessageStarted { .. }
        | What::MessageEnded { .. }
        | What::MessageHeard { .. }
        | What::MessageDeleted { .. }
        | What::MessageTranscribed { .. }
        | What::MessageMailed { .. }
        | What::MailFailed { .. } => messages::statements(e),
        What::CallbackAsked { .. }
        | What::CallbackDialled { .. }
        | What::CallbackTried { .. }
        | What::CallbackEnded { .. } => callbacks::statements(e),
    }
}

fn of_transfer(e: &Event) -> Vec<Statement> {
    match &e.what {
        What::TransferStarted {
            transfer,
            handoff,
            kind,
            to,
        } => {
            vec![transfers::started(e, *transfer, *handoff, *kind, to)]
        }
        What::TransferDialled {
            transfer,
            leg,
            target,
            attempt,
        } => transfers::dialled(e, *transfer, *leg, target, *attempt).into(),
        What::TransferRang { transfer } => transfers::rang(e, *transfer).into(),
        What::TransferAnswered { transfer } => transfers::answered(e, *transfer).into(),
        What::TransferBriefed { transfer, text } => {
            let mut all = Vec::from(transfers::briefed(e, *transfer));
            all.push(transfers::brief_was(*transfer, text));
            all
        }
        What::TransferAccepted { transfer, by } => {
            let mut all = Vec::from(transfers::accepted(e, *transfer));
            all.push(transfers::accepted_by(*transfer, by));
            all
        }
        What::TransferBridged { transfer } => vec![transfers::bridged(e, *transfer)],
        What::TransferAttemptFailed {
            transfer,
            reason,
            sip,
        } => {
            vec![transfers::attempt_failed(e, *transfer, *reason, *sip)]
        }
        What::TransferEnded { transfer, failed } => {
            vec![transfers::ended(e, *transfer, *failed)]
        }
        _ => Vec::new(),
    }
}
