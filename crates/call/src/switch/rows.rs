//! Phones and trunks as an admin reads them: a row for each, made when somebody asks.

use super::Switch;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr};
use tandem_dialplan::{Extension, ReferPolicy, Trunk};
use tandem_sip::{api::Transport, registrar::Binding};
use tandem_types::{Now, Wall};

/// A phone of `phones.toml`, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneRow {
    /// Its number, or the pattern of several.
    pub extension: String,
    /// What it is called.
    pub name: String,
    /// What it registers with, if it does.
    pub user: Option<String>,
    /// The trunk that it is reached by, if it does not.
    pub via: Option<String>,
    /// Where it is, the latest first.
    pub contacts: Vec<ContactRow>,
    /// When it registered last since the gateway started, also where that has run out.
    pub seen: Option<Wall>,
    /// Calls that it is in, or that ring it.
    pub calls: usize,
}

/// Where a phone is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// What it wants to be called as.
    pub uri: String,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: String,
    /// Where its REGISTER came from.
    pub address: SocketAddr,
    /// It came by a proxy.
    pub proxied: bool,
    /// What it calls itself; empty where it does not say.
    pub user_agent: String,
    /// Seconds until it has to register again.
    pub expires_s: u64,
    /// Of its last REGISTER.
    pub seen: Wall,
}

/// A trunk, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkRow {
    /// Its name.
    pub trunk: String,
    /// Calls come in by it.
    pub inbound: bool,
    /// Calls go out by it.
    pub outbound: bool,
    /// In the order of trying.
    pub peers: Vec<PeerRow>,
    /// Where we register with it.
    pub registration: Option<RegistrationRow>,
    /// Legs that it has.
    pub calls: u32,
    /// So many at the most; 0: no limit.
    pub limit: u32,
    /// Of these kept for callers who are being put through.
    pub reserve: u32,
    /// What failed last since the gateway started.
    pub failed: Option<Failed>,
    /// REFER is sent to it.
    pub refer: bool,
}

/// A server of a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerRow {
    /// As the plan writes it.
    pub peer: String,
    /// It answers OPTIONS; `None`: it is not asked.
    pub up: Option<bool>,
}

/// An account at a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationRow {
    /// In words: `registered`, `failed: 403`.
    pub state: String,
    /// Seconds until it is over, unless refreshed before.
    pub expires_s: Option<u64>,
    /// What the registrar said last; nothing yet, or nothing at all: `None`.
    pub answer: Option<Answered>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// When.
    pub at: Wall,
    /// Its status; 0: there was none in time.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
}

/// Something that did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// When.
    pub at: Wall,
    /// `INVITE: 503 Service Unavailable`.
    pub what: String,
}

impl Switch {
    /// Every phone of the plan that registers, or is reached by a trunk.
    pub fn phone_rows(&self, now: Now) -> Vec<PhoneRow> {
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for call in self.calls.values() {
            let legs = call.legs.values().filter(|l| l.alive());
            for user in legs.filter_map(|l| l.phone.as_deref()) {
                *calls.entry(user).or_default() += 1;
            }
        }
        let row = |e: &Extension| {
            let user = e.registers.as_ref().map(|(user, _)| user.clone());
            let known = user.as_deref().unwrap_or_default();
            PhoneRow {
                extension: e.pattern.to_string(),
                name: e.name.clone(),
                via: e.via.clone(),
                contacts: self
                    .house
                    .contacts(known)
                    .iter()
                    .map(|b| contact(b, now))
                    .collect(),
                seen: self.house.registrar.seen(known).map(|at| wall(at, now)),
                calls: calls.get(known).copied().unwrap_or(0),
                user,
            }
        };
        self.plan.phones.extensions.iter().map(row).collect()
    }

    /// Every trunk of the plan.
    pub fn trunk_rows(&self, now: Now) -> Vec<TrunkRow> {
        let used: BTreeMap<&String, u32> = self.house.used().collect();
        let asked: BTreeMap<_, bool> = self.house.health.all().collect();
        let peer = |t: &Trunk, peer: &String| PeerRow {
            peer: peer.clone(),
            up: asked.get(&(t.name.clone(), peer.clone())).copied(),
        };
        let row = |t: &Trunk| TrunkRow {
            trunk: t.name.clone(),
            inbound: t.inbound,
            outbound: t.outbound,
            peers: t.peers.iter().map(|p| peer(t, p)).collect(),
            registration: self.house.registration_of(&t.name, now),
            calls: used.get(&t.name).copied().unwrap_or(0),
            limit: t.calls,
            reserve: t.reserve,
            failed: self.house.lately.of(&t.name).cloned(),
            refer: t.refer == ReferPolicy::On,
        };
        self.plan.trunks.values().map(row).collect()
    }
}

fn contact(b: &Binding, now: Now) -> ContactRow {
    let transport = match b.flow.transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
        Transport::Ws => "ws",
        Transport::Wss => "wss",
    };
    ContactRow {
        uri: b.uri.to_string(),
        transport: transport.to_owned(),
        address: b.flow.remote,
        proxied: !b.path.is_empty(),
        user_agent: b.user_agent.clone(),
        expires_s: b.expires.since(now.mono).as_secs(),
        seen: wall(b.seen, now),
    }
}

/// When that was, by the wall clock of now.
fn wall(at: tandem_types::Mono, now: Now) -> Wall {
    let ago = i64::try_from(now.mono.since(at).as_micros()).unwrap_or(0);
    Wall(now.wall.0.saturating_sub(ago))
}
