//! Every request, readable in the test's own process.

use crate::fault::Fault;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/audio/transcriptions`
    Transcription,
    /// `/v1/audio/speech`
    Speech,
    /// `/tools/...`
    Tool,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It goes on.
    Running,
    /// The answer was sent to its end, or as far as the fault lets it.
    Sent,
    /// The client went away first.
    Dropped,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Logged {
    /// Where it came in.
    pub door: Door,
    /// Which one at this door, from 1.
    pub nth: usize,
    /// The JSON body; for a tool `{"method", "path", "query", "headers", "json"}`; for a transcription the form's fields, with `file` as
    /// `{"bytes", "rate", "ms", "tone"}`.
    pub body: Value,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// How it ended.
    pub end: End,
}

#[derive(Clone)]
pub(crate) struct Log(Arc<watch::Sender<Vec<Logged>>>);

impl Default for Log {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

impl Log {
    pub(crate) fn all(&self) -> Vec<Logged> {
        self.0.borrow().clone()
    }

    pub(crate) async fn until(&self, mut condition: impl FnMut(&[Logged]) -> bool) {
        // The sender is ours: it cannot be gone.
        let _ = self.0.subscribe().wait_for(|log| condition(log)).await;
    }

    /// Writes a request down and numbers it.
    pub(crate) fn add(
        &self,
        door: Door,
        body: Value,
        authorization: Option<String>,
        fault: impl FnOnce(usize) -> Option<Fault>,
    ) -> Entry {
        let mut entry = Entry {
            log: self.clone(),
            at: 0,
            nth: 0,
            fault: None,
            over: false,
        };
        self.0.send_modify(|log| {
            entry.at = log.len();
            entry.nth = 1 + log.iter().filter(|logged| logged.door == door).count();
            entry.fault = fault(entry.nth);
            let (nth, fault) = (entry.nth, entry.fault);
            log.push(Logged {
                door,
                nth,
                body,
                authorization,
                fault,
                end: End::Running,
            });
        });
        entry
    }
}

/// A request under way. Dropped before [`Entry::sent`], the client has gone.
pub(crate) struct Entry {
    log: Log,
    at: usize,
    pub(crate) nth: usize,
    pub(crate) fault: Option<Fault>,
    over: bool,
}

impl Entry {
    /// Moves the request on, to the body that is sent after the handler has returned.
    pub(crate) fn take(&mut self) -> Self {
        let over = std::mem::replace(&mut self.over, true);
        Self {
            log: self.log.clone(),
            at: self.at,
            nth: self.nth,
            fault: self.fault,
            over,
        }
    }

    pub(crate) fn sent(&mut self) {
        self.end(End::Sent);
    }

    fn end(&mut self, end: End) {
        if !std::mem::replace(&mut self.over, true) {
            self.log.0.send_modify(|log| log[self.at].end = end);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.end(End::Dropped);
    }
}
