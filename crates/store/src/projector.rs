//! The task that follows the journal's files and writes rows.
//!
//! ```text
//!                 database away: wait, 100 ms doubling to 5 s
//!            +---------------------------------------------+
//!            v                                             |
//!   +--------------+  lines   +-------+  commit  +-------------------+
//!   | read journal | -------> | write | -------> | rows and position |
//!   +--------------+          +-------+          +-------------------+
//!     ^   ^ nothing new: sleep    | a statement is refused: the batch again, one event at a time;
//!     |   | until woken, then     v the one that is refused goes to journal_faults, with its event
//!     |   | gather for 100 ms     |
//!     +---+---------------------- +
//! ```
//!
//! A transaction costs as much as the rows of twenty events, so those of a moment go together; who cannot
//! wait for them asks [`Rows::written`].
//!
//! The position changes in the transaction that writes the rows, so each event is written exactly
//! once, whenever the process dies. Two projectors on one journal are also safe: the second sees
//! that the position is not where it thought, and reads it again.

mod rows;
mod views;

pub use self::rows::{Rows, Status};

use crate::{
    Store, StoreError, calls,
    db::Tx,
    events,
    journal::{
        chain::Chained,
        reader::{self, Batch, Entry, Position},
        recover,
    },
    sql::stmt,
};
use std::{
    collections::BTreeMap,
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tandem_types::CallId;
use tokio::sync::{Notify, watch};

/// Follows one journal directory, all its shards.
pub struct Projector {
    dir: PathBuf,
    store: Store,
    wake: Arc<Notify>,
    hurry: Arc<Notify>,
    status: watch::Sender<Status>,
    /// Which journal it is, once a journal has been opened there.
    journal: Option<String>,
    migrated: bool,
    positions: BTreeMap<u16, Position>,
    pause: Duration,
}

/// Events in one transaction.
const BATCH: usize = 1024;
/// Once woken, this long for more of them.
const GATHER: Duration = Duration::from_millis(100);
/// The first wait for a database that is away; doubles to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// No longer, so that rows are there soon after the database is.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Looked at also without being woken, for a journal of another process.
const IDLE: Duration = Duration::from_secs(1);

/// What stopped a pass.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] io::Error),
    #[error("another projector writes this journal too")]
    Overtaken,
    #[error("some of the events are in the database already")]
    Mixed,
}

impl Projector {
    /// A projector of the journals in `dir`.
    pub fn new(dir: impl AsRef<Path>, store: Store) -> Self {
        Self {
            dir: dir.as_ref().to_owned(),
            store,
            wake: Arc::new(Notify::new()),
            hurry: Arc::new(Notify::new()),
            status: watch::Sender::new(Status::default()),
            journal: None,
            migrated: false,
            positions: BTreeMap::new(),
            pause: PAUSE_MIN,
        }
    }

    /// For [`crate::Journal::set_wake`].
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// How far it is, from now on.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// How far the rows are, for those who may have to wait for them.
    pub fn rows(&self) -> Rows {
        Rows {
            status: self.status.subscribe(),
            hurry: self.hurry.clone(),
        }
    }

    /// Runs until `shutdown`, then writes what is still in the journal, unless the database is
    /// away: the next run goes on from there. Brings the tables up to date first.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Status {
        tokio::pin!(shutdown);
        loop {
            let wait = match self.catch_up().await {
                Ok(()) => {
                    self.pause = PAUSE_MIN;
                    IDLE
                }
                Err(stopped) => self.stopped(&stopped),
            };
            let may_wake = wait == IDLE;
            tokio::select! {
                () = &mut shutdown => break,
                () = self.hurry.notified() => continue,
                () = self.wake.notified(), if may_wake => {}
                () = pause(wait) => continue,
            }
            tokio::select! {
                () = &mut shutdown => break,
                () = self.hurry.notified() => {}
                () = pause(GATHER) => {}
            }
        }
        if let Err(stopped) = self.catch_up().await {
            self.stopped(&stopped);
        }
        self.status.borrow().clone()
    }

    /// Notes why, and says how long to wait.
    fn stopped(&mut self, why: &Stopped) -> Duration {
        if self.status.borrow().away.is_none() {
            tracing::warn!(%why, "rows wait in the journal");
        }
        self.status.send_modify(|s| s.away = Some(why.to_string()));
        // Perhaps the commit went through and only its answer was lost.
        self.positions.clear();
        let pause = self.pause;
        self.pause = (pause * 2).min(PAUSE_MAX);
        pause
    }

    /// Writes until every shard's journal is at its end.
    async fn catch_up(&mut self) -> Result<(), Stopped> {
        self.status.send_modify(|s| s.passes.0 += 1);
        if !self.migrated {
            self.store.migrate().await?;
            self.migrated = true;
        }
        if self.journal.is_none() {
            self.journal = recover::read_id(&self.dir.join("journal.id"))?;
        }
        let Some(journal) = self.journal.clone() else {
            self.status.send_modify(|s| s.passes.1 = s.passes.0);
            return Ok(());
        };
        let mut behind = 0;
        for shard in reader::shards(&self.dir)? {
            behind += self.catch_up_shard(&journal, shard).await?;
        }
        let was_away = self.status.borrow().away.is_some();
        if was_away {
            tracing::info!("the journal is in the database again");
        }
        self.status.send_modify(|s| {
            s.away = None;
            s.behind_bytes = behind;
            s.passes.1 = s.passes.0;
        });
        Ok(())
    }

    async fn catch_up_shard(&mut self, journal: &str, shard: u16) -> Result<u64, Stopped> {
        loop {
            let from = self.position(journal, shard).await?;
            let batch = self.read(shard, from).await?;
            if batch.next == from {
                return Ok(batch.behind);
            }
            self.status.send_modify(|s| s.behind_bytes = batch.behind);
            match self
                .write(journal, shard, from, &batch.entries, batch.next)
                .await
            {
                Err(Stopped::Mixed) => self.write_singly(journal, shard, from, &batch).await?,
                Err(Stopped::Store(e)) if !e.is_away() => {
                    self.write_singly(journal, shard, from, &batch).await?;
                }
                other => other?,
            }
            if from.segment < batch.next.segment {
                reader::prune(&self.dir, shard, batch.next)?;
            }
        }
    }

    async fn read(&self, shard: u16, from: Position) -> Result<Batch, Stopped> {
        let dir = self.dir.clone();
        tokio::task::spawn_blocking(move || reader::read(&dir, shard, from, BATCH))
            .await
            .map_err(io::Error::other)?
            .map_err(Stopped::Journal)
    }

    /// Where this shard's rows end. The row is made on first sight.
    async fn position(&mut self, journal: &str, shard: u16) -> Result<Position, Stopped> {
        if let Some(position) = self.positions.get(&shard) {
            return Ok(*position);
        }
        let mut tx = self.store.begin().await?;
        tx.execute(&stmt!(
            "INSERT INTO journal_positions (journal, shard, segment, byte) VALUES ($1, $2, 0, 0)
             ON CONFLICT (journal, shard) DO NOTHING",
            journal,
            shard
        ))
        .await?;
        tx.commit().await?;
        let select = stmt!(
            "SELECT segment, byte FROM journal_positions WHERE journal = $1 AND shard = $2",
            journal,
            shard
        );
        let rows = self.store.rows(&select).await?;
        let row = rows.first().ok_or(StoreError::Row("segment"))?;
        let position = Position {
            segment: row.int("segment")?,
            byte: row.int("byte")?,
        };
        self.positions.insert(shard, position);
        Ok(position)
    }

    /// One transaction: rows, ends of chains, position.
    async fn write(
        &mut self,
        journal: &str,
        shard: u16,
        from: Position,
        entries: &[Entry],
        next: Position,
    ) -> Result<(), Stopped> {
        let mut tx = self.store.begin().await?;
        advance(&mut tx, journal, shard, from, next).await?;
        let mut faults = 0;
        let mut ends: BTreeMap<CallId, (u32, &str)> = BTreeMap::new();
        for chunk in entries.chunks(events::ROWS) {
            let all: Option<Vec<&Chained>> = chunk
                .iter()
                .map(|entry| entry.line.as_ref().ok().map(|chained| &**chained))
                .collect();
            let together = match all.as_deref().map(<&[&Chained; events::ROWS]>::try_from) {
                Some(Ok(all)) => tx.execute(&events::insert_many(all)).await?,
                Some(Err(_)) | None => 0,
            };
            // Of some that were there already nobody knows which: all of them once more, one by one.
            if together > 0 && together < events::ROWS as u64 {
                return Err(Stopped::Mixed);
            }
            for entry in chunk {
                match &entry.line {
                    Ok(chained) => {
                        if together == 0 && tx.execute(&events::insert(chained)).await? == 0 {
                            continue;
                        }
                        for statement in views::statements(&chained.event) {
                            tx.execute(&statement).await?;
                        }
                        ends.insert(chained.event.call, (chained.event.seq, &chained.hash));
                    }
                    Err((line, why)) => {
                        fault(&mut tx, journal, shard, entry.at, line, why).await?;
                        faults += 1;
                    }
                }
            }
        }
        for (call, (seq, hash)) in ends {
            tx.execute(&calls::chained_to(call, seq, hash)).await?;
        }
        tx.commit().await?;
        self.written(shard, next, entries.len() as u64 - faults, faults);
        Ok(())
    }

    /// After a refused statement, or where some events are there already: finds the event whose it is, and keeps
    /// that one as a fault.
    async fn write_singly(
        &mut self,
        journal: &str,
        shard: u16,
        from: Position,
        batch: &Batch,
    ) -> Result<(), Stopped> {
        let mut at = from;
        for entry in &batch.entries {
            let one = std::slice::from_ref(entry);
            match self.write(journal, shard, at, one, entry.next).await {
                Err(Stopped::Store(e)) if !e.is_away() => {
                    self.write_fault(journal, shard, at, entry, &e).await?;
                }
                other => other?,
            }
            at = entry.next;
        }
        if at == batch.next {
            return Ok(());
        }
        self.write(journal, shard, at, &[], batch.next).await
    }

    async fn write_fault(
        &mut self,
        journal: &str,
        shard: u16,
        from: Position,
        entry: &Entry,
        why: &StoreError,
    ) -> Result<(), Stopped> {
        let mut tx = self.store.begin().await?;
        advance(&mut tx, journal, shard, from, entry.next).await?;
        let line = match &entry.line {
            Ok(chained) => {
                tx.execute(&events::insert(chained)).await?;
                &chained.json
            }
            Err((line, _)) => line,
        };
        fault(&mut tx, journal, shard, entry.at, line, &why.to_string()).await?;
        tx.commit().await?;
        self.written(shard, entry.next, 0, 1);
        Ok(())
    }

    fn written(&mut self, shard: u16, next: Position, projected: u64, faults: u64) {
        self.positions.insert(shard, next);
        self.status.send_modify(|s| {
            s.projected += projected;
            s.faults += faults;
        });
        if faults > 0 {
            tracing::error!(
                faults,
                shard,
                "journal lines could not become rows: journal_faults"
            );
        }
    }
}

/// First of its transaction: takes the lock of the row, so that nobody else can be writing.
async fn advance(
    tx: &mut Tx,
    journal: &str,
    shard: u16,
    from: Position,
    to: Position,
) -> Result<(), Stopped> {
    let moved = tx
        .execute(&stmt!(
            "UPDATE journal_positions SET segment = $3, byte = $4
             WHERE journal = $1 AND shard = $2 AND segment = $5 AND byte = $6",
            journal,
            shard,
            to.segment,
            to.byte,
            from.segment,
            from.byte
        ))
        .await?;
    if moved == 1 {
        Ok(())
    } else {
        Err(Stopped::Overtaken)
    }
}

async fn fault(
    tx: &mut Tx,
    journal: &str,
    shard: u16,
    at: Position,
    line: &str,
    why: &str,
) -> Result<(), StoreError> {
    tx.execute(&stmt!(
        "INSERT INTO journal_faults (journal, shard, segment, byte, why, line)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (journal, shard, segment, byte) DO NOTHING",
        journal,
        shard,
        at.segment,
        at.byte,
        why,
        line
    ))
    .await?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a driver: nothing decides by this time"
)]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}
