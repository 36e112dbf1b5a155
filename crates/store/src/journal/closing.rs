//! What a crash left open is closed on paper: each transfer, handoff, leg and call gets its end,
//! so that every call has its one CDR and every handoff its one terminal state.

use super::Head;
use tandem_types::{
    CallId, Party, Reason, Termination, Wall,
    journal::{Event, HandoffEnd, What},
};

/// The events that end `call`, numbered on from its head. They bear the time `at`, the last
/// moment at which the gateway is known to have lived.
pub(super) fn events(call: CallId, head: &Head, at: Wall) -> Vec<Event> {
    let end = Termination::new(Party::Gateway, Reason::Internal);
    let ms = |from: Wall| u64::try_from(at.millis().saturating_sub(from.millis())).unwrap_or(0);
    let transfers = head.transfers.iter().map(|t| What::TransferEnded {
        transfer: *t,
        failed: Some(Reason::Internal),
    });
    let handoffs = head.handoffs.iter().map(|h| What::HandoffEnded {
        handoff: *h,
        end: HandoffEnd::Failed,
        reason: Some(Reason::Internal),
    });
    let legs = head.legs.iter().map(|l| What::LegEnded { leg: *l, end });
    let call_ended = What::CallEnded {
        end,
        duration_ms: ms(head.started),
        billed_ms: head.answered.map_or(0, ms),
    };
    transfers
        .chain(handoffs)
        .chain(legs)
        .chain([call_ended])
        .zip(head.seq + 1..)
        .map(|(what, seq)| Event {
            call,
            seq,
            at,
            what,
        })
        .collect()
}
