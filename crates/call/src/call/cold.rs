//! Cold transfer by REFER, and the bridge after its definite failure.

use super::{Call, Ctx, Referring, Stage, Transfer, people::Rounds};
use crate::{
    refer::{Input, Outcome, Referral, sipfrag_status},
    ways,
};
use std::collections::VecDeque;
use tandem_dialplan::{ColdMethod, ColdRules, Destination, ReferPolicy};
use tandem_sip::{
    api::Failure,
    message::{HeaderName, Headers, Method, Request, Response},
};
use tandem_types::{
    LegId, Party, Reason, Termination,
    journal::{HandoffEnd, What},
};

impl Call {
    /// Tries REFER towards the caller's trunk. `false`: this target is bridged (the trunk takes no REFER, cannot reach
    /// it, or the plan says so).
    pub(crate) fn refer(
        &mut self,
        cx: &mut Ctx<'_>,
        transfer: &Transfer,
        to: &Destination,
        rounds: &[Vec<Destination>],
    ) -> bool {
        let rules = self
            .dialplan(cx.plan)
            .map_or_else(ColdRules::default, |d| d.cold.clone());
        if rules.method == ColdMethod::Bridge {
            return false;
        }
        let Some(trunk) = self
            .trunk
            .as_ref()
            .and_then(|name| cx.plan.trunks.get(name))
        else {
            return false;
        };
        let Some(session) = self.leg(self.caller).and_then(|l| l.session) else {
            return false;
        };
        if trunk.refer != ReferPolicy::On {
            return false;
        }
        let first = rounds.first().and_then(|r| r.first()).unwrap_or(to);
        let Some(refer_to) =
            ways::refer_to(cx.plan, cx.house, self.dialplan.as_deref(), trunk, first)
        else {
            return false;
        };
        let what = What::TransferDialled {
            transfer: transfer.id,
            leg: None,
            target: first.to_string(),
            attempt: 1,
        };
        self.journal(cx, what);
        let uui = tandem_agent::package::user_to_user(&transfer.package);
        let headers = Headers::new()
            .with(HeaderName::ReferTo, format!("<{refer_to}>"))
            .with(
                HeaderName::ReferredBy,
                format!("<{}>", ways::own_uri(cx.house, &self.to)),
            )
            .with(HeaderName::UserToUser, format!("{uui};encoding=hex"));
        let key = cx.request(self.caller, session, Method::Refer, headers, None);
        let bridge = (rules.method == ColdMethod::ReferThenBridge).then(|| rounds.to_vec());
        self.stage = Stage::Referring(Box::new(Referring {
            referral: Referral::sent(cx.now.mono, rules.refer_wait),
            key,
            transfer: Transfer {
                dialled: 1,
                ..transfer.clone()
            },
            rang: false,
            bridge,
        }));
        true
    }

    pub(crate) fn refer_response(
        &mut self,
        cx: &mut Ctx<'_>,
        result: &Result<Box<Response>, Failure>,
    ) {
        let Stage::Referring(r) = &mut self.stage else {
            return;
        };
        let status = match result {
            Ok(response) => response.status,
            Err(Failure::Response(response)) => response.status,
            Err(Failure::TimedOut | Failure::Unreachable | Failure::Cancelled) => 408,
        };
        if let Some(outcome) = r
            .referral
            .handle_input(cx.now.mono, Input::Response(status))
        {
            self.referred(cx, outcome);
        }
    }

    /// A NOTIFY of our REFER. It was answered already.
    pub(crate) fn refer_notify(&mut self, cx: &mut Ctx<'_>, request: &Request) {
        let terminated = request
            .headers
            .first(&HeaderName::SubscriptionState)
            .is_some_and(|v| {
                v.trim_start()
                    .to_ascii_lowercase()
                    .starts_with("terminated")
            });
        let status = sipfrag_status(&request.body);
        let Stage::Referring(r) = &mut self.stage else {
            return;
        };
        let outcome = r
            .referral
            .handle_input(cx.now.mono, Input::Notify { status, terminated });
        if r.referral.rang() && !std::mem::replace(&mut r.rang, true) {
            let transfer = r.transfer.id;
            self.journal(cx, What::TransferRang { transfer });
        }
        if let Some(outcome) = outcome {
            self.referred(cx, outcome);
        }
    }

    /// What the REFER came to.
    pub(crate) fn referred(&mut self, cx: &mut Ctx<'_>, outcome: Outcome) {
        let Stage::Referring(r) = std::mem::replace(&mut self.stage, Stage::Talking) else {
            return;
        };
        let (id, handoff) = (r.transfer.id, r.transfer.handoff);
        let caller_gone = self.ended.is_some();
        match outcome {
            Outcome::Succeeded => {
                self.journal(
                    cx,
                    What::TransferAccepted {
                        transfer: id,
                        by: "NOTIFY 200".into(),
                    },
                );
                self.journal(
                    cx,
                    What::HandoffAcknowledged {
                        handoff,
                        sha256: r.transfer.package.sha256(),
                        delivered: None,
                    },
                );
                self.journal(
                    cx,
                    What::TransferEnded {
                        transfer: id,
                        failed: None,
                    },
                );
                self.journal(
                    cx,
                    What::HandoffEnded {
                        handoff,
                        end: HandoffEnd::Completed,
                        reason: None,
                    },
                );
                self.ended = Some(Termination::new(Party::Gateway, Reason::Transferred));
                self.end(cx, Termination::new(Party::Gateway, Reason::Transferred));
            }
            Outcome::Failed(..) | Outcome::Unknown if caller_gone => {
                self.abandoned(cx, &r.transfer);
                let end = self
                    .ended
                    .unwrap_or(Termination::new(Party::Caller, Reason::Normal));
                self.end(cx, end);
            }
            Outcome::Failed(reason, sip) => {
                self.journal(
                    cx,
                    What::TransferAttemptFailed {
                        transfer: id,
                        reason,
                        sip,
                    },
                );
                match r.bridge {
                    // Music goes on: the caller notices nothing.
                    Some(rounds) => {
                        let to = rounds
                            .first()
                            .and_then(|r| r.first())
                            .cloned()
                            .unwrap_or(Destination::Hangup);
                        let plan = Rounds {
                            rounds,
                            otherwise: VecDeque::new(),
                            music: None,
                            ready: true,
                        };
                        self.reach(cx, &to, Some(r.transfer), plan);
                    }
                    None => self.refer_gave_up(cx, r.transfer, reason, sip),
                }
            }
            Outcome::Unknown => {
                self.journal(
                    cx,
                    What::TransferAttemptFailed {
                        transfer: id,
                        reason: Reason::NoAnswer,
                        sip: 0,
                    },
                );
                self.refer_gave_up(cx, r.transfer, Reason::NoAnswer, 0);
            }
        }
    }

    fn refer_gave_up(&mut self, cx: &mut Ctx<'_>, t: Transfer, reason: Reason, sip: u16) {
        self.journal(
            cx,
            What::TransferEnded {
                transfer: t.id,
                failed: Some(reason),
            },
        );
        let end = Termination {
            by: Party::Callee,
            reason,
            sip,
            q850: 0,
        };
        self.transfer_failed(cx, t.handoff, end);
    }

    /// Whose request this response answers.
    pub(crate) fn is_refer(&self, key: tandem_sip::api::RequestKey, leg: LegId) -> bool {
        matches!(&self.stage, Stage::Referring(r) if r.key == key) && leg == self.caller
    }
}
