//! A new configuration while calls go on: all of it, or none.
//!
//! ```text
//!   read, check --errors--> refused, with the text of `tandem check`
//!        | differs in what a process cannot change ------> refused, by name
//!   train the classifiers, read certificates, render prompts (in the background; calls go on)
//!        |                       --certificates that cannot be used--> refused
//!   doors for providers, certificates, plan: in force, journaled
//! ```
//! Everything that can fail is done before anything changes. One at a time; who asks meanwhile waits. A reload goes on when whoever
//! asked for it is gone.

use crate::{
    Clock, config,
    hours::Override,
    places::ShardHandle,
    run::{Asked, render_prompts},
    shard::ToShard,
};
use arc_swap::ArcSwap;
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tandem_call::{Admin, Edition, brains_of};
use tandem_dialplan::{Diagnostic, Plan, needs_restart};
use tandem_net::tls::{Ready, Tls};
use tandem_speech::Providers;
use tandem_types::Wall;
use tokio::sync::{Mutex, oneshot};

/// Longest name of who asked, in the journal and the log.
const BY: usize = 64;

/// What is in force now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InForce {
    /// Of its files, in hexadecimal digits.
    pub sha256: String,
    /// Microseconds since 1970 in UTC.
    pub since: Wall,
    /// Who asked for it; `start`: nobody has yet.
    pub by: String,
}

/// A reload that is done.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// What is in force now.
    pub now: InForce,
    /// What `tandem check` would warn of.
    pub warnings: Vec<Diagnostic>,
    /// Calls that keep the plan they began with.
    pub calls: usize,
}

/// A reload that changed nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotReloaded {
    /// Errors, and warnings among them.
    #[error("the configuration has errors")]
    Wrong(Vec<Diagnostic>),
    /// The directory cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// What a process cannot change, by its key.
    #[error("this needs a restart: {}", .0.join(", "))]
    NeedsRestart(Vec<String>),
    /// Certificates or providers.
    #[error("{0}")]
    Unusable(String),
    /// It is being stopped.
    #[error("the gateway is draining")]
    Draining,
    /// The signalling thread is gone.
    #[error("the switch does not answer")]
    Gone,
}

/// What a reload changes.
pub(crate) struct Reloader {
    pub(crate) config_dir: PathBuf,
    pub(crate) data_dir: Option<String>,
    pub(crate) clock: Clock,
    pub(crate) shard: ShardHandle,
    pub(crate) plan: Arc<ArcSwap<Plan>>,
    pub(crate) providers: Arc<ArcSwap<Providers>>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) hours: Arc<Mutex<Override>>,
    pub(crate) draining: Arc<AtomicBool>,
    pub(crate) asked: Mutex<Asked>,
    pub(crate) in_force: ArcSwap<InForce>,
}

/// What was made ready.
struct Made {
    plan: Arc<Plan>,
    edition: Edition,
    warnings: Vec<Diagnostic>,
    sha256: String,
    tls: Option<Ready>,
    asked: Asked,
    /// `None`: they are the same.
    providers: Option<Arc<Providers>>,
}

impl Reloader {
    /// Reads the configuration again, and puts it in force if all of it can be.
    ///
    /// # Errors
    /// Nothing has changed, and why.
    pub(crate) async fn reload(self: &Arc<Self>, by: &str) -> Result<Reloaded, NotReloaded> {
        let clean = by.chars().filter(|c| !c.is_control()).take(BY);
        let by: String = clean.collect();
        let this = self.clone();
        let who = by.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "it is awaited here; half of it is not done when whoever asked goes away"
        )]
        let work = tokio::spawn(async move { this.work(who).await });
        let result = work.await.unwrap_or(Err(NotReloaded::Gone));
        self.told(&by, &result);
        result
    }

    fn told(&self, by: &str, result: &Result<Reloaded, NotReloaded>) {
        let outcome = match result {
            Ok(done) => {
                let InForce { sha256, since, .. } = &done.now;
                let (warnings, calls) = (done.warnings.len(), done.calls);
                metrics::gauge!("tandem_config_last_reload_timestamp_seconds")
                    .set(since.0 as f64 / 1e6);
                tracing::info!(target: "tandem::reload", by, sha256, warnings, calls_of_older_plans = calls, "configuration reloaded");
                "ok"
            }
            Err(NotReloaded::Wrong(found)) => {
                let first = found
                    .iter()
                    .find(|d| d.severity == tandem_dialplan::Severity::Error);
                let at = first.map_or_else(String::new, |d| format!("{}:{}", d.file, d.line));
                tracing::error!(target: "tandem::reload", by, findings = found.len(), first = at, "configuration not reloaded: it has errors, and the old one stays");
                "wrong"
            }
            Err(error) => {
                tracing::error!(target: "tandem::reload", by, %error, "configuration not reloaded: the old one stays");
                match error {
                    NotReloaded::NeedsRestart(_) => "needs-restart",
                    _ => "failed",
                }
            }
        };
        metrics::counter!("tandem_config_reloads_total", "outcome" => outcome).increment(1);
    }

    async fn work(&self, by: String) -> Result<Reloaded, NotReloaded> {
        // Held to the end: one at a time.
        let mut asked = self.asked.lock().await;
        if self.draining.load(Ordering::Relaxed) {
            return Err(NotReloaded::Draining);
        }
        let made = self.make(&asked).await?;
        // From here on nothing fails but a gateway that is gone.
        if let Some(providers) = made.providers {
            self.providers.store(providers);
        }
        *asked = made.asked;
        if let (Some(tls), Some(ready)) = (&self.tls, made.tls) {
            tls.put_in_force(ready);
        }
        let (done, swapped) = oneshot::channel();
        let message = ToShard::Reload {
            edition: made.edition,
            by: by.clone(),
            sha256: made.sha256.clone(),
            done,
        };
        if !self.shard.order(message).await {
            return Err(NotReloaded::Gone);
        }
        let (over, calls) = swapped.await.map_err(|_| NotReloaded::Gone)?;
        self.plan.store(made.plan.clone());
        {
            let mut hours = self.hours.lock().await;
            let before = hours.now();
            *hours = Override::read(&made.plan);
            if hours.now() != before {
                let admin = ToShard::admin(Admin::Override(hours.now()));
                self.shard.order(admin).await;
            }
        }
        // Ten thousand routes take their time to be given back.
        tokio::task::spawn_blocking(move || drop(over));
        let now = InForce {
            sha256: made.sha256,
            since: self.clock.now().wall,
            by,
        };
        self.in_force.store(Arc::new(now.clone()));
        Ok(Reloaded {
            now,
            warnings: made.warnings,
            calls,
        })
    }

    /// Everything that can fail, or takes its time.
    async fn make(&self, asked_now: &Asked) -> Result<Made, NotReloaded> {
        let running = self.plan.load_full();
        let (dir, data) = (self.config_dir.clone(), self.data_dir.clone());
        let has_tls = self.tls.is_some();
        let read = tokio::task::spawn_blocking(move || {
            let read = config::read_hashed(&dir).map_err(|error| match error {
                config::ConfigError::Wrong(found) => NotReloaded::Wrong(found),
                error @ config::ConfigError::Unreadable { .. } => {
                    NotReloaded::Unreadable(error.to_string())
                }
            })?;
            let node = read
                .plan
                .node
                .placed(&dir.to_string_lossy(), data.as_deref());
            let plan = Arc::new(Plan { node, ..read.plan });
            let keys = needs_restart(&running, &plan);
            if !keys.is_empty() {
                return Err(NotReloaded::NeedsRestart(keys));
            }
            let files = config::tls_files(&dir, &plan);
            let tls = has_tls.then(|| Ready::read(files)).transpose();
            let tls = tls.map_err(|error| NotReloaded::Unusable(error.to_string()))?;
            let brains = brains_of(&plan);
            let edition = Edition {
                plan: plan.clone(),
                brains,
            };
            Ok((edition, read.warnings, read.sha256, tls))
        });
        let (edition, warnings, sha256, tls) = read.await.map_err(|_| NotReloaded::Gone)??;
        let plan = edition.plan.clone();
        let asked = asked_now.clone().with(&plan);
        let providers = if asked == *asked_now {
            None
        } else {
            let made = asked.providers(&plan);
            Some(made.map_err(|error| NotReloaded::Unusable(error.to_string()))?)
        };
        let speakers = providers
            .clone()
            .unwrap_or_else(|| self.providers.load_full());
        render_prompts(&plan, &speakers, &mut |_| {}).await;
        Ok(Made {
            plan,
            edition,
            warnings,
            sha256,
            tls,
            asked,
            providers,
        })
    }
}
