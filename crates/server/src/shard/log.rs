//! What the log and the metrics say of a call's events.

use tandem_types::journal::{Event, What};

/// One line a call that an admin can grep, and the metrics; caller data stays out of both.
pub(super) fn event(event: &Event) {
    let call = event.call;
    match &event.what {
        What::CallStarted {
            via,
            dialplan,
            start,
            ..
        } => {
            metrics::counter!("tandem_calls_total").increment(1);
            if start.starts_with("emergency:") {
                metrics::counter!("tandem_emergency_calls_total").increment(1);
            }
            tracing::info!(%call, via, dialplan, start, "call started");
        }
        What::CallerVerified { attested, why } => {
            metrics::counter!("tandem_callers_verified_total", "attested" => attested.as_str())
                .increment(1);
            let why = why.as_deref().unwrap_or_default();
            tracing::info!(target: "tandem::identity", %call, %attested, why, "the caller's number");
        }
        What::CallEnded {
            end, duration_ms, ..
        } => {
            let reason = format!("{:?}", end.reason);
            metrics::counter!("tandem_calls_ended_total", "reason" => reason.clone()).increment(1);
            metrics::histogram!("tandem_call_duration_seconds")
                .record(*duration_ms as f64 / 1000.0);
            tracing::info!(%call, by = ?end.by, reason, sip = end.sip, q850 = end.q850, ms = duration_ms, "call ended");
        }
        What::HandoffEnded { handoff, end, .. } => {
            metrics::counter!("tandem_handoffs_total", "end" => format!("{end:?}")).increment(1);
            tracing::info!(%call, %handoff, ?end, "handoff ended");
        }
        What::TransferEnded { transfer, failed } => {
            let outcome = failed.map_or_else(|| "Bridged".to_owned(), |r| format!("{r:?}"));
            metrics::counter!("tandem_transfers_total", "outcome" => outcome.clone()).increment(1);
            tracing::info!(%call, %transfer, outcome, "transfer ended");
        }
        What::QueueLeft {
            queue,
            end,
            waited_ms,
        } => {
            let end = end.as_str();
            metrics::counter!("tandem_queue_callers_total", "queue" => queue.clone(), "end" => end)
                .increment(1);
            metrics::histogram!("tandem_queue_wait_seconds").record(*waited_ms as f64 / 1000.0);
            tracing::info!(%call, queue, end, ms = waited_ms, "waited in a queue");
        }
        What::PersonPaused { person, paused, by } => {
            tracing::info!(target: "tandem::queues", person, paused, by, "a person of a queue");
        }
        What::MessageEnded {
            message,
            by,
            kept,
            sum,
        } => {
            let kept = *kept;
            let labels = if kept { "true" } else { "false" };
            metrics::counter!("tandem_messages_total", "kept" => labels).increment(1);
            tracing::info!(target: "tandem::voicemail", %call, %message, ?by, kept, ms = sum.ms, "a message was left");
        }
        What::MessageDeleted { message, by } => {
            tracing::info!(target: "tandem::voicemail", %message, by, "a message was deleted");
        }
        What::CallbackAsked { wish } => {
            metrics::counter!("tandem_callbacks_asked_total").increment(1);
            tracing::info!(target: "tandem::callbacks", %call, callback = wish.callback, "a caller is to be called back");
        }
        What::CallbackTried { callback, how, ms } => {
            tracing::info!(target: "tandem::callbacks", %callback, ?how, ms, "a caller was called back");
        }
        What::CallbackEnded { callback, end, by } => {
            metrics::counter!("tandem_callbacks_total", "end" => end.as_str()).increment(1);
            tracing::info!(target: "tandem::callbacks", %callback, ?end, by, "a callback is over");
        }
        What::ProviderFailed {
            door,
            fault,
            instead,
        } => {
            metrics::counter!("tandem_provider_faults_total", "door" => door.clone()).increment(1);
            tracing::warn!(%call, door, ?fault, instead, "provider failed");
        }
        What::ToolEnded {
            tool, outcome, ms, ..
        } => {
            metrics::histogram!("tandem_tool_seconds", "tool" => tool.clone(), "outcome" => outcome.clone())
                .record(f64::from(*ms) / 1000.0);
            tracing::info!(%call, tool, outcome, ms, "a tool was asked");
        }
        What::Refused { rule, .. } => tracing::warn!(%call, rule, "refused by the dialplan"),
        What::Alarm { text } => tracing::error!(target: "tandem::alarm", %call, text, "alarm"),
        _ => {}
    }
}
