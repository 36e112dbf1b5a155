//! Transfers to people, and each person or trunk that was tried.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{holder, maybe_time, time, word},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_types::{
    CallId, HandoffId, LegId, Reason, TransferId, Wall,
    context::Holder,
    journal::{Event, TransferKind},
};

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TransferRow {
    /// Its id.
    pub transfer: TransferId,
    /// The handoff that it carries out.
    pub handoff: HandoffId,
    /// `warm`, `cold`.
    pub kind: String,
    /// `queue:billing`, `extension:200`.
    pub to: String,
    /// `completed`, `failed`; `None`: under way.
    pub outcome: Option<String>,
    /// Typed, when it failed.
    pub failed_reason: Option<String>,
    /// It began.
    #[serde(with = "time")]
    pub started: Wall,
    /// It rang for the first time.
    #[serde(with = "maybe_time")]
    pub rang: Option<Wall>,
    /// First answer.
    #[serde(with = "maybe_time")]
    pub answered: Option<Wall>,
    /// First brief.
    #[serde(with = "maybe_time")]
    pub briefed: Option<Wall>,
    /// Its words.
    pub brief: Option<String>,
    /// The person took the caller.
    #[serde(with = "maybe_time")]
    pub accepted: Option<Wall>,
    /// `key 1`, `answer`, `202`.
    pub accepted_by: Option<String>,
    /// Caller and person hear each other.
    #[serde(with = "maybe_time")]
    pub bridged: Option<Wall>,
    /// Its terminal state.
    #[serde(with = "maybe_time")]
    pub ended: Option<Wall>,
    /// Each that was tried.
    pub attempts: Vec<AttemptRow>,
}

/// One attempt of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AttemptRow {
    /// Counts from 1.
    pub attempt: u32,
    /// The consult leg; `None`: by REFER.
    pub leg: Option<String>,
    /// The destination in the dialplan's grammar.
    pub target: String,
    /// It was dialled.
    #[serde(with = "time")]
    pub dialled: Wall,
    /// It rang.
    #[serde(with = "maybe_time")]
    pub rang: Option<Wall>,
    /// Somebody answered.
    #[serde(with = "maybe_time")]
    pub answered: Option<Wall>,
    /// The brief began.
    #[serde(with = "maybe_time")]
    pub briefed: Option<Wall>,
    /// It was taken.
    #[serde(with = "maybe_time")]
    pub accepted: Option<Wall>,
    /// It failed.
    #[serde(with = "maybe_time")]
    pub failed: Option<Wall>,
    /// Typed, when it failed.
    pub reason: Option<String>,
    /// SIP status or 0, when it failed.
    pub sip: Option<u16>,
}

impl Store {
    /// The transfers of a call, oldest first.
    pub async fn transfers(&self, call: CallId) -> Result<Vec<TransferRow>, StoreError> {
        let tried = stmt!(
            "SELECT a.transfer AS transfer, attempt, leg, target, dialled, a.rang AS rang,
                a.answered AS answered, a.briefed AS briefed, a.accepted AS accepted, failed,
                reason, sip
             FROM transfer_attempts a JOIN transfers t ON t.transfer = a.transfer
             WHERE t.call_id = $1 ORDER BY a.transfer, attempt",
            call
        );
        let mut attempts: BTreeMap<TransferId, Vec<AttemptRow>> = BTreeMap::new();
        for row in self.rows(&tried).await? {
            attempts
                .entry(row.parsed("transfer")?)
                .or_default()
                .push(read_attempt(&row)?);
        }
        let select = stmt!(
            "SELECT transfer, handoff, kind, to_holder, outcome, failed_reason, started, rang,
                answered, briefed, brief, accepted, accepted_by, bridged, ended
             FROM transfers WHERE call_id = $1 ORDER BY started, transfer",
            call
        );
        let rows = self.rows(&select).await?;
        rows.iter().map(|row| read(row, &mut attempts)).collect()
    }
}

fn read(
    row: &Row,
    attempts: &mut BTreeMap<TransferId, Vec<AttemptRow>>,
) -> Result<TransferRow, StoreError> {
    let transfer = row.parsed("transfer")?;
    Ok(TransferRow {
        transfer,
        handoff: row.parsed("handoff")?,
        kind: row.text("kind")?,
        to: row.text("to_holder")?,
        outcome: row.maybe_text("outcome")?,
        failed_reason: row.maybe_text("failed_reason")?,
        started: Wall(row.int("started")?),
        rang: row.time("rang")?,
        answered: row.time("answered")?,
        briefed: row.time("briefed")?,
        brief: row.maybe_text("brief")?,
        accepted: row.time("accepted")?,
        accepted_by: row.maybe_text("accepted_by")?,
        bridged: row.time("bridged")?,
        ended: row.time("ended")?,
        attempts: attempts.remove(&transfer).unwrap_or_default(),
    })
}

fn read_attempt(row: &Row) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        attempt: row.int("attempt")?,
        leg: row.maybe_text("leg")?,
        target: row.text("target")?,
        dialled: Wall(row.int("dialled")?),
        rang: row.time("rang")?,
        answered: row.time("answered")?,
        briefed: row.time("briefed")?,
        accepted: row.time("accepted")?,
        failed: row.time("failed")?,
        reason: row.maybe_text("reason")?,
        sip: row.maybe("sip")?,
    })
}

pub(crate) fn started(
    e: &Event,
    transfer: TransferId,
    handoff: HandoffId,
    kind: TransferKind,
    to: &Holder,
) -> Statement {
    stmt!(
        "INSERT INTO transfers (transfer, call_id, handoff, kind, to_holder, attempts, started)
         VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (transfer) DO NOTHING",
        transfer,
        e.call,
        handoff,
        word(&kind),
        holder(to),
        e.at
    )
}

pub(crate) fn dialled(
    e: &Event,
    transfer: TransferId,
    leg: Option<LegId>,
    target: &str,
    attempt: u32,
) -> [Statement; 2] {
    [
        stmt!(
            "UPDATE transfers SET attempts = $2 WHERE transfer = $1",
            transfer,
            attempt
        ),
        stmt!(
            "INSERT INTO transfer_attempts (transfer, attempt, leg, target, dialled)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (transfer, attempt) DO NOTHING",
            transfer,
            attempt,
            leg,
            target,
            e.at
        ),
    ]
}

/// A step with its own column in both tables. In `transfers` the first time stands; among the
/// attempts it is the last one's.
macro_rules! step {
    ($name:ident, $column:literal) => {
        pub(crate) fn $name(e: &Event, transfer: TransferId) -> [Statement; 2] {
            [
                stmt!(
                    concat!(
                        "UPDATE transfers SET ",
                        $column,
                        " = COALESCE(",
                        $column,
                        ", $2) WHERE transfer = $1"
                    ),
                    transfer,
                    e.at
                ),
                stmt!(
                    concat!(
                        "UPDATE transfer_attempts SET ",
                        $column,
                        " = COALESCE(",
                        $column,
                        ", $2) WHERE transfer = $1 AND attempt =
                            (SELECT MAX(attempt) FROM transfer_attempts WHERE transfer = $1)"
                    ),
                    transfer,
                    e.at
                ),
            ]
        }
    };
}
step!(rang, "rang");
step!(answered, "answered");
step!(briefed, "briefed");
step!(accepted, "accepted");

pub(crate) fn brief_was(transfer: TransferId, text: &str) -> Statement {
    stmt!(
        "UPDATE transfers SET brief = $2 WHERE transfer = $1",
        transfer,
        text
    )
}

pub(crate) fn accepted_by(transfer: TransferId, by: &str) -> Statement {
    stmt!(
        "UPDATE transfers SET accepted_by = $2 WHERE transfer = $1",
        transfer,
        by
    )
}

pub(crate) fn bridged(e: &Event, transfer: TransferId) -> Statement {
    stmt!(
        "UPDATE transfers SET bridged = COALESCE(bridged, $2) WHERE transfer = $1",
        transfer,
        e.at
    )
}

pub(crate) fn attempt_failed(
    e: &Event,
    transfer: TransferId,
    reason: Reason,
    sip: u16,
) -> Statement {
    stmt!(
        "UPDATE transfer_attempts SET failed = $2, reason = $3, sip = $4
         WHERE transfer = $1 AND failed IS NULL AND attempt =
            (SELECT MAX(attempt) FROM transfer_attempts WHERE transfer = $1)",
        transfer,
        e.at,
        word(&reason),
        sip
    )
}

/// The first terminal state stands.
pub(crate) fn ended(e: &Event, transfer: TransferId, failed: Option<Reason>) -> Statement {
    stmt!(
        "UPDATE transfers SET outcome = $2, failed_reason = $3, ended = $4
         WHERE transfer = $1 AND ended IS NULL",
        transfer,
        if failed.is_some() {
            "failed"
        } else {
            "completed"
        },
        failed.map(|r| word(&r)),
        e.at
    )
}
