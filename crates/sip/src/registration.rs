//! The client side of REGISTER (RFC 3261 section 10.2): our account at a carrier or PBX.
//!
//! ```text
//!           refused, silence (status, next)
//!         +-------------------------------- Failed <--------------+
//!         | back-off over: REGISTER           ^                   | refresh refused, or
//!         v                                   | refused, silence  | time over without success
//!  Idle --------> Trying ---------------------+                   |
//!   ^     Start    |  ^ 423: longer, at once                      |
//!   |              |  +--+ silence, and there is another server: at once
//!   |              | 2xx                                          |
//!   |              +--------> Registered -------------------------+
//!   |                          |  ^ |
//!   |                          |  | | at 85 % of the time less jitter: REGISTER;
//!   |                          |  +-+ silence: again after the back-off, while time is left
//!   +--------------------------+
//!    Stop: REGISTER with Expires 0; whatever is answered
//! ```
//! Back-off as in RFC 5626 section 4.5: 30 s doubled up to 30 min, of which a random half to all is waited; at least 5 min
//! after a refusal that another try will hardly change, so that no carrier locks the account.

use crate::api::{Credentials, Failure, Flow, OutgoingRequest};
use crate::message::{HeaderName, Headers, Method, NameAddr, Response, Uri};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;
use tandem_types::{Mono, Now, Rng};

/// A registrar, and who we are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrarAt {
    /// Where REGISTER is sent (resolved).
    pub flow: Flow,
    /// Request-URI: the registrar's domain, without user.
    pub registrar: Uri,
    /// Our address of record (From and To).
    pub aor: NameAddr,
    /// Where we are to be called.
    pub contact: Uri,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationConfig {
    /// The registrar that is asked.
    pub at: RegistrarAt,
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
    /// Register, and stay so. Also after a failure, without waiting for the next attempt.
    Start,
    /// The answer to the one request that is under way (`Event::Response`).
    Response(Result<Box<Response>, Failure>),
    /// The connection that the last one went by is closed: whoever calls us by it cannot (RFC 5626 section 4.4). Registered anew soon.
    Closed,
    /// The one that is under way was not answered, and we were [moved](Registration::move_to): asked there at once.
    Elsewhere,
    /// Unregister; at shutdown. `Changed(Idle)` says that it is done.
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

/// The first back-off.
const BACKOFF_BASE: Duration = Duration::from_secs(30);
/// The longest back-off.
const BACKOFF_MAX: Duration = Duration::from_secs(30 * 60);
/// The shortest after a refusal of who we are.
const REFUSED_MIN: Duration = Duration::from_secs(5 * 60);
/// From the end of a connection to the REGISTER that opens another, half of it at random.
const REOPEN: Duration = Duration::from_secs(10);
/// A challenged REGISTER is sent again with the next number; numbers of ours leave room for that.
const CSEQ_STEP: u32 = 10;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    config: RegistrationConfig,
    rng: Rng,
    state: RegistrationState,
    /// Stop was asked for.
    leaving: bool,
    /// The request that is under way.
    in_flight: Option<InFlight>,
    /// When the next request goes out.
    wake: Option<Mono>,
    /// In a row.
    failures: u32,
    /// Of the last failure.
    status: u16,
    /// The time to ask for: more than configured after a 423.
    expires: u32,
    call_id: String,
    cseq: u32,
    outputs: VecDeque<RegistrationOutput>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum InFlight {
    Register,
    Unregister,
}

impl Registration {
    /// Idle until started.
    pub fn new(config: RegistrationConfig, mut rng: Rng) -> Self {
        let (call_id, cseq) = (rng.token(24), 1 + (rng.u32() >> 16));
        Self {
            expires: config.expires,
            config,
            rng,
            state: RegistrationState::Idle,
            leaving: false,
            in_flight: None,
            wake: None,
            failures: 0,
            status: 0,
            call_id,
            cseq,
            outputs: VecDeque::new(),
        }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Now, input: RegistrationInput) {
        match input {
            RegistrationInput::Start => self.start(),
            RegistrationInput::Response(result) => self.on_response(now, result),
            RegistrationInput::Closed => self.on_closed(now),
            RegistrationInput::Elsewhere => match self.in_flight.take() {
                Some(_) if self.leaving => self.leave(),
                Some(what) => self.send(what),
                None => {}
            },
            RegistrationInput::Stop => self.stop(),
        }
    }

    fn start(&mut self) {
        self.leaving = false;
        if self.in_flight.is_some() {
            return;
        }
        if !matches!(self.state, RegistrationState::Registered { .. }) {
            self.change(RegistrationState::Trying);
        }
        self.send(InFlight::Register);
    }

    fn stop(&mut self) {
        self.leaving = true;
        self.wake = None;
        if self.in_flight.is_none() {
            self.leave();
        }
    }

    /// Unregisters if the registrar may have us.
    fn leave(&mut self) {
        match self.state {
            RegistrationState::Registered { .. } => self.send(InFlight::Unregister),
            RegistrationState::Idle => {}
            RegistrationState::Trying | RegistrationState::Failed { .. } => {
                self.change(RegistrationState::Idle);
            }
        }
    }

    fn send(&mut self, what: InFlight) {
        self.in_flight = Some(what);
        self.wake = None;
        let config = &self.config;
        let mut headers = Headers::new();
        for hop in &config.route {
            headers.push(HeaderName::Route, hop);
        }
        headers.push(
            HeaderName::Contact,
            NameAddr::new(config.at.contact.clone()),
        );
        headers.push(
            HeaderName::Expires,
            if what == InFlight::Register {
                self.expires
            } else {
                0
            },
        );
        let request = OutgoingRequest {
            flow: config.at.flow,
            method: Method::Register,
            target: config.at.registrar.clone(),
            from: config.at.aor.clone(),
            to: config.at.aor.clone(),
            call_id: Some(self.call_id.clone()),
            cseq: self.cseq,
            headers,
            credentials: config.credentials.clone(),
        };
        self.cseq += CSEQ_STEP;
        self.outputs
            .push_back(RegistrationOutput::Send(Box::new(request)));
    }

    fn on_response(&mut self, now: Now, result: Result<Box<Response>, Failure>) {
        match self.in_flight.take() {
            None => {}
            Some(InFlight::Unregister) => {
                self.change(RegistrationState::Idle);
                if !self.leaving {
                    self.start(); // started again while it was leaving
                }
            }
            Some(InFlight::Register) => match result {
                Ok(response) => self.on_success(now, &response),
                Err(Failure::Response(response)) => self.on_refused(now, &response),
                Err(Failure::TimedOut | Failure::Unreachable | Failure::Cancelled) => {
                    self.on_failed(now, 0, Duration::ZERO);
                }
            },
        }
    }

    fn on_success(&mut self, now: Now, response: &Response) {
        let granted = self.granted(response);
        self.failures = 0;
        self.change(RegistrationState::Registered {
            until: now.mono + granted,
        });
        if self.leaving {
            return self.leave();
        }
        // 85 % less up to 10 %: all of an office's trunks do not refresh in the same second.
        let permille = 850 - u32::try_from(self.rng.below(101)).unwrap_or(0);
        self.wake = Some(now.mono + granted * permille / 1000);
    }

    /// What the registrar gave us: at our Contact, in Expires, or what we asked for.
    fn granted(&self, response: &Response) -> Duration {
        let contacts = response.headers.name_addrs(&HeaderName::Contact);
        let ours = contacts
            .iter()
            .find(|c| c.uri.equivalent(&self.config.at.contact));
        let own = ours.and_then(|c| c.params.get("expires")?.parse().ok());
        let seconds = own
            .or_else(|| response.headers.expires())
            .unwrap_or(self.expires);
        Duration::from_secs(seconds.max(1).into())
    }

    fn on_refused(&mut self, now: Now, response: &Response) {
        let seconds = |name| {
            response.headers.first(name).and_then(|v| {
                v.split([';', '(', ' '])
                    .next()
                    .unwrap_or_default()
                    .parse::<u32>()
                    .ok()
            })
        };
        if response.status == 423
            && !self.leaving
            && let Some(min) = seconds(&HeaderName::MinExpires).filter(|min| *min > self.expires)
        {
            self.expires = min;
            return self.send(InFlight::Register);
        }
        let at_least = match response.status {
            401 | 403 | 404 | 407 => REFUSED_MIN,
            _ => Duration::from_secs(seconds(&HeaderName::RetryAfter).unwrap_or(0).into()),
        };
        self.on_failed(now, response.status, at_least);
    }

    fn on_failed(&mut self, now: Now, status: u16, at_least: Duration) {
        if self.leaving {
            return self.leave();
        }
        let whole = BACKOFF_BASE
            .saturating_mul(1 << self.failures.min(16))
            .min(BACKOFF_MAX);
        let percent = 50 + u32::try_from(self.rng.below(51)).unwrap_or(0);
        let next = now.mono + (whole * percent / 100).max(at_least.min(BACKOFF_MAX));
        self.failures += 1;
        self.status = status;
        self.wake = Some(next);
        // Silence to a refresh leaves us registered as long as the time lasts.
        let kept =
            matches!(self.state, RegistrationState::Registered { until } if until > now.mono);
        if !(kept && matches!(status, 0 | 408 | 500..=599)) {
            self.change(RegistrationState::Failed { status, next });
        }
    }

    /// Never at once: a registrar that closes each connection would be asked without end.
    fn on_closed(&mut self, now: Now) {
        let registered = matches!(self.state, RegistrationState::Registered { .. });
        if registered && !self.leaving && self.in_flight.is_none() {
            let percent = 50 + u32::try_from(self.rng.below(51)).unwrap_or(0);
            let soon = now.mono + REOPEN * percent / 100;
            self.wake = Some(self.wake.map_or(soon, |wake| wake.min(soon)));
        }
    }

    fn change(&mut self, state: RegistrationState) {
        if self.state != state {
            self.state = state.clone();
            self.outputs.push_back(RegistrationOutput::Changed(state));
        }
    }

    /// Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<RegistrationOutput> {
        self.outputs.pop_front()
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let over = match self.state {
            RegistrationState::Registered { until } if !self.leaving => {
                Some((until, "sip registration: over"))
            }
            _ => None,
        };
        let wake = self.wake.map(|at| (at, "sip registration: REGISTER"));
        [wake, over].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        if let RegistrationState::Registered { until } = self.state
            && until <= now.mono
            && !self.leaving
        {
            let next = self.wake.unwrap_or(now.mono);
            self.change(RegistrationState::Failed {
                status: self.status,
                next,
            });
        }
        if self.wake.is_some_and(|at| at <= now.mono) && self.in_flight.is_none() {
            if matches!(self.state, RegistrationState::Failed { .. }) {
                self.change(RegistrationState::Trying);
            }
            self.send(InFlight::Register);
        }
    }

    /// Where requests go.
    pub fn flow(&self) -> Flow {
        self.config.at.flow
    }

    /// Requests go there from now on (another registrar, another server of one, or it has another address), and we are called there.
    pub fn move_to(&mut self, to: RegistrarAt) {
        let credentials = self.config.credentials.take();
        self.config.credentials = credentials.map(|c| c.also_for(to.flow));
        self.config.at = to;
    }

    /// Where it stands.
    pub fn state(&self) -> &RegistrationState {
        &self.state
    }
}

#[cfg(test)]
mod tests;
