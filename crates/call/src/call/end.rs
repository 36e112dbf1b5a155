//! Endings: who did it and why, every leg released, every handoff and transfer in its one terminal
//! state, one CDR.

use super::{Call, Ctx, Purpose, Stage, Transfer};
use crate::{api::Output, leg::LegState, message, reach};
use std::time::Duration;
use tandem_sip::{api::Command, message::Headers};
use tandem_types::{
    LegId, Mono, Now, Party, Reason, Termination,
    journal::{HandoffEnd, QueueEnd, What},
    media::{Lane, MediaCommand},
    provider::ProviderCommand,
};

/// The longest last word.
const FAREWELL: Duration = Duration::from_secs(8);

impl Call {
    /// The caller hung up, cancelled or was lost.
    pub(crate) fn caller_left(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        if matches!(self.stage, Stage::Notifying { .. }) {
            return self.end(cx, end); // the only leg is of somebody who was called
        }
        let end = Termination {
            by: if end.by == Party::Callee {
                Party::Caller
            } else {
                end.by
            },
            ..end
        };
        // Whoever is told that the caller has left is told after what the caller pays for.
        self.left_at.get_or_insert(cx.now.mono);
        self.abandon_ask(cx);
        match std::mem::replace(&mut self.stage, Stage::Ending) {
            Stage::Reaching(mut r) => {
                self.ended = Some(end);
                self.stage = Stage::Leaving;
                self.not_waiting(cx, &mut r, QueueEnd::HungUp);
                // What was offered comes before its end.
                self.tell_talk_gone(cx);
                if let Some(t) = &r.transfer {
                    self.abandoned(cx, t);
                }
                self.passing_is_over(cx);
                r.reach.handle_input(cx.now.mono, reach::Input::CallerGone);
                while let Some(output) = r.reach.poll_output() {
                    self.reach_output(cx, output);
                }
                self.if_nobody_is_left(cx);
            }
            Stage::Referring(mut r) => {
                // After 2xx a BYE from the referred leg is how many carriers say that it worked.
                let outcome = r
                    .referral
                    .handle_input(cx.now.mono, crate::refer::Input::Bye);
                self.stage = Stage::Referring(r);
                self.ended = Some(end);
                self.referred(cx, outcome.unwrap_or(crate::refer::Outcome::Unknown));
            }
            Stage::Leaving => self.stage = Stage::Leaving,
            Stage::Voicemail(v) => {
                self.out_of_voicemail(cx, v, message::Input::HungUp);
                self.end(cx, end);
            }
            _ => self.end(cx, end),
        }
    }

    /// The ledger's last rows for a transfer whose caller left.
    pub(crate) fn abandoned(&mut self, cx: &mut Ctx<'_>, t: &Transfer) {
        self.journal(
            cx,
            What::TransferEnded {
                transfer: t.id,
                failed: Some(Reason::Cancelled),
            },
        );
        self.journal(
            cx,
            What::HandoffEnded {
                handoff: t.handoff,
                end: HandoffEnd::Abandoned,
                reason: Some(Reason::Cancelled),
            },
        );
    }

    fn tell_talk_gone(&mut self, cx: &mut Ctx<'_>) {
        if let Some(talk) = &mut self.talk {
            talk.handle_input(cx.now, tandem_agent::Input::CallerGone);
            self.drain_talk(cx);
        }
        self.talk = None;
    }

    /// Ends the call now, whatever its stage.
    pub(crate) fn end(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        self.ended.get_or_insert(end);
        if let Some(lending) = &mut self.lending {
            lending.forget_the_other();
            self.stays(cx, end);
        }
        self.abandon_ask(cx);
        let before = std::mem::replace(&mut self.stage, Stage::Ending);
        // What was offered comes before its end.
        self.tell_talk_gone(cx);
        match before {
            Stage::Reaching(mut r) => {
                self.not_waiting(cx, &mut r, QueueEnd::Ended);
                if let Some(t) = &r.transfer {
                    self.abandoned(cx, t);
                }
            }
            Stage::Referring(r) => self.abandoned(cx, &r.transfer),
            Stage::Voicemail(v) => self.out_of_voicemail(cx, v, message::Input::Ended),
            _ => {}
        }
        let ids: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.alive())
            .map(|l| l.id)
            .collect();
        for id in ids {
            let unanswered = self
                .leg(id)
                .filter(|l| matches!(l.state, LegState::Opening | LegState::Incoming));
            if let Some(session) = unanswered.and_then(|l| l.session) {
                let status = crate::cause::status_for(end);
                let headers = Headers::new();
                cx.sip(Command::Reject {
                    session,
                    status,
                    phrase: String::new(),
                    headers,
                });
                self.close_leg(cx, id, end);
            } else {
                self.hang(cx, id, end.reason);
            }
        }
        self.finish(cx);
    }

    /// The last row, once nothing else will follow but measurements and the end of the recording.
    pub(crate) fn finish(&mut self, cx: &mut Ctx<'_>) {
        self.stage = Stage::Ending;
        if std::mem::replace(&mut self.recorded, true) {
            return;
        }
        self.abandon_lookup(cx);
        self.called_back(cx);
        let end = self
            .ended
            .unwrap_or(Termination::new(Party::Gateway, Reason::Internal));
        let ms = |from: Now, to: Mono| to.since(from.mono).as_millis() as u64;
        let left = self.left_at.unwrap_or(cx.now.mono);
        let duration_ms = ms(self.started, cx.now.mono);
        let billed_ms = self.answered.map_or(0, |at| ms(at, left));
        self.journal(
            cx,
            What::CallEnded {
                end,
                duration_ms,
                billed_ms,
            },
        );
        cx.media(MediaCommand::CloseCall { call: self.id });
        // A model that is still answering, a recogniser that is still listening: nobody waits for them any more.
        cx.out.push_back(Output::Provider(ProviderCommand::Forget {
            leg: self.caller,
        }));
    }

    /// Somebody may still come into it: its end is not written yet.
    pub(crate) fn is_open(&self) -> bool {
        !self.recorded && self.ended.is_none()
    }

    /// Everything of it is gone.
    pub(crate) fn over(&self) -> bool {
        matches!(self.stage, Stage::Ending)
            && !self.is_recording()
            && self.left.is_empty()
            && self.legs.values().all(|l| l.state == LegState::Gone)
    }

    /// Says a last word to an answered caller and whoever is with them, then ends the call so; at once where no word
    /// can be said.
    pub(crate) fn farewell(&mut self, cx: &mut Ctx<'_>, text: &str, end: Termination) {
        if !self.leg(self.caller).is_some_and(|l| l.up()) || text.is_empty() {
            return self.end(cx, end);
        }
        let farewell = Stage::Farewell {
            end,
            until: cx.now.mono + FAREWELL,
        };
        self.abandon_ask(cx);
        match std::mem::replace(&mut self.stage, farewell) {
            Stage::Reaching(mut r) => {
                self.not_waiting(cx, &mut r, QueueEnd::Ended);
                self.tell_talk_gone(cx);
                if let Some(t) = &r.transfer {
                    self.abandoned(cx, t);
                }
                self.hang_all_but_the_caller(cx, end.reason);
            }
            Stage::Referring(r) => self.abandoned(cx, &r.transfer),
            Stage::Voicemail(v) => self.out_of_voicemail(cx, v, message::Input::Ended),
            // It is being said already.
            before @ (Stage::Farewell { .. } | Stage::Ending | Stage::Leaving) => {
                self.stage = before;
                return;
            }
            Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Talking
            | Stage::Menu(_)
            | Stage::Asking(_)
            | Stage::Announcing { .. }
            | Stage::Bridged(_)
            | Stage::Messages(_)
            | Stage::CallingBack(_)
            | Stage::Echo
            | Stage::Notifying { .. }
            | Stage::Conference => {}
        }
        self.stop(cx, |_| true);
        self.tell_talk_gone(cx);
        self.connect_all(cx);
        // Whoever has put us on hold hears nothing of it, and is not waited for.
        let listens = self.legs.values().filter(|l| l.up() && !l.held);
        let mut all: Vec<LegId> = listens.map(|l| l.id).collect();
        all.sort_by_key(|id| *id == self.caller);
        let Some(waited) = all.pop() else {
            return self.end(cx, end);
        };
        for other in all {
            let sound = self.speech(cx.plan, text);
            self.play(cx, other, sound, Lane::Voice, Purpose::Notice);
        }
        let sound = self.speech(cx.plan, text);
        self.play(cx, waited, sound, Lane::Voice, Purpose::Farewell);
    }

    fn hang_all_but_the_caller(&mut self, cx: &mut Ctx<'_>, reason: Reason) {
        let others: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.alive() && l.id != self.caller)
            .map(|l| l.id)
            .collect();
        for id in others {
            self.hang(cx, id, reason);
        }
    }

    pub(crate) fn farewell_over(&mut self, cx: &mut Ctx<'_>) {
        if let Stage::Farewell { end, .. } = self.stage {
            self.end(cx, end);
        }
    }

    pub(crate) fn check_length(&mut self, cx: &mut Ctx<'_>) {
        if self.over_at.is_some_and(|at| cx.now.mono >= at) && self.ended.is_none() {
            self.over_at = None;
            self.farewell(
                cx,
                "This call has reached its longest time. Goodbye.",
                Termination::new(Party::Gateway, Reason::Limit),
            );
        }
    }
}
