//! Calls: the call detail records.

use crate::{
    HandoffRow, LegRow, RecordingRow, Span, Store, StoreError, ToolRow, TransferRow, TurnRow,
    sql::{self, Row, Statement, Value, stmt},
    tools,
    words::{maybe_time, time, word},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_types::{
    Attested, CallId, Reason, Wall,
    journal::{Event, QueueEnd, What},
};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CallRow {
    /// Its id.
    pub uniqueid: CallId,
    /// The first call of those that became one.
    pub linkedid: CallId,
    /// Admission.
    #[serde(with = "time")]
    pub started: Wall,
    /// The caller's leg was answered.
    #[serde(with = "maybe_time")]
    pub answered: Option<Wall>,
    /// `None`: it goes on.
    #[serde(with = "maybe_time")]
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
    #[serde(with = "maybe_time")]
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
    /// Tools that were asked, the look-up of the caller among them.
    pub tools: Vec<ToolRow>,
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
            tools: tools::of(&self.events(call).await?),
            recording: self.recording(call).await?,
        }))
    }

    /// Calls of a time, the oldest first, `limit` of them behind the one named.
    pub async fn calls_after(
        &self,
        span: Span,
        after: Option<(Wall, CallId)>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        let (at, call) = after.unzip();
        let select = stmt!(
            select!(
                "WHERE ($1 IS NULL OR started >= $1) AND ($2 IS NULL OR started < $2)
               AND ($3 IS NULL OR started > $3 OR (started = $3 AND uniqueid > $4))
             ORDER BY started, uniqueid LIMIT $5"
            ),
            span.since,
            span.until,
            at,
            call,
            limit
        );
        self.rows(&select).await?.iter().map(read).collect()
    }
}

pub(crate) fn like_escaped(text: &str) -> String {
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

/// What the events of one transaction say of a call: one statement, where each event of its own would be another.
#[derive(Default)]
pub(crate) struct Change<'a> {
    started: Option<&'a Event>,
    answered: Option<Wall>,
    ended: Option<&'a Event>,
    /// The last of its events, and that one's hash.
    end_of_chain: (u32, &'a str),
}

/// Takes an event with its hash. `false`: what it says of its call is said elsewhere.
pub(crate) fn note<'a>(
    changes: &mut BTreeMap<CallId, Change<'a>>,
    e: &'a Event,
    hash: &'a str,
) -> bool {
    let change = changes.entry(e.call).or_default();
    change.end_of_chain = (e.seq, hash);
    match &e.what {
        What::CallStarted { .. } => change.started = Some(change.started.unwrap_or(e)),
        What::CallAnswered => change.answered = Some(e.at),
        What::CallEnded { .. } => change.ended = Some(e),
        _ => return false,
    }
    true
}

/// Of a call that goes on.
const UPDATE: &str = "UPDATE calls SET answered = COALESCE($2, answered),
    last_hash = CASE WHEN last_seq < $3 THEN $4 ELSE last_hash END,
    last_seq = CASE WHEN last_seq < $3 THEN $3 ELSE last_seq END
    WHERE uniqueid = $1";
/// Of one that ended.
const END: &str = "UPDATE calls SET answered = COALESCE($2, answered),
    last_hash = CASE WHEN last_seq < $3 THEN $4 ELSE last_hash END,
    last_seq = CASE WHEN last_seq < $3 THEN $3 ELSE last_seq END,
    ended = $5, duration_ms = $6, billed_ms = $7, billsec = $8,
    disposition = CASE WHEN COALESCE($2, answered) IS NULL THEN $9 ELSE 'ANSWERED' END,
    ended_by = $10, reason = $11, sip = $12, q850 = $13 WHERE uniqueid = $1";
macro_rules! insert {
    () => {
        "INSERT INTO calls (uniqueid, linkedid, answered, last_seq, last_hash, ended, duration_ms,
    billed_ms, billsec, disposition, ended_by, reason, sip, q850, started, from_number, to_number, via,
    dialplan, start, sip_call_id)
    VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    "
    };
}
/// Of one that began.
const INSERT: &str = concat!(insert!(), "ON CONFLICT (uniqueid) DO NOTHING");
/// Of any, whether there is a row or none.
const UPSERT: &str = concat!(
    insert!(),
    "ON CONFLICT (uniqueid) DO UPDATE SET answered = COALESCE(excluded.answered, calls.answered),
    last_hash = CASE WHEN calls.last_seq < excluded.last_seq THEN excluded.last_hash ELSE calls.last_hash END,
    last_seq = CASE WHEN calls.last_seq < excluded.last_seq THEN excluded.last_seq ELSE calls.last_seq END,
    ended = COALESCE(excluded.ended, calls.ended),
    duration_ms = COALESCE(excluded.duration_ms, calls.duration_ms),
    billed_ms = COALESCE(excluded.billed_ms, calls.billed_ms),
    billsec = COALESCE(excluded.billsec, calls.billsec),
    ended_by = COALESCE(excluded.ended_by, calls.ended_by),
    reason = COALESCE(excluded.reason, calls.reason), sip = COALESCE(excluded.sip, calls.sip),
    q850 = COALESCE(excluded.q850, calls.q850),
    disposition = CASE WHEN excluded.disposition IS NULL OR calls.answered IS NULL
        THEN COALESCE(excluded.disposition, calls.disposition) ELSE 'ANSWERED' END"
);

impl Change<'_> {
    /// Its row. A call whose beginning was lost with a disk has one from its end on: every call has its record.
    pub(crate) fn row(&self, call: CallId) -> sql::Change {
        let (seq, hash) = self.end_of_chain;
        let mut args: Vec<Value> = Vec::with_capacity(20);
        args.extend([call.into(), self.answered.into(), seq.into(), hash.into()]);
        let (sql, otherwise) = match (self.started, self.ended) {
            (None, None) => (UPDATE, None),
            (started, _) => {
                let lived = self.end(&mut args);
                let beginning = self.beginning(lived);
                match started {
                    Some(_) => {
                        args.extend(beginning);
                        (INSERT, Some((UPSERT, Vec::new())))
                    }
                    None => (END, Some((UPSERT, beginning))),
                }
            }
        };
        sql::Change {
            sql,
            args,
            otherwise,
        }
    }

    /// How it ended, if it has; when it began, going by that.
    fn end(&self, args: &mut Vec<Value>) -> Wall {
        let Some((e, end, duration, billed)) = self.ended.and_then(|e| match &e.what {
            What::CallEnded {
                end,
                duration_ms,
                billed_ms,
            } => Some((e, end, *duration_ms, *billed_ms)),
            _ => None,
        }) else {
            let (int, text) = (Value::Int(None), Value::Text(None));
            args.extend([int.clone(), int.clone(), int.clone(), int.clone()]);
            args.extend([text.clone(), text.clone(), text, int.clone(), int]);
            return Wall(0);
        };
        let disposition = match self.answered {
            Some(_) => "ANSWERED",
            None => disposition(end.reason, billed),
        };
        args.extend([
            e.at.into(),
            duration.into(),
            billed.into(),
            (billed / 1000).into(),
            disposition.into(),
            word(&end.by).into(),
            word(&end.reason).into(),
            end.sip.into(),
            end.q850.into(),
        ]);
        let lived = i64::try_from(duration).unwrap_or(i64::MAX);
        Wall(e.at.0.saturating_sub(lived.saturating_mul(1000)))
    }

    fn beginning(&self, otherwise: Wall) -> Vec<Value> {
        match self.started.map(|e| (e.at, &e.what)) {
            Some((
                at,
                What::CallStarted {
                    from,
                    to,
                    via,
                    dialplan,
                    start,
                    sip_call_id,
                },
            )) => vec![
                at.into(),
                from.into(),
                to.into(),
                via.into(),
                dialplan.as_ref().into(),
                start.into(),
                sip_call_id.into(),
            ],
            _ => vec![
                otherwise.into(),
                "".into(),
                "".into(),
                "".into(),
                Value::Text(None),
                "".into(),
                "".into(),
            ],
        }
    }
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
        | Reason::Closed
        | Reason::NoMedia
        | Reason::Protocol
        | Reason::Lost
        | Reason::Transferred
        | Reason::Limit
        | Reason::NoRoute
        | Reason::Internal => "FAILED",
    }
}
