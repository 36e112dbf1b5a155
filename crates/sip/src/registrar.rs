//! The server side of REGISTER (RFC 3261 section 10.3): where the desk phones are.
//!
//! ```text
//!             423, 400, 500: nothing changes
//!            ^
//!  REGISTER  |           refresh: later expiry, other flow
//!  -------> unbound ---> bound <-+
//!              ^          |  |   |
//!              |          |  +---+
//!              |          | expires=0, `*`, time over, connection closed,
//!              +----------+ pushed out by a newer phone: Unbound
//! ```
//! A binding keeps the flow that its REGISTER came by: a phone behind NAT is reached by no other way (field note 3). One that
//! came by proxies keeps the Path that they wrote, and calls to it take that way (RFC 3327). Who
//! is bound may be heard from there; all others get silence or 401 from the switch (field note 17).

mod date;

use crate::api::Flow;
use crate::message::{HeaderName, Headers, NameAddr, Params, Request, Uri};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;
use tandem_types::{Mono, Now};

/// Limits of a registrar, in seconds and contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrarConfig {
    /// Shorter wishes draw 423 with Min-Expires. At most 3600 (RFC 3261 section 10.3).
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
    /// Where its REGISTER came from: where a call to it is sent.
    pub flow: Flow,
    /// The proxies between it and us, nearest first: the Route of a call to it (RFC 3327 section 5.3).
    pub path: Vec<NameAddr>,
    /// When it ends.
    pub expires: Mono,
    /// When it registered last.
    #[serde(default)]
    pub seen: Mono,
    /// What it calls itself, as far as that can be shown; empty where it does not say.
    #[serde(default)]
    pub user_agent: String,
}

/// The answer to a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterReply {
    /// 200, 400, 423, 500.
    pub status: u16,
    /// Contact list and Date, or Min-Expires.
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
    /// A phone is gone: it said so, its time ran out, or its connection is closed.
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
    /// Of each user, the phone refreshed last in front.
    users: BTreeMap<String, Vec<Phone>>,
    /// When each user registered last, those whose time ran out too.
    #[serde(default)]
    seen: BTreeMap<String, Mono>,
    /// Where they are; made from `users` after each change.
    sources: BTreeMap<SocketAddr, String>,
    /// The earliest expiry; made from `users` after each change.
    next: Option<Mono>,
    events: VecDeque<RegistrarEvent>,
}

/// A binding and what orders its REGISTERs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Phone {
    binding: Binding,
    call_id: String,
    cseq: u32,
    /// `+sip.instance` and `reg-id` (RFC 5626).
    instance: Option<(String, String)>,
}

/// One Contact of a REGISTER.
struct Wish {
    contact: NameAddr,
    seconds: u32,
}

impl Registrar {
    /// Nobody is bound.
    pub fn new(config: RegistrarConfig) -> Self {
        let (users, sources) = (BTreeMap::new(), BTreeMap::new());
        Self {
            config,
            users,
            seen: BTreeMap::new(),
            sources,
            next: None,
            events: VecDeque::new(),
        }
    }

    /// A REGISTER for `user`, who was authenticated, from `flow`. The answer is for `Command::Respond`. All of it is
    /// done or nothing.
    pub fn handle_register(
        &mut self,
        now: Now,
        request: &Request,
        flow: Flow,
        user: &str,
    ) -> RegisterReply {
        let refusal = |status| RegisterReply {
            status,
            headers: Headers::new(),
        };
        let (Some(call_id), Some(cseq)) = (request.call_id(), request.cseq()) else {
            return refusal(400);
        };
        let all: Vec<&str> = request.headers.values(&HeaderName::Contact).collect();
        let known = self.users.get(user).map(Vec::as_slice).unwrap_or_default();
        let late = |phone: &Phone| phone.call_id == call_id && phone.cseq >= cseq.number;
        if all.contains(&"*") {
            if all.len() > 1 || request.headers.expires() != Some(0) {
                return refusal(400);
            }
            if known.iter().any(late) {
                return refusal(500);
            }
            self.drop_where(|name, _| (name == user).then_some(false));
            return self.listed(now, user);
        }
        let wishes = match self.wishes(request) {
            Ok(wishes) => wishes,
            Err(reply) => return reply,
        };
        let path = request.headers.name_addrs(&HeaderName::Path);
        if path.len() != request.headers.values(&HeaderName::Path).count() {
            return refusal(400);
        }
        let instances: Vec<_> = wishes.iter().map(|w| instance_of(&w.contact)).collect();
        let mut pairs = wishes.iter().zip(&instances);
        if pairs.any(|(w, i)| {
            known
                .iter()
                .any(|p| p.is(&w.contact.uri, i.as_ref()) && late(p))
        }) {
            return refusal(500);
        }
        let user_agent = shown(request.headers.first(&HeaderName::UserAgent));
        self.seen.insert(user.to_owned(), now.mono);
        for (wish, instance) in wishes.into_iter().zip(instances) {
            let binding = Binding {
                uri: wish.contact.uri,
                flow,
                path: path.clone(),
                expires: now.mono + Duration::from_secs(wish.seconds.into()),
                seen: now.mono,
                user_agent: user_agent.clone(),
            };
            let phone = Phone {
                binding,
                call_id: call_id.to_owned(),
                cseq: cseq.number,
                instance,
            };
            self.bind(user, phone, wish.seconds == 0);
        }
        self.index();
        let mut reply = self.listed(now, user);
        for hop in path {
            reply.headers.push(HeaderName::Path, hop);
        }
        reply
    }

    /// The contacts with their times, or 400 or 423.
    fn wishes(&self, request: &Request) -> Result<Vec<Wish>, RegisterReply> {
        let general = request
            .headers
            .expires()
            .unwrap_or(self.config.default_expires);
        let mut wishes = Vec::new();
        for value in request.headers.values(&HeaderName::Contact) {
            let Ok(contact) = NameAddr::parse(value) else {
                return Err(RegisterReply {
                    status: 400,
                    headers: Headers::new(),
                });
            };
            let own = contact
                .params
                .get("expires")
                .and_then(|v| v.parse::<u32>().ok());
            let seconds = own.unwrap_or(general);
            if seconds > 0 && seconds < self.config.min_expires {
                let headers = Headers::new().with(HeaderName::MinExpires, self.config.min_expires);
                return Err(RegisterReply {
                    status: 423,
                    headers,
                });
            }
            wishes.push(Wish {
                contact,
                seconds: seconds.min(self.config.max_expires),
            });
        }
        Ok(wishes)
    }

    fn bind(&mut self, user: &str, phone: Phone, remove: bool) {
        let phones = self.users.entry(user.to_owned()).or_default();
        let at = phones
            .iter()
            .position(|p| p.is(&phone.binding.uri, phone.instance.as_ref()));
        let old = at.map(|at| phones.remove(at));
        let gone = |binding| RegistrarEvent::Unbound {
            user: user.to_owned(),
            binding,
            expired: false,
        };
        if remove {
            self.events.extend(old.map(|p| gone(p.binding)));
            return;
        }
        if old.is_none() {
            let (user, binding) = (user.to_owned(), phone.binding.clone());
            self.events
                .push_back(RegistrarEvent::Bound { user, binding });
        }
        phones.insert(0, phone);
        while phones.len() > self.config.max_contacts.max(1) {
            self.events.extend(phones.pop().map(|p| gone(p.binding)));
        }
    }

    /// 200 with what is bound now.
    fn listed(&self, now: Now, user: &str) -> RegisterReply {
        let mut headers = Headers::new();
        for phone in self.users.get(user).into_iter().flatten() {
            let left = phone.binding.expires.since(now.mono).as_secs();
            let mut contact = NameAddr::new(phone.binding.uri.clone());
            contact.params = Params::new().with("expires", left);
            headers.push(HeaderName::Contact, contact);
        }
        headers.push(HeaderName::Date, date::Rfc1123(now.wall));
        RegisterReply {
            status: 200,
            headers,
        }
    }

    /// Takes phones away for which `which` gives a value: whether they ran out.
    fn drop_where(&mut self, which: impl Fn(&str, &Binding) -> Option<bool>) {
        for (user, phones) in &mut self.users {
            phones.retain(|phone| {
                let gone = which(user, &phone.binding);
                self.events
                    .extend(gone.map(|expired| RegistrarEvent::Unbound {
                        user: user.clone(),
                        binding: phone.binding.clone(),
                        expired,
                    }));
                gone.is_none()
            });
        }
        self.index();
    }

    fn index(&mut self) {
        self.users.retain(|_, phones| !phones.is_empty());
        self.next = self
            .users
            .values()
            .flatten()
            .map(|p| p.binding.expires)
            .min();
        let all = self
            .users
            .iter()
            .flat_map(|(user, phones)| phones.iter().map(move |p| (p, user)));
        self.sources = all
            .map(|(phone, user)| (phone.binding.flow.remote, user.clone()))
            .collect();
    }

    /// When a user registered last, if ever.
    pub fn seen(&self, user: &str) -> Option<Mono> {
        self.seen.get(user).copied()
    }

    /// Takes the phones of all other users away.
    pub fn retain(&mut self, stays: impl Fn(&str) -> bool) {
        self.seen.retain(|user, _| stays(user));
        self.drop_where(|user, _| (!stays(user)).then_some(false));
    }

    /// The phones of a user, the one refreshed last first.
    pub fn contacts(&self, user: &str) -> Vec<Binding> {
        self.users
            .get(user)
            .into_iter()
            .flatten()
            .map(|p| p.binding.clone())
            .collect()
    }

    /// Somebody is there to be called.
    pub fn is_registered(&self, user: &str) -> bool {
        self.users
            .get(user)
            .is_some_and(|phones| !phones.is_empty())
    }

    /// Somebody is bound whose messages come from there (field note 17: others get silence).
    pub fn is_bound(&self, source: SocketAddr) -> bool {
        self.sources.contains_key(&source)
    }

    /// Who is bound there; of several accounts of one phone the last by name. See [`Registrar::is_bound_as`].
    pub fn user_at(&self, source: SocketAddr) -> Option<&str> {
        self.sources.get(&source).map(String::as_str)
    }

    /// This user is bound there.
    pub fn is_bound_as(&self, source: SocketAddr, user: &str) -> bool {
        let phones = self.users.get(user);
        phones.is_some_and(|phones| phones.iter().any(|p| p.binding.flow.remote == source))
    }

    /// All users with their phones.
    pub fn users(&self) -> impl Iterator<Item = (&str, Vec<&Binding>)> {
        self.users
            .iter()
            .map(|(user, phones)| (user.as_str(), phones.iter().map(|p| &p.binding).collect()))
    }

    /// A connection is closed: what was bound by it cannot be reached (RFC 5626 section 5.3). UDP has none.
    pub fn handle_flow_closed(&mut self, flow: Flow) {
        if flow.transport.is_stream() {
            let same = |f: Flow| f.transport == flow.transport && f.remote == flow.remote;
            self.drop_where(|_, binding| same(binding.flow).then_some(false));
        }
    }

    /// What changed.
    pub fn poll_output(&mut self) -> Option<RegistrarEvent> {
        self.events.pop_front()
    }

    /// The next expiry.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.next.map(|at| (at, "sip registrar: binding expires"))
    }

    /// Takes away what ran out. Early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.next.is_some_and(|at| at <= now.mono) {
            self.drop_where(|_, binding| (binding.expires <= now.mono).then_some(true));
        }
    }
}

impl Phone {
    /// A Contact means this phone. With an instance id that decides: two phones behind two NATs may have the same
    /// private address, and one may have got another since.
    fn is(&self, uri: &Uri, instance: Option<&(String, String)>) -> bool {
        match (&self.instance, instance) {
            (Some(known), Some(new)) => known == new,
            _ => self.binding.uri.equivalent(uri),
        }
    }
}

/// A header's text for an admin's eyes: one line, and not a long one.
fn shown(value: Option<&str>) -> String {
    let plain = value.unwrap_or_default().chars();
    plain.filter(|c| !c.is_control()).take(80).collect()
}

fn instance_of(contact: &NameAddr) -> Option<(String, String)> {
    let instance = contact.params.get("+sip.instance")?.to_owned();
    Some((
        instance,
        contact.params.get("reg-id").unwrap_or_default().to_owned(),
    ))
}

#[cfg(test)]
mod tests;
