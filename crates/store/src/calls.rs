//! Calls: the call detail records.

use crate::{
    HandoffRow, LegRow, RecordingRow, Store, StoreError, TransferRow, TurnRow,
    sql::{Row, Statement, stmt},
    words::{maybe_time, time, word},
};
use serde::Serialize;
use tandem_types::{
    Attested, CallId, Reason, Termination, Wall,
    journal::{Event, QueueEnd},
};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRow {
    /// Its id.
    pub uniqueid: CallId,
    /// The first call of those that became one.
    pub linkedid: CallId,
    /// Admission.
    #[serde(serialize_with = "time")]
    pub started: Wall,
    /// The caller's leg was answered.
    #[serde(serialize_with = "maybe_time")]
    pub answered: Option<Wall>,
    /// `None`: it goes on.
    #[serde(serialize_with = "maybe_time")]
    pub ended: Option<Wall>,
    /// Milliseconds from admission to end.
    pub duration_ms: Option<u64>,
    /// Milliseconds from answer to end.
    pub billed_ms: Option<u64>,
    /// Completed seconds from answer to end.
    pub billsec: Option<u64>,
    /// `ANSWERED`, `NO ANSWER`, `BUSY`, `CONGESTION`, `FAILED`; `None`: it goes on.
    pub disposition: Option<String>,
    /// The caller; empty when withheld.
    pub from: String,
    /// The called number.
    pub to: String,
    /// The trunk, or `phone:EXT`.
    pub via: String,
    /// The dialplan that took it.
    pub dialplan: Option<String>,
    /// The destination it began at.
    pub start: String,
    /// SIP Call-ID of the first leg.
    pub sip_call_id: String,
    /// What was signed of the caller's number: `A`, `B`, `C`, `passed`, `failed`.
    pub attested: Option<String>,
    /// The AI agent who had the caller last.
    pub agent: Option<String>,
    /// When the caller was told that it is an AI.
    #[serde(serialize_with = "maybe_time")]
    pub disclosed: Option<Wall>,
    /// The queue that the caller waited in last.
    pub queue: Option<String>,
    /// How that ended: `taken`, `left`, `too_long`, `nobody_there`, `full`, `sent_on`, `hung_up`, `closing`, `ended`; `None`: they wait.
    pub queue_end: Option<String>,
    /// Milliseconds that they waited in queues, as far as that is over.
    pub queue_ms: Option<u64>,
    /// `caller`, `callee`, `agent`, `gateway`, `admin`.
    pub ended_by: Option<String>,
    /// The typed reason, e.g. `normal`.
    pub reason: Option<String>,
    /// SIP status or 0.
    pub sip: Option<u16>,
    /// Q.850 cause or 0.
    pub q850: Option<u8>,
}

/// One call with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallDetail {
    /// The CDR.
    pub call: CallRow,
    /// In the order in which they were made.
    pub legs: Vec<LegRow>,
    /// The transcript.
    pub turns: Vec<TurnRow>,
    /// The ledger.
    pub handoffs: Vec<HandoffRow>,
    /// With their attempts.
    pub transfers: Vec<TransferRow>,
    /// If it was to be recorded.
    pub recording: Option<RecordingRow>,
}

/// Which calls. The default: all.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Started then or later.
    pub since: Option<Wall>,
    /// Started before.
    pub until: Option<Wall>,
    /// Part of the caller's or the called number.
    pub number: Option<String>,
    /// A [`CallRow::disposition`].
    pub disposition: Option<String>,
    /// Of this dialplan.
    pub dialplan: Option<String>,
    /// `true`: those that go on; `false`: those that ended.
    pub open: Option<bool>,
}

/// The columns of a [`CallRow`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT uniqueid, linkedid, started, answered, ended, duration_ms, billed_ms, billsec,
                disposition, from_number, to_number, via, dialplan, start, sip_call_id, attested, agent,
                disclosed, queue, queue_end, queue_ms, ended_by, reason, sip, q850 FROM calls ",
            $rest
        )
    };
}

impl Store {
    /// The newest calls first.
    pub async fn calls(&self, filter: &CallFilter, limit: u32) -> Result<Vec<CallRow>, StoreError> {
        let number = filter
            .number
            .as_ref()
            .map(|n| format!("%{}%", like_escaped(n)));
        let select = stmt!(
            select!(
                "WHERE ($1 IS NULL OR started >= $1) AND ($2 IS NULL OR started < $2)
               AND ($3 IS NULL OR from_number LIKE $3 ESCAPE '!' OR to_number LIKE $3 ESCAPE '!')
               AND ($4 IS NULL OR disposition = $4) AND ($5 IS NULL OR dialplan = $5)
               AND ($6 IS NULL OR (ended IS NULL) = $6)
             ORDER BY started DESC, uniqueid DESC LIMIT $7"
            ),
            filter.since,
            filter.until,
            number,
            filter.disposition.as_ref(),
            filter.dialplan.as_ref(),
            filter.open,
            limit
        );
        self.rows(&select).await?.iter().map(read).collect()
    }

    /// One call with its legs, turns, handoffs, transfers and recording.
    pub async fn call(&self, call: CallId) -> Result<Option<CallDetail>, StoreError> {
        let select = stmt!(select!("WHERE uniqueid = $1"), call);
        let Some(row) = self.rows(&select).await?.first().map(read).transpose()? else {
            return Ok(None);
        };
        Ok(Some(CallDetail {
            call: row,
            legs: self.legs(call).await?,
            turns: self.turns(call).await?,
            handoffs: self.handoffs_of(call).await?,
            transfers: self.transfers(call).await?,
            recording: self.recording(call).await?,
        }))
    }
}

fn like_escaped(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}

fn read(row: &Row) -> Result<CallRow, StoreError> {
    Ok(CallRow {
        uniqueid: row.parsed("uniqueid")?,
        linkedid: row.parsed("linkedid")?,
        started: Wall(row.int("started")?),
        answered: row.time("answered")?,
        ended: row.time("ended")?,
        duration_ms: row.maybe("duration_ms")?,
        billed_ms: row.maybe("billed_ms")?,
        billsec: row.maybe("billsec")?,
        disposition: row.maybe_text("disposition")?,
        from: row.text("from_number")?,
        to: row.text("to_number")?,
        via: row.text("via")?,
        dialplan: row.maybe_text("dialplan")?,
        start: row.text("start")?,
        sip_call_id: row.text("sip_call_id")?,
        attested: row.maybe_text("attested")?,
        agent: row.maybe_text("agent")?,
        disclosed: row.time("disclosed")?,
        queue: row.maybe_text("queue")?,
        queue_end: row.maybe_text("queue_end")?,
        queue_ms: row.maybe("queue_ms")?,
        ended_by: row.maybe_text("ended_by")?,
        reason: row.maybe_text("reason")?,
        sip: row.maybe("sip")?,
        q850: row.maybe("q850")?,
    })
}

/// The parts of `CallStarted`.
pub(crate) struct Started<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) via: &'a str,
    pub(crate) dialplan: Option<&'a String>,
    pub(crate) start: &'a str,
    pub(crate) sip_call_id: &'a str,
}

pub(crate) fn started(e: &Event, s: &Started<'_>) -> Statement {
    stmt!(
        "INSERT INTO calls (uniqueid, linkedid, started, from_number, to_number, via, dialplan,
            start, sip_call_id, last_seq, last_hash)
         VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, 0, '')
         ON CONFLICT (uniqueid) DO NOTHING",
        e.call,
        e.at,
        s.from,
        s.to,
        s.via,
        s.dialplan,
        s.start,
        s.sip_call_id
    )
}

pub(crate) fn answered(e: &Event) -> Statement {
    stmt!(
        "UPDATE calls SET answered = $2 WHERE uniqueid = $1",
        e.call,
        e.at
    )
}

pub(crate) fn verified(e: &Event, attested: Attested) -> Statement {
    stmt!(
        "UPDATE calls SET attested = $2 WHERE uniqueid = $1",
        e.call,
        attested.as_str()
    )
}

pub(crate) fn disclosed(e: &Event) -> Statement {
    stmt!(
        "UPDATE calls SET disclosed = COALESCE(disclosed, $2) WHERE uniqueid = $1",
        e.call,
        e.at
    )
}

pub(crate) fn agent_entered(e: &Event, agent: &str) -> Statement {
    stmt!(
        "UPDATE calls SET agent = $2 WHERE uniqueid = $1",
        e.call,
        agent
    )
}

pub(crate) fn queued(e: &Event, queue: &str) -> Statement {
    stmt!(
        "UPDATE calls SET queue = $2, queue_end = NULL WHERE uniqueid = $1",
        e.call,
        queue
    )
}

pub(crate) fn waited(e: &Event, queue: &str, end: QueueEnd, waited_ms: u64) -> Statement {
    stmt!(
        "UPDATE calls SET queue = $2, queue_end = $3, queue_ms = COALESCE(queue_ms, 0) + $4
         WHERE uniqueid = $1",
        e.call,
        queue,
        end.as_str(),
        waited_ms
    )
}

/// Also makes the row, should the first event have been lost with a disk: every call has its CDR.
pub(crate) fn ended(e: &Event, end: &Termination, duration_ms: u64, billed_ms: u64) -> Statement {
    let lived = i64::try_from(duration_ms)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000);
    stmt!(
        "INSERT INTO calls (uniqueid, linkedid, started, from_number, to_number, via, start,
            sip_call_id, last_seq, last_hash,
            ended, duration_ms, billed_ms, billsec, disposition, ended_by, reason, sip, q850)
         VALUES ($1, $1, $11, '', '', '', '', '', 0, '', $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (uniqueid) DO UPDATE SET ended = excluded.ended,
            duration_ms = excluded.duration_ms, billed_ms = excluded.billed_ms,
            billsec = excluded.billsec, ended_by = excluded.ended_by, reason = excluded.reason,
            sip = excluded.sip, q850 = excluded.q850,
            disposition = CASE WHEN calls.answered IS NULL THEN excluded.disposition
                          ELSE 'ANSWERED' END",
        e.call,
        e.at,
        duration_ms,
        billed_ms,
        billed_ms / 1000,
        disposition(end.reason, billed_ms),
        word(&end.by),
        word(&end.reason),
        end.sip,
        end.q850,
        e.at.0.saturating_sub(lived)
    )
}

pub(crate) fn chained_to(call: CallId, seq: u32, hash: &str) -> Statement {
    stmt!(
        "UPDATE calls SET last_seq = $2, last_hash = $3 WHERE uniqueid = $1 AND last_seq < $2",
        call,
        seq,
        hash
    )
}

/// As PBXs write it. A call that was answered is `ANSWERED` whatever ended it.
fn disposition(reason: Reason, billed_ms: u64) -> &'static str {
    if billed_ms > 0 {
        return "ANSWERED";
    }
    match reason {
        Reason::Cancelled | Reason::ElsewhereAnswered | Reason::NoAnswer | Reason::Silent => {
            "NO ANSWER"
        }
        Reason::Busy | Reason::Declined => "BUSY",
        Reason::Capacity | Reason::Draining => "CONGESTION",
        Reason::Normal
        | Reason::Blocked
        | Reason::Unreachable
        | Reason::WrongNumber
        | Reason::NoCodec
        | Reason::Moved
        | Reason::NotAllowed
        | Reason::NoMedia
        | Reason::Protocol
        | Reason::Lost
        | Reason::Transferred
        | Reason::Limit
        | Reason::NoRoute
        | Reason::Internal => "FAILED",
    }
}
