//! What keeps a gateway from starting.

use tandem_net::NetError;
use tandem_store::{JournalError, StoreError};

/// The gateway could not be started; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The journal.
    #[error("{0}; see data_dir and [store] journal in tandem.toml, or --data")]
    Journal(#[from] JournalError),
    /// The database's URL or file.
    #[error("the database: {0}; see [store] url in tandem.toml")]
    Store(#[from] StoreError),
    /// Providers.
    #[error("the providers: {0}; see [providers] in tandem.toml")]
    Providers(#[from] tandem_speech::SetupError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] tandem_net::tls::TlsError),
    /// The system.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
}

impl StartError {
    pub(super) fn system(what: &str, error: std::io::Error) -> Self {
        Self::System {
            what: what.to_owned(),
            error,
        }
    }
}
