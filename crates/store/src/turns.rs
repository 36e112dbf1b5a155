//! Turns: the transcript.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{speaker, time},
};
use serde::{Deserialize, Serialize};
use tandem_types::{CallId, Wall, context::Speaker, journal::Event};

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TurnRow {
    /// `t1`, `t2`, ...
    pub turn: String,
    /// It was complete.
    #[serde(with = "time")]
    pub at: Wall,
    /// `caller`, `caller_keys`, `agent:NAME`.
    pub speaker: String,
    /// What the caller said, or what they heard.
    pub text: String,
    /// What an agent meant to say, when that differs.
    pub generated: Option<String>,
    /// Cut off by the caller.
    pub interrupted: bool,
    /// 0 to 1000.
    pub confidence: u16,
    /// What it was taken to mean; `None` with [`TurnRow::understood_by`] set: nothing fitted.
    pub intent: Option<String>,
    /// 0 to 1000.
    pub intent_confidence: Option<u16>,
    /// `phrase`, `classifier`, `model`, `key`.
    pub understood_by: Option<String>,
}

impl Store {
    /// The transcript of a call.
    pub async fn turns(&self, call: CallId) -> Result<Vec<TurnRow>, StoreError> {
        let select = stmt!(
            "SELECT turn, at, speaker, text, generated, interrupted, confidence, intent,
                intent_confidence, understood_by
             FROM turns WHERE call_id = $1 ORDER BY seq",
            call
        );
        self.rows(&select).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<TurnRow, StoreError> {
    Ok(TurnRow {
        turn: row.text("turn")?,
        at: Wall(row.int("at")?),
        speaker: row.text("speaker")?,
        text: row.text("text")?,
        generated: row.maybe_text("generated")?,
        interrupted: row.bool("interrupted")?,
        confidence: row.int("confidence")?,
        intent: row.maybe_text("intent")?,
        intent_confidence: row.maybe("intent_confidence")?,
        understood_by: row.maybe_text("understood_by")?,
    })
}

/// The parts of `TurnEnded`.
pub(crate) struct Ended<'a> {
    pub(crate) turn: &'a str,
    pub(crate) speaker: &'a Speaker,
    pub(crate) text: &'a str,
    pub(crate) generated: Option<&'a String>,
    pub(crate) interrupted: bool,
    pub(crate) confidence: u16,
}

/// The row may be there already, made by [`understood`].
pub(crate) fn ended(e: &Event, t: &Ended<'_>) -> Statement {
    stmt!(
        "INSERT INTO turns (call_id, turn, seq, at, speaker, text, generated, interrupted,
            confidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (call_id, turn) DO UPDATE SET at = excluded.at, speaker = excluded.speaker,
            text = excluded.text, generated = excluded.generated,
            interrupted = excluded.interrupted, confidence = excluded.confidence",
        e.call,
        t.turn,
        e.seq,
        e.at,
        speaker(t.speaker),
        t.text,
        t.generated,
        t.interrupted,
        t.confidence
    )
}

/// A turn may be understood before it is recorded as ended.
pub(crate) fn understood(
    e: &Event,
    turn: &str,
    intent: Option<&String>,
    confidence: u16,
    by: &str,
) -> Statement {
    stmt!(
        "INSERT INTO turns (call_id, turn, seq, at, speaker, text, interrupted, confidence,
            intent, intent_confidence, understood_by)
         VALUES ($1, $2, $3, $4, 'caller', '', FALSE, 0, $5, $6, $7)
         ON CONFLICT (call_id, turn) DO UPDATE SET intent = excluded.intent,
            intent_confidence = excluded.intent_confidence,
            understood_by = excluded.understood_by",
        e.call,
        turn,
        e.seq,
        e.at,
        intent,
        confidence,
        by
    )
}
