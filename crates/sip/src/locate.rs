//! Where a SIP URI is reached (RFC 3263): from a name by NAPTR, SRV, A and AAAA records to targets in order.
//!
//! A URI that names a host is followed through what is known so far; each record that is missing on the way is a question:
//!
//! ```text
//!   an IP address --------------------------------------------------------> target
//!   port written --------------------------------------> A, AAAA ---------> targets
//!   transport written -----------------------> SRV ----> A, AAAA ---------> targets
//!   neither ------------> NAPTR (services that we have)    ^
//!                           |  none    |                   |
//!                           |          +----> SRV ---------+ none: A, AAAA of the name itself
//!                           +---------------> SRV of UDP, TCP, TLS
//! ```
//! With `sips:` TLS is the only transport.
//!
//! Each question by itself (the answers of one never wait for another's):
//!
//! ```text
//!                 failure, or 30 s without a word: what was known stands
//!          +---------------------------------------------------+
//!          v                                                   |
//!       Waiting --- 5 s, doubled up to 1 min: ask again ---> Asked <--- first wanted
//!                                                             ^ |
//!                     TTL over: ask again, old one stands     | | answer
//!                  +------------------------------------------+ |
//!                  |                                            v
//!                Fresh <----------------------------------------+
//! ```
//! So an answer is kept for its time, and served stale for as long as nobody answers (RFC 8767); an answer that there is nothing is an
//! answer. Where a question never had an answer, the way goes on as if there were no such records: some resolvers know A alone.
//!
//! A target that did not answer is tried last for a minute, not never: where all are dead, trying is all that is left.

mod order;

use crate::api::Transport;
use crate::message::Uri;
use order::by_weight;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tandem_types::dns::{Answer, Kind, Naptr, Question, Record, Srv};
use tandem_types::{Mono, Now, Rng};

/// The shortest time that an answer is kept. Names are asked for ahead of calls, so one of 0 would be asked for without end.
const TTL_MIN: Duration = Duration::from_secs(10);
/// The longest: a slip in a zone, or in the machine's own table of hosts, is over in an hour.
const TTL_MAX: Duration = Duration::from_secs(60 * 60);
/// After a failure, doubled with each.
const RETRY: Duration = Duration::from_secs(5);
/// At the most.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// No answer and no failure: the question was lost.
const LOST: Duration = Duration::from_secs(30);
/// How long a dead target is tried last.
const SHUNNED: Duration = Duration::from_secs(60);
/// So many targets of one URI are tried, whatever its zone holds.
const MOST: usize = 8;

/// One place to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// By which transport.
    pub transport: Transport,
    /// Where.
    pub addr: SocketAddr,
}

/// What a URI says of its server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Aim {
    host: String,
    ip: Option<IpAddr>,
    port: Option<u16>,
    transport: Option<Transport>,
    /// `sips:`.
    secure: bool,
}

/// What is known of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The last answer; `None`: there was none yet.
    records: Option<Vec<Record>>,
    /// It is out, and not answered yet.
    asked: bool,
    /// In a row.
    failures: u32,
    /// When it is asked (again).
    due: Mono,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator {
    /// What we can send by: transport and whether IPv4.
    ours: BTreeSet<(Transport, bool)>,
    aims: BTreeSet<Aim>,
    table: BTreeMap<Question, Known>,
    shunned: BTreeMap<Target, Mono>,
    out: VecDeque<Question>,
}

impl Locator {
    /// For a gateway that can send by these: transport and whether to IPv4 addresses.
    pub fn new(ours: impl IntoIterator<Item = (Transport, bool)>) -> Self {
        Self {
            ours: ours.into_iter().collect(),
            aims: BTreeSet::new(),
            table: BTreeMap::new(),
            shunned: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// The server of this URI will be called: what it takes to know where it is, is known from now on.
    pub fn want(&mut self, now: Now, uri: &Uri) {
        if let Some(aim) = Aim::of(uri).filter(|aim| aim.ip.is_none()) {
            self.aims.insert(aim);
            self.pursue(now);
        }
    }

    /// These are called from now on, and no others: what is known of both stays known.
    pub fn want_only<'u>(&mut self, now: Now, uris: impl IntoIterator<Item = &'u Uri>) {
        let named = uris.into_iter().filter_map(Aim::of);
        self.aims = named.filter(|aim| aim.ip.is_none()).collect();
        self.pursue(now);
    }

    /// Where this URI is reached as far as is known now, in the order of trying: those last that did not answer lately. Shares of a
    /// priority are drawn anew each time.
    pub fn targets(&self, uri: &Uri, rng: &mut Rng) -> Vec<Target> {
        let Some(aim) = Aim::of(uri) else {
            return Vec::new();
        };
        let mut found: Vec<Target> = Vec::new();
        self.follow(
            &aim,
            &mut |_| {},
            &mut |transport, port, addresses| {
                for ip in addresses {
                    let addr = SocketAddr::new(*ip, port);
                    let target = Target { transport, addr };
                    let ours = self.ours.contains(&(transport, ip.is_ipv4()));
                    if ours && !found.contains(&target) {
                        found.push(target);
                    }
                }
            },
            rng,
        );
        found.sort_by_key(|target| self.is_shunned(target));
        found.truncate(MOST);
        found
    }

    /// Whether something on the way to its servers was never answered yet, neither with a failure: there may be more of them soon.
    pub fn is_open(&self, uri: &Uri) -> bool {
        let Some(aim) = Aim::of(uri) else {
            return false;
        };
        let mut open = false;
        let unknown = |known: &Known| known.records.is_none() && known.failures == 0;
        self.follow(
            &aim,
            &mut |q| open |= self.table.get(&q).is_some_and(unknown),
            &mut |_, _, _| {},
            // Shares do not matter here.
            &mut Rng::seeded(0),
        );
        open
    }

    /// It did not answer: it is tried last for a while.
    pub fn shun(&mut self, now: Now, target: Target) {
        self.shunned.insert(target, now.mono + SHUNNED);
    }

    /// It has answered.
    pub fn heard(&mut self, target: &Target) {
        if !self.shunned.is_empty() {
            self.shunned.remove(target);
        }
    }

    /// It did not answer lately.
    pub fn is_shunned(&self, target: &Target) -> bool {
        self.shunned.contains_key(target)
    }

    /// What the name service said of a question; `None`: nothing of use, or nothing at all.
    pub fn handle_answer(&mut self, now: Now, question: &Question, answer: Option<Answer>) {
        let Some(known) = self.table.get_mut(question) else {
            return; // nobody wants to know any more
        };
        known.asked = false;
        match answer {
            Some(answer) => {
                known.due = now.mono + answer.ttl.clamp(TTL_MIN, TTL_MAX);
                known.failures = 0;
                known.records = Some(answer.records);
            }
            None => {
                let wait = RETRY
                    .saturating_mul(1 << known.failures.min(8))
                    .min(RETRY_MAX);
                known.due = now.mono + wait;
                known.failures += 1;
            }
        }
        self.pursue(now);
    }

    /// The next question for the name service; drain after every mutation.
    pub fn poll_output(&mut self) -> Option<Question> {
        self.out.pop_front()
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let ask = self.table.values().map(|known| known.due).min();
        let shunned = self.shunned.values().copied().min();
        let ask = ask.map(|at| (at, "a name is asked for again"));
        let shunned = shunned.map(|at| (at, "a dead target is tried in its turn again"));
        [ask, shunned].into_iter().flatten().min()
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        self.shunned.retain(|_, until| *until > now.mono);
        let mut lost = false;
        for (question, known) in &mut self.table {
            if known.due <= now.mono {
                if std::mem::replace(&mut known.asked, true) {
                    known.failures += 1;
                    lost = true;
                }
                known.due = now.mono + LOST;
                self.out.push_back(question.clone());
            }
        }
        if lost {
            self.pursue(now);
        }
    }

    /// Asks what is missing on the way of any URI, and forgets what is on none.
    fn pursue(&mut self, now: Now) {
        let mut wanted = BTreeSet::new();
        // Shares do not matter here: all servers are followed.
        let mut rng = Rng::seeded(0);
        for aim in &self.aims {
            self.follow(
                aim,
                &mut |q| {
                    wanted.insert(q);
                },
                &mut |_, _, _| {},
                &mut rng,
            );
        }
        self.table.retain(|question, _| wanted.contains(question));
        for question in wanted {
            if !self.table.contains_key(&question) {
                let known = Known {
                    records: None,
                    asked: true,
                    failures: 0,
                    due: now.mono + LOST,
                };
                self.out.push_back(question.clone());
                self.table.insert(question, known);
            }
        }
    }

    /// Follows an aim through what is known: each question on the way, and each address at the end of it.
    fn follow(
        &self,
        aim: &Aim,
        asks: &mut dyn FnMut(Question),
        finds: &mut dyn FnMut(Transport, u16, &[IpAddr]),
        rng: &mut Rng,
    ) {
        let usual = aim.transport.unwrap_or(Transport::Udp);
        if let Some(ip) = aim.ip {
            return finds(usual, aim.port.unwrap_or(usual.default_port()), &[ip]);
        }
        if let Some(port) = aim.port {
            return self.addresses(&aim.host, usual, port, asks, finds);
        }
        let services = match aim.transport.filter(|_| !aim.secure) {
            Some(transport) => vec![(transport, service(transport, &aim.host))],
            None => match self.services(aim, asks) {
                None => return,
                Some(named) => named,
            },
        };
        let (mut open, mut any) = (false, false);
        for (transport, name) in services {
            let Some(servers) = self.servers(&name, asks) else {
                open = true;
                continue;
            };
            any |= !servers.is_empty();
            for srv in by_weight(servers, rng) {
                self.addresses(&srv.target, transport, srv.port, asks, finds);
            }
        }
        // Not before it is known that there is no service: its servers may be elsewhere.
        if !any && !open {
            self.addresses(&aim.host, usual, usual.default_port(), asks, finds);
        }
    }

    /// The services of a domain by NAPTR, of those that we can; without any those that there may be. `None`: not known yet.
    fn services(
        &self,
        aim: &Aim,
        asks: &mut dyn FnMut(Question),
    ) -> Option<Vec<(Transport, String)>> {
        let can = |t: &Transport| {
            let ours = self.ours.iter().any(|(ours, _)| ours == t);
            ours && (!aim.secure || *t == Transport::Tls)
        };
        let host = &aim.host;
        let records = self.known(Question::new(Kind::Naptr, host), asks)?;
        let mut named: Vec<&Naptr> = records
            .iter()
            .filter_map(|r| match r {
                Record::Naptr(n) => Some(n),
                Record::Address(_) | Record::Srv(_) => None,
            })
            .collect();
        named.sort_by_key(|n| (n.order, n.preference));
        let mut services: Vec<(Transport, String)> = named
            .into_iter()
            .filter_map(|n| Some((transport_of(&n.service)?, n.replacement.clone())))
            .filter(|(t, _)| can(t))
            .collect();
        if services.is_empty() {
            let all = [Transport::Udp, Transport::Tcp, Transport::Tls];
            services = all
                .into_iter()
                .filter(can)
                .map(|t| (t, service(t, host)))
                .collect();
        }
        Some(services)
    }

    /// The servers of a service. `None`: not known yet.
    fn servers(&self, name: &str, asks: &mut dyn FnMut(Question)) -> Option<Vec<&Srv>> {
        let records = self.known(Question::new(Kind::Srv, name), asks)?;
        let servers = records.iter().filter_map(|r| match r {
            Record::Srv(srv) => Some(srv).filter(|srv| !srv.target.is_empty()),
            Record::Address(_) | Record::Naptr(_) => None,
        });
        Some(servers.collect())
    }

    /// The addresses of a name, IPv4 first.
    fn addresses(
        &self,
        name: &str,
        transport: Transport,
        port: u16,
        asks: &mut dyn FnMut(Question),
        finds: &mut dyn FnMut(Transport, u16, &[IpAddr]),
    ) {
        for (kind, v4) in [(Kind::A, true), (Kind::Aaaa, false)] {
            if !self.ours.contains(&(transport, v4)) {
                continue;
            }
            let records = self.known(Question::new(kind, name), asks);
            let ips: Vec<IpAddr> = records
                .unwrap_or_default()
                .iter()
                .filter_map(|r| match r {
                    Record::Address(ip) => Some(*ip),
                    Record::Srv(_) | Record::Naptr(_) => None,
                })
                .collect();
            finds(transport, port, &ips);
        }
    }

    /// The answer to a question. `None`: it is still waited for; one that failed counts as an empty answer.
    fn known(&self, question: Question, asks: &mut dyn FnMut(Question)) -> Option<&[Record]> {
        let known = self.table.get(&question);
        asks(question);
        match known? {
            Known {
                records: Some(records),
                ..
            } => Some(records),
            Known { failures: 0, .. } => None,
            Known { .. } => Some(&[]),
        }
    }
}

impl Aim {
    /// `None`: no SIP URI, or by a transport that we do not know.
    fn of(uri: &Uri) -> Option<Self> {
        let transport = Transport::of_uri(uri).ok()?;
        Some(Self {
            host: uri.host()?.to_string().to_ascii_lowercase(),
            ip: uri.ip(),
            port: uri.port(),
            transport,
            secure: uri.scheme() == "sips",
        })
    }
}

/// The SRV name of a domain's service.
fn service(transport: Transport, host: &str) -> String {
    let labels = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        // Nobody is called by a WebSocket but whoever has opened it (RFC 7118).
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    format!("{labels}.{host}")
}

/// What a NAPTR's service field means (RFC 3263 section 4.1).
fn transport_of(service: &str) -> Option<Transport> {
    match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        "SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
