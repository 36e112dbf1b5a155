//! Writing to SQLite on the thread that calls, with a connection kept for it.
//!
//! sqlx gives each statement to a thread of its connection and waits for the answer. For a row that takes 3 us those two switches
//! of threads cost ten times as much, and a call has two dozen rows; so what writes many of them goes by rusqlite, which is the same
//! library underneath. Everything else, and all of PostgreSQL, is sqlx's.

use crate::{
    StoreError,
    db::PATIENCE,
    sql::{Statement, Value},
};
use rusqlite::{
    CachedStatement, Connection, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use sqlx::{Sqlite, pool::PoolConnection};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Statements that stay prepared: more than this crate has.
const PREPARED: usize = 128;

/// How one database is written to.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    file: PathBuf,
    memory: bool,
    home: Home,
}

/// The connection while nobody writes; `None`: in use, or not made yet.
type Home = Arc<Mutex<Option<Open>>>;

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Statements by their place in this program, with `?1` for `$1`: to SQLite that is a number, the other only a name.
    numbered: HashMap<(usize, usize), String>,
}

/// A write transaction. Dropped without [`Transaction::commit`], it changes nothing.
pub(crate) struct Transaction {
    open: Option<Open>,
    home: Home,
    _alone: Option<PoolConnection<Sqlite>>,
}

impl Writer {
    /// `file` as sqlx names it.
    pub(crate) fn of(file: &Path, memory: bool) -> Self {
        Self {
            file: file.to_owned(),
            memory,
            home: Arc::default(),
        }
    }

    /// The database is in this process's memory.
    pub(crate) fn shares_memory(&self) -> bool {
        self.memory
    }

    /// Waits for another writer, [`PATIENCE`] at the most. `alone` is kept as long as the transaction.
    pub(crate) fn begin(
        &self,
        alone: Option<PoolConnection<Sqlite>>,
    ) -> Result<Transaction, StoreError> {
        let open = match take(&self.home) {
            Some(open) => open,
            None => Open {
                connection: self.connect()?,
                numbered: HashMap::new(),
            },
        };
        // IMMEDIATE: taking the lock later fails at once when another writer came first. A connection that cannot do that is
        // dropped: the file may be another one by the next time.
        open.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Transaction {
            open: Some(open),
            home: self.home.clone(),
            _alone: alone,
        })
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let connection = if self.memory {
            let shared = format!("{}?mode=memory&cache=shared", self.file.display());
            Connection::open_with_flags(
                shared,
                OpenFlags::default() | OpenFlags::SQLITE_OPEN_SHARED_CACHE,
            )?
        } else {
            // The name as it stands, no URI.
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&self.file, flags)?;
            connection.busy_timeout(PATIENCE)?;
            // Segments of the journal are removed once their rows are committed.
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
            connection
        };
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }

    /// Lets go of the connection, so that the file may be.
    pub(crate) fn close(&self) {
        drop(take(&self.home));
    }
}

fn take(home: &Home) -> Option<Open> {
    home.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn keep(home: &Home, open: Open) {
    *home.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
}

impl Transaction {
    /// Number of rows that were changed.
    pub(crate) fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        let mut prepared = self.prepared(statement.sql)?;
        Ok(prepared.execute(rusqlite::params_from_iter(&statement.args))? as u64)
    }

    /// The same for each of these arguments; the statement is looked for once.
    pub(crate) fn execute_each(
        &mut self,
        sql: &'static str,
        all: &[&[Value]],
    ) -> Result<Vec<u64>, StoreError> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let mut prepared = self.prepared(sql)?;
        all.iter()
            .map(|args| Ok(prepared.execute(rusqlite::params_from_iter(*args))? as u64))
            .collect()
    }

    fn prepared(&mut self, sql: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        let Some(open) = &mut self.open else {
            return Err(StoreError::Away("the connection was given back".to_owned()));
        };
        let place = (sql.as_ptr() as usize, sql.len());
        let numbered = open
            .numbered
            .entry(place)
            .or_insert_with(|| sql.replace('$', "?"));
        Ok(open.connection.prepare_cached(numbered)?)
    }

    pub(crate) fn commit(mut self) -> Result<(), StoreError> {
        if let Some(open) = &self.open {
            open.connection.execute_batch("COMMIT")?;
        }
        // Nothing is left for `drop` to undo.
        if let Some(open) = self.open.take() {
            keep(&self.home, open);
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(open) = self.open.take()
            && open.connection.execute_batch("ROLLBACK").is_ok()
        {
            keep(&self.home, open);
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Int(v) => v.map(ValueRef::Integer),
            Self::Text(v) => v.as_deref().map(|v| ValueRef::Text(v.as_bytes())),
            Self::Bool(v) => v.map(|v| ValueRef::Integer(i64::from(v))),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}
