//! The transfer key of a person's own phone: a REFER inside their dialog (RFC 3515, RFC 5589 section 6), blind.
//!
//! ```text
//!   Bridged --REFER: 202, NOTIFY 100--> Reaching (the person's leg waits beside it) --taken--> Bridged with the next one;
//!      ^                                   |                                          the first: NOTIFY 200, BYE
//!      '--- nobody took it: NOTIFY 4xx ----+--- and the person has hung up meanwhile: the AI, or the end
//!                                          '--- the caller hangs up: everybody is let go
//! ```
//!
//! | the REFER is | answer |
//! |---|---|
//! | of a registered phone that has the caller, to what that phone may dial | 202 |
//! | to a number that nobody has; that this phone may not dial | 404; 403 |
//! | of a far end behind a trunk: whoever is called may not send our callers about | 403 |
//! | to an address that is not ours | 403 |
//! | without a Refer-To, or with two | 400 |
//! | attended (Replaces), of a caller, in another stage | 603: the phone stays in its call |

use super::{Call, Ctx, Stage, bridged::Bridged, people::Rounds, sip::respond};
use crate::cause;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_dialplan::{Arrival, Destination, Moment, NoRouteKind, TransferMode, Via};
use tandem_sip::{
    api::{Body, RequestKey},
    message::{HeaderName, Headers, Method, NameAddr, Request, Response},
};
use tandem_types::{
    LegId, Reason, Termination, agent::Target, context::HandoffReason, journal::What,
};

/// A person who passes the caller on, until somebody has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Referrer {
    pub(super) leg: LegId,
    before: Bridged,
    /// CSeq of the REFER, which names its subscription; `None`: they want no NOTIFY (Refer-Sub: false, RFC 4488).
    subscription: Option<u32>,
}

impl Call {
    /// A REFER of a far end.
    pub(super) fn refer_in(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        key: RequestKey,
        request: &Request,
    ) {
        match self.refer_target(cx, id, request) {
            Err(status) => respond(cx, key, status, Headers::new(), None),
            Ok(to) => {
                respond(cx, key, 202, Headers::new(), None);
                let wanted = request.headers.refer_sub();
                let cseq = request.cseq().map(|c| c.number);
                self.pass_along(cx, id, to, cseq.filter(|_| wanted));
            }
        }
    }

    /// Where it leads, or why it does not.
    fn refer_target(&self, cx: &Ctx<'_>, id: LegId, request: &Request) -> Result<Destination, u16> {
        let mut all = request.headers.all(&HeaderName::ReferTo);
        let (Some(value), None) = (all.next(), all.next()) else {
            return Err(400);
        };
        let uri = NameAddr::parse(value).map_err(|_| 400u16)?.uri;
        if self.peer() != Some(id) || uri.header("Replaces").is_some() {
            return Err(603);
        }
        let leg = self.leg(id).ok_or(481u16)?;
        let phone = cx.plan.extension(&leg.peer).filter(|_| leg.trunk.is_none());
        let (user, _) = phone.and_then(|e| e.registers.as_ref()).ok_or(403u16)?;
        let host = uri.host_port().unwrap_or_default();
        let ours = host.is_empty()
            || host == cx.plan.phones.domain
            || cx
                .house
                .listen
                .iter()
                .any(|(_, at)| host == at.to_string() || uri.ip() == Some(at.ip()));
        if !ours {
            return Err(403);
        }
        let arrival = Arrival {
            via: Via::Phone(user),
            called: uri.user().unwrap_or_default(),
            caller: &leg.peer,
            id: "",
            now: Moment {
                at: cx.now.wall,
                manual: cx.house.manual.as_deref(),
            },
        };
        let route = cx.plan.route(&arrival).map_err(|e| match e.kind {
            NoRouteKind::NotAccepted | NoRouteKind::Forbidden => 403u16,
            NoRouteKind::UnknownNumber => 404,
        })?;
        // Names of another dialplan mean nothing in this one.
        let known = self.dialplan.as_deref() == Some(route.dialplan.as_str());
        match route.destination {
            to @ (Destination::Ext(_) | Destination::Trunk(..)) => Ok(to),
            to @ (Destination::Queue(_) | Destination::Outside(_) | Destination::Agent(_))
                if known =>
            {
                Ok(to)
            }
            _ => Err(403),
        }
    }

    fn pass_along(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        to: Destination,
        subscription: Option<u32>,
    ) {
        let Stage::Bridged(b) = &self.stage else {
            return;
        };
        let referrer = Referrer {
            leg: id,
            before: b.again(cx.now.mono),
            subscription,
        };
        self.notify(cx, &referrer, 100);
        if matches!(to, Destination::Agent(_)) {
            self.notify(cx, &referrer, 200);
            self.hang(cx, id, Reason::Transferred);
            return self.enter(cx, to);
        }
        self.referrer = Some(referrer);
        let warm = self.mode_of(cx, &to) == TransferMode::Warm;
        let Some(talk) = self.talk.as_mut().filter(|_| warm) else {
            let rounds = Rounds {
                rounds: self.rounds(cx, &to),
                otherwise: VecDeque::new(),
                music: self.queue(cx, &to).and_then(|q| q.hold.clone()),
                ready: true,
            };
            return self.reach(cx, &to, None, rounds);
        };
        // Whoever is next is told what the first was told, and who that was.
        let target = Target(to.to_string());
        let trigger = "passed on by a person's phone";
        let package = talk.pass_on(cx.now, &target, HandoffReason::PersonPassedOn, trigger);
        let package = Box::new(package);
        self.drain_talk(cx);
        let what = What::HandoffOffered {
            sha256: package.sha256(),
            package: package.clone(),
        };
        self.journal(cx, what);
        self.transfer_to_people(cx, package, to, VecDeque::new(), true);
    }

    /// What the person's phone is told of it.
    fn notify(&mut self, cx: &mut Ctx<'_>, referrer: &Referrer, status: u16) {
        let session = self
            .leg(referrer.leg)
            .filter(|l| l.up())
            .and_then(|l| l.session);
        let (Some(session), Some(cseq)) = (session, referrer.subscription) else {
            return;
        };
        let state = if status < 200 {
            "active;expires=180"
        } else {
            "terminated;reason=noresource"
        };
        let phrase = Response::new(status).phrase;
        let headers = Headers::new()
            .with(HeaderName::Event, format!("refer;id={cseq}"))
            .with(HeaderName::SubscriptionState, state);
        let body = Body {
            content_type: "message/sipfrag;version=2.0".into(),
            bytes: format!("SIP/2.0 {status} {phrase}\r\n").into_bytes().into(),
        };
        cx.request(referrer.leg, session, Method::Notify, headers, Some(body));
    }

    /// The next one's phone rings.
    pub(super) fn passing_rings(&mut self, cx: &mut Ctx<'_>) {
        if let Some(referrer) = self.referrer.clone() {
            self.notify(cx, &referrer, 180);
        }
    }

    /// The next one has the caller: the first is free.
    pub(super) fn passed(&mut self, cx: &mut Ctx<'_>) {
        if let Some(referrer) = self.referrer.take() {
            self.notify(cx, &referrer, 200);
            self.hang(cx, referrer.leg, Reason::Transferred);
        }
    }

    /// Nobody took the caller. Says whether the person who wanted to pass them on has them again.
    pub(super) fn passing_failed(&mut self, cx: &mut Ctx<'_>, end: Termination) -> bool {
        let Some(referrer) = self.referrer.take() else {
            return false;
        };
        self.notify(cx, &referrer, cause::status_for(end));
        if !self.leg(referrer.leg).is_some_and(|l| l.up()) {
            return false;
        }
        self.stage = Stage::Bridged(referrer.before);
        self.talk_input(cx, tandem_agent::Input::PersonKeeps);
        self.connect_all(cx);
        self.settle_bridge(cx);
        self.settle_keys(cx);
        true
    }
}
