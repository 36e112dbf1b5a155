//! What is asked of the name service, and what it answers: the words between whoever locates a server and whoever
//! looks names up.

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, time::Duration};

/// A type of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// IPv4 addresses (RFC 1035).
    A,
    /// IPv6 addresses (RFC 3596).
    Aaaa,
    /// Servers of a service (RFC 2782).
    Srv,
    /// The services of a domain (RFC 3403).
    Naptr,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    /// Records of which type.
    pub kind: Kind,
    /// Of which name: lower case, no full stop at the end.
    pub name: String,
}

impl Question {
    /// A question about `name`, however that is written.
    pub fn new(kind: Kind, name: &str) -> Self {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        Self { kind, name }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::A => "A",
            Kind::Aaaa => "AAAA",
            Kind::Srv => "SRV",
            Kind::Naptr => "NAPTR",
        };
        write!(f, "{} {kind}", self.name)
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A or AAAA.
    Address(IpAddr),
    /// SRV.
    Srv(Srv),
    /// NAPTR, where its flag is `s`: the replacement is a name for SRV.
    Naptr(Naptr),
}

/// A server of a service (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Srv {
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among those of its priority.
    pub weight: u16,
    /// Where it listens.
    pub port: u16,
    /// Its name; empty: the service is decidedly not there.
    pub target: String,
}

/// A service of a domain (RFC 3403).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naptr {
    /// The lowest is tried first,
    pub order: u16,
    /// and of those the lowest of these.
    pub preference: u16,
    /// `SIP+D2U` and its kin.
    pub service: String,
    /// The name whose SRV records are meant.
    pub replacement: String,
}

/// What the name service says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// None: there is no such name, or it has no such records.
    pub records: Vec<Record>,
    /// For so long.
    pub ttl: Duration,
}
