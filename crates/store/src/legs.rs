//! Legs: what each SIP dialog and its RTP flow came to.

use crate::{
    Store, StoreError,
    sql::{self, Row, Value, stmt},
    words::{maybe_time, time, word},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_types::{
    CallId, LegId, Termination, Wall,
    journal::{Event, LegRole, What},
    media::{Codec, LegStats, Proof},
};

/// One leg.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
    #[serde(with = "time")]
    pub created: Wall,
    /// First 18x.
    #[serde(with = "maybe_time")]
    pub ringing: Option<Wall>,
    /// 2xx.
    #[serde(with = "maybe_time")]
    pub answered: Option<Wall>,
    /// `pcmu`, `pcma`.
    pub codec: Option<String>,
    /// First proof that somebody is there.
    #[serde(with = "maybe_time")]
    pub proved: Option<Wall>,
    /// `rtp`, `rtcp_report`.
    pub proved_by: Option<String>,
    /// First joined to another leg without a transfer.
    #[serde(with = "maybe_time")]
    pub bridged: Option<Wall>,
    /// It is over.
    #[serde(with = "maybe_time")]
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

/// What the events of one transaction say of a leg: one statement, where each event of its own would be half a dozen.
#[derive(Default)]
pub(crate) struct Change<'a> {
    created: Option<Created<'a>>,
    ringing: Option<Wall>,
    answered: Option<(Wall, Codec)>,
    proved: Option<(Wall, Proof)>,
    bridged: Option<Wall>,
    ended: Option<(Wall, &'a Termination)>,
    measured: Option<&'a LegStats>,
}

struct Created<'a> {
    at: Wall,
    role: LegRole,
    peer: &'a str,
    sip_call_id: &'a str,
}

/// Takes what an event says of legs; `false`: nothing.
pub(crate) fn note<'a>(changes: &mut BTreeMap<LegId, Change<'a>>, e: &'a Event) -> bool {
    match &e.what {
        What::LegCreated {
            leg,
            role,
            peer,
            sip_call_id,
        } => {
            let created = Created {
                at: e.at,
                role: *role,
                peer,
                sip_call_id,
            };
            changes
                .entry(*leg)
                .or_default()
                .created
                .get_or_insert(created);
        }
        What::LegRinging { leg } => {
            let ringing = &mut changes.entry(*leg).or_default().ringing;
            ringing.get_or_insert(e.at);
        }
        What::LegAnswered { leg, codec, .. } => {
            changes.entry(*leg).or_default().answered = Some((e.at, *codec));
        }
        What::LegProved { leg, by } => {
            let proved = &mut changes.entry(*leg).or_default().proved;
            proved.get_or_insert((e.at, *by));
        }
        What::LegEnded { leg, end } => {
            changes.entry(*leg).or_default().ended = Some((e.at, end));
        }
        What::LegMeasured { leg, stats } => {
            changes.entry(*leg).or_default().measured = Some(stats);
        }
        What::Bridged { a, b } => {
            for leg in [a, b] {
                let bridged = &mut changes.entry(*leg).or_default().bridged;
                bridged.get_or_insert(e.at);
            }
        }
        _ => return false,
    }
    true
}

macro_rules! insert {
    () => {
        "INSERT INTO legs (leg, ringing, answered, codec, proved, proved_by, bridged, ended, ended_by, reason, sip, q850, sent,
    received, lost, refused, jitter_us, digits, concealed, call_id, number, role, peer, sip_call_id,
    created)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23, $24, $25)
    "
    };
}

/// What was first stays of ringing, proof and bridge; of everything else what came last.
const UPDATE: &str = "UPDATE legs SET
    ringing = COALESCE(ringing, $2), answered = COALESCE($3, answered), codec = COALESCE($4, codec),
    proved = COALESCE(proved, $5), proved_by = CASE WHEN proved IS NULL THEN $6 ELSE proved_by END,
    bridged = COALESCE(bridged, $7), ended = COALESCE($8, ended), ended_by = COALESCE($9, ended_by),
    reason = COALESCE($10, reason), sip = COALESCE($11, sip), q850 = COALESCE($12, q850),
    sent = COALESCE($13, sent), received = COALESCE($14, received), lost = COALESCE($15, lost),
    refused = COALESCE($16, refused), jitter_us = COALESCE($17, jitter_us),
    digits = COALESCE($18, digits), concealed = COALESCE($19, concealed)
    WHERE leg = $1";
/// The same, where the row begins with it.
const INSERT: &str = concat!(insert!(), "ON CONFLICT (leg) DO NOTHING");
/// The same, where there is such a row.
const UPSERT: &str = concat!(
    insert!(),
    "ON CONFLICT (leg) DO UPDATE SET
    ringing = COALESCE(legs.ringing, excluded.ringing),
    answered = COALESCE(excluded.answered, legs.answered),
    codec = COALESCE(excluded.codec, legs.codec), proved = COALESCE(legs.proved, excluded.proved),
    proved_by = CASE WHEN legs.proved IS NULL THEN excluded.proved_by ELSE legs.proved_by END,
    bridged = COALESCE(legs.bridged, excluded.bridged),
    ended = COALESCE(excluded.ended, legs.ended),
    ended_by = COALESCE(excluded.ended_by, legs.ended_by),
    reason = COALESCE(excluded.reason, legs.reason), sip = COALESCE(excluded.sip, legs.sip),
    q850 = COALESCE(excluded.q850, legs.q850), sent = COALESCE(excluded.sent, legs.sent),
    received = COALESCE(excluded.received, legs.received),
    lost = COALESCE(excluded.lost, legs.lost), refused = COALESCE(excluded.refused, legs.refused),
    jitter_us = COALESCE(excluded.jitter_us, legs.jitter_us),
    digits = COALESCE(excluded.digits, legs.digits),
    concealed = COALESCE(excluded.concealed, legs.concealed)"
);

impl Change<'_> {
    /// Its row. A leg whose beginning was lost with a disk has no row, and gets none.
    pub(crate) fn row(&self, leg: LegId) -> sql::Change {
        let end = self.ended.map(|(_, end)| end);
        let stats = self.measured;
        let mut args: Vec<Value> = vec![
            leg.into(),
            self.ringing.into(),
            self.answered.map(|(at, _)| at).into(),
            self.answered.map(|(_, codec)| word(&codec)).into(),
            self.proved.map(|(at, _)| at).into(),
            self.proved.map(|(_, by)| word(&by)).into(),
            self.bridged.into(),
            self.ended.map(|(at, _)| at).into(),
            end.map(|end| word(&end.by)).into(),
            end.map(|end| word(&end.reason)).into(),
            end.map(|end| i64::from(end.sip)).into(),
            end.map(|end| i64::from(end.q850)).into(),
            stats.map(|s| s.sent).into(),
            stats.map(|s| s.received).into(),
            stats.map(|s| s.lost).into(),
            stats.map(|s| s.refused).into(),
            stats.map(|s| u64::from(s.jitter_us)).into(),
            stats.map(|s| u64::from(s.digits)).into(),
            stats.map(|s| s.concealed).into(),
        ];
        let Some(created) = &self.created else {
            return sql::Change {
                sql: UPDATE,
                args,
                otherwise: None,
            };
        };
        args.extend([
            leg.call.into(),
            leg.index.into(),
            word(&created.role).into(),
            created.peer.into(),
            created.sip_call_id.into(),
            created.at.into(),
        ]);
        sql::Change {
            sql: INSERT,
            args,
            otherwise: Some((UPSERT, Vec::new())),
        }
    }
}
