//! Legs: what each SIP dialog and its RTP flow came to.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{maybe_time, time, word},
};
use serde::Serialize;
use tandem_types::{
    CallId, LegId, Termination, Wall,
    journal::{Event, LegRole},
    media::{Codec, LegStats, Proof},
};

/// One leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LegRow {
    /// Its id.
    pub leg: LegId,
    /// `caller`, `callee`, `consult`.
    pub role: String,
    /// Number, extension or URI.
    pub peer: String,
    /// SIP Call-ID.
    pub sip_call_id: String,
    /// It was made.
    #[serde(serialize_with = "time")]
    pub created: Wall,
    /// First 18x.
    #[serde(serialize_with = "maybe_time")]
    pub ringing: Option<Wall>,
    /// 2xx.
    #[serde(serialize_with = "maybe_time")]
    pub answered: Option<Wall>,
    /// `pcmu`, `pcma`.
    pub codec: Option<String>,
    /// First proof that somebody is there.
    #[serde(serialize_with = "maybe_time")]
    pub proved: Option<Wall>,
    /// `rtp`, `rtcp_report`.
    pub proved_by: Option<String>,
    /// First joined to another leg without a transfer.
    #[serde(serialize_with = "maybe_time")]
    pub bridged: Option<Wall>,
    /// It is over.
    #[serde(serialize_with = "maybe_time")]
    pub ended: Option<Wall>,
    /// Whose act that was.
    pub ended_by: Option<String>,
    /// Typed.
    pub reason: Option<String>,
    /// SIP status or 0.
    pub sip: Option<u16>,
    /// Q.850 cause or 0.
    pub q850: Option<u8>,
    /// Counters of its flow, once its port was given back.
    pub stats: Option<LegStats>,
}

impl Store {
    /// The legs of a call, in the order in which they were made.
    pub async fn legs(&self, call: CallId) -> Result<Vec<LegRow>, StoreError> {
        let select = stmt!(
            "SELECT leg, role, peer, sip_call_id, created, ringing, answered, codec, proved,
                proved_by, bridged, ended, ended_by, reason, sip, q850, sent, received, lost,
                refused, jitter_us, digits, concealed
             FROM legs WHERE call_id = $1 ORDER BY number",
            call
        );
        self.rows(&select).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<LegRow, StoreError> {
    Ok(LegRow {
        leg: row.parsed("leg")?,
        role: row.text("role")?,
        peer: row.text("peer")?,
        sip_call_id: row.text("sip_call_id")?,
        created: Wall(row.int("created")?),
        ringing: row.time("ringing")?,
        answered: row.time("answered")?,
        codec: row.maybe_text("codec")?,
        proved: row.time("proved")?,
        proved_by: row.maybe_text("proved_by")?,
        bridged: row.time("bridged")?,
        ended: row.time("ended")?,
        ended_by: row.maybe_text("ended_by")?,
        reason: row.maybe_text("reason")?,
        sip: row.maybe("sip")?,
        q850: row.maybe("q850")?,
        stats: read_stats(row)?,
    })
}

fn read_stats(row: &Row) -> Result<Option<LegStats>, StoreError> {
    let Some(sent) = row.maybe("sent")? else {
        return Ok(None);
    };
    Ok(Some(LegStats {
        sent,
        received: row.int("received")?,
        lost: row.int("lost")?,
        refused: row.int("refused")?,
        jitter_us: row.int("jitter_us")?,
        digits: row.int("digits")?,
        concealed: row.int("concealed")?,
    }))
}

pub(crate) fn created(
    e: &Event,
    leg: LegId,
    role: LegRole,
    peer: &str,
    sip_call_id: &str,
) -> Statement {
    stmt!(
        "INSERT INTO legs (leg, call_id, number, role, peer, sip_call_id, created)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (leg) DO NOTHING",
        leg,
        e.call,
        leg.index,
        word(&role),
        peer,
        sip_call_id,
        e.at
    )
}

pub(crate) fn ringing(e: &Event, leg: LegId) -> Statement {
    stmt!(
        "UPDATE legs SET ringing = COALESCE(ringing, $2) WHERE leg = $1",
        leg,
        e.at
    )
}

pub(crate) fn answered(e: &Event, leg: LegId, codec: Codec) -> Statement {
    stmt!(
        "UPDATE legs SET answered = $2, codec = $3 WHERE leg = $1",
        leg,
        e.at,
        word(&codec)
    )
}

pub(crate) fn proved(e: &Event, leg: LegId, by: Proof) -> Statement {
    stmt!(
        "UPDATE legs SET proved = $2, proved_by = $3 WHERE leg = $1 AND proved IS NULL",
        leg,
        e.at,
        word(&by)
    )
}

pub(crate) fn bridged(e: &Event, a: LegId, b: LegId) -> Statement {
    stmt!(
        "UPDATE legs SET bridged = COALESCE(bridged, $3) WHERE leg IN ($1, $2)",
        a,
        b,
        e.at
    )
}

pub(crate) fn ended(e: &Event, leg: LegId, end: &Termination) -> Statement {
    stmt!(
        "UPDATE legs SET ended = $2, ended_by = $3, reason = $4, sip = $5, q850 = $6
         WHERE leg = $1",
        leg,
        e.at,
        word(&end.by),
        word(&end.reason),
        end.sip,
        end.q850
    )
}

pub(crate) fn measured(leg: LegId, stats: &LegStats) -> Statement {
    stmt!(
        "UPDATE legs SET sent = $2, received = $3, lost = $4, refused = $5, jitter_us = $6,
            digits = $7, concealed = $8 WHERE leg = $1",
        leg,
        stats.sent,
        stats.received,
        stats.lost,
        stats.refused,
        stats.jitter_us,
        stats.digits,
        stats.concealed
    )
}
