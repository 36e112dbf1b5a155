//! The server's side: challenges, and judging what comes back.
//!
//! A nonce is `TIME-COUNT-MAC`: when it was made, a count that makes it unique, and a keyed hash over both and the
//! realm, so nothing is stored for a challenge that nobody answers. Only nonces that were used rightly are remembered, with
//! the highest nc seen, until they expire; when the table is full the oldest go, and whatever is as old as those counts as
//! stale.

use super::{Algorithm, Authorization, algorithm::Question, algorithm::hex, pairs::escape};
use crate::message::Uri;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write, time::Duration};
use tandem_types::{Now, Pii};

/// How long a nonce is good: longer than the usual REGISTER refresh of a phone is short, so that most refreshes need one
/// round trip.
const LIFETIME: Duration = Duration::from_secs(300);
/// Nonces in use that are remembered.
const REMEMBERED: usize = 10_000;

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is them.
    Ok {
        /// Who.
        username: String,
    },
    /// The password is right, the nonce too old or used before: challenge again with `stale`.
    Stale,
    /// Unknown user, wrong password, or an answer to another request; to a challenge that we made.
    Wrong,
    /// No answer to a challenge of ours (none, another scheme, realm or algorithm, unreadable; wrong, with a nonce that we never
    /// made): challenge.
    Missing,
}

/// Time in seconds and count.
type Stamp = (u64, u64);

/// Makes challenges and judges answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    secret: Pii<[u8; 32]>,
    /// Offered in this order (RFC 8760 section 2.3: the preferred one first).
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    remembered: usize,
    count: u64,
    /// Nonces that were used, by their count: when they were made, and their highest nc.
    used: BTreeMap<u64, (u64, u32)>,
    /// Nonces up to this count are stale, for they may have been forgotten. Counts begin at 1.
    floor: u64,
}

impl Verifier {
    /// Offers SHA-256 and MD5. The secret is 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self {
            secret: secret.into(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            lifetime: LIFETIME,
            remembered: REMEMBERED,
            count: 0,
            used: BTreeMap::new(),
            floor: 0,
        }
    }
    /// With other algorithms, the preferred one first.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: Vec<Algorithm>) -> Self {
        self.algorithms = algorithms;
        self
    }
    /// With nonces that are good for so long.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }
    /// Remembering so many nonces in use (at least one).
    #[must_use]
    pub fn with_capacity(mut self, nonces: usize) -> Self {
        self.remembered = nonces.max(1);
        self
    }

    /// Values of WWW-Authenticate or Proxy-Authenticate, one line each.
    pub fn challenge(&mut self, now: Now, realm: &str, stale: bool) -> Vec<String> {
        self.count = self.count.wrapping_add(1);
        let nonce = self.nonce((seconds(now), self.count), realm);
        let realm: String = escape(realm).chars().filter(|c| !c.is_control()).collect();
        let line = |algorithm: &Algorithm| {
            let mut out = format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\""
            );
            if stale {
                let _ = write!(out, ", stale=true");
            }
            out
        };
        self.algorithms.iter().map(line).collect()
    }

    /// Judges one Authorization or Proxy-Authorization value. `password` is asked for the plain password of a user.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is another part of RFC 7616's input"
    )]
    pub fn verify(
        &mut self,
        now: Now,
        header: &str,
        realm: &str,
        method: &str,
        uri: &str,
        body: &[u8],
        password: impl FnOnce(&str) -> Option<String>,
    ) -> Verdict {
        let Ok(auth) = Authorization::parse(header) else {
            return Verdict::Missing;
        };
        if auth.realm != escape(realm) || !self.algorithms.contains(&auth.algorithm) {
            return Verdict::Missing;
        }
        let stamp = read_stamp(&auth.nonce).filter(|s| self.made(*s, &auth.nonce, realm));
        // Whoever has not seen a challenge of ours has not tried: nothing may come of it, for anybody could have written it.
        let wrong = stamp.map_or(Verdict::Missing, |_| Verdict::Wrong);
        let Ok(nc) = auth.nonce_count() else {
            return wrong;
        };
        let username =
            crate::message::lexer::unquote(&format!("\"{}\"", auth.username)).into_owned();
        let known = password(&username);
        // Unknown users cost the same time as wrong passwords.
        let expected = Question {
            algorithm: auth.algorithm,
            username: &auth.username,
            realm: &auth.realm,
            password: known.as_deref().unwrap_or_default(),
            method,
            uri: &auth.uri,
            body,
            nonce: &auth.nonce,
            qop: auth.qop.as_ref().map(|(q, nc)| (*q, nc.as_str())),
            cnonce: auth.cnonce.as_deref().unwrap_or_default(),
        }
        .response();
        let same = same(
            expected.as_bytes(),
            auth.response.to_ascii_lowercase().as_bytes(),
        );
        if known.is_none() || !same || !same_target(&auth.uri, uri) {
            return wrong;
        }
        if stamp.is_some_and(|stamp| self.take(now, stamp, nc)) {
            Verdict::Ok { username }
        } else {
            Verdict::Stale
        }
    }

    /// The nonce is ours, of whatever age.
    fn made(&self, stamp: Stamp, nonce: &str, realm: &str) -> bool {
        same(self.nonce(stamp, realm).as_bytes(), nonce.as_bytes())
    }

    /// The nonce is fresh, and its nc higher than before; which is then remembered.
    fn take(&mut self, now: Now, stamp: Stamp, nc: u32) -> bool {
        let age = seconds(now).checked_sub(stamp.0);
        let fresh = age.is_some_and(|age| age <= self.lifetime.as_secs());
        let (time, count) = stamp;
        let seen = self.used.get(&count).map_or(0, |(_, nc)| *nc);
        if !fresh || count <= self.floor || nc <= seen {
            return false;
        }
        self.used.insert(count, (time, nc));
        let expired = seconds(now).saturating_sub(self.lifetime.as_secs());
        while let Some(oldest) = self.used.first_entry()
            && (oldest.get().0 < expired || self.used.len() > self.remembered)
        {
            if let Some((count, _)) = self.used.pop_first() {
                self.floor = count;
            }
        }
        true
    }

    fn nonce(&self, (time, count): Stamp, realm: &str) -> String {
        // The hash within keeps the secret's hash from being extended; the lengths before it are fixed.
        let secret = self.secret.reveal();
        let inner = Sha256::new()
            .chain_update(secret)
            .chain_update(time.to_be_bytes())
            .chain_update(count.to_be_bytes())
            .chain_update(realm)
            .finalize();
        let mac = Sha256::new()
            .chain_update(secret)
            .chain_update(inner)
            .finalize();
        format!("{time:x}-{count:x}-{}", hex(&mac[..12]))
    }
}

fn seconds(now: Now) -> u64 {
    u64::try_from(now.wall.0.div_euclid(1_000_000)).unwrap_or_default()
}

fn read_stamp(nonce: &str) -> Option<Stamp> {
    let mut parts = nonce.splitn(3, '-');
    let mut part = || u64::from_str_radix(parts.next()?, 16).ok();
    Some((part()?, part()?))
}

/// In a time that does not tell where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

/// The answer is for this Request-URI: same user and host. Ports and parameters are changed on the way, and left out
/// by phones.
fn same_target(answered: &str, requested: &str) -> bool {
    if answered == requested {
        return true;
    }
    match (Uri::parse(answered), Uri::parse(requested)) {
        (Ok(Uri::Sip(a)), Ok(Uri::Sip(b))) => {
            a.host.equivalent(&b.host)
                && a.user.as_ref().map(|u| u.plain()) == b.user.as_ref().map(|u| u.plain())
        }
        (Ok(a), Ok(b)) => a.equivalent(&b),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
