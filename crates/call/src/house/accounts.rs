//! Our accounts at carriers: when they are registered, and how that stands.

use super::{House, UNHEARD, lately::plain};
use crate::{
    switch::{Answered, RegistrationRow},
    ways::{account, like, proxy_of},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use tandem_dialplan::{Plan, Trunk};
use tandem_sip::{
    api::{Credentials, Failure, Flow, OutgoingRequest, RequestKey},
    message::{NameAddr, Response, Uri},
    registration::{
        RegistrarAt, Registration, RegistrationConfig, RegistrationInput, RegistrationOutput,
        RegistrationState,
    },
};
use tandem_types::{Mono, Now};

/// Accounts are counted: one that is being left may have a successor of its trunk's name.
pub(super) type AccountId = u32;

/// An account at a carrier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    trunk: String,
    plan: RegistrationPlan,
    /// Which of its registrars has us, or is asked.
    #[serde(default)]
    at: usize,
    pub(super) registration: Registration,
    /// No trunk has it any more: it is there until the carrier was told.
    left: bool,
    /// What the registrar said last.
    #[serde(default)]
    answer: Option<Answered>,
}

/// A REGISTER that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    account: AccountId,
    flow: Flow,
    /// When another server is asked.
    unheard_at: Option<Mono>,
}

/// What a registration needs besides an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RegistrationPlan {
    /// Request-URIs, in the order of asking.
    registrars: Vec<Uri>,
    /// The outbound proxy: whom REGISTER is sent to instead.
    route: Vec<NameAddr>,
    expires: u32,
    credentials: Option<Credentials>,
    username: String,
}

impl House {
    pub(super) fn start_registrations(&mut self, now: Now) {
        for (trunk, plan) in std::mem::take(&mut self.unstarted) {
            // Not at the second as long as it is not known where the first is.
            let first = plan.nexts().find(|next| self.locator.is_open(next));
            let known = plan.nexts().position(|next| Some(next) == first);
            let ways = self.registrars(&plan);
            let mut ways = ways.iter().filter(|(n, _)| known.is_none_or(|k| *n < k));
            let Some((at, flow)) = ways.next().copied() else {
                self.unstarted.push((trunk, plan));
                continue;
            };
            let config = RegistrationConfig {
                at: self.registrar_at(&plan, at, flow),
                route: plan.route.clone(),
                expires: plan.expires,
                credentials: plan.credentials.clone().map(|c| c.also_for(flow)),
            };
            let mut registration = Registration::new(config, self.rng.fork());
            registration.handle_input(now, RegistrationInput::Start);
            let account = Account {
                trunk,
                plan,
                at,
                registration,
                left: false,
                answer: None,
            };
            self.registrations.insert(self.next_account, account);
            self.next_account += 1;
        }
        self.drain_registrations();
    }

    /// The accounts of another plan. One that is in both stays as it is; one with another password or time takes the place of the old
    /// one at the registrar (RFC 3261 section 10.3: the same contact); one that no trunk has any more is left.
    pub(super) fn renew_registrations(&mut self, now: Now, plan: &Plan) {
        self.unstarted.clear();
        let mut stay = BTreeSet::new();
        for (trunk, new) in plan.trunks.values().filter_map(registration_plan) {
            let mut all = self.registrations.iter_mut();
            let found = all.find(|(id, a)| !stay.contains(*id) && a.plan.is_of(&new));
            match found {
                Some((id, account)) if account.plan == new => {
                    stay.insert(*id);
                    account.trunk = trunk;
                    if std::mem::take(&mut account.left) {
                        let start = RegistrationInput::Start;
                        account.registration.handle_input(now, start);
                    }
                }
                Some((id, _)) => {
                    let id = *id;
                    self.registrations.remove(&id);
                    self.requests.retain(|(account, _)| *account != id);
                    self.unstarted.push((trunk, new));
                }
                None => self.unstarted.push((trunk, new)),
            }
        }
        for (id, account) in &mut self.registrations {
            if !stay.contains(id) && !account.left {
                account.left = true;
                let stop = RegistrationInput::Stop;
                account.registration.handle_input(now, stop);
            }
        }
        self.start_registrations(now);
    }

    pub(super) fn drain_registrations(&mut self) {
        for (id, account) in &mut self.registrations {
            while let Some(output) = account.registration.poll_output() {
                match output {
                    RegistrationOutput::Send(request) => self.requests.push_back((*id, *request)),
                    RegistrationOutput::Changed(_) => {}
                }
            }
        }
        let there = |a: &Account| !a.left || *a.registration.state() != RegistrationState::Idle;
        self.registrations.retain(|_, account| there(account));
    }

    pub(crate) fn poll_registration(&mut self) -> Option<(AccountId, OutgoingRequest)> {
        self.requests.pop_front()
    }

    pub(crate) fn sent_registration(
        &mut self,
        now: Now,
        key: RequestKey,
        account: AccountId,
        flow: Flow,
    ) {
        let sent_at = self.registrations.get(&account);
        let sent_at = sent_at.map(|a| (a.plan.clone(), (a.at, flow)));
        let other = sent_at.is_some_and(|(plan, current)| {
            let ways = self.registrars(&plan);
            let other = |way: &(usize, Flow)| *way != current && !self.is_dead(way.1);
            ways.iter().any(other)
        });
        let sent = Sent {
            account,
            flow,
            unheard_at: other.then_some(now.mono + UNHEARD),
        };
        self.registration_keys.insert(key, sent);
    }

    pub(crate) fn registration_response(
        &mut self,
        now: Now,
        key: RequestKey,
        result: Result<Box<Response>, Failure>,
    ) {
        let Some(sent) = self.registration_keys.remove(&key) else {
            return;
        };
        let (id, flow) = (sent.account, sent.flow);
        if let Some(account) = self.registrations.get_mut(&id) {
            account.answer = Some(answered(now, &result));
            if let Err(failure) = &result {
                self.lately.failed(now, &account.trunk, "REGISTER", failure);
            }
        }
        let there = match &result {
            Ok(_) => true,
            Err(Failure::Response(r)) => !matches!(r.status, 408 | 503),
            Err(Failure::TimedOut | Failure::Unreachable | Failure::Cancelled) => false,
        };
        let input = if there {
            self.is_heard(flow);
            RegistrationInput::Response(result)
        } else {
            self.is_silent(now, flow);
            if self.aim(id) {
                RegistrationInput::Elsewhere
            } else {
                RegistrationInput::Response(result)
            }
        };
        if let Some(account) = self.registrations.get_mut(&id) {
            account.registration.handle_input(now, input);
        }
        self.drain_registrations();
    }

    /// A connection is closed: the phones behind it are gone until they register again, and so are we where we registered by it.
    pub(crate) fn closed(&mut self, now: Now, flow: Flow) {
        self.registrar.handle_flow_closed(flow);
        while self.registrar.poll_output().is_some() {}
        let same = |f: Flow| f.transport == flow.transport && f.remote == flow.remote;
        for account in self.registrations.values_mut() {
            if same(account.registration.flow()) {
                account
                    .registration
                    .handle_input(now, RegistrationInput::Closed);
            }
        }
    }

    /// Sends the next REGISTER of an account to another server, if that of the last one is dead or nobody's any more. Says whether
    /// nothing is known against the new one.
    fn aim(&mut self, id: AccountId) -> bool {
        let Some(account) = self.registrations.get(&id) else {
            return false;
        };
        let current = (account.at, account.registration.flow());
        let plan = account.plan.clone();
        let mut ways = self.registrars(&plan);
        if ways.contains(&current) && !self.is_dead(current.1) {
            return false;
        }
        // Those that are dead come last, whichever of the registrars they are of.
        ways.sort_by_key(|(_, flow)| self.is_dead(*flow));
        let Some((at, flow)) = ways.into_iter().find(|way| *way != current) else {
            return false;
        };
        let there = self.registrar_at(&plan, at, flow);
        if let Some(account) = self.registrations.get_mut(&id) {
            account.at = at;
            account.registration.move_to(there);
        }
        !self.is_dead(flow)
    }

    /// The ways to the registrars of an account, in the order of trying.
    fn registrars(&mut self, plan: &RegistrationPlan) -> Vec<(usize, Flow)> {
        let mut all = Vec::new();
        for (n, next) in plan.nexts().enumerate() {
            all.extend(self.flows(next).into_iter().map(|flow| (n, flow)));
        }
        all
    }

    /// Who we are at a registrar.
    fn registrar_at(&self, plan: &RegistrationPlan, n: usize, flow: Flow) -> RegistrarAt {
        let registrar = &plan.registrars[n];
        let host = registrar.host_port().unwrap_or_default();
        let user = Uri::sip(plan.username.as_str(), &host);
        RegistrarAt {
            flow,
            aor: NameAddr::from(like(registrar, user)),
            contact: like(registrar, self.contact(flow)),
            registrar: registrar.clone(),
        }
    }

    pub(super) fn registrations_timeout(&self) -> Option<(Mono, &'static str)> {
        let unheard = self.registration_keys.values().filter_map(|s| s.unheard_at);
        self.registrations
            .values()
            .filter_map(|account| account.registration.poll_timeout())
            .chain(unheard.map(|at| (at, "a registrar is not heard")))
            .min()
    }

    pub(super) fn handle_registrations_timeout(&mut self, now: Now) {
        let unheard = |sent: &Sent| sent.unheard_at.is_some_and(|at| at <= now.mono);
        let keys = self.registration_keys.iter();
        let unheard: Vec<RequestKey> = keys.filter(|(_, s)| unheard(s)).map(|(k, _)| *k).collect();
        for key in unheard {
            self.registration_response(now, key, Err(Failure::TimedOut));
        }
        let due = |a: &Account| {
            a.registration
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
        };
        let accounts = self.registrations.iter();
        let due: Vec<AccountId> = accounts
            .filter(|(_, a)| due(a))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.aim(id);
            if let Some(account) = self.registrations.get_mut(&id) {
                account.registration.handle_timeout(now);
            }
        }
        self.drain_registrations();
    }

    pub(crate) fn registrations(&self) -> Vec<(String, String)> {
        let waiting = self
            .unstarted
            .iter()
            .map(|(name, _)| (name.clone(), NOT_KNOWN.to_owned()));
        let there = self.registrations.values().filter(|account| !account.left);
        let mut all: Vec<_> = there
            .map(|account| (account.trunk.clone(), words(&account.registration)))
            .chain(waiting)
            .collect();
        all.sort();
        all
    }

    /// How the account of a trunk stands, if it has one.
    pub(crate) fn registration_of(&self, trunk: &str, now: Now) -> Option<RegistrationRow> {
        let mut all = self.registrations.values();
        let Some(account) = all.find(|a| a.trunk == trunk && !a.left) else {
            let waits = self.unstarted.iter().any(|(name, _)| name == trunk);
            return waits.then(|| RegistrationRow {
                state: NOT_KNOWN.to_owned(),
                expires_s: None,
                answer: None,
            });
        };
        let until = match account.registration.state() {
            RegistrationState::Registered { until } => Some(*until),
            RegistrationState::Idle
            | RegistrationState::Trying
            | RegistrationState::Failed { .. } => None,
        };
        Some(RegistrationRow {
            state: words(&account.registration),
            expires_s: until.map(|at| at.since(now.mono).as_secs()),
            answer: account.answer.clone(),
        })
    }

    /// Carriers that were not told yet that we leave, once draining has begun.
    pub(crate) fn leaving(&self) -> usize {
        let gone = |a: &&Account| *a.registration.state() != RegistrationState::Idle;
        let there = self.registrations.values().filter(gone).count();
        if self.draining { there } else { 0 }
    }
}

const NOT_KNOWN: &str = "the registrar's name is not known yet";

fn words(registration: &Registration) -> String {
    match registration.state() {
        RegistrationState::Idle => "not registered".to_owned(),
        RegistrationState::Trying => "registering".to_owned(),
        RegistrationState::Registered { .. } => "registered".to_owned(),
        RegistrationState::Failed { status: 0, .. } => "failed: no answer".to_owned(),
        RegistrationState::Failed { status, .. } => format!("failed: {status}"),
    }
}

fn answered(now: Now, result: &Result<Box<Response>, Failure>) -> Answered {
    let (status, reason) = match result {
        Ok(r) | Err(Failure::Response(r)) => (r.status, plain(&r.phrase)),
        Err(Failure::TimedOut | Failure::Unreachable | Failure::Cancelled) => (0, String::new()),
    };
    let at = now.wall;
    Answered { at, status, reason }
}

impl RegistrationPlan {
    /// Both are the same account.
    fn is_of(&self, other: &Self) -> bool {
        self.registrars.first() == other.registrars.first() && self.username == other.username
    }

    /// Whom REGISTER is sent to for each registrar.
    fn nexts(&self) -> impl Iterator<Item = &Uri> {
        let proxy = self.route.first().map(|p| &p.uri);
        self.registrars.iter().map(move |r| proxy.unwrap_or(r))
    }
}

pub(super) fn registration_plan(trunk: &Trunk) -> Option<(String, RegistrationPlan)> {
    let wanted = trunk.register.as_ref()?;
    let registrars: Vec<Uri> = wanted
        .registrars
        .iter()
        .filter_map(|text| Uri::parse(text).ok())
        .collect();
    if registrars.is_empty() {
        return None;
    }
    let plan = RegistrationPlan {
        registrars,
        route: proxy_of(trunk).into_iter().collect(),
        expires: seconds(wanted.expires),
        credentials: account(trunk),
        username: trunk.username.clone().unwrap_or_else(|| trunk.name.clone()),
    };
    Some((trunk.name.clone(), plan))
}

fn seconds(d: Duration) -> u32 {
    u32::try_from(d.as_secs()).unwrap_or(u32::MAX)
}
