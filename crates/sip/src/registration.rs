//! The client side of REGISTER (RFC 3261 section 10.2): our account at a carrier or PBX.

use crate::api::{Credentials, Failure, Flow, OutgoingRequest};
use crate::message::{NameAddr, Response, Uri};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_types::{Mono, Now, Rng};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationConfig {
    /// Where REGISTER is sent (resolved).
    pub flow: Flow,
    /// Request-URI: the registrar's domain, without user.
    pub registrar: Uri,
    /// Our address of record (From and To).
    pub aor: NameAddr,
    /// Where we are to be called.
    pub contact: Uri,
    /// Route headers (outbound proxy), top first.
    pub route: Vec<NameAddr>,
    /// The time that we wish for, in seconds.
    pub expires: u32,
    /// Name and password.
    pub credentials: Option<Credentials>,
}

/// What a registration is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationInput {
    /// Register, and stay so.
    Start,
    /// The answer to the one request that is under way (`Event::Response`).
    Response(Result<Box<Response>, Failure>),
    /// Unregister; at shutdown.
    Stop,
}

/// What a registration does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationOutput {
    /// Send this with `Command::Send`, and give its `Event::Response` back.
    Send(Box<OutgoingRequest>),
    /// Its state is another now.
    Changed(RegistrationState),
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationState {
    /// Not started, or unregistered.
    Idle,
    /// The first request, or the first after a failure, is under way.
    Trying,
    /// The registrar has us.
    Registered {
        /// Until then, unless refreshed.
        until: Mono,
    },
    /// It has not.
    Failed {
        /// The status, or 0 without an answer.
        status: u16,
        /// The next attempt.
        next: Mono,
    },
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    config: RegistrationConfig,
    state: RegistrationState,
    rng: Rng,
    outputs: VecDeque<RegistrationOutput>,
}

impl Registration {
    /// Idle until started.
    pub fn new(config: RegistrationConfig, rng: Rng) -> Self {
        Self { config, state: RegistrationState::Idle, rng, outputs: VecDeque::new() }
    }
    /// Takes an input.
    pub fn handle_input(&mut self, _now: Now, _input: RegistrationInput) {}
    /// Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<RegistrationOutput> {
        self.outputs.pop_front()
    }
    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        None
    }
    /// Early is a no-op.
    pub fn handle_timeout(&mut self, _now: Now) {}
    /// Where it stands.
    pub fn state(&self) -> &RegistrationState {
        &self.state
    }
}
