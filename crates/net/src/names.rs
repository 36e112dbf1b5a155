//! The name service by hickory-resolver: one question, one answer. Nothing is kept here: whoever asks knows what it was told, and
//! for how long.

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, Record as Raw, RecordType},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tandem_types::dns::{Answer, Kind, Naptr, Question, Record, Srv};

/// How long a server is waited for, each of twice.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long it holds that there is nothing, where nobody says so (RFC 2308 section 5 wants an SOA).
const NOTHING: Duration = Duration::from_secs(60);
/// What the machine's own resolver is made of.
const SYSTEM: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Answers questions by the servers that are given, or by the machine's own settings: those are read again when they change.
#[derive(Debug)]
pub struct NameService {
    servers: Vec<SocketAddr>,
    made: Mutex<Option<(Stamps, Arc<TokioResolver>)>>,
}

/// When the machine's settings were written.
type Stamps = [Option<SystemTime>; 2];

impl NameService {
    /// By these servers; none: by the machine's own.
    pub fn new(servers: &[SocketAddr]) -> Self {
        Self {
            servers: servers.to_vec(),
            made: Mutex::new(None),
        }
    }

    /// What the service says; `None`: no server does, or none says anything of use.
    pub async fn answer(&self, question: &Question) -> Option<Answer> {
        let kind = match question.kind {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Srv => RecordType::SRV,
            Kind::Naptr => RecordType::NAPTR,
        };
        let resolver = self.resolver()?;
        match resolver.lookup(question.name.as_str(), kind).await {
            Ok(found) => {
                let ttl = found.answers().iter().map(|r| r.ttl).min().unwrap_or(0);
                let ttl = Duration::from_secs(ttl.into());
                let records = found.answers().iter().filter_map(record).collect();
                Some(Answer { records, ttl })
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(nothing))) => {
                let seconds = nothing.negative_ttl.map(|s| Duration::from_secs(s.into()));
                Some(Answer {
                    records: Vec::new(),
                    ttl: seconds.unwrap_or(NOTHING),
                })
            }
            Err(error) => {
                tracing::warn!(%question, %error, "the name service does not answer");
                None
            }
        }
    }

    /// The addresses of a host, IPv4 first, with `port`; none: it has none just now. One that is written as an address is asked of
    /// nobody.
    pub async fn addresses(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        if let Ok(ip) = host.parse() {
            return vec![SocketAddr::new(ip, port)];
        }
        let mut all = Vec::new();
        for kind in [Kind::A, Kind::Aaaa] {
            let answer = self.answer(&Question::new(kind, host)).await;
            let records = answer.map_or_else(Vec::new, |a| a.records);
            all.extend(records.into_iter().filter_map(|record| match record {
                Record::Address(ip) => Some(SocketAddr::new(ip, port)),
                Record::Srv(_) | Record::Naptr(_) => None,
            }));
        }
        all
    }

    fn resolver(&self) -> Option<Arc<TokioResolver>> {
        let stamps = SYSTEM.map(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, resolver)) = made.as_ref().filter(|(of, _)| *of == stamps) {
            return Some(resolver.clone());
        }
        let resolver = match self.make() {
            Ok(resolver) => Arc::new(resolver),
            Err(error) => {
                tracing::warn!(%error, "the name service cannot be used; see /etc/resolv.conf");
                return None;
            }
        };
        *made = Some((stamps, resolver.clone()));
        Some(resolver)
    }

    fn make(&self) -> Result<TokioResolver, NetError> {
        let provider = TokioRuntimeProvider::default();
        let (config, mut opts) = match self.servers.as_slice() {
            // As resolv.conf(5) has it: without a file, a server on this machine.
            [] if !std::path::Path::new(SYSTEM[0]).exists() => {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 53));
                (by(&[here]), ResolverOpts::default())
            }
            [] => hickory_resolver::system_conf::read_system_conf()?,
            servers => (by(servers), ResolverOpts::default()),
        };
        opts.timeout = TIMEOUT;
        opts.attempts = 2;
        opts.cache_size = 0;
        Resolver::builder_with_config(config, provider)
            .with_options(opts)
            .build()
    }
}

fn by(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |addr: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut c| {
            c.port = addr.port();
            c
        });
        NameServerConfig::new(addr.ip(), true, connections.to_vec())
    };
    ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect())
}

fn record(raw: &Raw) -> Option<Record> {
    Some(match &raw.data {
        RData::A(a) => Record::Address(IpAddr::V4(a.0)),
        RData::AAAA(a) => Record::Address(IpAddr::V6(a.0)),
        RData::SRV(srv) => Record::Srv(Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: plain(&srv.target.to_ascii()),
        }),
        // The other flags lead elsewhere than to SRV (RFC 3403 section 4.1), which RFC 3263 does not know.
        RData::NAPTR(n) if n.flags.eq_ignore_ascii_case(b"s") => Record::Naptr(Naptr {
            order: n.order,
            preference: n.preference,
            service: String::from_utf8_lossy(&n.services).into_owned(),
            replacement: plain(&n.replacement.to_ascii()),
        }),
        _ => return None,
    })
}

/// Without the full stop at the end; the root is empty.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
