//! People of queues: who is paused.

use crate::{
    Store, StoreError,
    sql::{Statement, stmt},
};
use tandem_types::journal::Event;

impl Store {
    /// Whom queues do not ring, each with whose act that was: `phone`, `command`, `unanswered`.
    pub async fn paused_people(&self) -> Result<Vec<(String, String)>, StoreError> {
        let select = stmt!("SELECT person, changed_by FROM people WHERE paused ORDER BY person");
        let rows = self.rows(&select).await?;
        rows.iter()
            .map(|row| Ok((row.text("person")?, row.text("changed_by")?)))
            .collect()
    }
}

pub(crate) fn paused(e: &Event, person: &str, paused: bool, by: &str) -> Statement {
    stmt!(
        "INSERT INTO people (person, paused, changed, changed_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person) DO UPDATE SET paused = $2, changed = $3, changed_by = $4",
        person,
        paused,
        e.at,
        by
    )
}
