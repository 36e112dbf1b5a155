//! Calls for help (field note 1): at once, past limits and the drain; people are told, and a call back reaches the phone.
//!
//! ```text
//!   phone --999--> Emergency: by any trunk, as the site --answered--> Bridged
//!                     |  heard
//!                     +--> each of `tell` is rung in a call of its own, and told who dialled
//!                     +--> for an hour, a call to the number that was shown rings the phone; then where else it would go
//! ```

use super::{
    Switch,
    arrive::{Arriving, Caller},
    says::{called_by, called_on, caller_of, trunks_of},
};
use crate::{
    call::Stage,
    house::Cry,
    ways::{Asked, Identity, Urgency},
};
use std::time::Duration;
use tandem_dialplan::{Arrival, CalledFrom, Destination, Moment, Plan, Route, Via, normalise};
use tandem_sip::{
    api::Flow,
    message::{Headers, Message, Method, Request},
};
use tandem_types::{
    CallId, Now,
    journal::{LegRole, What},
};

/// Whoever is to be told has that long to answer.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

impl Switch {
    /// The message begins a call for help, or one that calls back.
    pub(super) fn is_for_help(&self, now: Now, from: &Flow, message: &Message) -> bool {
        match message {
            Message::Request(r) if r.method == Method::Invite => {
                self.for_help(now, from, r).is_some()
            }
            _ => false,
        }
    }

    /// The call for help that an INVITE is, or the call back. A phone need not prove itself again where its REGISTER came from; one
    /// behind an edge does, by which strangers come too (`Err`: the challenge).
    pub(super) fn let_in(
        &mut self,
        now: Now,
        flow: &Flow,
        request: &Request,
    ) -> Result<Option<Arriving>, Headers> {
        let Some(arriving) = self.for_help(now, flow, request) else {
            return Ok(None);
        };
        let Caller::Phone(said) = &arriving.caller else {
            return Ok(Some(arriving));
        };
        let mut bindings = self.house.contacts(said).into_iter();
        if bindings.any(|b| b.flow.remote == flow.remote && b.path.is_empty()) {
            return Ok(Some(arriving));
        }
        let realm = self.plan.phones.domain.clone();
        let user = self.proved(now, flow, request, &realm, true)?;
        // The site is that of whoever has proved who they are.
        Ok(self.by_phone(now, &user, request))
    }

    fn by_phone(&self, now: Now, user: &str, request: &Request) -> Option<Arriving> {
        let called = normalise(&called_by(CalledFrom::RequestUri, request))?;
        self.plan.help_for(user, &called)?;
        let route = self.usual(now, Via::Phone(user), &called, request)?;
        Some(Arriving::new(Caller::Phone(user.to_owned()), route, called))
    }

    /// As [`Self::let_in`], as far as the INVITE itself says.
    fn for_help(&self, now: Now, flow: &Flow, request: &Request) -> Option<Arriving> {
        if self.house.registrar.is_bound(flow.remote) {
            let user = self.user_of(flow, request)?;
            return self.by_phone(now, &user, request);
        }
        if self.house.cries.is_quiet() {
            return None;
        }
        let trunks = trunks_of(&self.plan, flow.remote.ip(), request).into_iter();
        // One that is challenged proves itself first, as with every call.
        trunks.filter(|t| !t.challenge).find_map(|trunk| {
            let called = called_on(trunk, request);
            let phone = self.house.cries.call_back(now.mono, &called)?;
            let usual = self.usual(now, Via::Trunk(&trunk.name), &called, request);
            let route = Route {
                why: format!("{called} was shown when {phone} called for help"),
                dialplan: usual
                    .as_ref()
                    .map_or_else(String::new, |r| r.dialplan.clone()),
                destination: Destination::Phone(phone.to_owned()),
            };
            let caller = Caller::Trunk(trunk.name.clone());
            Some(Arriving {
                otherwise: usual.map(|r| r.destination),
                ..Arriving::new(caller, route, called)
            })
        })
    }

    /// Where a call goes by the plan.
    fn usual(&self, now: Now, via: Via<'_>, called: &str, request: &Request) -> Option<Route> {
        let (caller, _) = caller_of(request);
        let arrival = Arrival {
            via,
            called,
            caller: &caller,
            id: request.call_id().unwrap_or_default(),
            attested: tandem_types::Attested::Unsigned,
            now: Moment {
                at: now.wall,
                manual: self.house.manual.as_deref(),
            },
        };
        self.plan.route(&arrival).ok()
    }

    /// Who is registered there: behind an edge many are, and From tells them apart.
    fn user_of(&self, flow: &Flow, request: &Request) -> Option<String> {
        let registrar = &self.house.registrar;
        let from = request.from()?;
        let said = from.uri.user().unwrap_or_default();
        let extension = self.plan.extension(said).and_then(|e| e.registers.as_ref());
        let named = extension
            .map(|(user, _)| user.as_str())
            .into_iter()
            .chain([said]);
        let named = named
            .into_iter()
            .find(|user| registrar.is_bound_as(flow.remote, user));
        named
            .or_else(|| registrar.user_at(flow.remote))
            .map(str::to_owned)
    }

    /// The people whom the site names are rung, each in a call of their own: it is no matter to them whether the one who calls for
    /// help hangs up.
    pub(super) fn tell(&mut self, now: Now, cry: &Cry) {
        let plan = self.plan.clone();
        let Some(site) = plan.site_of(&cry.phone) else {
            return;
        };
        let text = told(&plan, cry);
        let identity = Identity {
            number: cry.phone.clone(),
            name: Some("Emergency call".to_owned()),
            attested: tandem_types::Attested::Unsigned,
            ours: false,
            headers: Headers::new(),
        };
        for person in site.tell.iter().filter(|p| **p != cry.phone) {
            let to = Destination::Phone(person.clone());
            let mut asked = Asked {
                plan: &plan,
                house: &mut self.house,
                now: now.mono,
                dialplan: None,
                phone: None,
                called: person,
                identity: &identity,
                urgency: Urgency::Escalation,
            };
            let legs = asked.to(&to);
            // Whose phone is not there cannot be told.
            for leg in legs.unwrap_or_default() {
                let id = CallId::generate(now.wall, &mut self.rng);
                let stage = Stage::Notifying { text: text.clone() };
                let mut call = self.new_call(id, now, stage);
                call.via = "emergency".to_owned();
                call.from.clone_from(&cry.phone);
                call.to.clone_from(person);
                call.over_at = Some(now.mono + TOLD_WITHIN);
                self.calls.put(call);
                self.with_call(now, id, |c, cx| {
                    let what = What::CallStarted {
                        from: c.from.clone(),
                        to: c.to.clone(),
                        via: c.via.clone(),
                        dialplan: None,
                        start: to.to_string(),
                        sip_call_id: String::new(),
                    };
                    c.journal(cx, what);
                    c.dial_leg(cx, LegRole::Callee, leg.peer, leg.ways);
                });
            }
        }
    }
}

/// What people hear.
fn told(plan: &Plan, cry: &Cry) -> String {
    let name = plan.extension(&cry.phone).map_or("", |e| e.name.as_str());
    let who = if name == cry.phone {
        String::new()
    } else {
        format!("{name}, ")
    };
    let site = plan.site_of(&cry.phone);
    let place = site.map_or("", |s| s.site.as_str());
    match site.is_some_and(|s| s.is_test(&cry.number)) {
        true => format!(
            "This is a test. {who}extension {}, {place}, tries the emergency line.",
            cry.phone
        ),
        false => format!(
            "Emergency call. {who}extension {}, {place}, has dialled {}.",
            cry.phone, cry.number
        ),
    }
}
