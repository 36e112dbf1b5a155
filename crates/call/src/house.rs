//! What spans calls: phones that registered here, trunks that we registered with, slots, rooms,
//! where servers are. One small machine that calls ask in place, as long as there is one shard.

mod accounts;
mod cries;
mod lately;
mod pace;
mod reload;
mod servers;
mod waiting;

use crate::{
    api::{SecureServer, SwitchConfig},
    call::Call,
    callbacks::Callbacks,
    health::{self, Health, Question},
    mailboxes::Mailboxes,
    queues::Queues,
    strangers::Strangers,
    ways::{Urgency, contact_of},
};
pub(crate) use cries::Cry;
pub(crate) use servers::UNHEARD;

use accounts::{Account, AccountId, RegistrationPlan, Sent, registration_plan};
use cries::Cries;
use lately::Lately;
use pace::Pace;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};
use tandem_dialplan::{DigestAlgorithm, Plan, Trunk};
use tandem_sip::{
    api::{Flow, OutgoingRequest, RequestKey, Transport},
    digest::{Algorithm, Verifier},
    locate::Locator,
    message::{HeaderName, Headers, Method, NameAddr, Uri},
    registrar::{Binding, Registrar, RegistrarConfig},
    registration::RegistrationInput,
};
use tandem_types::{CallId, Mono, Now, Pii, Rng};

/// Desk phones refresh every few minutes; a phone behind NAT must do so before its binding closes, so short wishes
/// are granted. Ten contacts are more than a person has phones.
const REGISTRAR: RegistrarConfig = RegistrarConfig {
    min_expires: 30,
    max_expires: 7200,
    default_expires: 3600,
    max_contacts: 10,
};

/// The house.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct House {
    pub(crate) listen: Vec<(Transport, SocketAddr)>,
    pub(crate) registrar: Registrar,
    registrations: BTreeMap<AccountId, Account>,
    next_account: AccountId,
    registration_keys: BTreeMap<RequestKey, Sent>,
    requests: VecDeque<(AccountId, OutgoingRequest)>,
    locator: Locator,
    /// What is called by TLS: the URI, and what its server has to prove.
    secure: Vec<(Uri, SecureServer)>,
    /// What was told of them.
    told: Vec<SecureServer>,
    /// Something may have changed since.
    to_tell: bool,
    /// Trunks whose registration waits for a name to be known.
    unstarted: Vec<(String, RegistrationPlan)>,
    /// Which trunks a call's living legs use.
    slots: BTreeMap<CallId, Vec<String>>,
    /// The same by trunk.
    used: BTreeMap<String, u32>,
    rooms: BTreeMap<String, CallId>,
    pub(crate) pace: Pace,
    pub(crate) cries: Cries,
    pub(crate) health: Health,
    /// What failed last at each trunk.
    #[serde(default)]
    pub(crate) lately: Lately,
    pub(crate) strangers: Strangers,
    pub(crate) verifier: Verifier,
    /// What the keys of SRTP are made of.
    pub(crate) srtp_secret: Pii<[u8; 32]>,
    pub(crate) draining: bool,
    /// Callers who wait, and people.
    #[serde(default)]
    pub(crate) queues: Queues,
    /// Messages that wait.
    #[serde(default)]
    pub(crate) mailboxes: Mailboxes,
    /// Callers who are to be called back.
    #[serde(default)]
    pub(crate) callbacks: Callbacks,
    /// Some plan has queues in which callers wait.
    #[serde(default)]
    has_lines: bool,
    /// Asked for in calls of ours.
    pub(crate) session_timer: Option<tandem_sip::api::SessionTimer>,
    /// Set by hand, for `[[when]]` rules: `night`.
    pub(crate) manual: Option<String>,
    rng: Rng,
}

/// What the health of trunks wants.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// This goes out; its key is told with [`Health::asked`].
    Send(health::Peer, Box<OutgoingRequest>),
    /// A peer is up or down now.
    Changed {
        trunk: String,
        peer: String,
        up: bool,
    },
}

impl House {
    pub(crate) fn new(config: &SwitchConfig, plan: &Plan, mut rng: Rng, now: Now) -> Self {
        let health = Health::new(plan, rng.fork(), now);
        let ours = config.listen.iter().map(|(t, local)| (*t, local.is_ipv4()));
        let mut locator = Locator::new(ours);
        servers::all_of(plan)
            .iter()
            .for_each(|uri| locator.want(now, uri));
        let mut this = Self {
            health,
            lately: Lately::default(),
            strangers: Strangers::new(&plan.node.bans),
            listen: config.listen.clone(),
            registrar: Registrar::new(REGISTRAR),
            registrations: BTreeMap::new(),
            next_account: 0,
            registration_keys: BTreeMap::new(),
            requests: VecDeque::new(),
            locator,
            secure: servers::secure_of(plan),
            told: Vec::new(),
            to_tell: true,
            unstarted: plan.trunks.values().filter_map(registration_plan).collect(),
            slots: BTreeMap::new(),
            used: BTreeMap::new(),
            rooms: BTreeMap::new(),
            pace: Pace::default(),
            cries: Cries::default(),
            verifier: Verifier::new(*config.nonce_secret.reveal())
                .with_algorithms(algorithms(plan)),
            srtp_secret: config.srtp_secret,
            draining: false,
            queues: Queues::default(),
            mailboxes: Mailboxes::default(),
            callbacks: Callbacks::default(),
            has_lines: waiting::has_lines(plan),
            session_timer: crate::ways::session_timer(&plan.node),
            manual: None,
            rng,
        };
        this.start_registrations(now);
        this
    }

    pub(crate) fn contact(&self, flow: Flow) -> Uri {
        contact_of(flow)
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

    // ---- the health of trunks ----

    /// The next peer that is to be asked whether it is there, or what was found out.
    pub(crate) fn poll_health(&mut self, now: Now) -> Option<Ask> {
        loop {
            return Some(match self.health.poll_output()? {
                health::Output::Changed((trunk, peer), up) => {
                    if !up {
                        let what = format!("OPTIONS: {peer} does not answer");
                        self.lately.note(now, &trunk, what);
                    }
                    Ask::Changed { trunk, peer, up }
                }
                health::Output::Heard(flow, true, _) => {
                    self.is_heard(flow);
                    continue;
                }
                // One without another way stays in its place until `down_after` says so.
                health::Output::Heard(flow, false, question) => {
                    let next = question.next();
                    if self.has_other(next, flow) {
                        self.is_silent(now, flow);
                    }
                    continue;
                }
                health::Output::Ask(peer, question) => match self.request(&question) {
                    Some(request) => Ask::Send(peer, Box::new(request)),
                    None => {
                        self.health.not_asked(&peer);
                        continue;
                    }
                },
            });
        }
    }

    fn request(&mut self, question: &Question) -> Option<OutgoingRequest> {
        let flow = self.flows(question.next()).first().copied()?;
        let Question { to, proxy } = question;
        let mut headers = Headers::new();
        if let Some(proxy) = proxy {
            headers.push(HeaderName::Route, proxy);
        }
        headers.push(HeaderName::Contact, NameAddr::new(self.contact(flow)));
        Some(OutgoingRequest {
            flow,
            method: Method::Options,
            target: to.clone(),
            from: NameAddr::from(self.contact(flow)),
            to: NameAddr::from(to.clone()),
            call_id: None,
            cseq: 1,
            headers,
            credentials: None,
        })
    }

    pub(crate) fn drain(&mut self, now: Now) {
        self.draining = true;
        self.queues.close();
        self.health.stop();
        for account in self.registrations.values_mut() {
            account
                .registration
                .handle_input(now, RegistrationInput::Stop);
        }
        self.drain_registrations();
    }

    // ---- slots and rooms ----

    /// Whether one more leg fits the trunk. Its reserve is for callers who are being put through to people, and so many of these
    /// as there are come in a second.
    pub(crate) fn has_slot(&self, trunk: &Trunk, now: Mono, urgency: Urgency) -> bool {
        let used = self.used.get(&trunk.name).copied().unwrap_or(0);
        let (room, held_up) = match urgency {
            Urgency::Usual => {
                let room = trunk.calls.saturating_sub(trunk.reserve);
                (room, self.pace.is_full(trunk, now))
            }
            Urgency::Escalation => (trunk.calls, false),
        };
        !held_up && (trunk.calls == 0 || used < room)
    }

    /// How many legs each trunk has.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&String, u32)> {
        self.used.iter().map(|(trunk, legs)| (trunk, *legs))
    }

    pub(crate) fn count(&mut self, call: &Call) {
        let legs = call.legs.values().filter(|l| l.alive());
        let trunks = legs.filter_map(|l| l.trunk.as_deref());
        let counted = self.slots.get(&call.id).map_or(&[][..], Vec::as_slice);
        // Most of what happens to a call changes nothing here.
        if trunks.clone().eq(counted.iter().map(String::as_str)) {
            return;
        }
        let trunks: Vec<String> = trunks.map(str::to_owned).collect();
        self.uncount(call.id);
        for trunk in &trunks {
            *self.used.entry(trunk.clone()).or_default() += 1;
        }
        if !trunks.is_empty() {
            self.slots.insert(call.id, trunks);
        }
    }

    fn uncount(&mut self, call: CallId) {
        for trunk in self.slots.remove(&call).unwrap_or_default() {
            if let Some(used) = self.used.get_mut(&trunk) {
                *used = used.saturating_sub(1);
            }
        }
    }

    pub(crate) fn forget(&mut self, now: Mono, call: CallId) {
        self.uncount(call);
        self.queues.forget(now, call);
        self.callbacks.hung_up(now, call);
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
        self.registrations_timeout()
            .into_iter()
            .chain(self.registrar.poll_timeout())
            .chain(self.health.poll_timeout())
            .chain(self.locator.poll_timeout())
            .chain(self.queues.poll_timeout())
            .chain(self.callbacks.poll_timeout())
            .min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.registrar.handle_timeout(now);
        self.queues.handle_timeout(now.mono);
        self.locator.handle_timeout(now);
        self.handle_registrations_timeout(now);
        self.health.handle_timeout(now);
    }
}

fn algorithms(plan: &Plan) -> Vec<Algorithm> {
    let algorithm = |of: &DigestAlgorithm| match of {
        DigestAlgorithm::Md5 => Algorithm::Md5,
        DigestAlgorithm::Sha256 => Algorithm::Sha256,
        DigestAlgorithm::Sha512256 => Algorithm::Sha512256,
    };
    plan.phones.digest.iter().map(algorithm).collect()
}
