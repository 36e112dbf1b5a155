//! From a target of the reaching to the legs that are rung for it, and their answer.

use super::super::{Call, Ctx, Stage, Transfer, legs::SDP};
use crate::{
    reach,
    ways::{self, Asked, Identity, Urgency},
};
use tandem_dialplan::Destination;
use tandem_sip::{
    api::{Body, Command, Reliable},
    message::{HeaderName, Headers},
};
use tandem_types::{
    LegId, Party, Reason, Termination, TransferId,
    journal::{LegRole, What},
};

impl Call {
    /// 18x of the far end becomes ours, while the caller is not answered yet.
    pub(super) fn pass_ringing(&mut self, cx: &mut Ctx<'_>) {
        if self.reaching().is_none_or(|r| r.early.is_none()) {
            self.progress(cx, 180, None);
        }
    }

    /// A provisional response to the caller.
    pub(super) fn progress(&mut self, cx: &mut Ctx<'_>, status: u16, body: Option<Body>) {
        let leg = self.leg(self.caller);
        let trunk = leg
            .and_then(|l| l.trunk.as_ref())
            .and_then(|name| cx.plan.trunks.get(name));
        let reliable = trunk.map_or(Reliable::Off, |t| ways::reliable(t.prack));
        if let Some(session) = leg.and_then(|l| l.session) {
            cx.sip(Command::Progress {
                session,
                status,
                headers: Headers::new(),
                body,
                reliable,
            });
        }
    }

    /// One more attempt of the transfer that is under way.
    fn tried(
        &mut self,
        cx: &mut Ctx<'_>,
        transfer: TransferId,
        leg: Option<LegId>,
        to: &Destination,
    ) {
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        let Some(t) = &mut r.transfer else { return };
        t.dialled += 1;
        let what = What::TransferDialled {
            transfer,
            leg,
            target: to.to_string(),
            attempt: t.dialled,
        };
        self.journal(cx, what);
    }

    pub(super) fn dial_target(&mut self, cx: &mut Ctx<'_>, target: &Destination) {
        let (transfer, briefed) = self
            .reaching()
            .map_or((None, false), |r| (r.transfer.clone(), r.brief.is_some()));
        if let Some(asked) = self.asked() {
            return self.borrow_target(cx, target, asked, transfer.map(|t| t.id));
        }
        let identity = self.identity(cx, transfer.as_ref());
        let urgency = match &transfer {
            Some(_) => Urgency::Escalation,
            None => Urgency::Usual,
        };
        let mut asked = Asked {
            plan: cx.plan,
            house: cx.house,
            now: cx.now.mono,
            dialplan: self.dialplan.as_deref(),
            phone: self.phone.as_deref(),
            called: &self.to,
            identity: &identity,
            urgency,
        };
        let result = match asked.to(target) {
            Ok(legs) => {
                let role = if briefed {
                    LegRole::Consult
                } else {
                    LegRole::Callee
                };
                let mut ids = Vec::new();
                for leg in legs {
                    let id = self.dial_leg(cx, role, leg.peer, leg.ways);
                    if let Some(t) = &transfer {
                        self.tried(cx, t.id, Some(id), target);
                    }
                    ids.push(id);
                }
                Ok(ids)
            }
            Err(refused) => {
                match (refused.rule, &transfer) {
                    (Some(rule), _) => self.journal(
                        cx,
                        What::Refused {
                            wanted: target.to_string(),
                            rule,
                        },
                    ),
                    // Tried, though no INVITE could be sent (its phone is not registered, say).
                    (None, Some(t)) => self.tried(cx, t.id, None, target),
                    (None, None) => {}
                }
                Err(refused.end)
            }
        };
        if let Stage::Reaching(r) = &mut self.stage {
            if let Ok(ids) = &result {
                r.targets.extend(ids.iter().map(|id| (*id, target.clone())));
            }
            let failed = result.as_ref().err().copied();
            r.reach.dialled(cx.now.mono, result);
            if let Some(end) = failed {
                self.member_missed(cx, target, end);
            }
        }
    }

    /// Who is in another call already is not dialled.
    fn borrow_target(
        &mut self,
        cx: &mut Ctx<'_>,
        target: &Destination,
        asked: LegId,
        transfer: Option<TransferId>,
    ) {
        let peer = match target {
            Destination::Ext(peer) | Destination::Sip(peer) | Destination::Trunk(_, Some(peer)) => {
                peer.clone()
            }
            other => other.to_string(),
        };
        let id = self.borrow(cx, asked, peer);
        if let Some(transfer) = transfer {
            self.tried(cx, transfer, Some(id), target);
        }
        if let Stage::Reaching(r) = &mut self.stage {
            r.targets.push((id, target.clone()));
            r.reach.dialled(cx.now.mono, Ok(vec![id]));
        }
    }

    /// Who calls, as the person's phone shows it.
    pub(crate) fn identity(&self, cx: &Ctx<'_>, transfer: Option<&Transfer>) -> Identity {
        let mut headers = Headers::new();
        let mut name = self.from_name.clone();
        if let (Some(t), Some(d)) = (transfer, self.dialplan(cx.plan)) {
            name = Some(tandem_agent::package::show_on_phone(
                &d.warm.show_on_phone,
                &t.package,
            ));
            if let Some(alert) = &d.warm.alert_info {
                headers.push(HeaderName::AlertInfo, format!("<http://127.0.0.1>;{alert}"));
            }
            let uui = tandem_agent::package::user_to_user(&t.package);
            headers.push(HeaderName::UserToUser, format!("{uui};encoding=hex"));
        }
        Identity {
            number: self.from.clone(),
            name,
            attested: self.attested,
            ours: self.shows_called(cx),
            headers,
        }
    }

    /// 2xx to an INVITE of ours.
    pub(crate) fn callee_answered(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        response: &tandem_sip::message::Response,
    ) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let (Some(session), Some(sdp)) = (leg.session, leg.sdp.as_mut()) else {
            return;
        };
        leg.takes_info = response.headers.lists(&HeaderName::Allow, "INFO");
        let said = leg.early.take();
        let said = said.filter(|(tag, _)| response.to().is_some_and(|to| to.tag() == Some(tag)));
        let body = response.body_of_type(SDP).or(said.map(|(_, body)| body));
        let answer = body.map(|b| sdp.accept(&b));
        cx.sip(Command::Ack {
            session,
            body: None,
        });
        match answer {
            Some(Ok(agreed)) if leg.alive() => {
                leg.state = crate::leg::LegState::Up;
                leg.answered = Some(cx.now.mono);
                self.agreed(cx, id, agreed);
                match &mut self.stage {
                    Stage::Reaching(r) => {
                        r.reach
                            .handle_input(cx.now.mono, reach::Input::Answered(id));
                        self.drain_reach(cx);
                    }
                    Stage::CallingBack(_) => self.offer_answered(cx, id),
                    Stage::Notifying { text } => {
                        let text = std::mem::take(text);
                        self.answered = Some(cx.now);
                        self.journal(cx, What::CallAnswered);
                        let end = Termination::new(Party::Gateway, Reason::Normal);
                        self.farewell(cx, &text, end);
                    }
                    _ => {}
                }
            }
            _ => {
                let end = Termination {
                    by: Party::Callee,
                    reason: Reason::NoCodec,
                    sip: 488,
                    q850: 88,
                };
                self.hang(cx, id, Reason::NoCodec);
                self.leg_is_over(cx, id, end);
            }
        }
    }
}
