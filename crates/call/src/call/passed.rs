//! The transfer key of a person's own phone: a REFER inside their dialog (RFC 3515), blind (RFC 5589 section 6) or attended, to
//! somebody whom they have in another call (section 7, with Replaces).
//!
//! ```text
//!   Bridged --REFER: 202, NOTIFY 100--> Reaching (the person's leg waits beside it) --taken--> Bridged with the next one;
//!      ^                                   |                                          the first: NOTIFY 200, BYE
//!      '--- nobody took it: NOTIFY 4xx ----+--- and the person has hung up meanwhile: the AI, or the end
//!                                          '--- the caller hangs up: NOTIFY 487, everybody is let go
//! ```
//! Attended, the one who is reached has answered already in the other call: their far end moves over ([`super::lend`]).
//!
//! | the REFER is | answer |
//! |---|---|
//! | of a registered phone that has the caller, to what that phone may dial | 202 |
//! | to a number that nobody has; that this phone may not dial | 404; 403 |
//! | of a far end behind a trunk: whoever is called may not send our callers about | 403 |
//! | to an address that is not ours | 403 |
//! | without a Refer-To, or with two; with a Replaces that cannot be read | 400 |
//! | of a caller, in another stage, while this far end is lent itself | 603: the phone stays in its call |
//!
//! | attended, the dialog that is to be replaced is | answer |
//! |---|---|
//! | this phone's, in a call with one other who has answered; the REFER may be a caller's too, where no AI has the call | 202 |
//! | gone; ringing still (RFC 3891 section 3: only whoever dialled it may replace it) | 481 |
//! | over just now; of the same call, with an agent, a queue, a menu, a room; lent already | 603 |
//! | `early-only`, and answered | 486 |
//! | another phone's | 403 |

use super::{Call, Ctx, Stage, bridged::Bridged, people::Rounds, sip::respond};
use crate::{cause, leg::Leg};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_dialplan::{AfterPerson, Arrival, Destination, Moment, NoRouteKind, TransferMode, Via};
use tandem_sip::{
    api::{Body, RequestKey},
    message::{HeaderName, Headers, Method, NameAddr, Replaces, Request, Response, Uri},
};
use tandem_types::{
    LegId, Reason, Termination,
    context::{ContextPackage, HandoffReason},
    journal::TransferKind,
};

/// A person who passes the caller on, until somebody has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Referrer {
    pub(super) leg: LegId,
    before: Bridged,
    /// CSeq of the REFER, which names its subscription; `None`: they want no NOTIFY (Refer-Sub: false, RFC 4488).
    subscription: Option<u32>,
    /// The leg of another call that they have asked already.
    asked: Option<LegId>,
    /// They were the caller, and whom they had called is it now.
    called: bool,
}

impl Referrer {
    /// Where the caller goes when the one who was asked hangs up first: whoever they asked takes their place in every way.
    pub(super) fn after(&self) -> Option<AfterPerson> {
        self.asked.map(|_| self.before.after)
    }
}

/// Where a REFER leads.
enum Passed {
    To(Destination),
    /// To somebody whom the phone has in another call.
    Asked(LegId, Destination),
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
            Ok(passed) => {
                respond(cx, key, 202, Headers::new(), None);
                let wanted = request.headers.refer_sub();
                let cseq = request.cseq().map(|c| c.number);
                let subscription = cseq.filter(|_| wanted);
                match passed {
                    Passed::To(to) => self.pass_along(cx, id, to, subscription),
                    Passed::Asked(asked, to) => self.pass_to(cx, id, asked, to, subscription),
                }
            }
        }
    }

    /// Where it leads, or why it does not.
    fn refer_target(&self, cx: &Ctx<'_>, id: LegId, request: &Request) -> Result<Passed, u16> {
        let mut all = request.headers.all(&HeaderName::ReferTo);
        let (Some(value), None) = (all.next(), all.next()) else {
            return Err(400);
        };
        let uri = NameAddr::parse(value).map_err(|_| 400u16)?.uri;
        if self.beside(id).is_none() || self.lending.is_some() {
            return Err(603);
        }
        let user = self
            .leg(id)
            .and_then(|l| l.phone.as_deref())
            .ok_or(403u16)?;
        if !is_ours(cx, &uri) {
            return Err(403);
        }
        match uri.header("Replaces") {
            Some(replaces) => self.asked_before(cx, id, user, &replaces),
            None if self.peer() == Some(id) => self.dialled_by(cx, id, user, &uri),
            None => Err(603),
        }
    }

    /// Whom this phone has in the other call that its Replaces names.
    fn asked_before(
        &self,
        cx: &Ctx<'_>,
        id: LegId,
        user: &str,
        replaces: &str,
    ) -> Result<Passed, u16> {
        let replaces = Replaces::parse(replaces).map_err(|_| 400u16)?;
        let session = cx.endpoint.replaces(&replaces)?;
        let theirs = *cx.sessions.get(&session).ok_or(481u16)?;
        if theirs.call == self.id || (id == self.caller && self.talk.is_some()) {
            return Err(603);
        }
        let other = cx.others.get(&theirs.call).ok_or(481u16)?;
        if other.leg(theirs).and_then(|l| l.phone.as_deref()) != Some(user) {
            return Err(403);
        }
        let asked = other.beside(theirs).filter(|l| other.may_lend(*l));
        let leg = asked.and_then(|l| other.leg(l)).ok_or(603u16)?;
        Ok(Passed::Asked(leg.id, who(leg)))
    }

    /// What this phone may dial.
    fn dialled_by(&self, cx: &Ctx<'_>, id: LegId, user: &str, uri: &Uri) -> Result<Passed, u16> {
        let leg = self.leg(id).ok_or(481u16)?;
        let arrival = Arrival {
            via: Via::Phone(user),
            called: uri.user().unwrap_or_default(),
            caller: &leg.peer,
            id: "",
            attested: tandem_types::Attested::Unsigned,
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
            to @ (Destination::Ext(_) | Destination::Trunk(..) | Destination::Emergency { .. }) => {
                Ok(Passed::To(to))
            }
            to @ (Destination::Queue(_)
            | Destination::Outside(_)
            | Destination::Agent(_)
            | Destination::Voicemail(_)
            | Destination::Callback(_))
                if known =>
            {
                Ok(Passed::To(to))
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
            asked: None,
            called: false,
        };
        self.notify(cx, &referrer, 100);
        // Who waits in a queue is the queue's: nobody stays on the line for them.
        let waits = self.line_rules(cx, &to).is_some();
        let takes_alone = matches!(
            to,
            Destination::Agent(_) | Destination::Voicemail(_) | Destination::Callback(_)
        );
        if takes_alone || waits {
            self.notify(cx, &referrer, 200);
            self.hang(cx, id, Reason::Transferred);
            return self.enter(cx, to);
        }
        self.referrer = Some(referrer);
        let warm = self.mode_of(cx, &to) == TransferMode::Warm;
        // Whoever is next is told what the first was told, and who that was.
        let package = warm.then(|| self.told_on(cx, &to)).flatten();
        let Some(package) = package else {
            let rounds = Rounds {
                rounds: self.rounds(cx, &to),
                otherwise: VecDeque::new(),
                music: self.queue(cx, &to).and_then(|q| q.hold.clone()),
                ready: true,
            };
            return self.reach(cx, &to, None, rounds);
        };
        self.transfer_to_people(cx, package, to, VecDeque::new(), true);
    }

    /// To somebody whom they have asked already: nobody has to be rung, or told anything.
    fn pass_to(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        asked: LegId,
        to: Destination,
        subscription: Option<u32>,
    ) {
        let called = id == self.caller;
        let Stage::Bridged(b) = &mut self.stage else {
            return;
        };
        if called {
            std::mem::swap(&mut self.caller, &mut b.peer);
        }
        let referrer = Referrer {
            leg: id,
            before: b.again(cx.now.mono),
            subscription,
            asked: Some(asked),
            called,
        };
        self.notify(cx, &referrer, 100);
        self.referrer = Some(referrer);
        let package = self.told_on(cx, &to);
        let transfer = package.map(|p| self.begin_transfer(cx, p, TransferKind::Cold));
        let rounds = Rounds {
            rounds: vec![vec![to.clone()]],
            otherwise: VecDeque::new(),
            music: None,
            ready: true,
        };
        self.reach(cx, &to, transfer, rounds);
    }

    /// What the agent knows, offered to the next one; nothing where none has had the caller.
    fn told_on(&mut self, cx: &mut Ctx<'_>, to: &Destination) -> Option<Box<ContextPackage>> {
        let trigger = "passed on by a person's phone";
        self.offer_on(cx, to, HandoffReason::PersonPassedOn, trigger)
    }

    /// The leg of another call that is to take the caller.
    pub(super) fn asked(&self) -> Option<LegId> {
        self.referrer.as_ref().and_then(|r| r.asked)
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

    /// The caller has hung up meanwhile.
    pub(super) fn passing_is_over(&mut self, cx: &mut Ctx<'_>) {
        if let Some(referrer) = self.referrer.take() {
            self.notify(cx, &referrer, 487);
            self.hang(cx, referrer.leg, Reason::Normal);
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
        let mut before = referrer.before;
        if referrer.called {
            std::mem::swap(&mut self.caller, &mut before.peer);
        }
        self.stage = Stage::Bridged(before);
        self.help = false;
        self.talk_input(cx, tandem_agent::Input::PersonKeeps);
        self.connect_all(cx);
        self.settle_bridge(cx);
        self.settle_keys(cx);
        true
    }
}

/// An address of ours, or none.
fn is_ours(cx: &Ctx<'_>, uri: &Uri) -> bool {
    let host = uri.host_port().unwrap_or_default();
    host.is_empty()
        || host == cx.plan.phones.domain
        || cx
            .house
            .listen
            .iter()
            .any(|(_, at)| host == at.to_string() || uri.ip() == Some(at.ip()))
}

/// Who a leg is, as a destination would have it.
fn who(leg: &Leg) -> Destination {
    match &leg.trunk {
        Some(trunk) => Destination::Trunk(trunk.clone(), Some(leg.peer.clone())),
        None if leg.phone.is_some() => Destination::Ext(leg.peer.clone()),
        None => Destination::Sip(leg.peer.clone()),
    }
}
