//! Recordings: the files with the sound of calls.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{maybe_time, time, word},
};
use serde::{Deserialize, Serialize};
use tandem_types::{CallId, Wall, journal::Event, recording::RecordingSum};

/// The recording of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RecordingRow {
    /// The file, in the directory for recordings.
    pub path: String,
    /// The name of the key that it is encrypted by, if it is.
    pub key_id: Option<String>,
    /// When it began.
    #[serde(with = "time")]
    pub started: Wall,
    /// How often it was paused.
    pub pauses: u32,
    /// `None`: it goes on.
    #[serde(with = "maybe_time")]
    pub ended: Option<Wall>,
    /// `whole`, `no_room`, `failed`, `lost`; `None`: it goes on.
    pub outcome: Option<String>,
    /// Milliseconds, pauses included.
    pub ms: Option<u64>,
    /// Size of the file.
    pub bytes: Option<u64>,
    /// Of the whole file.
    pub sha256: Option<String>,
    /// Milliseconds that are silence because the disk was too slow.
    pub lost_ms: Option<u64>,
}

impl Store {
    /// The recording of a call, if it was to be recorded.
    pub async fn recording(&self, call: CallId) -> Result<Option<RecordingRow>, StoreError> {
        let select = stmt!(
            "SELECT path, key_id, started, pauses, ended, outcome, ms, bytes, sha256, lost_ms
             FROM recordings WHERE call_id = $1",
            call
        );
        self.rows(&select).await?.first().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<RecordingRow, StoreError> {
    Ok(RecordingRow {
        path: row.text("path")?,
        key_id: row.maybe_text("key_id")?,
        started: Wall(row.int("started")?),
        pauses: row.int("pauses")?,
        ended: row.time("ended")?,
        outcome: row.maybe_text("outcome")?,
        ms: row.maybe("ms")?,
        bytes: row.maybe("bytes")?,
        sha256: row.maybe_text("sha256")?,
        lost_ms: row.maybe("lost_ms")?,
    })
}

pub(crate) fn started(e: &Event, path: &str, key: Option<&String>) -> Statement {
    stmt!(
        "INSERT INTO recordings (call_id, path, key_id, started, pauses) VALUES ($1, $2, $3, $4, 0)
         ON CONFLICT (call_id) DO NOTHING",
        e.call,
        path,
        key,
        e.at
    )
}

pub(crate) fn paused(e: &Event) -> Statement {
    stmt!(
        "UPDATE recordings SET pauses = pauses + 1 WHERE call_id = $1",
        e.call
    )
}

pub(crate) fn ended(e: &Event, sum: &RecordingSum) -> Statement {
    stmt!(
        "UPDATE recordings SET ended = $2, outcome = $3, ms = $4, bytes = $5, sha256 = $6, lost_ms = $7
         WHERE call_id = $1",
        e.call,
        e.at,
        word(&sum.end),
        sum.ms,
        sum.bytes,
        sum.sha256.as_ref(),
        sum.lost_ms
    )
}
