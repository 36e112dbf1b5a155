//! The server side of REGISTER (RFC 3261 section 10.3): where the desk phones are.

use crate::api::Flow;
use crate::message::{Headers, Request, Uri};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use tandem_types::{Mono, Now};

/// Limits of a registrar, in seconds and contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrarConfig {
    /// Shorter wishes draw 423 with Min-Expires.
    pub min_expires: u32,
    /// Longer wishes are cut to this.
    pub max_expires: u32,
    /// For a contact that names no time.
    pub default_expires: u32,
    /// Contacts of one user; one more pushes the one out that was refreshed longest ago.
    pub max_contacts: usize,
}

/// One phone of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// What it wrote into Contact: the Request-URI of a call to it.
    pub uri: Uri,
    /// Where its REGISTER came from: where a call to it is sent (behind NAT the only way).
    pub flow: Flow,
    /// When it ends.
    pub expires: Mono,
}

/// The answer to a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterReply {
    /// 200, 400, 423, 500.
    pub status: u16,
    /// Contact list, Min-Expires, Date.
    pub headers: Headers,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrarEvent {
    /// A user has a phone that was not there before.
    Bound {
        /// Who.
        user: String,
        /// The phone.
        binding: Binding,
    },
    /// A phone is gone: it said so, or its time ran out.
    Unbound {
        /// Who.
        user: String,
        /// The phone.
        binding: Binding,
        /// It ran out instead of being taken away.
        expired: bool,
    },
}

/// All bindings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registrar {
    config: RegistrarConfig,
    users: BTreeMap<String, Vec<Binding>>,
    events: VecDeque<RegistrarEvent>,
}

impl Registrar {
    /// Nobody is bound.
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, users: BTreeMap::new(), events: VecDeque::new() }
    }
    /// A REGISTER for `user`, who was authenticated. The answer is for `Command::Respond`.
    pub fn handle_register(&mut self, _now: Now, _request: &Request, _flow: Flow, _user: &str) -> RegisterReply {
        RegisterReply { status: 500, headers: Headers::new() }
    }
    /// The phones of a user, the one refreshed last first.
    pub fn contacts(&self, user: &str) -> Vec<Binding> {
        self.users.get(user).cloned().unwrap_or_default()
    }
    /// Somebody is bound whose messages come from there (field note 17: others get silence).
    pub fn is_bound(&self, source: SocketAddr) -> bool {
        self.user_at(source).is_some()
    }
    /// Who is bound there.
    pub fn user_at(&self, source: SocketAddr) -> Option<&str> {
        let at = |bindings: &Vec<Binding>| bindings.iter().any(|b| b.flow.remote == source);
        self.users.iter().find(|(_, bindings)| at(bindings)).map(|(user, _)| user.as_str())
    }
    /// All users with their phones.
    pub fn users(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.users.iter().map(|(user, bindings)| (user.as_str(), bindings.as_slice()))
    }
    /// What changed.
    pub fn poll_output(&mut self) -> Option<RegistrarEvent> {
        self.events.pop_front()
    }
    /// The next expiry.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let next = self.users.values().flatten().map(|b| b.expires).min()?;
        Some((next, "sip registrar: binding expires"))
    }
    /// Takes away what ran out.
    pub fn handle_timeout(&mut self, _now: Now) {}
}
