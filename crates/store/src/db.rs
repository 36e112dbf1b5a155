//! The two databases behind one [`Store`]: connecting, executing, reading.

use crate::{
    StoreError,
    sql::{Row, Statement, Value},
    writer::{self, Writer},
};
use sqlx::{
    Column, Connection, Row as _, TypeInfo, ValueRef,
    postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow},
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
        SqliteRow, SqliteSynchronous,
    },
};
use std::{future::Future, str::FromStr, sync::Arc, time::Duration};
use tokio::runtime::Handle;

/// A database with Tandem's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
}

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    /// The pool is for reading.
    Sqlite(SqlitePool, Writer),
    Postgres(PgPool),
}

/// A write transaction. Dropped without [`Tx::commit`], it changes nothing.
pub(crate) enum Tx {
    Sqlite(writer::Transaction),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// How long a query may wait for a connection, or for SQLite's write lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// The projector, and a few questions at a time.
const CONNECTIONS: u32 = 8;

impl Store {
    /// Connects to `sqlite:///PATH` (made if missing; `sqlite::memory:` for
    /// tests) or `postgres://USER@HOST/NAME`. Fails if the database does not answer.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect_lazy(url)?;
        match &store.pool {
            Pool::Sqlite(pool, _) => drop(pool.acquire().await?),
            // Without the pool, which would hide the reason behind a time-out.
            Pool::Postgres(pool) => {
                sqlx::PgConnection::connect_with(&pool.connect_options())
                    .await?
                    .close()
                    .await?;
            }
        }
        Ok(store)
    }

    /// As [`Store::connect`], but the first use connects: for a gateway that should start while
    /// its database is away.
    pub fn connect_lazy(url: &str) -> Result<Self, StoreError> {
        let pool = if url.starts_with("sqlite:") {
            sqlite(url)?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| bad(url))?
                .application_name("tandem");
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(PATIENCE);
            Pool::Postgres(pool.connect_lazy_with(options))
        } else {
            return Err(bad(url));
        };
        Ok(Self { pool })
    }

    /// Closes all connections; what is under way is finished first.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool, writer) => {
                writer.close();
                pool.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// For SQLite only within [`Store::apart`].
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pool {
            Pool::Sqlite(pool, writer) => {
                // A database in memory has one user at a time: this is the others' only connection.
                let alone = match writer.shares_memory() {
                    true => Some(pool.acquire().await?),
                    false => None,
                };
                Tx::Sqlite(writer.begin(alone)?)
            }
            Pool::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Runs what writes. With SQLite nothing is awaited between the statements of a transaction: they run where they are called, one
    /// thread from the first to the commit, and that thread is one that may wait for a disk or a lock.
    pub(crate) async fn apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        match &self.pool {
            Pool::Sqlite(..) => {
                let runtime = Handle::current();
                // Boxed: as it has room for all that PostgreSQL awaits, it is large, and it changes hands several times.
                let work = Box::pin(work);
                tokio::task::spawn_blocking(move || runtime.block_on(work))
                    .await
                    .map_err(|e| StoreError::Away(e.to_string()))
            }
            Pool::Postgres(_) => Ok(work.await),
        }
    }

    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        match &self.pool {
            Pool::Sqlite(pool, _) => {
                read_all(sqlite_query(statement).fetch_all(pool).await?, sqlite_value)
            }
            Pool::Postgres(pool) => read_all(
                postgres_query(statement.sql, &statement.args)
                    .fetch_all(pool)
                    .await?,
                postgres_value,
            ),
        }
    }
}

impl Tx {
    /// Number of rows that were changed.
    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => tx.execute(statement)?,
            Self::Postgres(tx) => postgres_query(statement.sql, &statement.args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// One statement for each of these; how many rows each has changed.
    pub(crate) async fn execute_each(
        &mut self,
        sql: &'static str,
        all: &[&[Value]],
    ) -> Result<Vec<u64>, StoreError> {
        let tx = match self {
            Self::Sqlite(tx) => return tx.execute_each(sql, all),
            Self::Postgres(tx) => tx,
        };
        let mut changed = Vec::with_capacity(all.len());
        for args in all {
            let done = postgres_query(sql, args).execute(&mut **tx).await?;
            changed.push(done.rows_affected());
        }
        Ok(changed)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit()?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

fn bad(url: &str) -> StoreError {
    // A URL may hold a password.
    let scheme = url.split_once("//").map_or("...", |(scheme, _)| scheme);
    StoreError::BadUrl(format!("{scheme}//..."))
}

fn sqlite(url: &str) -> Result<Pool, StoreError> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches('/');
    let memory = path.starts_with(":memory:");
    if path.is_empty() || path.starts_with('?') {
        return Err(bad(url));
    }
    let mut options = SqliteConnectOptions::from_str(url).map_err(|_| bad(url))?;
    if !memory {
        options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Segments of the journal are removed once their rows are committed.
            .synchronous(SqliteSynchronous::Full);
    }
    let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE);
    // A database in memory lives in its one connection.
    let pool = if memory {
        pool.max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
    } else {
        pool.max_connections(CONNECTIONS)
    };
    let writer = Writer::of(options.get_filename(), memory);
    let pool = pool.connect_lazy_with(options.busy_timeout(PATIENCE));
    Ok(Pool::Sqlite(pool, writer))
}

fn sqlite_query(statement: &Statement) -> Query<'_, sqlx::Sqlite, SqliteArguments> {
    let query = sqlx::query(statement.sql);
    statement.args.iter().fold(query, |query, arg| match arg {
        Value::Int(v) => query.bind(*v),
        Value::Text(v) => query.bind(v.as_deref()),
        Value::Bool(v) => query.bind(*v),
    })
}

fn postgres_query<'a>(
    sql: &'static str,
    args: &'a [Value],
) -> Query<'a, sqlx::Postgres, PgArguments> {
    let query = sqlx::query(sql);
    args.iter().fold(query, |query, arg| match arg {
        Value::Int(v) => query.bind(*v),
        Value::Text(v) => query.bind(v.as_deref()),
        Value::Bool(v) => query.bind(*v),
    })
}

fn read_all<R: sqlx::Row>(
    rows: Vec<R>,
    value: fn(&R, usize) -> Result<Value, StoreError>,
) -> Result<Vec<Row>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let names: Arc<[String]> = first
        .columns()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    rows.iter()
        .map(|row| {
            let values = (0..names.len())
                .map(|i| value(row, i))
                .collect::<Result<_, _>>()?;
            Ok(Row {
                names: names.clone(),
                values,
            })
        })
        .collect()
}

fn sqlite_value(row: &SqliteRow, i: usize) -> Result<Value, StoreError> {
    let kind = row.try_get_raw(i)?.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "TEXT" => Value::Text(row.try_get_unchecked(i)?),
        "INTEGER" | "BOOLEAN" | "NUMERIC" => Value::Int(row.try_get_unchecked(i)?),
        "NULL" => Value::Int(None),
        _ => return Err(StoreError::Row("of an unknown type")),
    })
}

fn postgres_value(row: &PgRow, i: usize) -> Result<Value, StoreError> {
    let kind = row.try_get_raw(i)?.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "TEXT" => Value::Text(row.try_get(i)?),
        "INT8" => Value::Int(row.try_get(i)?),
        "BOOL" => Value::Bool(row.try_get(i)?),
        _ => return Err(StoreError::Row("of an unknown type")),
    })
}
