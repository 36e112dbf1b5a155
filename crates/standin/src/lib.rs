//! A stand-in for a provider's server: scripted chat, transcription and speech in OpenAI's HTTP
//! shapes on a loopback port, with delays and faults, and a log of every request, so that a test can
//! assert exactly what a model was told. For tests and demonstrations only.
//!
//! | path | answers |
//! |---|---|
//! | `POST /v1/chat/completions` | the first [`ChatRule`] that matches, streamed (SSE) or whole |
//! | `POST /v1/audio/transcriptions` | the text for the tone in the WAV, or the next of a list |
//! | `POST /v1/audio/speech` | a tone, as long as the text |
//! | `GET /v1/models` | one model |
//! | any `/tools/...` | the first [`ToolRule`] whose path fits, as JSON |
//!
//! [`dns`] is a name server in the same manner, [`authority`] signs certificates.

pub mod authority;
mod chat;
mod connection;
pub mod dns;
mod fault;
mod hear;
mod log;
mod paced;
mod script;
mod speak;
mod tool;

pub use fault::Fault;
pub use log::{Door, End, Logged};
pub use script::{ChatRule, Dialect, Hear, Script, Speak, ToolRule};

use axum::{Json, Router, routing};
use connection::{Connections, Handle};
use log::Log;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// The running server; gone when dropped.
pub struct Standin {
    /// What a profile's `base_url` is set to: `http://127.0.0.1:PORT/v1`.
    pub base_url: String,
    shared: Shared,
    task: JoinHandle<()>,
}

#[derive(Clone)]
pub(crate) struct Shared {
    script: Arc<Mutex<Script>>,
    log: Log,
}

impl Shared {
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standin {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    /// No port could be opened.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), script).await
    }

    /// Starts on a given address.
    ///
    /// # Errors
    /// The port is taken.
    #[expect(
        clippy::disallowed_methods,
        reason = "the handle is kept: dropping the stand-in aborts the server"
    )]
    pub async fn start_at(address: SocketAddr, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let base_url = format!("http://{}/v1", listener.local_addr()?);
        let shared = Shared {
            script: Arc::new(Mutex::new(script)),
            log: Log::default(),
        };
        let app = Router::new()
            .route("/v1/chat/completions", routing::post(chat::handle))
            .route("/v1/audio/transcriptions", routing::post(hear::handle))
            .route("/v1/audio/speech", routing::post(speak::handle))
            .route("/v1/models", routing::get(models))
            .route("/tools/{*path}", routing::any(tool::handle))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(shared.clone());
        let task = tokio::spawn(async move {
            let service = app.into_make_service_with_connect_info::<Handle>();
            // Ends by being aborted only.
            let _ = axum::serve(Connections(listener), service).await;
        });
        Ok(Self {
            base_url,
            shared,
            task,
        })
    }

    /// Where tools are: `http://127.0.0.1:PORT/tools`.
    pub fn tools_url(&self) -> String {
        self.base_url.replace("/v1", "/tools")
    }

    /// Every request so far, in the order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        self.shared.log.all()
    }

    /// The requests to one door.
    pub fn log_of(&self, door: Door) -> Vec<Logged> {
        self.log()
            .into_iter()
            .filter(|logged| logged.door == door)
            .collect()
    }

    /// Waits until the log fulfils a condition. Give it a time-out.
    pub async fn until(&self, condition: impl FnMut(&[Logged]) -> bool) {
        self.shared.log.until(condition).await;
    }

    /// Replaces the script; requests that run keep to the old one.
    pub fn set_script(&self, script: Script) {
        *self.shared.script() = script;
    }

    /// Changes the script.
    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script());
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn models() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "object": "list", "data": [{ "id": "stand-in", "object": "model" }] }))
}
