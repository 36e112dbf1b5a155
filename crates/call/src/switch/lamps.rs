//! Phones that subscribe to the state of extensions (RFC 6665, RFC 4235, RFC 3842), and what they are told.

use super::{Switch, says::called_by};
use crate::{
    call::Call,
    lamps::{is_initiator, of},
};
use tandem_dialplan::CalledFrom;
use tandem_sip::{
    api::{Command, Flow, RequestKey},
    message::{Headers, NameAddr, Request},
    notifier::{Grant, Line, Notify, Package, Parties},
};
use tandem_types::Now;

impl Switch {
    /// Only phones that are registered, and each as itself; the messages of an extension are its own alone.
    pub(super) fn subscribe(
        &mut self,
        now: Now,
        key: RequestKey,
        flow: Flow,
        request: &Request,
    ) -> (u16, Headers) {
        let refused = |status| (status, Headers::new());
        if !self.house.registrar.is_bound(flow.remote) {
            return refused(403);
        }
        let plan = self.plan.clone();
        let user = match self.proved(now, &flow, request, &plan.phones.domain, false) {
            Ok(user) => user,
            Err(challenges) => return (401, challenges),
        };
        if !self.house.registrar.is_bound_as(flow.remote, &user) {
            return refused(403);
        }
        // In the dialog it is addressed to our Contact, and the subscription knows whose it is.
        let refreshes = request.to().is_some_and(|to| to.tag().is_some());
        let called = called_by(CalledFrom::RequestUri, request);
        let phones = &plan.phones.extensions;
        let watched = if refreshes {
            phones.of_user(&user)
        } else {
            plan.extension(&called).or_else(|| phones.of_user(&called))
        };
        let Some((watched, of)) = watched.and_then(|e| Some((e, &e.registers.as_ref()?.0))) else {
            return refused(404);
        };
        if Package::asked(request) == Some(Package::MessageSummary) && *of != user {
            return refused(403);
        }
        let grant = Grant {
            parties: phones.may_pick_up(&user, of),
            of: of.clone(),
            entity: format!("sip:{}@{}", watched.pattern, plan.phones.domain),
            contact: NameAddr::new(self.house.contact(flow)),
            tag: self.endpoint.tag_for(key),
            user,
        };
        let reply = self
            .lamps
            .notifier
            .handle_subscribe(now, flow, request, grant);
        (reply.status, reply.headers)
    }

    pub(super) fn notify(&mut self, now: Now, notify: Notify) {
        let Notify {
            subscription,
            flow,
            request,
        } = notify;
        let key = self.endpoint.allocate_key();
        self.lamps.notifier.sent(key, subscription);
        let command = Command::SendAsIs { key, flow, request };
        self.endpoint
            .handle_input(now, tandem_sip::api::Input::Command(command));
    }

    /// Tells of the phones in a call, if anything is new of them.
    pub(super) fn light(&mut self, now: Now, call: &Call) {
        if !self.lamps.changes(call) {
            return;
        }
        let line = |(index, state)| {
            let leg = call.legs.get(&index)?;
            let (number, name) = match leg.id == call.caller {
                true => (call.to.clone(), None),
                false => (call.from.clone(), call.from_name.clone()),
            };
            // To the far end our tag is the remote one, and theirs is to us.
            let ours = leg.session.and_then(|s| self.endpoint.replaces_for(s));
            let replaces = ours.map(|mut r| {
                std::mem::swap(&mut r.to_tag, &mut r.from_tag);
                r
            });
            Some(Line {
                of: leg.phone.clone()?,
                id: format!("{}-{index}", call.id),
                initiator: is_initiator(leg.role),
                state,
                parties: Some(Parties {
                    number,
                    name,
                    replaces,
                }),
            })
        };
        let lines = of(call).filter_map(line).collect();
        self.lamps.notifier.handle_lines(now, call.id, lines);
    }
}
