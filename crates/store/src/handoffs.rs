//! Handoffs: the ledger.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{holder, maybe_time, time, word},
};
use serde::{Deserialize, Serialize};
use tandem_types::{
    CallId, HandoffId, Reason, Wall,
    canonical::{canonical_json, sha256_hex},
    context::ContextPackage,
    journal::{Event, HandoffEnd},
};

/// One handoff.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct HandoffRow {
    /// Its id.
    pub handoff: HandoffId,
    /// Of this call.
    pub call: CallId,
    /// `agent:front-desk`, `queue:billing`, `extension:200`.
    pub from: String,
    /// Likewise.
    pub to: String,
    /// `intent_match`, `caller_request`, ...
    pub reason: String,
    /// The words, key or phrase.
    pub trigger: String,
    /// `offered`, `acknowledged`, `completed`, `failed`, `abandoned`.
    pub state: String,
    /// Typed, when it failed.
    pub failed_reason: Option<String>,
    /// The package as it was recorded.
    pub package: serde_json::Value,
    /// Its hash as it was recorded.
    pub sha256: String,
    /// The recorded package still has the recorded hash.
    pub intact: bool,
    /// The hash of what the receiver got.
    pub delivered_sha256: Option<String>,
    /// What the receiver got, in words, where it was spoken or sent.
    pub delivered: Option<String>,
    /// The receiver got what was recorded; `None` before it acknowledged.
    pub delivered_equals_recorded: Option<bool>,
    /// It was decided.
    #[serde(with = "time")]
    pub offered: Wall,
    /// The receiver has the package.
    #[serde(with = "maybe_time")]
    pub acknowledged: Option<Wall>,
    /// An agent has the caller by it.
    #[serde(with = "maybe_time")]
    pub entered: Option<Wall>,
    /// Its terminal state.
    #[serde(with = "maybe_time")]
    pub ended: Option<Wall>,
}

/// Which handoffs. The default: all.
#[derive(Clone, Debug, Default)]
pub struct HandoffFilter {
    /// Of one call.
    pub call: Option<CallId>,
    /// A [`HandoffRow::state`].
    pub state: Option<String>,
    /// To this holder, e.g. `queue:billing`.
    pub to: Option<String>,
    /// Offered then or later.
    pub since: Option<Wall>,
    /// At most so many; `None`: 1000.
    pub limit: Option<u32>,
}

impl Store {
    /// The ledger, newest first.
    pub async fn handoffs(&self, filter: &HandoffFilter) -> Result<Vec<HandoffRow>, StoreError> {
        let select = stmt!(
            "SELECT handoff, call_id, from_holder, to_holder, reason, set_off_by, package, sha256,
                state, failed_reason, delivered_sha256, delivered, offered, acknowledged, entered,
                ended
             FROM handoffs
             WHERE ($1 IS NULL OR call_id = $1) AND ($2 IS NULL OR state = $2)
               AND ($3 IS NULL OR to_holder = $3) AND ($4 IS NULL OR offered >= $4)
             ORDER BY offered DESC, handoff DESC LIMIT $5",
            filter.call,
            filter.state.as_ref(),
            filter.to.as_ref(),
            filter.since,
            filter.limit.unwrap_or(1000)
        );
        self.rows(&select).await?.iter().map(read).collect()
    }

    /// The ledger of one call, oldest first.
    pub async fn handoffs_of(&self, call: CallId) -> Result<Vec<HandoffRow>, StoreError> {
        let filter = HandoffFilter {
            call: Some(call),
            ..HandoffFilter::default()
        };
        let mut rows = self.handoffs(&filter).await?;
        rows.reverse();
        Ok(rows)
    }
}

fn read(row: &Row) -> Result<HandoffRow, StoreError> {
    let package = row.text("package")?;
    let sha256 = row.text("sha256")?;
    let delivered_sha256 = row.maybe_text("delivered_sha256")?;
    Ok(HandoffRow {
        handoff: row.parsed("handoff")?,
        call: row.parsed("call_id")?,
        from: row.text("from_holder")?,
        to: row.text("to_holder")?,
        reason: row.text("reason")?,
        trigger: row.text("set_off_by")?,
        state: row.text("state")?,
        failed_reason: row.maybe_text("failed_reason")?,
        intact: sha256_hex(package.as_bytes()) == sha256,
        package: serde_json::from_str(&package).unwrap_or_default(),
        delivered_equals_recorded: delivered_sha256.as_ref().map(|d| *d == sha256),
        sha256,
        delivered_sha256,
        delivered: row.maybe_text("delivered")?,
        offered: Wall(row.int("offered")?),
        acknowledged: row.time("acknowledged")?,
        entered: row.time("entered")?,
        ended: row.time("ended")?,
    })
}

pub(crate) fn offered(e: &Event, package: &ContextPackage, sha256: &str) -> Statement {
    stmt!(
        "INSERT INTO handoffs (handoff, call_id, from_holder, to_holder, reason, set_off_by,
            package, sha256, state, offered)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'offered', $9) ON CONFLICT (handoff) DO NOTHING",
        package.handoff,
        e.call,
        holder(&package.from),
        holder(&package.to),
        word(&package.reason),
        &package.trigger,
        canonical_json(package),
        sha256,
        e.at
    )
}

pub(crate) fn acknowledged(
    e: &Event,
    handoff: HandoffId,
    sha256: &str,
    delivered: Option<&String>,
) -> Statement {
    stmt!(
        "UPDATE handoffs SET acknowledged = $2, delivered_sha256 = $3, delivered = $4,
            state = CASE WHEN state = 'offered' THEN 'acknowledged' ELSE state END
         WHERE handoff = $1",
        handoff,
        e.at,
        sha256,
        delivered
    )
}

pub(crate) fn entered(e: &Event, handoff: HandoffId) -> Statement {
    stmt!(
        "UPDATE handoffs SET entered = COALESCE(entered, $2) WHERE handoff = $1",
        handoff,
        e.at
    )
}

/// The first terminal state stands.
pub(crate) fn ended(
    e: &Event,
    handoff: HandoffId,
    end: HandoffEnd,
    reason: Option<Reason>,
) -> Statement {
    stmt!(
        "UPDATE handoffs SET state = $2, failed_reason = $3, ended = $4
         WHERE handoff = $1 AND ended IS NULL",
        handoff,
        word(&end),
        reason.map(|r| word(&r)),
        e.at
    )
}
