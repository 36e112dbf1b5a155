//! What the SIP endpoint tells a call.

use super::{
    Call, Ctx, Stage,
    legs::{SDP, sdp_body},
};
use crate::{cause, leg::LegState, reach};
use std::time::Duration;
use tandem_sdp::Direction;
use tandem_sip::{
    api::{Body, Command, Event, Failure, RequestKey},
    message::{HeaderName, Headers, Method, Request, Response},
};
use tandem_types::{LegId, Party, Reason, Termination, journal::What};

/// A silent leg that is there is asked again after this time: nobody tells when it is heard again.
const PROBE_AGAIN: Duration = Duration::from_secs(30);

impl Call {
    pub(crate) fn handle_sip(&mut self, cx: &mut Ctx<'_>, id: LegId, event: Event) {
        self.note_way(cx, id, &event);
        match event {
            Event::Progress {
                early, response, ..
            } => {
                if let (Some(leg), Some(body)) = (self.leg_mut(id), response.body_of_type(SDP)) {
                    let said = Some((early, body));
                    if leg.early != said {
                        leg.early = said;
                        self.hear_early(cx, id, response.status);
                    }
                }
                if response.status >= 180 {
                    self.callee_rings(cx, id);
                }
            }
            Event::Answered { response, .. } => self.callee_answered(cx, id, &response),
            Event::Failed { failure, .. } => self.callee_failed(cx, id, &failure),
            Event::Acked { body, .. } => self.acked(cx, id, body),
            Event::Request { key, request, .. } => self.request(cx, id, key, &request),
            Event::Response { key, result, .. } => self.response(cx, id, key, result),
            Event::Ended { end, request, .. } => {
                self.session_ended(cx, id, end, request.as_deref())
            }
            Event::Refresh { .. } => self.refresh(cx, id),
            // No 1xx of ours holds an offer.
            Event::Pracked { .. } => {}
            // The switch keeps these for itself.
            Event::Invited { .. } | Event::OutOfDialog { .. } => {}
        }
    }

    /// Whether the server of a leg's INVITE is there: for the next INVITE.
    fn note_way(&self, cx: &mut Ctx<'_>, id: LegId, event: &Event) {
        let Some(leg) = self.leg(id) else { return };
        if let (Some(trunk), Event::Failed { failure, .. }) = (&leg.trunk, event)
            && !is_of_a_person(failure)
        {
            cx.house.lately.failed(cx.now, trunk, "INVITE", failure);
        }
        let Some(flow) = leg.way else { return };
        match event {
            Event::Progress { .. } | Event::Answered { .. } => cx.house.is_heard(flow),
            Event::Failed { failure, .. } => match failure {
                Failure::Response(_) => cx.house.is_heard(flow),
                Failure::TimedOut | Failure::Unreachable => cx.house.is_silent(cx.now, flow),
                Failure::Cancelled => {}
            },
            _ => {}
        }
    }

    fn callee_rings(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        if std::mem::replace(&mut leg.rang, true) {
            return;
        }
        self.journal(cx, What::LegRinging { leg: id });
        if let Stage::Reaching(r) = &mut self.stage {
            r.reach.handle_input(cx.now.mono, reach::Input::Rang(id));
            self.drain_reach(cx);
        }
    }

    /// A final refusal, or none at all. The next way is tried only where that makes sense.
    fn callee_failed(&mut self, cx: &mut Ctx<'_>, id: LegId, failure: &Failure) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        (leg.session, leg.early) = (None, None);
        let network = leg.trunk.is_some();
        let (sip, q850) = match failure {
            Failure::Response(r) => (r.status, q850_of(r.headers.first(&HeaderName::Reason))),
            Failure::TimedOut | Failure::Unreachable => (0, 0),
            Failure::Cancelled => (487, 0),
        };
        if leg.alive() && cause::refuses_srtp(sip) && self.plain_way(cx, id) {
            let text = format!("leg {} refused SRTP with {sip}: offered without", id.index);
            return self.journal(cx, What::Alarm { text });
        }
        let Some(leg) = self.leg(id) else { return };
        let other = self.help || cause::tries_next_trunk(sip, q850);
        if leg.alive() && other && self.next_way(cx, id) {
            let how = match sip {
                0 => "is not to be reached".to_owned(),
                status => format!("refused with {status}"),
            };
            self.early_is_over(cx, id);
            return self.journal(
                cx,
                What::Alarm {
                    text: format!("leg {} {how}: the next way is tried", id.index),
                },
            );
        }
        let reason = match (cause::of_q850(q850).filter(|r| *r != Reason::Normal), sip) {
            (Some(reason), _) => reason,
            (None, 0) => Reason::Unreachable,
            (None, status) => cause::of_status(status, network),
        };
        self.leg_is_over(
            cx,
            id,
            Termination {
                by: Party::Callee,
                reason,
                sip,
                q850,
            },
        );
    }

    fn acked(&mut self, cx: &mut Ctx<'_>, id: LegId, body: Option<Body>) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let first = leg.state == LegState::Accepted;
        if first {
            leg.state = LegState::Up;
        }
        if std::mem::take(&mut leg.our_offer_open) {
            let answer = body.and_then(|b| leg.sdp.as_mut().map(|sdp| sdp.accept(&b.bytes)));
            match answer {
                Some(Ok(agreed)) => self.agreed(cx, id, agreed),
                _ if first => {
                    // The offer in our 200 was left without a usable answer: there is no sound to be had.
                    let end = Termination::new(Party::Gateway, Reason::NoCodec);
                    self.hang(cx, id, Reason::NoCodec);
                    return self.leg_is_over(cx, id, end);
                }
                // A re-INVITE that came to nothing leaves the session as it was (RFC 3261 14.2).
                _ => {}
            }
        }
        if first && id == self.caller {
            self.caller_acked(cx);
        } else if first {
            self.connect_all(cx);
        }
    }

    fn request(&mut self, cx: &mut Ctx<'_>, id: LegId, key: RequestKey, request: &Request) {
        match &request.method {
            Method::Invite | Method::Update | Method::Prack => self.reoffered(cx, id, key, request),
            Method::Info => {
                respond(cx, key, 200, Headers::new(), None);
                if let Some(digit) = info_digit(request) {
                    self.digit(cx, id, digit, true);
                }
            }
            Method::Notify => {
                respond(cx, key, 200, Headers::new(), None);
                if id == self.caller {
                    self.refer_notify(cx, request);
                }
            }
            Method::Refer => self.refer_in(cx, id, key, request),
            _ => respond(cx, key, 501, Headers::new(), None),
        }
    }

    /// Their re-INVITE or UPDATE: hold, resume, another address or codec, or only a refresh.
    fn reoffered(&mut self, cx: &mut Ctx<'_>, id: LegId, key: RequestKey, request: &Request) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let Some(sdp) = leg.sdp.as_mut() else {
            return respond(cx, key, 500, Headers::new(), None);
        };
        match request.body_of_type(SDP) {
            Some(offer) => match sdp.answer(&offer, Direction::SendRecv) {
                Ok((text, agreed)) => {
                    respond(cx, key, 200, Headers::new(), Some(sdp_body(text)));
                    self.agreed(cx, id, agreed);
                }
                Err(unusable) => {
                    let (code, text) = unusable.warning();
                    let headers = Headers::new()
                        .with(HeaderName::Warning, format!("{code} tandem \"{text}\""));
                    respond(cx, key, unusable.status(), headers, None);
                }
            },
            None if request.method == Method::Invite => {
                leg.our_offer_open = true;
                let offer = sdp.reoffer();
                respond(cx, key, 200, Headers::new(), Some(sdp_body(offer)));
            }
            None => respond(cx, key, 200, Headers::new(), None),
        }
    }

    fn response(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        key: RequestKey,
        result: Result<Box<Response>, Failure>,
    ) {
        if self.info_answered(cx, id, key, &result) || self.moved(cx, key, &result) {
            return;
        }
        if self.is_refer(key, id) {
            self.refer_response(cx, &result);
        } else if self.leg(id).is_some_and(|l| l.probe == Some(key)) {
            self.probed(cx, id, &result);
        } else if self.leg(id).is_some_and(|l| l.refresh == Some(key)) {
            self.refreshed(cx, id, result);
        }
    }

    /// The far end takes no UPDATE: the session is refreshed (RFC 4028) by a re-INVITE with the description as it is (field note 14).
    pub(super) fn refresh(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Some(leg) = self.leg_mut(id).filter(|l| l.up() && l.refresh.is_none()) else {
            return;
        };
        let (Some(session), Some(sdp)) = (leg.session, leg.sdp.as_mut()) else {
            return;
        };
        let body = Some(sdp_body(sdp.reoffer()));
        leg.refresh = Some(cx.request(id, session, Method::Invite, Headers::new(), body));
    }

    /// A refusal changes nothing: the endpoint asks again, and ends the session where nobody is there.
    fn refreshed(&mut self, cx: &mut Ctx<'_>, id: LegId, result: Result<Box<Response>, Failure>) {
        let Some(leg) = self.leg_mut(id) else { return };
        leg.refresh = None;
        let (Ok(response), Some(session)) = (result, leg.session) else {
            return;
        };
        let answer = response.body_of_type(SDP);
        let agreed = answer.and_then(|a| leg.sdp.as_mut()?.accept(&a).ok());
        let changed = agreed.filter(|a| leg.agreed.as_ref() != Some(a));
        cx.sip(Command::Ack {
            session,
            body: None,
        });
        if let Some(agreed) = changed {
            self.agreed(cx, id, agreed);
        }
    }

    /// Whether a leg that fell silent is still there: anything but 408, 481 and silence shows that somebody is
    /// (RFC 3261 section 12.2.1.2, RFC 5057 section 5.1).
    fn probed(&mut self, cx: &mut Ctx<'_>, id: LegId, result: &Result<Box<Response>, Failure>) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        leg.probe = None;
        let gone = match result {
            Err(Failure::Response(r)) if matches!(r.status, 408 | 481) => Some(r.status),
            Err(Failure::TimedOut | Failure::Unreachable) => Some(0),
            Ok(_) | Err(Failure::Response(_) | Failure::Cancelled) => None,
        };
        if !leg.alive() {
            return;
        }
        if self.peer() == Some(id) {
            return self.watched(cx, gone.is_none());
        }
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let Some(sip) = gone else {
            leg.probe_at = Some(cx.now.mono + PROBE_AGAIN);
            return;
        };
        let by = if id == self.caller {
            Party::Caller
        } else {
            Party::Callee
        };
        let end = Termination {
            by,
            reason: Reason::Lost,
            sip,
            q850: 0,
        };
        // BYE all the same: it may only be deaf.
        leg.end = Some(end);
        self.hang(cx, id, Reason::Lost);
        self.leg_is_over(cx, id, end);
    }

    /// BYE, CANCEL, no ACK, or a dialog that the peer has forgotten.
    fn session_ended(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        end: Termination,
        request: Option<&Request>,
    ) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        leg.session = None;
        if !leg.alive() {
            return;
        }
        let q850 = q850_of(request.and_then(|r| r.headers.first(&HeaderName::Reason)));
        let by = if end.by == Party::Gateway {
            Party::Gateway
        } else if id == self.caller || matches!(self.stage, Stage::Conference) {
            Party::Caller
        } else {
            Party::Callee
        };
        self.leg_is_over(
            cx,
            id,
            Termination {
                by,
                q850: if end.q850 == 0 { q850 } else { end.q850 },
                ..end
            },
        );
    }

    /// Asks a leg that fell silent whether it is still there.
    pub(crate) fn probe(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Some(leg) = self.leg_mut(id).filter(|l| l.up()) else {
            return;
        };
        let (Some(session), None) = (leg.session, leg.probe) else {
            return;
        };
        leg.probe = Some(cx.request(id, session, Method::Options, Headers::new(), None));
        leg.probe_at = None;
    }

    /// For the journal: what the endpoint calls this leg's dialog.
    pub(crate) fn note_leg(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Some(leg) = self.leg_mut(id) else { return };
        if std::mem::replace(&mut leg.noted, true) {
            return;
        }
        let sip_call_id = leg
            .session
            .and_then(|s| cx.endpoint.call_id_of(s))
            .unwrap_or_default()
            .to_owned();
        let (role, peer) = (leg.role, leg.peer.clone());
        self.journal(
            cx,
            What::LegCreated {
                leg: id,
                role,
                peer,
                sip_call_id,
            },
        );
    }
}

/// Nobody took the call, and the trunk did what it should.
fn is_of_a_person(failure: &Failure) -> bool {
    let status = match failure {
        Failure::Response(r) => r.status,
        Failure::TimedOut | Failure::Unreachable | Failure::Cancelled => return false,
    };
    matches!(status, 480 | 486 | 487 | 600 | 603)
}

pub(crate) fn respond(
    cx: &mut Ctx<'_>,
    key: RequestKey,
    status: u16,
    headers: Headers,
    body: Option<Body>,
) {
    cx.sip(Command::Respond {
        key,
        status,
        phrase: String::new(),
        headers,
        body,
    });
}

/// The Q.850 cause of a Reason header (RFC 3326), or 0.
pub(crate) fn q850_of(value: Option<&str>) -> u8 {
    value
        .and_then(|v| tandem_sip::message::Reason::parse(v).ok())
        .and_then(|r| r.q850())
        .unwrap_or(0)
}

/// The key in an INFO body: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
pub(crate) fn info_digit(request: &Request) -> Option<char> {
    let text = std::str::from_utf8(&request.body).ok()?;
    let signal = text
        .lines()
        .find_map(|l| {
            l.trim()
                .strip_prefix("Signal=")
                .or_else(|| l.trim().strip_prefix("Signal ="))
        })
        .unwrap_or(text)
        .trim();
    let digit = match signal {
        "10" => '*',
        "11" => '#',
        s if s.chars().count() == 1 => s.chars().next()?.to_ascii_uppercase(),
        _ => return None,
    };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}
