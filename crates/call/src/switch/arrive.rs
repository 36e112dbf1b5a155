//! A new INVITE, and requests outside dialogs.

use super::{
    Switch,
    attested::Known,
    says::{called_by, called_on, caller_of, trunks_of},
};
use crate::{
    call::Stage,
    leg::Leg,
    ways::{self, Urgency},
};
use tandem_dialplan::{
    Arrival, CalledFrom, Destination, Moment, NoRoute, NoRouteKind, OnFull, Prack, Route, Trunk,
    Via,
};
use tandem_sip::{
    api::{Command, Flow, SessionId},
    message::{HeaderName, Headers, Replaces, Request},
};
use tandem_types::{
    Attested, CallId, LegId, Now,
    journal::{LegRole, What},
};

/// Who calls in.
pub(super) enum Caller {
    /// By its name.
    Trunk(String),
    /// By the user name that it registers with.
    Phone(String),
}

/// A call that may come in, and where it goes.
pub(super) struct Arriving {
    pub(super) caller: Caller,
    pub(super) route: Route,
    pub(super) called: String,
    /// What is known of the caller's number.
    pub(super) known: Known,
    /// When the route comes to nothing.
    pub(super) otherwise: Option<Destination>,
}

impl Arriving {
    pub(super) fn new(caller: Caller, route: Route, called: String) -> Self {
        Self {
            caller,
            route,
            called,
            known: Known::default(),
            otherwise: None,
        }
    }
}

/// Why it is not taken.
struct No {
    status: u16,
    headers: Headers,
    no_route: Option<NoRoute>,
}

fn no(status: u16) -> No {
    No {
        status,
        headers: Headers::new(),
        no_route: None,
    }
}

/// With headers that say how it would be taken.
fn unless(status: u16, headers: Headers) -> No {
    No {
        headers,
        ..no(status)
    }
}

fn no_way(no_route: NoRoute) -> No {
    let status = match no_route.kind {
        NoRouteKind::NotAccepted | NoRouteKind::Forbidden => 403,
        NoRouteKind::UnknownNumber => 404,
    };
    No {
        no_route: Some(no_route),
        ..no(status)
    }
}

impl Switch {
    pub(super) fn invited(&mut self, now: Now, session: SessionId, flow: Flow, request: &Request) {
        if let Err(No {
            status,
            headers,
            no_route,
        }) = self.take(now, session, flow, request)
        {
            self.turned_away(&flow, request, status, no_route);
            if status == 403 || status == 404 {
                self.refused(now, &flow, "not-allowed");
            }
            let command = Command::Reject {
                session,
                status,
                phrase: String::new(),
                headers,
            };
            self.endpoint
                .handle_input(now, tandem_sip::api::Input::Command(command));
        }
    }

    fn take(
        &mut self,
        now: Now,
        session: SessionId,
        flow: Flow,
        request: &Request,
    ) -> Result<(), No> {
        let for_help = self
            .let_in(now, &flow, request)
            .map_err(|headers| unless(407, headers))?;
        let help = for_help.is_some();
        if !help && self.calls.len() >= self.plan.node.max_calls as usize {
            let why = "node-full";
            self.out.push_back(crate::Output::Limited { why });
            return Err(no(503)); // without Retry-After: that is for draining only (field note 15)
        }
        let (from, name) = caller_of(request);
        let arriving = match for_help {
            Some(arriving) => arriving,
            None => self.route(now, &flow, &from, request)?,
        };
        let Arriving {
            caller,
            route,
            called,
            known,
            otherwise,
        } = arriving;
        let replaced = self.replaced(&caller, request)?;
        let plan = self.plan.clone();
        let trunk = match &caller {
            Caller::Trunk(name) => plan.trunks.get(name),
            Caller::Phone(_) => None,
        };
        let (from, name) = match &caller {
            Caller::Trunk(_) => (from, name),
            Caller::Phone(user) => self.phones_own(user, from, name),
        };
        let from = match trunk {
            Some(t) => t.inbound_format.to_e164(&from, &t.country),
            None => from,
        };
        if let Some(trunk) = trunk {
            if !help && trunk.rejects_anonymous && from.is_empty() {
                return Err(no(433)); // RFC 5079
            }
            if !help && !self.house.has_slot(trunk, now.mono, Urgency::Usual) {
                return Err(self.too_many(trunk, now));
            }
            self.house.pace.begins(trunk, now.mono);
        }
        if trunk.is_some_and(|t| t.prack == Prack::Required)
            && ![HeaderName::Supported, HeaderName::Require]
                .iter()
                .any(|name| request.headers.lists(name, "100rel"))
        {
            return Err(unless(
                421,
                Headers::new().with(HeaderName::Require, "100rel"),
            ));
        }
        let offer = request.body_of_type("application/sdp").map(|b| b.to_vec());
        if offer.is_none() && !request.body.is_empty() {
            return Err(unless(
                415,
                Headers::new().with(HeaderName::Accept, "application/sdp"),
            ));
        }
        let peer = from.clone();
        let role = replaced.and_then(|old| self.calls.get(&old.call)?.leg(old));
        let role = role.map_or(LegRole::Caller, |leg| leg.role);
        let phone = match &caller {
            Caller::Trunk(_) => None,
            Caller::Phone(user) => Some(user.clone()),
        };
        let leg = |id: LegId| Leg {
            session: Some(session),
            noted: true,
            source: Some(flow.remote.ip()),
            offer: offer.clone(),
            takes_info: request.headers.lists(&HeaderName::Allow, "INFO"),
            trunk: trunk.map(|t| t.name.clone()),
            phone: phone.clone(),
            codecs: trunk.map_or(&plan.phones.codecs, |t| &t.codecs).clone(),
            srtp: trunk.map_or(plan.phones.srtp, |t| t.srtp),
            dtmf: trunk.map_or(plan.phones.dtmf, |t| t.dtmf),
            learn: trunk.map_or(crate::leg::Learn::Source, ways::learn_of),
            ..Leg::new(id, role, peer.clone())
        };
        let sip_call_id = request.call_id().unwrap_or_default().to_owned();
        let room = match &route.destination {
            Destination::Conference(room) => Some(room.clone()),
            _ => None,
        };
        let joined = room
            .as_ref()
            .and_then(|r| self.house.room(r))
            .filter(|id| self.calls.get(id).is_some_and(|c| c.is_open()));
        let leg_id = match replaced.map(|old| old.call).or(joined) {
            Some(call) => {
                let id = self
                    .calls
                    .get(&call)
                    .map_or(LegId { call, index: 1 }, |c| c.new_leg_id());
                self.sessions.insert(session, id);
                let leg = Leg {
                    replaces: replaced,
                    ..leg(id)
                };
                self.with_call(now, call, |c, cx| c.admit(cx, leg, sip_call_id));
                id
            }
            None => {
                let id = CallId::generate(now.wall, &mut self.rng);
                if let Some(room) = &room {
                    self.house.open_room(room.clone(), id);
                }
                let leg_id = LegId { call: id, index: 1 };
                self.sessions.insert(session, leg_id);
                let start = Start {
                    id,
                    from,
                    name,
                    called,
                    route,
                    known,
                    otherwise,
                    sip_call_id,
                    caller,
                    room: room.is_some(),
                    help,
                };
                self.begin(now, start, leg(leg_id));
                leg_id
            }
        };
        for (_, sent, flow, bytes) in self.untold.extract_if(.., |(s, ..)| *s == session) {
            self.out.push_back(crate::Output::Trace {
                call: Some(leg_id.call),
                sent,
                flow,
                bytes,
            });
        }
        Ok(())
    }

    /// A phone is who its password says, whatever it writes; it may hide its number, though.
    fn phones_own(
        &self,
        user: &str,
        from: String,
        name: Option<String>,
    ) -> (String, Option<String>) {
        let Some(ext) = self.plan.phones.extensions.of_user(user) else {
            return (from, name);
        };
        let number = ext.pattern.to_string();
        if from.is_empty() {
            return (from, None);
        }
        let name = Some(ext.name.clone()).filter(|n| *n != number);
        (number, name)
    }

    fn too_many(&mut self, trunk: &Trunk, now: Now) -> No {
        let why = if self.house.pace.is_full(trunk, now.mono) {
            "trunk-rate"
        } else {
            "trunk-full"
        };
        self.out.push_back(crate::Output::Limited { why });
        match trunk.on_full {
            OnFull::Unavailable => no(503),
            OnFull::Busy => no(486),
        }
    }

    /// The leg whose place an INVITE is to take (RFC 3891 section 3): it is no new call then. Only another phone of the same user may
    /// do that, with a call of two who are up, or, as all phones of a pickup group may, with one that rings there: 403 for anybody
    /// else's, 603 for any other call, 400 for what cannot be read, or for two; for the rest see [`Endpoint::replaces`](tandem_sip::endpoint::Endpoint::replaces).
    fn replaced(&self, caller: &Caller, request: &Request) -> Result<Option<LegId>, No> {
        let mut all = request.headers.all(&HeaderName::Replaces);
        let Some(first) = all.next() else {
            return Ok(None);
        };
        let (Ok(replaces), None) = (Replaces::parse(first), all.next()) else {
            return Err(no(400));
        };
        let session = self.endpoint.replaces(&replaces).map_err(no)?;
        let old = *self.sessions.get(&session).ok_or_else(|| no(481))?;
        let call = self.calls.get(&old.call).ok_or_else(|| no(481))?;
        let owner = call.leg(old).and_then(|l| l.phone.as_deref());
        let rings = call.may_pick_up(old);
        let phones = &self.plan.phones.extensions;
        match (caller, owner) {
            (Caller::Phone(user), Some(owner))
                if owner == user || rings && phones.may_pick_up(user, owner) => {}
            (Caller::Phone(_) | Caller::Trunk(_), _) => return Err(no(403)),
        }
        if !rings && !call.may_replace(old) {
            return Err(no(603));
        }
        Ok(Some(old))
    }

    fn begin(&mut self, now: Now, start: Start, leg: Leg) {
        let Start {
            id,
            from,
            name,
            called,
            route,
            known,
            otherwise,
            sip_call_id,
            caller,
            room,
            help,
        } = start;
        let max = self
            .plan
            .dialplans
            .get(&route.dialplan)
            .map(|d| d.limits.max_call)
            .filter(|d| !d.is_zero());
        let via = match &caller {
            Caller::Trunk(name) => name.clone(),
            Caller::Phone(ext) => format!("phone:{ext}"),
        };
        let phone = match &caller {
            Caller::Trunk(_) => None,
            Caller::Phone(user) => Some(user),
        };
        let phone = phone.and_then(|user| self.plan.phones.extensions.of_user(user));
        let phone = phone.map(|e| e.pattern.to_string());
        let destination = route.destination.clone();
        let stage = if room {
            Stage::Conference
        } else {
            Stage::Opening {
                then: destination.clone(),
                otherwise: otherwise.into_iter().collect(),
            }
        };
        // Filled where it stays: it is large.
        let mut call = self.new_call(id, now, stage);
        call.via.clone_from(&via);
        call.trunk.clone_from(&leg.trunk);
        call.from.clone_from(&from);
        call.from_name = name;
        call.attested = known.attested;
        call.to.clone_from(&called);
        call.dialplan = Some(route.dialplan).filter(|d| !d.is_empty());
        call.phone = phone;
        call.caller = leg.id;
        call.legs.insert(leg.id.index, Box::new(leg));
        call.over_at = max.map(|d| now.mono + d);
        call.help = help;
        self.calls.put(call);
        self.with_call(now, id, |c, cx| {
            let what = What::CallStarted {
                from,
                to: called,
                via,
                dialplan: c.dialplan.clone(),
                start: destination.to_string(),
                sip_call_id: sip_call_id.clone(),
            };
            c.journal(cx, what);
            c.calls_again(cx);
            if known.attested != Attested::Unsigned {
                let Known { attested, why } = known;
                c.journal(cx, What::CallerVerified { attested, why });
            }
            let (leg, peer) = (c.caller, c.from.clone());
            c.journal(
                cx,
                What::LegCreated {
                    leg,
                    role: LegRole::Caller,
                    peer,
                    sip_call_id,
                },
            );
            // An offer is not read for nothing.
            let two = cx.plan.node.rtp_address6;
            let family = two.and_then(|_| c.leg(leg)?.far_family());
            cx.open_leg(leg, help, family);
            c.look_up(cx);
        });
    }

    /// Who calls, and where it goes. A registered phone proves who it is with every call.
    fn route(
        &mut self,
        now: Now,
        flow: &Flow,
        from: &str,
        request: &Request,
    ) -> Result<Arriving, No> {
        let plan = self.plan.clone();
        let manual = self.house.manual.clone();
        if self.house.registrar.is_bound(flow.remote) {
            let realm = plan.phones.domain.clone();
            let user = self
                .proved(now, flow, request, &realm, true)
                .map_err(|headers| unless(407, headers))?;
            let called = called_by(CalledFrom::RequestUri, request);
            let arrival = Arrival {
                via: Via::Phone(&user),
                called: &called,
                caller: from,
                id: request.call_id().unwrap_or_default(),
                attested: Attested::Unsigned,
                now: Moment {
                    at: now.wall,
                    manual: manual.as_deref(),
                },
            };
            let route = plan.route(&arrival).map_err(no_way)?;
            return Ok(Arriving::new(Caller::Phone(user), route, called));
        }
        let mut last = no(403);
        for trunk in trunks_of(&plan, flow.remote.ip(), request) {
            let called = called_on(trunk, request);
            let caller = trunk.inbound_format.to_e164(from, &trunk.country);
            let known = self.attested(now, trunk, request, &called);
            let arrival = Arrival {
                via: Via::Trunk(&trunk.name),
                called: &called,
                caller: &caller,
                id: request.call_id().unwrap_or_default(),
                attested: known.attested,
                now: Moment {
                    at: now.wall,
                    manual: manual.as_deref(),
                },
            };
            match plan.route(&arrival) {
                Ok(route) => {
                    if trunk.challenge {
                        self.proved_by_trunk(now, flow, request, trunk)
                            .map_err(|headers| unless(407, headers))?;
                    }
                    let caller = Caller::Trunk(trunk.name.clone());
                    return Ok(Arriving {
                        known,
                        ..Arriving::new(caller, route, called)
                    });
                }
                Err(e) => last = no_way(e),
            }
        }
        Err(last)
    }

    fn proved_by_trunk(
        &mut self,
        now: Now,
        from: &Flow,
        request: &Request,
        trunk: &Trunk,
    ) -> Result<(), Headers> {
        let (Some(user), Some(password)) = (&trunk.username, &trunk.password) else {
            return Ok(());
        };
        let known = |name: &str| (name == user).then(|| password.0.clone());
        self.proof(now, from, request, &trunk.name, true, &known)
            .map(|_| ())
    }
}

struct Start {
    id: CallId,
    from: String,
    name: Option<String>,
    called: String,
    route: Route,
    known: Known,
    otherwise: Option<Destination>,
    sip_call_id: String,
    caller: Caller,
    room: bool,
    help: bool,
}
