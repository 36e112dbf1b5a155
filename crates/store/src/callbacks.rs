//! Callers who asked to be called back.

use crate::{
    Store, StoreError,
    sql::{Row, Statement, stmt},
    words::{maybe_time, time},
};
use serde::Serialize;
use tandem_types::{
    CallId, Wall,
    journal::{CallbackWish, Event, What},
};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallbackRow {
    /// The call in which they asked.
    pub callback: CallId,
    /// What they asked for.
    #[serde(flatten)]
    pub wish: WishRow,
    /// When.
    #[serde(serialize_with = "time::serialize")]
    pub asked: Wall,
    /// How often their phone was rung.
    pub tries: u32,
    /// When it was rung last.
    #[serde(serialize_with = "maybe_time::serialize")]
    pub dialled: Option<Wall>,
    /// Milliseconds of speech.
    pub ms: u64,
    /// `None`: it is still to be done.
    #[serde(serialize_with = "maybe_time::serialize")]
    pub ended: Option<Wall>,
    /// `done`, `given_up`, `expired`, `cancelled`.
    pub outcome: Option<String>,
    /// Who said so.
    pub ended_by: Option<String>,
}

/// What they asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WishRow {
    /// The dialplan and the name of the callback.
    pub name: String,
    /// The number that is called back.
    pub number: String,
    /// What the caller is called.
    pub caller_name: Option<String>,
    /// What they had called.
    pub called: String,
    /// The trunk.
    pub via: String,
    /// What a person hears first.
    pub headline: String,
    /// And what then.
    pub detail: String,
    /// Their place in the queue is that of somebody who waits since then.
    #[serde(serialize_with = "time::serialize")]
    pub since: Wall,
}

impl From<WishRow> for CallbackWish {
    fn from(row: WishRow) -> Self {
        Self {
            callback: row.name,
            number: row.number,
            name: row.caller_name,
            called: row.called,
            via: row.via,
            since: row.since,
            headline: row.headline,
            detail: row.detail,
        }
    }
}

impl Store {
    /// Those who asked then or later, or are still to be called back; in the order in which they asked.
    pub async fn callbacks(&self, since: Wall) -> Result<Vec<CallbackRow>, StoreError> {
        let select = stmt!(
            "SELECT callback_id, name, number, caller_name, called, via, headline, detail, asked, since, tries, dialled, ms, ended,
                    outcome, ended_by
             FROM callbacks WHERE ended IS NULL OR asked >= $1 ORDER BY asked, callback_id",
            since
        );
        let rows = self.rows(&select).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<CallbackRow, StoreError> {
    Ok(CallbackRow {
        callback: row.parsed("callback_id")?,
        wish: WishRow {
            name: row.text("name")?,
            number: row.text("number")?,
            caller_name: row.maybe_text("caller_name")?,
            called: row.text("called")?,
            via: row.text("via")?,
            headline: row.text("headline")?,
            detail: row.text("detail")?,
            since: Wall(row.int("since")?),
        },
        asked: Wall(row.int("asked")?),
        tries: row.int("tries")?,
        dialled: row.time("dialled")?,
        ms: row.int("ms")?,
        ended: row.time("ended")?,
        outcome: row.maybe_text("outcome")?,
        ended_by: row.maybe_text("ended_by")?,
    })
}

/// What an event changes.
pub(crate) fn statements(e: &Event) -> Vec<Statement> {
    let statement = match &e.what {
        What::CallbackAsked { wish } => stmt!(
            "INSERT INTO callbacks (callback_id, name, number, caller_name, called, via, headline, detail, asked, since, tries, ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0) ON CONFLICT (callback_id) DO NOTHING",
            e.call,
            &wish.callback,
            &wish.number,
            wish.name.as_ref(),
            &wish.called,
            &wish.via,
            &wish.headline,
            &wish.detail,
            e.at,
            wish.since
        ),
        What::CallbackDialled { callback } => stmt!(
            "UPDATE callbacks SET tries = tries + 1, dialled = $2 WHERE callback_id = $1",
            *callback,
            e.at
        ),
        What::CallbackTried { callback, ms, .. } => stmt!(
            "UPDATE callbacks SET ms = ms + $2 WHERE callback_id = $1",
            *callback,
            *ms
        ),
        What::CallbackEnded { callback, end, by } => stmt!(
            "UPDATE callbacks SET ended = $2, outcome = $3, ended_by = $4 WHERE callback_id = $1",
            *callback,
            e.at,
            end.as_str(),
            by
        ),
        _ => return Vec::new(),
    };
    vec![statement]
}
