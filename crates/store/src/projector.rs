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
//!     |   | gather for a second   |
//!     +---+---------------------- +
//! ```
//!
//! A transaction costs as much as the rows of twenty events, and each page of the database that it touches is written whole, so
//! those of a moment go together; who cannot wait for them asks [`Rows::written`].
//!
//! The position changes in the transaction that writes the rows, so each event is written exactly
//! once, whenever the process dies. Two projectors on one journal are also safe: the second sees
//! that the position is not where it thought, and reads it again.

mod rows;
mod views;
mod work;

pub use self::rows::{Rows, Status};

use self::work::{Work, Written};
use crate::{
    Store, StoreError,
    journal::{
        Follower,
        reader::{self, Batch, Position},
        recover,
    },
};
use std::{
    collections::BTreeMap,
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// Follows one journal directory, all its shards.
pub struct Projector {
    dir: PathBuf,
    store: Store,
    follower: Arc<Follower>,
    hurry: Arc<Notify>,
    status: watch::Sender<Status>,
    /// Which journal it is, once a journal has been opened there.
    journal: Option<Arc<str>>,
    migrated: bool,
    positions: BTreeMap<u16, Position>,
    pause: Duration,
}

/// Events in one transaction.
const BATCH: usize = 4096;
/// Once woken, this long for more of them, unless there are many already.
const GATHER: Duration = Duration::from_secs(1);
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
}

impl Projector {
    /// A projector of the journals in `dir`.
    pub fn new(dir: impl AsRef<Path>, store: Store) -> Self {
        Self {
            dir: dir.as_ref().to_owned(),
            store,
            follower: Arc::default(),
            hurry: Arc::new(Notify::new()),
            status: watch::Sender::new(Status::default()),
            journal: None,
            migrated: false,
            positions: BTreeMap::new(),
            pause: PAUSE_MIN,
        }
    }

    /// For [`crate::Journal::set_follower`].
    pub fn follower(&self) -> Arc<Follower> {
        self.follower.clone()
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
                () = self.follower.wake.notified(), if may_wake => {}
                () = pause(wait) => continue,
            }
            tokio::select! {
                () = &mut shutdown => break,
                () = self.hurry.notified() => {}
                () = self.follower.many.notified() => {}
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

    /// Writes until every shard's rows are where its journal ended when that was looked at.
    async fn catch_up(&mut self) -> Result<(), Stopped> {
        self.status.send_modify(|s| s.passes.0 += 1);
        if !self.migrated {
            self.store.migrate().await?;
            self.migrated = true;
        }
        if self.journal.is_none() {
            self.journal = recover::read_id(&self.dir.join("journal.id"))?.map(Into::into);
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

    async fn catch_up_shard(&mut self, journal: &Arc<str>, shard: u16) -> Result<u64, Stopped> {
        loop {
            let from = self.position(journal, shard).await?;
            let batch = self.read(shard, from).await?;
            if batch.next == from {
                return Ok(batch.behind);
            }
            self.status.send_modify(|s| s.behind_bytes = batch.behind);
            let work = Work {
                store: self.store.clone(),
                journal: journal.clone(),
                shard,
                from,
                next: batch.next,
                entries: batch.entries.into(),
            };
            match self.store.apart(work.clone().write()).await? {
                Ok(written) => self.written(&work, written),
                Err(Stopped::Store(e)) if !e.is_away() => self.write_singly(work).await?,
                Err(other) => return Err(other),
            }
            if from.segment < batch.next.segment {
                reader::prune(&self.dir, shard, batch.next)?;
            }
            // Lines that came meanwhile are gathered for the next transaction: while calls come, there are always some.
            if batch.behind == 0 {
                return Ok(0);
            }
        }
    }

    async fn read(&self, shard: u16, from: Position) -> Result<Batch, Stopped> {
        if let Some(batch) = self.follower.take(shard, from, BATCH) {
            return Ok(batch);
        }
        let dir = self.dir.clone();
        tokio::task::spawn_blocking(move || reader::read(&dir, shard, from, BATCH))
            .await
            .map_err(io::Error::other)?
            .map_err(Stopped::Journal)
    }

    async fn position(&mut self, journal: &Arc<str>, shard: u16) -> Result<Position, Stopped> {
        if let Some(position) = self.positions.get(&shard) {
            return Ok(*position);
        }
        let ask = Work::position(self.store.clone(), journal.clone(), shard);
        let position = self.store.apart(ask).await??;
        self.positions.insert(shard, position);
        Ok(position)
    }

    /// After a refused statement: finds the event whose it is, and keeps that one as a fault.
    async fn write_singly(&mut self, whole: Work) -> Result<(), Stopped> {
        let mut from = whole.from;
        for entry in &*whole.entries {
            let one = Work {
                from,
                next: entry.next,
                entries: [entry.clone()].into(),
                ..whole.clone()
            };
            let written = match self.store.apart(one.clone().write()).await? {
                Err(Stopped::Store(e)) if !e.is_away() => {
                    let faults = one.clone().write_faults(e.to_string());
                    self.store.apart(faults).await??
                }
                other => other?,
            };
            self.written(&one, written);
            from = entry.next;
        }
        if from == whole.next {
            return Ok(());
        }
        let rest = Work {
            from,
            entries: [].into(),
            ..whole
        };
        let written = self.store.apart(rest.clone().write()).await??;
        self.written(&rest, written);
        Ok(())
    }

    fn written(&mut self, work: &Work, written: Written) {
        self.positions.insert(work.shard, work.next);
        let Written { events, faults } = written;
        self.status.send_modify(|s| {
            s.projected += events;
            s.faults += faults;
        });
        if faults > 0 {
            let shard = work.shard;
            tracing::error!(
                faults,
                shard,
                "journal lines could not become rows: journal_faults"
            );
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a driver: nothing decides by this time"
)]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}
