//! What spans calls: phones that registered here, trunks that we registered with, slots, rooms,
//! resolved names. One small machine that calls ask in place, as long as there is one shard.

use crate::{api::SwitchConfig, call::Call, ways::contact_of};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};
use tandem_dialplan::{DigestAlgorithm, Plan, Trunk};
use tandem_sip::{
    api::{Failure, Flow, OutgoingRequest, RequestKey, Transport},
    digest::{Algorithm, Verifier},
    message::{NameAddr, Response, Uri},
    registrar::{Binding, Registrar, RegistrarConfig},
    registration::{
        Registration, RegistrationConfig, RegistrationInput, RegistrationOutput, RegistrationState,
    },
};
use tandem_types::{CallId, Mono, Now, Rng};

/// Desk phones refresh every few minutes; a phone behind NAT must do so before its binding closes, so short wishes
/// are granted. Ten contacts are more than a person has phones.
const REGISTRAR: RegistrarConfig = RegistrarConfig {
    min_expires: 30,
    max_expires: 7200,
    default_expires: 3600,
    max_contacts: 10,
};

/// SIP's port when none is written (RFC 3261 section 19.1.2).
const SIP_PORT: u16 = 5060;

/// The house.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct House {
    pub(crate) listen: Vec<(Transport, SocketAddr)>,
    pub(crate) registrar: Registrar,
    registrations: BTreeMap<String, Registration>,
    registration_keys: BTreeMap<RequestKey, String>,
    requests: VecDeque<(String, OutgoingRequest)>,
    names: BTreeMap<String, Vec<SocketAddr>>,
    /// Trunks whose registration waits for a name to be resolved.
    unstarted: Vec<(String, RegistrationPlan)>,
    /// Which trunks a call's living legs use.
    slots: BTreeMap<CallId, Vec<String>>,
    rooms: BTreeMap<String, CallId>,
    pub(crate) verifier: Verifier,
    pub(crate) draining: bool,
    rng: Rng,
}

/// What a registration needs besides an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RegistrationPlan {
    registrar: Uri,
    next: Uri,
    route: Vec<NameAddr>,
    expires: u32,
    credentials: Option<tandem_sip::api::Credentials>,
    username: String,
}

impl House {
    pub(crate) fn new(config: &SwitchConfig, plan: &Plan, rng: Rng, now: Now) -> Self {
        let mut this = Self {
            listen: config.listen.clone(),
            registrar: Registrar::new(REGISTRAR),
            registrations: BTreeMap::new(),
            registration_keys: BTreeMap::new(),
            requests: VecDeque::new(),
            names: BTreeMap::new(),
            unstarted: plan.trunks.values().filter_map(registration_plan).collect(),
            slots: BTreeMap::new(),
            rooms: BTreeMap::new(),
            verifier: Verifier::new(config.nonce_secret)
                .with_algorithms(plan.phones.digest.iter().map(algorithm).collect()),
            draining: false,
            rng,
        };
        this.start_registrations(now);
        this
    }

    /// A flow of ours towards an address.
    pub(crate) fn flow_to(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        self.listen
            .iter()
            .find(|(t, local)| *t == transport && local.is_ipv4() == remote.is_ipv4())
            .map(|(_, local)| Flow {
                transport,
                local: *local,
                remote,
            })
    }

    pub(crate) fn contact(&self, flow: Flow) -> Uri {
        contact_of(flow)
    }

    /// Where a URI is reached: a literal address, or a name that was resolved.
    pub(crate) fn resolve(&self, uri: &Uri) -> Option<(Transport, SocketAddr)> {
        let transport = match uri.transport().map(str::to_ascii_lowercase).as_deref() {
            Some("tcp") => Transport::Tcp,
            _ => Transport::Udp,
        };
        let port = uri.port().unwrap_or(SIP_PORT);
        let addr = uri.socket_addr(SIP_PORT).or_else(|| {
            let host = uri.host()?.to_string();
            let found = self.names.get(&host)?.first()?;
            Some(SocketAddr::new(
                found.ip(),
                if uri.port().is_some() {
                    port
                } else {
                    found.port()
                },
            ))
        })?;
        Some((transport, addr))
    }

    pub(crate) fn resolved(&mut self, host: String, addrs: Vec<SocketAddr>, now: Now) {
        if addrs.is_empty() {
            return; // what was known is kept: stale beats none
        }
        self.names.insert(host, addrs);
        self.start_registrations(now);
    }

    /// Where a phone is: its contacts, the latest first.
    pub(crate) fn contacts(&self, user: &str) -> Vec<Binding> {
        self.registrar.contacts(user)
    }

    pub(crate) fn phones(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (user, bindings) in self.registrar.users() {
            for binding in bindings {
                all.push((user.to_owned(), binding.uri.to_string()));
            }
        }
        all
    }

    // ---- registrations of ours ----

    fn start_registrations(&mut self, now: Now) {
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
                credentials: plan.credentials,
            };
            let mut registration = Registration::new(config, self.rng.fork());
            registration.handle_input(now, RegistrationInput::Start);
            self.registrations.insert(trunk, registration);
        }
        self.drain_registrations();
    }

    fn drain_registrations(&mut self) {
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

    pub(crate) fn drain(&mut self, now: Now) {
        self.draining = true;
        for registration in self.registrations.values_mut() {
            registration.handle_input(now, RegistrationInput::Stop);
        }
        self.drain_registrations();
    }

    // ---- slots and rooms ----

    /// Whether one more leg fits the trunk. Inbound calls leave the reserve to legs of ours.
    pub(crate) fn has_slot(&self, trunk: &Trunk, outbound: bool) -> bool {
        let used = self
            .slots
            .values()
            .flatten()
            .filter(|name| **name == trunk.name)
            .count() as u32;
        let room = if outbound {
            trunk.calls
        } else {
            trunk.calls.saturating_sub(trunk.reserve)
        };
        trunk.calls == 0 || used < room
    }

    pub(crate) fn count(&mut self, call: &Call) {
        let used: Vec<String> = call
            .legs
            .values()
            .filter(|l| l.alive())
            .filter_map(|l| l.trunk.clone())
            .collect();
        if used.is_empty() {
            self.slots.remove(&call.id);
        } else {
            self.slots.insert(call.id, used);
        }
    }

    pub(crate) fn forget(&mut self, call: CallId) {
        self.slots.remove(&call);
        self.rooms.retain(|_, c| *c != call);
    }

    pub(crate) fn room(&self, name: &str) -> Option<CallId> {
        self.rooms.get(name).copied()
    }

    pub(crate) fn open_room(&mut self, name: String, call: CallId) {
        self.rooms.insert(name, call);
    }

    // ---- time ----

    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.registrations
            .values()
            .filter_map(Registration::poll_timeout)
            .chain(self.registrar.poll_timeout())
            .min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.registrar.handle_timeout(now);
        while self.registrar.poll_output().is_some() {}
        for registration in self.registrations.values_mut() {
            registration.handle_timeout(now);
        }
        self.drain_registrations();
    }
}

fn algorithm(of: &DigestAlgorithm) -> Algorithm {
    match of {
        DigestAlgorithm::Md5 => Algorithm::Md5,
        DigestAlgorithm::Sha256 => Algorithm::Sha256,
        DigestAlgorithm::Sha512256 => Algorithm::Sha512256,
    }
}

fn registration_plan(trunk: &Trunk) -> Option<(String, RegistrationPlan)> {
    let (registrar, expires) = trunk.register.as_ref()?;
    let registrar = Uri::parse(registrar).ok()?;
    let proxy = trunk
        .outbound_proxy
        .as_deref()
        .and_then(|p| NameAddr::parse(&format!("<{p}>")).ok());
    let plan = RegistrationPlan {
        next: proxy
            .as_ref()
            .map_or_else(|| registrar.clone(), |p| p.uri.clone()),
        route: proxy.into_iter().collect(),
        expires: seconds(*expires),
        credentials: crate::ways::credentials(trunk),
        username: trunk.username.clone().unwrap_or_else(|| trunk.name.clone()),
        registrar,
    };
    Some((trunk.name.clone(), plan))
}

fn seconds(d: Duration) -> u32 {
    u32::try_from(d.as_secs()).unwrap_or(u32::MAX)
}
