//! The journal in words, for the gateway's column of a ladder. No ids: they differ between seeds.

use tandem_types::{
    context::{Holder, Speaker},
    journal::What,
};

/// What an admin reads of an event; `None` where the messages beside it say it already.
pub(crate) fn note(what: &What) -> Option<String> {
    Some(match what {
        What::CallStarted {
            from,
            to,
            via,
            start,
            ..
        } => {
            format!("call from {from} to {to} by {via}: {start}")
        }
        What::LegHeld { held, .. } => (if *held {
            "is put on hold"
        } else {
            "is taken off hold"
        })
        .to_owned(),
        What::Disclosed { .. } => "said that it is an AI".to_owned(),
        What::AgentEntered { agent, .. } => format!("agent {agent} has the caller"),
        What::TurnEnded {
            speaker,
            text,
            interrupted,
            ..
        } => {
            let cut = if *interrupted { " (cut off)" } else { "" };
            match speaker {
                Speaker::Caller => format!("hears \"{text}\"{cut}"),
                Speaker::CallerKeys => format!("takes the keys {text}"),
                Speaker::Agent(name) => format!("{name} says \"{text}\"{cut}"),
            }
        }
        What::Understood {
            intent,
            confidence,
            by,
            ..
        } => {
            format!(
                "takes that for {} ({by}, {confidence})",
                intent.as_deref().unwrap_or("nothing it knows")
            )
        }
        What::ProviderFailed {
            door,
            fault,
            instead,
            ..
        } => format!("{door} failed ({}): {instead}", snake(fault)),
        What::ToolCalled {
            tool, arguments, ..
        } => format!("asks {tool} {arguments}"),
        What::ToolEnded {
            tool,
            outcome,
            kept,
            ..
        } => match kept.is_empty() {
            true => format!("{tool}: {outcome}"),
            false => format!("{tool}: {outcome}, and keeps {}", kept.join(", ")),
        },
        What::HandoffOffered { package, .. } => {
            format!(
                "hands off {} to {} ({})",
                holder(&package.from),
                holder(&package.to),
                snake(&package.reason)
            )
        }
        What::HandoffEnded { end, reason, .. } => match reason {
            Some(reason) => format!("handoff {}: {}", snake(end), snake(reason)),
            None => format!("handoff {}", snake(end)),
        },
        What::TransferStarted { kind, to, .. } => {
            format!("{} transfer to {}", snake(kind), holder(to))
        }
        What::TransferDialled {
            target, attempt, ..
        } => format!("tries {target} (attempt {attempt})"),
        What::TransferBriefed { text, .. } => format!("briefs \"{text}\""),
        What::TransferAccepted { by, .. } => format!("accepted by {by}"),
        What::TransferBridged { .. } => "joins caller and person".to_owned(),
        What::TransferAttemptFailed { reason, sip, .. } => match sip {
            0 => format!("attempt failed: {}", snake(reason)),
            _ => format!("attempt failed: {} ({sip})", snake(reason)),
        },
        What::TransferEnded { failed, .. } => match failed {
            Some(reason) => format!("transfer failed: {}", snake(reason)),
            None => "transfer done".to_owned(),
        },
        What::CallerVerified { attested, .. } => format!("the caller's number: {attested}"),
        What::QueueEntered { queue, position } => {
            format!("waits in queue {queue}, as number {position}")
        }
        What::QueueLeft {
            queue,
            end,
            waited_ms,
        } => format!("queue {queue} after {} s: {}", waited_ms / 1000, snake(end)),
        What::PersonPaused { person, paused, by } => {
            let what = if *paused { "pauses" } else { "rings again" };
            format!("{what} {person}: {by}")
        }
        What::Bridged { .. } => "joins the two".to_owned(),
        What::KeyPressed { digit, did, .. } => format!("key {digit}: {did}"),
        What::AnswerGiven { question, answer } => format!("{question} is answered: {answer}"),
        What::Refused { wanted, rule } => format!("refuses {wanted}: {rule}"),
        What::RecordingStarted { .. } => "records".to_owned(),
        What::RecordingPaused { by } => format!("pauses the recording: {by}"),
        What::RecordingResumed { by } => format!("records again: {by}"),
        What::RecordingEnded { sum } => format!("recording over: {}", snake(&sum.end)),
        What::MessageStarted { mailbox, .. } => format!("records a message for {mailbox}"),
        What::MessageEnded { by, kept, .. } => {
            let what = if *kept { "kept" } else { "not kept" };
            format!("message over, {what}: {}", snake(by))
        }
        What::MessageHeard { by, .. } => format!("message heard: {by}"),
        What::MessageDeleted { by, .. } => format!("message deleted: {by}"),
        What::MessageTranscribed { text, .. } => format!("message transcribed: {text}"),
        What::MessageMailed { to, .. } => format!("message mailed to {}", to.join(", ")),
        What::MailFailed { why, .. } => format!("mail failed: {why}"),
        What::CallbackAsked { wish } => format!("is to be called back: {}", wish.callback),
        What::CallbackDialled { .. } => "calls them back".to_owned(),
        What::CallbackTried { how, .. } => format!("callback tried: {}", snake(how)),
        What::CallbackEnded { end, by, .. } => format!("callback over, by {by}: {}", snake(end)),
        What::Alarm { text } => format!("ALARM {text}"),
        What::Reloaded { by, .. } => format!("{by} reloads the configuration"),
        What::CallEnded { end, .. } => {
            format!("call over, by {}: {}", snake(&end.by), snake(&end.reason))
        }
        What::LegCreated { .. }
        | What::LegRinging { .. }
        | What::LegAnswered { .. }
        | What::LegProved { .. }
        | What::LegEnded { .. }
        | What::LegMeasured { .. }
        | What::CallAnswered
        | What::HandoffAcknowledged { .. }
        | What::TransferRang { .. }
        | What::TransferAnswered { .. } => return None,
    })
}

fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Agent(name) => format!("agent {name}"),
        Holder::Queue(name) => format!("queue {name}"),
        Holder::Extension(number) => format!("extension {number}"),
        Holder::Outside(name) => format!("outside {name}"),
        Holder::Menu(name) => format!("menu {name}"),
        Holder::Other(name) => name.clone(),
    }
}

/// The name that the journal has for a value (`no_answer`), with spaces.
fn snake<T: serde::Serialize>(value: &T) -> String {
    snake_value(&serde_json::to_value(value).unwrap_or_default())
}

fn snake_value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(s) => s.replace('_', " "),
        other => other.to_string().replace(['{', '}', '"'], ""),
    }
}
