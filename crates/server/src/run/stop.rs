//! A running gateway, and how it ends: in the reverse order of its beginning.

use crate::{
    Clock,
    http::App,
    media_worker::MediaHandle,
    reload::{InForce, NotReloaded, Reloaded},
    shard::{Snapshot, ToShard},
};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::Admin;
use tandem_sip::api::Transport;
use tandem_store::Store;
use tokio::{
    sync::{broadcast, watch},
    task::JoinSet,
};

/// After the drain time, goodbyes and BYEs may take this long.
const LAST_WORDS: Duration = Duration::from_secs(12);
/// So long a stop waits for calls for help.
const HELP: Duration = Duration::from_secs(3600);
/// A carrier that asks who un-registers there has been answered by then.
const LAST_ROUND: Duration = Duration::from_secs(2);

/// A running gateway.
pub struct Gateway {
    pub(super) clock: Clock,
    pub(super) app: App,
    pub(super) shutdown: watch::Sender<bool>,
    /// What sends copies to the capture server.
    pub(super) copies: Option<tokio::task::JoinHandle<()>>,
    pub(super) shard: Option<JoinHandle<()>>,
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) media: Vec<MediaHandle>,
    pub(super) tasks: JoinSet<()>,
    pub(super) projector: Option<tokio::task::JoinHandle<tandem_store::Status>>,
    pub(super) live: broadcast::Sender<tandem_types::journal::Event>,
    /// SIP listeners as peers see them.
    pub sip: Vec<(Transport, SocketAddr)>,
    /// Where HTTP listens.
    pub http: Option<SocketAddr>,
    /// The first day's advice: what is missing on this machine.
    pub hints: Vec<String>,
}

impl Gateway {
    /// How things stand.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        self.app.snapshot().await
    }

    /// Reads the configuration again, certificates among it, and puts it in force if all of it can be: calls that are running keep the
    /// plan that they began with. `by`: who asks, for the journal.
    ///
    /// # Errors
    /// Nothing has changed, and why.
    pub async fn reload(&self, by: &str) -> Result<Reloaded, NotReloaded> {
        self.app.reloader.reload(by).await
    }

    /// Until somebody asks by the API for it to be stopped; who runs it then calls [`Gateway::stop`].
    pub async fn asked_to_stop(&self) {
        let mut drain = self.app.drain.subscribe();
        if drain.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Which configuration is in force.
    pub fn in_force(&self) -> Arc<InForce> {
        self.app.reloader.in_force.load_full()
    }

    /// The clock of everything in here.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The journal as it is written, from now on.
    pub fn events(&self) -> broadcast::Receiver<tandem_types::journal::Event> {
        self.live.subscribe()
    }

    /// The SIP messages of a call.
    pub fn trace(&self, call: tandem_types::CallId) -> Vec<crate::trace::Traced> {
        self.app.trace.of(call)
    }

    /// Waits until everything that was journaled is in the database, if that answers.
    pub async fn written(&self) {
        let _ = tokio::time::timeout(LAST_WORDS, self.app.rows.written()).await;
    }

    /// The database, for views.
    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Drains and stops: no new calls, running ones may end by themselves until the drain time or `hurry`; then they hear a
    /// goodbye. Everything is written. Gives the number of calls that had to be ended.
    pub async fn stop(mut self, hurry: impl Future<Output = ()>) -> usize {
        self.app.draining.store(true, Ordering::Relaxed);
        self.app.shard.order(ToShard::admin(Admin::Drain)).await;
        tokio::pin!(hurry);
        tokio::select! {
            () = self.reaches(self.app.plan.load().node.drain, |s| s.calls == 0) => {}
            () = &mut hurry => {}
        }
        let (all, help) = (self.snapshot().await).map_or((0, 0), |s| (s.calls, s.helping));
        let left = all.saturating_sub(help);
        if all > 0 {
            self.app.shard.order(ToShard::admin(Admin::HangupAll)).await;
            self.reaches(LAST_WORDS, |s| s.calls <= s.helping).await;
        }
        if help > 0 {
            tracing::warn!(target: "tandem::alarm", calls = help, "a call for help is running: it is waited for");
            self.reaches(HELP, |s| s.calls == 0).await;
        }
        self.reaches(LAST_ROUND, |s| s.leaving == 0).await;
        self.app.shard.order(ToShard::Stop).await;
        if let Some(shard) = self.shard.take() {
            let _ = tokio::task::spawn_blocking(move || shard.join()).await;
        }
        if let Some(copies) = self.copies.take() {
            let _ = tokio::time::timeout(LAST_WORDS, copies).await;
        }
        self.media.iter().for_each(MediaHandle::stop);
        let threads = std::mem::take(&mut self.threads);
        let _ =
            tokio::task::spawn_blocking(move || threads.into_iter().for_each(|t| drop(t.join())))
                .await;
        let _ = self.shutdown.send(true);
        if let Some(projector) = self.projector.take() {
            let _ = projector.await;
        }
        self.app.store.close().await;
        self.tasks.shutdown().await;
        left
    }

    /// Until things stand so, or `limit` is over.
    async fn reaches(&self, limit: Duration, so: impl Fn(&Snapshot) -> bool) {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let wait = async {
            loop {
                tick.tick().await;
                if self.snapshot().await.is_none_or(|s| so(&s)) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(limit, wait).await;
    }
}
