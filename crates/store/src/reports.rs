//! What happened in a time: counts over the rows, for both databases in one spelling.

use crate::{
    Store, StoreError,
    sql::{Row, stmt},
};
use serde::Serialize;
use tandem_types::Wall;

/// A time: from then on, and before; the default: always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Then or later.
    pub since: Option<Wall>,
    /// Before.
    pub until: Option<Wall>,
}

/// A called number: what became of its calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberReport {
    /// The called number.
    pub to: String,
    /// All calls that began in the time.
    pub calls: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those in which a person took the caller.
    pub to_people: u64,
    /// Answered, and nobody was ever to be put through: an agent, a menu or an announcement was enough.
    pub alone: u64,
    /// Seconds from answer to end, of all together.
    pub seconds: u64,
    /// Milliseconds that callers waited in queues, of all together.
    pub waited_ms: u64,
}

/// How far transfers came, of one destination and reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Funnel {
    /// `queue:billing`, `extension:200`.
    pub to: String,
    /// Why the caller was to be put through: `intent_match`, `caller_request`, `key`.
    pub reason: String,
    /// Begun.
    pub offered: u64,
    /// It rang somewhere.
    pub rang: u64,
    /// Somebody answered.
    pub answered: u64,
    /// And was told who calls and why.
    pub briefed: u64,
    /// And took the caller.
    pub accepted: u64,
    /// They heard each other.
    pub bridged: u64,
    /// And were together for 60 s, or to the end of a call that goes on: no handoff and no end within that time.
    pub kept: u64,
}

/// What callers wanted, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntentReport {
    /// `None`: nothing that the agent knows.
    pub intent: Option<String>,
    /// `phrase`, `classifier`, `model`, `key`.
    pub by: String,
    /// Turns.
    pub turns: u64,
    /// Calls.
    pub calls: u64,
    /// 0 to 1000, on average.
    pub confidence: u16,
}

/// Somebody has a caller for good after so long, in microseconds.
const KEPT: i64 = 60_000_000;

impl Store {
    /// Each called number, the busiest first.
    pub async fn report_calls(&self, span: Span) -> Result<Vec<NumberReport>, StoreError> {
        let select = stmt!(
            "SELECT to_number, COUNT(*) AS calls, COUNT(answered) AS answered,
                COUNT(CASE WHEN EXISTS (SELECT 1 FROM transfers t WHERE t.call_id = uniqueid
                    AND t.bridged IS NOT NULL) THEN 1 END) AS to_people,
                COUNT(CASE WHEN answered IS NOT NULL AND queue IS NULL AND NOT EXISTS
                    (SELECT 1 FROM transfers t WHERE t.call_id = uniqueid) THEN 1 END) AS alone,
                CAST(COALESCE(SUM(billsec), 0) AS BIGINT) AS seconds,
                CAST(COALESCE(SUM(queue_ms), 0) AS BIGINT) AS waited_ms
             FROM calls WHERE ($1 IS NULL OR started >= $1) AND ($2 IS NULL OR started < $2)
             GROUP BY to_number ORDER BY calls DESC, to_number",
            span.since,
            span.until
        );
        let read = |row: &Row| {
            Ok(NumberReport {
                to: row.text("to_number")?,
                calls: row.int("calls")?,
                answered: row.int("answered")?,
                to_people: row.int("to_people")?,
                alone: row.int("alone")?,
                seconds: row.int("seconds")?,
                waited_ms: row.int("waited_ms")?,
            })
        };
        self.rows(&select).await?.iter().map(read).collect()
    }

    /// How far transfers came, by destination and reason, the most frequent first.
    pub async fn report_transfers(&self, span: Span) -> Result<Vec<Funnel>, StoreError> {
        let select = stmt!(
            "SELECT t.to_holder AS to_holder, h.reason AS reason, COUNT(*) AS offered,
                COUNT(t.rang) AS rang, COUNT(t.answered) AS answered, COUNT(t.briefed) AS briefed,
                COUNT(t.accepted) AS accepted, COUNT(t.bridged) AS bridged,
                COUNT(CASE WHEN t.bridged IS NOT NULL
                    AND (c.ended IS NULL OR c.ended - t.bridged >= $3)
                    AND NOT EXISTS (SELECT 1 FROM handoffs n WHERE n.call_id = t.call_id
                        AND n.offered > t.bridged AND n.offered - t.bridged < $3)
                    THEN 1 END) AS kept
             FROM transfers t JOIN handoffs h ON h.handoff = t.handoff
                JOIN calls c ON c.uniqueid = t.call_id
             WHERE ($1 IS NULL OR t.started >= $1) AND ($2 IS NULL OR t.started < $2)
             GROUP BY t.to_holder, h.reason ORDER BY offered DESC, t.to_holder, h.reason",
            span.since,
            span.until,
            KEPT
        );
        let read = |row: &Row| {
            Ok(Funnel {
                to: row.text("to_holder")?,
                reason: row.text("reason")?,
                offered: row.int("offered")?,
                rang: row.int("rang")?,
                answered: row.int("answered")?,
                briefed: row.int("briefed")?,
                accepted: row.int("accepted")?,
                bridged: row.int("bridged")?,
                kept: row.int("kept")?,
            })
        };
        self.rows(&select).await?.iter().map(read).collect()
    }

    /// What callers wanted, the most frequent first.
    pub async fn report_intents(&self, span: Span) -> Result<Vec<IntentReport>, StoreError> {
        let select = stmt!(
            "SELECT intent, understood_by, COUNT(*) AS turns, COUNT(DISTINCT call_id) AS calls,
                CAST(COALESCE(AVG(intent_confidence), 0) AS BIGINT) AS confidence
             FROM turns WHERE understood_by IS NOT NULL
                AND ($1 IS NULL OR at >= $1) AND ($2 IS NULL OR at < $2)
             GROUP BY intent, understood_by ORDER BY turns DESC, intent, understood_by",
            span.since,
            span.until
        );
        let read = |row: &Row| {
            Ok(IntentReport {
                intent: row.maybe_text("intent")?,
                by: row.text("understood_by")?,
                turns: row.int("turns")?,
                calls: row.int("calls")?,
                confidence: row.int("confidence")?,
            })
        };
        self.rows(&select).await?.iter().map(read).collect()
    }
}
