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
    sql::{Change, Statement, Value, stmt},
};
use std::{collections::BTreeMap, sync::Arc};

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

    /// One transaction: lines, rows, ends of chains, position.
    pub(super) async fn write(self) -> Result<Written, Stopped> {
        let mut tx = self.store.begin().await?;
        self.advance(&mut tx).await?;
        let (mut chained, mut faults) = (Vec::with_capacity(self.entries.len()), 0);
        for entry in &*self.entries {
            match &entry.line {
                Ok(line) => chained.push(&**line),
                Err((line, why)) => {
                    self.fault(&mut tx, entry.at, line, why).await?;
                    faults += 1;
                }
            }
        }
        // Those of a call together, in order.
        chained.sort_by_key(|c| c.event.call);
        let events = chained.len() as u64;
        let (mut calls, mut legs) = (BTreeMap::new(), BTreeMap::new());
        let mut others = Vec::new();
        for line in write_lines(&mut tx, &chained).await? {
            let of_call = calls::note(&mut calls, &line.event, line.hash());
            if !of_call && !legs::note(&mut legs, &line.event) {
                others.extend(views::statements(&line.event));
            }
        }
        let calls = calls.iter().map(|(call, change)| change.row(*call));
        write_rows(&mut tx, calls.collect()).await?;
        for statement in others {
            tx.execute(&statement).await?;
        }
        let legs = legs.iter().map(|(leg, change)| change.row(*leg));
        write_rows(&mut tx, legs.collect()).await?;
        tx.commit().await?;
        Ok(Written { events, faults })
    }

    /// The events themselves, without views of them: each that is no fault already is one, for this reason.
    pub(super) async fn write_faults(self, why: String) -> Result<Written, Stopped> {
        let mut tx = self.store.begin().await?;
        self.advance(&mut tx).await?;
        for entry in &*self.entries {
            match &entry.line {
                Ok(chained) => {
                    write_lines(&mut tx, &[chained]).await?;
                    self.fault(&mut tx, entry.at, chained.json(), &why).await?;
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

/// Puts these events, those of a call one after the other, into the table of lines; those that were not there yet.
async fn write_lines<'a>(
    tx: &mut Tx,
    chained: &[&'a Chained],
) -> Result<Vec<&'a Chained>, StoreError> {
    let mut rows: Vec<(events::Lines<'a>, usize)> = Vec::new();
    for line in chained {
        let row = rows.last_mut();
        match row.and_then(|(row, count)| row.push(line).then_some(count)) {
            Some(count) => *count += 1,
            None => rows.push((events::Lines::of(line), 1)),
        }
    }
    let (values, counts): (Vec<_>, Vec<_>) = rows.into_iter().map(|(r, n)| (r.values(), n)).unzip();
    let there = write_free(tx, &values).await?;
    let mut fresh = Vec::with_capacity(chained.len());
    let mut rest = chained;
    for (count, written) in counts.into_iter().zip(there) {
        let (row, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = after;
        if written {
            fresh.extend_from_slice(row);
            continue;
        }
        // One of them is there already, and nobody knows which.
        let singly: Vec<_> = row.iter().map(|c| events::Lines::of(c).values()).collect();
        let written = write_free(tx, &singly).await?;
        fresh.extend(row.iter().zip(written).filter(|(_, w)| *w).map(|(c, _)| *c));
    }
    Ok(fresh)
}

/// Writes the rows of which no event is there yet; which ones those were.
async fn write_free(tx: &mut Tx, rows: &[[Value; 4]]) -> Result<Vec<bool>, StoreError> {
    let places: Vec<&[Value]> = rows.iter().map(|[place @ .., _]| &place[..]).collect();
    let taken = tx.execute_each(events::TAKEN, &places).await?;
    let is_free = taken.iter().map(|taken| *taken == 0);
    let free = rows.iter().zip(is_free.clone());
    let free: Vec<&[Value]> = free.filter(|(_, f)| *f).map(|(row, _)| &row[..]).collect();
    // Another gateway may have written one at this moment.
    let mut written = tx.execute_each(events::INSERT, &free).await?.into_iter();
    let is_written = |free: bool| free && written.next().is_some_and(|n| n > 0);
    Ok(is_free.map(is_written).collect())
}

/// Rows that few different statements change, so that each is looked for once.
async fn write_rows(tx: &mut Tx, rows: Vec<Change>) -> Result<(), StoreError> {
    let mut by_statement: BTreeMap<&'static str, Vec<Change>> = BTreeMap::new();
    for row in rows {
        by_statement.entry(row.sql).or_default().push(row);
    }
    for (sql, rows) in by_statement {
        let args: Vec<&[Value]> = rows.iter().map(|row| &row.args[..]).collect();
        let changed = tx.execute_each(sql, &args).await?;
        for (row, changed) in rows.into_iter().zip(changed) {
            if let (0, Some((sql, more))) = (changed, row.otherwise) {
                let args = [row.args, more].concat();
                tx.execute(&Statement { sql, args }).await?;
            }
        }
    }
    Ok(())
}
