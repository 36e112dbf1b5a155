//! Events: the journal as rows, and the proof that nobody changed them.

use crate::{
    Store, StoreError,
    journal::chain::{self, Chained, GENESIS},
    sql::{Row, Statement, Value, stmt},
    words::time,
};
use serde::Serialize;
use std::sync::LazyLock;
use tandem_types::{CallId, Wall};

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// Its place in the call.
    pub seq: u32,
    /// When it was decided.
    #[serde(serialize_with = "time")]
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
    /// Rows that were checked.
    pub events: u32,
    /// The first row at which the chain breaks; `None`: it is whole.
    pub broken: Option<ChainFault>,
}

/// Where a chain breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum ChainFault {
    /// The row is not there.
    Missing {
        /// Its place.
        seq: u32,
    },
    /// The row's text does not have the row's hash.
    Changed {
        /// Its place.
        seq: u32,
    },
    /// The row has a hash of its own, but not that of the event before it.
    Unlinked {
        /// Its place.
        seq: u32,
    },
    /// The row's columns say something else than its text.
    Mislabelled {
        /// Its place.
        seq: u32,
    },
    /// The last row is not the one that the call's record names.
    WrongEnd {
        /// The last row's place.
        seq: u32,
    },
}

impl Store {
    /// All events of a call, in order.
    pub async fn events(&self, call: CallId) -> Result<Vec<EventRow>, StoreError> {
        let select = stmt!(
            "SELECT seq, at, type, json, prev, hash FROM events WHERE call_id = $1 ORDER BY seq",
            call
        );
        self.rows(&select).await?.iter().map(read).collect()
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
        let rows = self.events(call).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(Verdict {
            events: count,
            broken: first_fault(call, &rows, end),
        })
    }
}

fn first_fault(call: CallId, rows: &[EventRow], end: Option<(u32, String)>) -> Option<ChainFault> {
    let mut prev = GENESIS;
    for (row, seq) in rows.iter().zip(1..) {
        if row.seq != seq {
            return Some(ChainFault::Missing { seq });
        }
        if chain::hash(&row.prev, &row.json) != row.hash {
            return Some(ChainFault::Changed { seq });
        }
        if row.prev != prev {
            return Some(ChainFault::Unlinked { seq });
        }
        if !labels_fit(call, row) {
            return Some(ChainFault::Mislabelled { seq });
        }
        prev = &row.hash;
    }
    let (last_seq, last_hash) = end?;
    match rows.iter().find(|r| r.seq == last_seq) {
        None if last_seq > 0 => Some(ChainFault::Missing {
            seq: rows.last().map_or(1, |r| r.seq + 1),
        }),
        Some(row) if row.hash != last_hash => Some(ChainFault::WrongEnd { seq: last_seq }),
        _ => None,
    }
}

fn labels_fit(call: CallId, row: &EventRow) -> bool {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&row.json) else {
        return false;
    };
    json["call"] == call.to_string()
        && json["seq"] == row.seq
        && json["at"] == row.at.0
        && json["what"]["type"] == *row.kind
}

fn read(row: &Row) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        seq: row.int("seq")?,
        at: Wall(row.int("at")?),
        kind: row.text("type")?,
        json: row.text("json")?,
        prev: row.text("prev")?,
        hash: row.text("hash")?,
    })
}

/// Rows of one statement: the way to the database costs as much as some rows.
pub(crate) const ROWS: usize = 32;

/// Changes no row if the event is there already.
pub(crate) fn insert(chained: &Chained) -> Statement {
    Statement {
        sql: INSERT,
        args: values(chained).into(),
    }
}

/// As [`insert`], for [`ROWS`] events.
pub(crate) fn insert_many(chained: &[&Chained; ROWS]) -> Statement {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let row = |n: usize| {
            let columns: Vec<String> = (1..=7).map(|c| format!("${}", n * 7 + c)).collect();
            format!("({})", columns.join(", "))
        };
        let rows: Vec<String> = (0..ROWS).map(row).collect();
        INSERT.replace("($1, $2, $3, $4, $5, $6, $7)", &rows.join(", "))
    });
    Statement {
        sql: &SQL,
        args: chained.iter().flat_map(|c| values(c)).collect(),
    }
}

const INSERT: &str = "INSERT INTO events (call_id, seq, at, type, json, prev, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call_id, seq) DO NOTHING";

fn values(chained: &Chained) -> [Value; 7] {
    let event = &chained.event;
    [
        event.call.into(),
        event.seq.into(),
        event.at.into(),
        event.what.kind().into(),
        chained.json.as_str().into(),
        chained.prev.as_str().into(),
        chained.hash.as_str().into(),
    ]
}
