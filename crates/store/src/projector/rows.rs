//! How far the rows are.

use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// How far the projector is, for health checks and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Events written since the start.
    pub projected: u64,
    /// Bytes of the journal that are not rows yet.
    pub behind_bytes: u64,
    /// Lines that went to `journal_faults` since the start.
    pub faults: u64,
    /// Why nothing can be written at the moment.
    pub away: Option<String>,
    /// Passes over the journal that were begun, and the last of them that came to its end.
    pub(super) passes: (u64, u64),
}

/// For those who ask how far the rows are.
#[derive(Clone, Debug)]
pub struct Rows {
    pub(super) status: watch::Receiver<Status>,
    pub(super) hurry: Arc<Notify>,
}

impl Rows {
    /// How far the projector is.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until everything that is in the journal now is in the database, or that is away.
    pub async fn written(&self) {
        // A pass that is under way may have read too early; the one after it has not.
        let (begun, _) = self.status.borrow().passes;
        self.hurry.notify_one();
        let mut status = self.status.clone();
        let _ = status
            .wait_for(|s| s.passes.1 > begun || s.away.is_some())
            .await;
    }
}
