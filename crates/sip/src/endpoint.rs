//! A SIP user agent without IO: transactions, dialogs and sessions behind four methods.

use crate::api::{Census, EndpointConfig, Flow, Input, Output, RequestKey, SessionId};
pub use crate::dialog::Replaces;
use crate::message::{Message, Uri};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_types::{Mono, Now, Rng};

/// The endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    config: EndpointConfig,
    rng: Rng,
    next: u64,
    outputs: VecDeque<Output>,
}

impl Endpoint {
    /// Without any session.
    pub fn new(config: EndpointConfig, rng: Rng) -> Self {
        Self { config, rng, next: 1, outputs: VecDeque::new() }
    }
    /// Takes a message, a broken way, or a command.
    pub fn handle_input(&mut self, _now: Now, _input: Input) {}
    /// What to do, in order. Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        None
    }
    /// Runs what is due. Early is a no-op.
    pub fn handle_timeout(&mut self, _now: Now) {}
    /// How much is alive.
    pub fn census(&self) -> Census {
        Census::default()
    }
    /// A fresh id for `Command::Invite`.
    pub fn allocate(&mut self) -> SessionId {
        SessionId(self.fresh())
    }
    /// A fresh key for `Command::Request` and `Command::Send`.
    pub fn allocate_key(&mut self) -> RequestKey {
        RequestKey(self.fresh())
    }
    fn fresh(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }
    /// It belongs to a transaction or dialog that is alive: it may be heard whatever its source.
    pub fn knows(&self, message: &Message) -> bool {
        self.session_of(message).is_some()
    }
    /// The session that a message belongs to, if any.
    pub fn session_of(&self, _message: &Message) -> Option<SessionId> {
        None
    }
    /// Call-ID of a session.
    pub fn call_id_of(&self, _session: SessionId) -> Option<&str> {
        None
    }
    /// Where requests to the far end are addressed.
    pub fn remote_target(&self, _session: SessionId) -> Option<&Uri> {
        None
    }
    /// Where requests to the far end are sent.
    pub fn flow_of(&self, _session: SessionId) -> Option<Flow> {
        None
    }
    /// The session that a Replaces header received by us names.
    pub fn replaces(&self, _replaces: &Replaces) -> Option<SessionId> {
        None
    }
    /// The Replaces header with which somebody else may take our place in an answered session (it goes to the far end).
    pub fn replaces_for(&self, _session: SessionId) -> Option<Replaces> {
        None
    }
}
