//! Events: the journal as rows, and the proof that nobody changed them.

use crate::{
    Store, StoreError,
    journal::chain::{self, Chained, GENESIS},
    sql::{Value, stmt},
    words::time,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use tandem_types::{CallId, Wall, journal::Event};

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// Its place in the call.
    pub seq: u32,
    /// When it was decided.
    #[serde(with = "time")]
    pub at: Wall,
    /// E.g. `leg_answered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Canonical JSON of the whole event: what was hashed.
    pub json: String,
    /// Hash of the event before.
    pub prev: String,
    /// Its hash.
    pub hash: String,
}

/// What [`Store::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Events that were checked.
    pub events: u32,
    /// The first event at which the chain breaks; `None`: it is whole.
    pub broken: Option<ChainFault>,
}

/// Where a chain breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum ChainFault {
    /// The event is not there.
    Missing {
        /// Its place.
        seq: u32,
    },
    /// The event's text does not have its hash.
    Changed {
        /// Its place.
        seq: u32,
    },
    /// The event has a hash of its own, but not that of the event before it.
    Unlinked {
        /// Its place.
        seq: u32,
    },
    /// The row's columns say something else than the event's text.
    Mislabelled {
        /// Its place.
        seq: u32,
    },
    /// The last event is not the one that the call's record names.
    WrongEnd {
        /// The last event's place.
        seq: u32,
    },
}

impl Store {
    /// All events of a call, in order.
    pub async fn events(&self, call: CallId) -> Result<Vec<EventRow>, StoreError> {
        let (found, _) = self.found(call).await?;
        Ok(found.into_iter().map(|f| f.row).collect())
    }

    /// The events, and the place of the last one by the rows' own word.
    async fn found(&self, call: CallId) -> Result<(Vec<Found>, u32), StoreError> {
        let select = stmt!(
            "SELECT first_seq, last_seq, lines FROM event_lines WHERE call_id = $1
             ORDER BY first_seq",
            call
        );
        let (mut found, mut last) = (Vec::new(), 0);
        for row in self.rows(&select).await? {
            let first = row.int("first_seq")?;
            last = row.int("last_seq")?;
            let lines = row.text("lines")?;
            found.extend(
                lines
                    .lines()
                    .zip(first..)
                    .map(|(l, seq)| find(call, l, seq)),
            );
        }
        Ok((found, last))
    }

    /// Recomputes the hash chain of a call from its rows. A call that has no rows has a whole
    /// chain of 0 events.
    pub async fn verify(&self, call: CallId) -> Result<Verdict, StoreError> {
        let end = stmt!(
            "SELECT last_seq, last_hash FROM calls WHERE uniqueid = $1",
            call
        );
        // The end first: events that come in meanwhile only make the chain longer.
        let end = match self.rows(&end).await?.first() {
            Some(row) => Some((row.int("last_seq")?, row.text("last_hash")?)),
            None => None,
        };
        let (found, last) = self.found(call).await?;
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok(Verdict {
            events: count,
            broken: first_fault(&found, last, end),
        })
    }
}

/// An event that was read, and whether its text says of it what its place does.
struct Found {
    row: EventRow,
    fits: bool,
}

/// The event of a line that stands where `seq` should. What cannot be read has no hash, so it is seen as changed.
fn find(call: CallId, line: &str, seq: u32) -> Found {
    #[derive(Deserialize)]
    struct Labels {
        call: CallId,
        seq: u32,
        at: Wall,
        what: Kind,
    }
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    let (json, hash, prev) = chain::parts(line).unwrap_or((line, "", ""));
    let labels: Option<Labels> = serde_json::from_str(json).ok();
    let fits = labels
        .as_ref()
        .is_some_and(|l| l.call == call && l.seq == seq);
    let (seq, at, kind) = labels.map_or((seq, Wall(0), String::new()), |l| {
        (l.seq, l.at, l.what.r#type)
    });
    let (json, hash, prev) = (json.to_owned(), hash.to_owned(), prev.to_owned());
    let row = EventRow {
        seq,
        at,
        kind,
        json,
        prev,
        hash,
    };
    Found { row, fits }
}

fn first_fault(found: &[Found], last: u32, end: Option<(u32, String)>) -> Option<ChainFault> {
    let (mut prev, mut reached) = (GENESIS, 0);
    for (Found { row, fits }, seq) in found.iter().zip(1..) {
        if chain::hash(&row.prev, &row.json) != row.hash {
            return Some(ChainFault::Changed { seq });
        }
        if row.seq != seq {
            return Some(ChainFault::Missing { seq });
        }
        if row.prev != prev {
            return Some(ChainFault::Unlinked { seq });
        }
        if !fits {
            return Some(ChainFault::Mislabelled { seq });
        }
        (prev, reached) = (&row.hash, seq);
    }
    match last.cmp(&reached) {
        Ordering::Greater => return Some(ChainFault::Missing { seq: reached + 1 }),
        Ordering::Less => return Some(ChainFault::Mislabelled { seq: reached }),
        Ordering::Equal => {}
    }
    let (last_seq, last_hash) = end?;
    match found.iter().find(|f| f.row.seq == last_seq) {
        None if last_seq > 0 => Some(ChainFault::Missing { seq: reached + 1 }),
        Some(f) if f.row.hash != last_hash => Some(ChainFault::WrongEnd { seq: last_seq }),
        _ => None,
    }
}

/// Events of one call that follow each other.
pub(crate) struct Lines<'a> {
    first: &'a Event,
    last: &'a Event,
    text: String,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(chained: &'a Chained) -> Self {
        let mut text = String::with_capacity(4 * chained.line().len());
        push_line(&mut text, chained);
        Self {
            first: &chained.event,
            last: &chained.event,
            text,
        }
    }

    /// `false`: it is not the next one.
    pub(crate) fn push(&mut self, chained: &'a Chained) -> bool {
        let event = &chained.event;
        let is_next =
            event.call == self.last.call && self.last.seq.checked_add(1) == Some(event.seq);
        if is_next {
            push_line(&mut self.text, chained);
            self.last = event;
        }
        is_next
    }

    /// For [`TAKEN`], and, with its text, for [`INSERT`].
    pub(crate) fn values(self) -> [Value; 4] {
        [
            self.first.call.into(),
            self.first.seq.into(),
            self.last.seq.into(),
            self.text.into(),
        ]
    }
}

fn push_line(text: &mut String, chained: &Chained) {
    text.push_str(chained.line());
    text.push('\n');
}

/// Changes nothing, and says whether one of the events is there already. As a condition of the other it would cost SQLite a copy of
/// the lines.
pub(crate) const TAKEN: &str = "UPDATE event_lines SET last_seq = last_seq
    WHERE call_id = $1 AND first_seq <= $3 AND last_seq >= $2";
pub(crate) const INSERT: &str = "INSERT INTO event_lines (call_id, first_seq, last_seq, lines)
    VALUES ($1, $2, $3, $4) ON CONFLICT (call_id, first_seq) DO NOTHING";
