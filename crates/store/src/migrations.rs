//! The migrations of `sql/`, built into the binary. The same text runs on both databases.

use crate::{Store, StoreError, db::Pool};
use sqlx::{
    Connection, PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

macro_rules! migrations {
    ($($number:literal $file:literal $what:literal),* $(,)?) => {
        [$(($number, $what, include_str!(concat!("../../../sql/", $file, "_", $what, ".sql")))),*]
    };
}

/// Number, name and text of each, in order. A migration that has been released never changes.
const MIGRATIONS: [(i64, &str, &str); 13] = migrations![
    1 "0001" "events",
    2 "0002" "calls",
    3 "0003" "legs",
    4 "0004" "turns",
    5 "0005" "handoffs",
    6 "0006" "transfers",
    7 "0007" "recordings",
    8 "0008" "attested",
    9 "0009" "queues",
    10 "0010" "event_lines",
    11 "0011" "messages",
    12 "0012" "people",
    13 "0013" "callbacks",
];

impl Store {
    /// Brings the tables up to date. Safe to call from several gateways at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = Migrator::with_migrations(
            MIGRATIONS
                .iter()
                .map(|(number, what, sql)| {
                    let sql = (*sql).into_sql_str();
                    Migration::new(*number, (*what).into(), MigrationType::Simple, sql, false)
                })
                .collect(),
        );
        let result = match &self.pool {
            Pool::Sqlite(pool, _) => migrator.run(pool).await,
            Pool::Postgres(pool) => on_its_own(pool, &migrator).await,
        };
        result.map_err(|e| match e {
            MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => {
                match StoreError::from(e) {
                    away @ StoreError::Away(_) => away,
                    other => StoreError::Migration(other.to_string()),
                }
            }
            other => StoreError::Migration(other.to_string()),
        })
    }
}

/// On a connection that is the pool's no more: it holds an advisory lock, and whoever is dropped half way would give it back to the pool
/// with that lock, for which everybody else then waits. A connection that ends gives it up.
async fn on_its_own(pool: &PgPool, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?.detach();
    let done = migrator.run_direct(None, &mut connection, false).await;
    // What matters is done; the server hears of the end in any case.
    let _ = connection.close().await;
    done
}
