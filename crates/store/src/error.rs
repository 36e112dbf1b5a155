//! What can go wrong with the database.

/// A fault of the store, and whose it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Config: the URL names no database that Tandem knows.
    #[error("store url `{0}`: write sqlite:///PATH or postgres://USER@HOST/NAME")]
    BadUrl(String),
    /// Database: it cannot be reached, is full, locked or shutting down. It may come back.
    #[error("the database cannot be used at the moment: {0}")]
    Away(String),
    /// Database: its tables are not as this version needs them.
    #[error("the database's tables cannot be brought up to date: {0}")]
    Migration(String),
    /// Database: it refused a statement.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// Database: a row does not hold what it should.
    #[error("column `{0}` of a row does not hold what it should")]
    Row(&'static str),
}

impl StoreError {
    /// It may work later.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &e {
            E::Database(db) => {
                let code = db.code().unwrap_or_default();
                if away(&code) {
                    Self::Away(db.to_string())
                } else {
                    Self::Refused(db.to_string())
                }
            }
            E::Io(_)
            | E::Tls(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::BeginFailed
            | E::Protocol(_) => Self::Away(e.to_string()),
            E::Configuration(_) => Self::BadUrl(e.to_string()),
            _ => Self::Refused(e.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        let code = e.sqlite_error().map(|e| e.extended_code.to_string());
        match code.is_some_and(|code| away(&code)) {
            true => Self::Away(e.to_string()),
            false => Self::Refused(e.to_string()),
        }
    }
}

/// Codes that pass: of PostgreSQL by class (08 connection, 25006 read-only, 40 rolled back,
/// 53 resources, 55P03 lock, 57P shutdown, 58 system, XX internal), of SQLite by its primary code.
fn away(code: &str) -> bool {
    if let Ok(n) = code.parse::<i32>()
        && code.len() < 5
    {
        // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
        return matches!(n & 0xff, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15);
    }
    [
        "08", "40", "53", "57", "58", "XX", "25006", "55P03", "3D", "28",
    ]
    .iter()
    .any(|class| code.starts_with(class))
}
