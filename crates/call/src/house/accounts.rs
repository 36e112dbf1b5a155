//! Our accounts at carriers: when they are registered, and how that stands.

use super::House;
use crate::ways::{account, proxy_of};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_dialplan::Trunk;
use tandem_sip::{
    api::{Credentials, Failure, OutgoingRequest, RequestKey},
    message::{NameAddr, Response, Uri},
    registration::{
        Registration, RegistrationConfig, RegistrationInput, RegistrationOutput, RegistrationState,
    },
};
use tandem_types::Now;

/// What a registration needs besides an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RegistrationPlan {
    registrar: Uri,
    next: Uri,
    route: Vec<NameAddr>,
    expires: u32,
    credentials: Option<Credentials>,
    username: String,
}

impl House {
    pub(super) fn start_registrations(&mut self, now: Now) {
        for (trunk, plan) in std::mem::take(&mut self.unstarted) {
            let Some(flow) = self
                .resolve(&plan.next)
                .and_then(|(t, a)| self.flow_to(t, a))
            else {
                self.unstarted.push((trunk, plan));
                continue;
            };
            let host = plan.registrar.host_port().unwrap_or_default();
            let config = RegistrationConfig {
                flow,
                aor: NameAddr::from(Uri::sip(plan.username.as_str(), &host)),
                contact: self.contact(flow),
                registrar: plan.registrar,
                route: plan.route,
                expires: plan.expires,
                credentials: plan.credentials.map(|c| c.also_for(flow)),
            };
            let mut registration = Registration::new(config, self.rng.fork());
            registration.handle_input(now, RegistrationInput::Start);
            self.registrations.insert(trunk, registration);
        }
        self.drain_registrations();
    }

    pub(super) fn drain_registrations(&mut self) {
        for (trunk, registration) in &mut self.registrations {
            while let Some(output) = registration.poll_output() {
                match output {
                    RegistrationOutput::Send(request) => {
                        self.requests.push_back((trunk.clone(), *request))
                    }
                    RegistrationOutput::Changed(_) => {}
                }
            }
        }
    }

    pub(crate) fn poll_registration(&mut self) -> Option<(String, OutgoingRequest)> {
        self.requests.pop_front()
    }

    pub(crate) fn sent_registration(&mut self, key: RequestKey, trunk: String) {
        self.registration_keys.insert(key, trunk);
    }

    pub(crate) fn registration_response(
        &mut self,
        now: Now,
        key: RequestKey,
        result: Result<Box<Response>, Failure>,
    ) {
        let Some(trunk) = self.registration_keys.remove(&key) else {
            return;
        };
        if let Some(registration) = self.registrations.get_mut(&trunk) {
            registration.handle_input(now, RegistrationInput::Response(result));
        }
        self.drain_registrations();
    }

    pub(crate) fn registrations(&self) -> Vec<(String, String)> {
        let words = |r: &Registration| match r.state() {
            RegistrationState::Idle => "not registered".to_owned(),
            RegistrationState::Trying => "registering".to_owned(),
            RegistrationState::Registered { .. } => "registered".to_owned(),
            RegistrationState::Failed { status: 0, .. } => "failed: no answer".to_owned(),
            RegistrationState::Failed { status, .. } => format!("failed: {status}"),
        };
        let waiting = self
            .unstarted
            .iter()
            .map(|(name, _)| (name.clone(), "the registrar's name is not resolved".into()));
        self.registrations
            .iter()
            .map(|(name, r)| (name.clone(), words(r)))
            .chain(waiting)
            .collect()
    }

    /// Carriers that were not told yet that we leave, once draining has begun.
    pub(crate) fn leaving(&self) -> usize {
        let gone = |r: &&Registration| *r.state() != RegistrationState::Idle;
        let there = self.registrations.values().filter(gone).count();
        if self.draining { there } else { 0 }
    }
}

pub(super) fn registration_plan(trunk: &Trunk) -> Option<(String, RegistrationPlan)> {
    let (registrar, expires) = trunk.register.as_ref()?;
    let registrar = Uri::parse(registrar).ok()?;
    let proxy = proxy_of(trunk);
    let plan = RegistrationPlan {
        next: proxy
            .as_ref()
            .map_or_else(|| registrar.clone(), |p| p.uri.clone()),
        route: proxy.into_iter().collect(),
        expires: seconds(*expires),
        credentials: account(trunk),
        username: trunk.username.clone().unwrap_or_else(|| trunk.name.clone()),
        registrar,
    };
    Some((trunk.name.clone(), plan))
}

fn seconds(d: Duration) -> u32 {
    u32::try_from(d.as_secs()).unwrap_or(u32::MAX)
}
