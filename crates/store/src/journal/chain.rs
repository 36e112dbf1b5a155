//! The hash chain of a call, and the line of an event.
//!
//! `hash = sha256(prev || canonical JSON of the event)`, `prev` being the hash of the call's last
//! event as 64 hexadecimal digits, or [`GENESIS`]. A line is
//! `{"event":{...},"hash":"...","prev":"..."}`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tandem_types::{
    CallId, Wall,
    canonical::{canonical_json, sha256_hex_of},
    journal::{Event, Open},
};

/// What the first event of a call is chained to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an event whose canonical JSON is `json`.
pub fn hash(prev: &str, json: &str) -> String {
    sha256_hex_of(&[prev.as_bytes(), json.as_bytes()])
}

/// What a line holds of an event.
pub(crate) struct Link {
    pub(crate) prev: String,
    pub(crate) hash: String,
    /// Canonical.
    pub(crate) json: String,
}

impl Link {
    /// The next one of a call's chain.
    pub(crate) fn new(prev: &str, event: &Event) -> Self {
        let json = canonical_json(event);
        Self {
            prev: prev.to_owned(),
            hash: hash(prev, &json),
            json,
        }
    }

    /// Its line, line feed included.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let Self { prev, hash, json } = self;
        for part in [
            "{\"event\":",
            json,
            ",\"hash\":\"",
            hash,
            "\",\"prev\":\"",
            prev,
            "\"}\n",
        ] {
            out.extend_from_slice(part.as_bytes());
        }
    }

    /// With the event that it is of.
    pub(crate) fn of(self, event: Event) -> Chained {
        let Self { prev, hash, json } = self;
        Chained {
            prev,
            hash,
            json,
            event,
        }
    }
}

/// An event as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// Hash of the call's event before it.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
    /// Its canonical JSON: what was hashed.
    pub json: String,
    /// The event.
    pub event: Event,
}

/// Reads a line back. The error is for a log and holds nothing of the line.
pub(crate) fn parse(line: &str) -> Result<Chained, String> {
    #[derive(Deserialize)]
    struct Raw {
        prev: String,
        hash: String,
        event: serde_json::Value,
    }
    let shape = |e: serde_json::Error| format!("{:?} at column {}", e.classify(), e.column());
    // As this crate writes it, the event stands there in its canonical spelling.
    if let Some((json, hash, prev)) = parts(line) {
        return Ok(Chained {
            event: serde_json::from_str(json).map_err(shape)?,
            prev: prev.to_owned(),
            hash: hash.to_owned(),
            json: json.to_owned(),
        });
    }
    let raw: Raw = serde_json::from_str(line).map_err(shape)?;
    let json = canonical_json(&raw.event);
    let event = serde_json::from_value(raw.event).map_err(shape)?;
    Ok(Chained {
        prev: raw.prev,
        hash: raw.hash,
        json,
        event,
    })
}

/// The event, its hash and the one before it in a line that is spelled as [`Link::write`] spells it.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let is_hash = |h: &str| h.len() == GENESIS.len() && h.bytes().all(|b| b.is_ascii_hexdigit());
    let rest = line.strip_prefix("{\"event\":")?.trim_end();
    let (rest, prev) = rest.strip_suffix("\"}")?.rsplit_once("\",\"prev\":\"")?;
    let (json, hash) = rest.rsplit_once(",\"hash\":\"")?;
    (is_hash(hash) && is_hash(prev)).then_some((json, hash, prev))
}

/// How far the chain of a call has come, and what the call still has open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the last event.
    pub hash: String,
    /// Of the last event.
    pub last: Wall,
    /// Enough to close it properly after a crash.
    #[serde(flatten)]
    pub open: Open,
}

impl Head {
    fn new(at: Wall) -> Self {
        Self {
            hash: GENESIS.to_owned(),
            last: at,
            open: Open::default(),
        }
    }

    fn apply(&mut self, event: &Event, hash: String) {
        self.hash = hash;
        self.last = event.at;
        self.open.apply(event);
    }
}

/// A leg that never took a port is never measured; its call is forgotten this long after its end.
const MEASURES_WITHIN_MICROS: i64 = 600 * 1_000_000;

/// The heads of the calls that may still get events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<CallId, Head>", into = "BTreeMap<CallId, Head>")]
pub struct Heads {
    calls: BTreeMap<CallId, Head>,
    /// Calls that wait for measures only, by their end.
    ended: VecDeque<(Wall, CallId)>,
}

impl Heads {
    /// The head of a call, unless the call is over and measured.
    pub fn of(&self, call: CallId) -> Option<&Head> {
        self.calls.get(&call)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&CallId, &Head)> {
        self.calls.iter()
    }

    pub(crate) fn tip(&self, call: CallId) -> &str {
        self.calls.get(&call).map_or(GENESIS, |h| h.hash.as_str())
    }

    /// Takes an event that is on disk. One that was taken before changes nothing.
    pub(crate) fn apply(&mut self, event: &Event, hash: String) {
        self.forget_old(event.at);
        let head = self
            .calls
            .entry(event.call)
            .or_insert_with(|| Head::new(event.at));
        if event.seq <= head.open.seq {
            return;
        }
        let had_ended = head.open.ended;
        head.apply(event, hash);
        if head.open.is_complete() {
            self.calls.remove(&event.call);
        } else if head.open.ended && !had_ended {
            self.ended.push_back((event.at, event.call));
        }
    }

    fn forget_old(&mut self, now: Wall) {
        while let Some((at, call)) = self.ended.front().copied() {
            if now.0.saturating_sub(at.0) < MEASURES_WITHIN_MICROS {
                break;
            }
            self.ended.pop_front();
            self.calls.remove(&call);
        }
    }
}

impl From<BTreeMap<CallId, Head>> for Heads {
    fn from(calls: BTreeMap<CallId, Head>) -> Self {
        let mut ended: Vec<_> = calls
            .iter()
            .filter(|(_, h)| h.open.ended)
            .map(|(c, h)| (h.last, *c))
            .collect();
        ended.sort_unstable();
        Self {
            calls,
            ended: ended.into(),
        }
    }
}

impl From<Heads> for BTreeMap<CallId, Head> {
    fn from(heads: Heads) -> Self {
        heads.calls
    }
}
