//! The hash chain of a call, and the line of an event.
//!
//! `hash = sha256(prev || canonical JSON of the event)`, `prev` being the hash of the call's last
//! event as 64 hexadecimal digits, or [`GENESIS`]. A line is
//! `{"event":{...},"hash":"...","prev":"..."}`.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tandem_types::{
    CallId, Wall,
    canonical::{Canonical, canonical_json, sha256_hex_of},
    journal::{Event, Open},
};

/// What the first event of a call is chained to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A hash in hexadecimal digits.
pub(crate) type Digits = [u8; GENESIS.len()];

/// The hash of an event whose canonical JSON is `json`.
pub fn hash(prev: &str, json: &str) -> String {
    text(&sha256_hex_of(&[prev.as_bytes(), json.as_bytes()]))
}

fn text(digits: &Digits) -> String {
    String::from_utf8_lossy(digits).into_owned()
}

// What stands between the parts of a line.
const EVENT: &str = "{\"event\":";
const HASH: &str = ",\"hash\":\"";
const PREV: &str = "\",\"prev\":\"";
const END: &str = "\"}";
/// Length of what stands behind the event.
const BEHIND: usize = HASH.len() + GENESIS.len() + PREV.len() + GENESIS.len() + END.len();

/// Puts the line of an event, line feed included, behind `out`; `prev` is the hash of its call's event before. Its own hash.
pub(crate) fn write(
    out: &mut Vec<u8>,
    canonical: &mut Canonical,
    prev: &Digits,
    event: &Event,
) -> Digits {
    out.extend_from_slice(EVENT.as_bytes());
    let begin = out.len();
    canonical.append(out, event);
    let hash = sha256_hex_of(&[prev, out.get(begin..).unwrap_or_default()]);
    for part in [
        HASH.as_bytes(),
        &hash,
        PREV.as_bytes(),
        prev,
        END.as_bytes(),
        b"\n",
    ] {
        out.extend_from_slice(part);
    }
    hash
}

/// An event as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// As [`write`] spells it, without its line feed.
    line: ByteString,
    /// The event.
    pub event: Box<Event>,
}

impl Chained {
    /// `line` was written by [`write`].
    pub(crate) fn new(line: ByteString, event: Box<Event>) -> Self {
        Self { line, event }
    }

    /// Its line in the journal, without the line feed.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Its canonical JSON: what was hashed.
    pub fn json(&self) -> &str {
        let end = self.line.len().saturating_sub(BEHIND);
        self.line.get(EVENT.len()..end).unwrap_or_default()
    }

    /// Its own hash.
    pub fn hash(&self) -> &str {
        self.digits(BEHIND - HASH.len())
    }

    /// Hash of the call's event before it.
    pub fn prev(&self) -> &str {
        self.digits(GENESIS.len() + END.len())
    }

    /// Those that begin so far from the end.
    fn digits(&self, from_end: usize) -> &str {
        let begin = self.line.len().saturating_sub(from_end);
        let digits = self.line.get(begin..begin + GENESIS.len());
        digits.unwrap_or_default()
    }
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
    let line = line.trim_end();
    if let Some((json, ..)) = parts(line) {
        let event = serde_json::from_str(json).map_err(shape)?;
        return Ok(Chained::new(line.into(), event));
    }
    let raw: Raw = serde_json::from_str(line).map_err(shape)?;
    let json = canonical_json(&raw.event);
    let event = serde_json::from_value(raw.event).map_err(shape)?;
    let Raw { hash, prev, .. } = raw;
    let line = [EVENT, &json, HASH, &hash, PREV, &prev, END].concat();
    // Hashes of another length are none.
    match parts(&line).is_some() {
        true => Ok(Chained::new(line.into(), event)),
        false => Err("not a hash".to_owned()),
    }
}

/// The event, its hash and the one before it in a line that is spelled as [`write`] spells it.
pub(crate) fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let is_hash = |h: &str| h.len() == GENESIS.len() && h.bytes().all(|b| b.is_ascii_hexdigit());
    let rest = line.strip_prefix(EVENT)?.strip_suffix(END)?;
    let (rest, prev) = rest.split_at_checked(rest.len().checked_sub(GENESIS.len())?)?;
    let rest = rest.strip_suffix(PREV)?;
    let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(GENESIS.len())?)?;
    let json = rest.strip_suffix(HASH)?;
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

    fn apply(&mut self, event: &Event, hash: &str) {
        self.hash.clear();
        self.hash.push_str(hash);
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

    pub(crate) fn tip(&self, call: CallId) -> Digits {
        let tip = self.calls.get(&call).map_or(GENESIS, |h| h.hash.as_str());
        tip.as_bytes().try_into().unwrap_or([b'0'; GENESIS.len()])
    }

    /// Takes an event that is on disk. One that was taken before changes nothing.
    pub(crate) fn apply(&mut self, event: &Event, hash: &str) {
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
