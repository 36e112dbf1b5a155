//! The invariants of the architecture, read from the journal of a run. Each breach is one sentence.

use std::collections::{BTreeMap, BTreeSet};
use tandem_types::{
    CallId, HandoffId, LegId, MessageId, TransferId,
    journal::{Event, HandoffEnd, What},
};

/// What one call left in its journal.
#[derive(Default)]
struct Story {
    last_seq: u32,
    over: u32,
    legs: BTreeSet<LegId>,
    ended_legs: BTreeMap<LegId, u32>,
    measured_legs: BTreeMap<LegId, u32>,
    handoffs: BTreeMap<HandoffId, String>,
    acknowledged: BTreeSet<HandoffId>,
    ended_handoffs: BTreeMap<HandoffId, u32>,
    transfers: BTreeSet<TransferId>,
    ended_transfers: BTreeMap<TransferId, u32>,
    messages: BTreeSet<MessageId>,
    ended_messages: BTreeMap<MessageId, u32>,
    /// Queues that the caller waited in, and those of them that they left.
    queues: (u32, u32),
    /// Recordings that began, and that ended.
    recordings: (u32, u32),
}

/// All breaches in the journal of a run whose calls are all over.
pub fn breaches(journal: &[Event]) -> Vec<String> {
    let mut stories = Stories::default();
    let mut out: Vec<String> = journal.iter().flat_map(|e| stories.take(e)).collect();
    out.extend(stories.end());
    out
}

/// The journal read as it grows.
#[derive(Default)]
pub struct Stories(BTreeMap<CallId, Story>);

impl Stories {
    /// What is wrong with this event after all before it.
    pub fn take(&mut self, event: &Event) -> Vec<String> {
        let mut out = Vec::new();
        let story = self.0.entry(event.call).or_default();
        story.take(event, &mut out);
        out
    }

    /// What is wrong if nothing more comes.
    pub fn end(&self) -> Vec<String> {
        let mut out = Vec::new();
        for story in self.0.values() {
            story.ends_well(&mut out);
        }
        out
    }
}

impl Story {
    fn take(&mut self, event: &Event, out: &mut Vec<String>) {
        if event.seq != self.last_seq + 1 {
            out.push(format!(
                "event {} follows event {} of a call",
                event.seq, self.last_seq
            ));
        }
        self.last_seq = event.seq;
        let late = matches!(
            event.what,
            What::LegMeasured { .. } | What::RecordingEnded { .. } | What::MessageEnded { .. }
        );
        if self.over > 0 && !late {
            out.push(format!("after the end of its call: {:?}", event.what));
        }
        match &event.what {
            What::LegCreated { leg, .. } => {
                let new = self.legs.insert(*leg);
                out.extend((!new).then(|| format!("leg {} was created twice", leg.index)));
            }
            What::LegEnded { leg, .. } => *self.ended_legs.entry(*leg).or_default() += 1,
            What::LegMeasured { leg, .. } => *self.measured_legs.entry(*leg).or_default() += 1,
            What::HandoffOffered { package, sha256 } => {
                if package.sha256() != *sha256 {
                    out.push("a package does not have the hash that it was recorded with".into());
                }
                if self
                    .handoffs
                    .insert(package.handoff, sha256.clone())
                    .is_some()
                {
                    out.push("a handoff was offered twice".into());
                }
            }
            What::HandoffAcknowledged {
                handoff, sha256, ..
            } => {
                if !self.acknowledged.insert(*handoff) {
                    out.push("a handoff was acknowledged twice".into());
                }
                let same = self.handoffs.get(handoff) == Some(sha256);
                out.extend(
                    (!same).then(|| "the context delivered is not the context recorded".to_owned()),
                );
            }
            What::HandoffEnded { handoff, end, .. } => {
                *self.ended_handoffs.entry(*handoff).or_default() += 1;
                let known = self.acknowledged.contains(handoff);
                if known != (*end == HandoffEnd::Completed) {
                    out.push(format!(
                        "a handoff is {end:?} though its context was {}delivered",
                        if known { "" } else { "not " }
                    ));
                }
            }
            What::TransferStarted { transfer, .. } => {
                self.transfers.insert(*transfer);
            }
            What::TransferEnded { transfer, .. } => {
                *self.ended_transfers.entry(*transfer).or_default() += 1
            }
            What::RecordingStarted { .. } => self.recordings.0 += 1,
            What::RecordingEnded { .. } => self.recordings.1 += 1,
            What::MessageStarted { message, .. } => {
                self.messages.insert(*message);
            }
            What::MessageEnded { message, .. } => {
                *self.ended_messages.entry(*message).or_default() += 1;
            }
            What::MessageHeard { .. }
            | What::MessageDeleted { .. }
            | What::MessageTranscribed { .. }
            | What::MessageMailed { .. }
            | What::MailFailed { .. }
            | What::CallbackEnded { .. }
                if event.seq == 1 =>
            {
                self.over += 1;
            }
            What::QueueEntered { .. } => {
                self.queues.0 += 1;
                if self.queues.0 != self.queues.1 + 1 {
                    out.push("a caller waits in two queues at a time".to_owned());
                }
            }
            // Who is not let in leaves all the same.
            What::QueueLeft { .. } => self.queues.1 = self.queues.0,
            What::PersonPaused { .. } if event.seq == 1 => self.over += 1,
            What::CallEnded { .. } | What::Reloaded { .. } => self.over += 1,
            _ => {}
        }
    }

    fn ends_well(&self, out: &mut Vec<String>) {
        if self.over != 1 {
            out.push(format!("a call has {} ends", self.over));
        }
        let (began, ended) = self.recordings;
        if began > 1 || ended != began {
            out.push(format!("{began} recordings of a call have {ended} ends"));
        }
        if self.queues.0 != self.queues.1 {
            out.push("a caller waits in a queue after the end of the call".to_owned());
        }
        once(&self.messages, &self.ended_messages, "message", "ends", out);
        once(&self.legs, &self.ended_legs, "leg", "ends", out);
        once(&self.legs, &self.measured_legs, "leg", "measurements", out);
        once(
            &self.handoffs.keys().copied().collect(),
            &self.ended_handoffs,
            "handoff",
            "ends",
            out,
        );
        once(
            &self.transfers,
            &self.ended_transfers,
            "transfer",
            "ends",
            out,
        );
    }
}

fn once<Id: Ord + Copy>(
    began: &BTreeSet<Id>,
    ended: &BTreeMap<Id, u32>,
    thing: &str,
    what: &str,
    out: &mut Vec<String>,
) {
    let ids: BTreeSet<Id> = began.iter().chain(ended.keys()).copied().collect();
    for id in ids {
        let n = ended.get(&id).copied().unwrap_or(0);
        if n != 1 || !began.contains(&id) {
            let known = if began.contains(&id) {
                ""
            } else {
                " that never began"
            };
            out.push(format!("a {thing}{known} has {n} {what}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::{Party, Reason, Termination, Wall, journal::LegRole, media::LegStats};

    const CALL: CallId = CallId(7);

    fn leg(index: u32) -> LegId {
        LegId { call: CALL, index }
    }

    fn journal(what: Vec<What>) -> Vec<Event> {
        let event = |(i, what)| Event {
            call: CALL,
            seq: i as u32 + 1,
            at: Wall(0),
            what,
        };
        what.into_iter().enumerate().map(event).collect()
    }

    fn whole() -> Vec<What> {
        let end = Termination::new(Party::Caller, Reason::Normal);
        vec![
            What::LegCreated {
                leg: leg(1),
                role: LegRole::Caller,
                peer: "x".into(),
                sip_call_id: "y".into(),
            },
            What::LegEnded { leg: leg(1), end },
            What::CallEnded {
                end,
                duration_ms: 0,
                billed_ms: 0,
            },
            What::LegMeasured {
                leg: leg(1),
                stats: LegStats::default(),
            },
        ]
    }

    #[test]
    fn a_whole_story_has_no_breach() {
        assert_eq!(breaches(&journal(whole())), Vec::<String>::new());
    }

    #[test]
    fn each_breach_is_found() {
        for left_out in 0..3 {
            let mut what = whole();
            what.remove(left_out);
            assert!(!breaches(&journal(what)).is_empty(), "without {left_out}");
        }
        let mut doubled = whole();
        doubled.push(doubled[2].clone());
        assert!(!breaches(&journal(doubled)).is_empty());
        let mut gap = journal(whole());
        gap.remove(1);
        assert!(
            breaches(&gap).iter().any(|b| b.starts_with("event 3")),
            "{:?}",
            breaches(&gap)
        );
    }
}
