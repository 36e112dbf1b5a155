//! What a projector writes in one transaction.

use super::{Stopped, views};
use crate::{
    Store, StoreError, calls,
    db::Tx,
    events,
    journal::{
        chain::Chained,
        reader::{Entry, Position},
    },
    legs,
    sql::stmt,
};
use std::{collections::BTreeMap, sync::Arc};
use tandem_types::CallId;

/// Where the rows of one shard are to go on. It holds its own, as it may run on another thread.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) store: Store,
    pub(super) journal: Arc<str>,
    pub(super) shard: u16,
    /// Where the rows end now.
    pub(super) from: Position,
    /// Where they end afterwards.
    pub(super) next: Position,
    /// The lines between.
    pub(super) entries: Arc<[Entry]>,
}

/// Events that became rows, and lines that became faults.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) events: u64,
    pub(super) faults: u64,
}

impl Work {
    /// Where this shard's rows end. The row is made on first sight.
    pub(super) async fn position(
        store: Store,
        journal: Arc<str>,
        shard: u16,
    ) -> Result<Position, Stopped> {
        let mut tx = store.begin().await?;
        tx.execute(&stmt!(
            "INSERT INTO journal_positions (journal, shard, segment, byte) VALUES ($1, $2, 0, 0)
             ON CONFLICT (journal, shard) DO NOTHING",
            &*journal,
            shard
        ))
        .await?;
        tx.commit().await?;
        let select = stmt!(
            "SELECT segment, byte FROM journal_positions WHERE journal = $1 AND shard = $2",
            &*journal,
            shard
        );
        let rows = store.rows(&select).await?;
        let row = rows.first().ok_or(StoreError::Row("segment"))?;
        Ok(Position {
            segment: row.int("segment")?,
            byte: row.int("byte")?,
        })
    }

    /// One transaction: rows, ends of chains, position.
    pub(super) async fn write(self) -> Result<Written, Stopped> {
        let mut tx = self.store.begin().await?;
        self.advance(&mut tx).await?;
        let mut faults = 0;
        let mut ends: BTreeMap<CallId, (u32, &str)> = BTreeMap::new();
        let mut legs = BTreeMap::new();
        for chunk in self.entries.chunks(events::ROWS) {
            let together = together(&mut tx, chunk).await?;
            for entry in chunk {
                match &entry.line {
                    Ok(chained) => {
                        if !together && tx.execute(&events::insert(chained)).await? == 0 {
                            continue;
                        }
                        if !legs::note(&mut legs, &chained.event) {
                            for statement in views::statements(&chained.event) {
                                tx.execute(&statement).await?;
                            }
                        }
                        ends.insert(chained.event.call, (chained.event.seq, &chained.hash));
                    }
                    Err((line, why)) => {
                        self.fault(&mut tx, entry.at, line, why).await?;
                        faults += 1;
                    }
                }
            }
        }
        for (leg, change) in legs {
            tx.execute(&change.statement(leg)).await?;
        }
        for (call, (seq, hash)) in ends {
            tx.execute(&calls::chained_to(call, seq, hash)).await?;
        }
        tx.commit().await?;
        Ok(Written {
            events: self.entries.len() as u64 - faults,
            faults,
        })
    }

    /// The events themselves, without views of them: each that is no fault already is one, for this reason.
    pub(super) async fn write_faults(self, why: String) -> Result<Written, Stopped> {
        let mut tx = self.store.begin().await?;
        self.advance(&mut tx).await?;
        for entry in &*self.entries {
            match &entry.line {
                Ok(chained) => {
                    tx.execute(&events::insert(chained)).await?;
                    self.fault(&mut tx, entry.at, &chained.json, &why).await?;
                }
                Err((line, _)) => self.fault(&mut tx, entry.at, line, &why).await?,
            }
        }
        tx.commit().await?;
        Ok(Written {
            events: 0,
            faults: self.entries.len() as u64,
        })
    }

    /// First of its transaction: takes the lock of the row, so that nobody else can be writing.
    async fn advance(&self, tx: &mut Tx) -> Result<(), Stopped> {
        let moved = tx
            .execute(&stmt!(
                "UPDATE journal_positions SET segment = $3, byte = $4
                 WHERE journal = $1 AND shard = $2 AND segment = $5 AND byte = $6",
                &*self.journal,
                self.shard,
                self.next.segment,
                self.next.byte,
                self.from.segment,
                self.from.byte
            ))
            .await?;
        if moved == 1 {
            Ok(())
        } else {
            Err(Stopped::Overtaken)
        }
    }

    async fn fault(
        &self,
        tx: &mut Tx,
        at: Position,
        line: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        tx.execute(&stmt!(
            "INSERT INTO journal_faults (journal, shard, segment, byte, why, line)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (journal, shard, segment, byte) DO NOTHING",
            &*self.journal,
            self.shard,
            at.segment,
            at.byte,
            why,
            line
        ))
        .await?;
        Ok(())
    }
}

/// Whether these events went in by one statement: none of them was there.
async fn together(tx: &mut Tx, chunk: &[Entry]) -> Result<bool, Stopped> {
    let all: Option<Vec<&Chained>> = chunk
        .iter()
        .map(|entry| entry.line.as_ref().ok().map(|chained| &**chained))
        .collect();
    let Some(Ok(all)) = all.as_deref().map(<&[&Chained; events::ROWS]>::try_from) else {
        return Ok(false);
    };
    match tx.execute(&events::insert_many(all)).await? {
        0 => Ok(false),
        all if all == events::ROWS as u64 => Ok(true),
        // Of some that were there already nobody knows which: all of them once more, one by one.
        _ => Err(Stopped::Mixed),
    }
}
