//! Client transaction of a request that is no INVITE (RFC 3261 section 17.1.2).
//!
//! ```text
//!          timer F, transport error: told, over
//!          ^                        ^
//!  request |        1xx: told       |
//!  ----> Trying ---------------> Proceeding <-+ 1xx: told
//!        | ^ |                    | ^ | |     |
//!        | +-+ E: again           | | | +-----+
//!        |     (T1, 2*T1 .. T2)   | +-+ E: again (T2)
//!        |                        |
//!        | 200-699: told          | 200-699: told
//!        +-----> Completed <------+
//!                   | K: over
//! ```

use super::{Scope, Timer, invite_client::Told};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Client {
    /// No response yet.
    Trying(Trying),
    /// A 1xx came.
    Proceeding(Proceeding),
    /// The final response came.
    Completed(Completed),
}

/// No response yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trying {
    request: Bytes,
    interval: Duration,
}

/// A 1xx came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proceeding {
    request: Bytes,
}

/// The final response came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completed;

impl Client {
    /// Sends the request.
    pub(crate) fn start(scope: &mut Scope<'_>, request: Bytes) -> Self {
        scope.send(&request);
        let interval = scope.intervals.t1;
        if !scope.reliable() {
            scope.start(Timer::E, interval);
        }
        scope.start(Timer::F, scope.intervals.patience());
        Self::Trying(Trying { request, interval })
    }

    /// A response matched.
    pub(crate) fn on_response(self, scope: &mut Scope<'_>, status: u16) -> (Option<Self>, Told) {
        match (self, status) {
            (Self::Completed(state), _) => (Some(Self::Completed(state)), Told::Nothing),
            (Self::Trying(Trying { request, .. }), 100..=199) => {
                if !scope.reliable() {
                    scope.start(Timer::E, scope.intervals.t2);
                }
                (
                    Some(Self::Proceeding(Proceeding { request })),
                    Told::Response,
                )
            }
            (state @ Self::Proceeding(_), 100..=199) => (Some(state), Told::Response),
            (Self::Trying(_) | Self::Proceeding(_), _) => {
                scope.stop(Timer::E);
                scope.stop(Timer::F);
                if scope.reliable() {
                    return (None, Told::Response);
                }
                scope.start(Timer::K, scope.intervals.t4);
                (Some(Self::Completed(Completed)), Told::Response)
            }
        }
    }

    /// A timer of this transaction is due.
    pub(crate) fn on_timer(self, scope: &mut Scope<'_>, timer: Timer) -> (Option<Self>, Told) {
        match (self, timer) {
            (Self::Trying(mut state), Timer::E) => {
                scope.send(&state.request);
                state.interval = state.interval.saturating_mul(2).min(scope.intervals.t2);
                scope.start(Timer::E, state.interval);
                (Some(Self::Trying(state)), Told::Nothing)
            }
            (Self::Proceeding(state), Timer::E) => {
                scope.send(&state.request);
                scope.start(Timer::E, scope.intervals.t2);
                (Some(Self::Proceeding(state)), Told::Nothing)
            }
            (Self::Trying(_) | Self::Proceeding(_), Timer::F) => (None, Told::TimedOut),
            (Self::Completed(_), Timer::K) => (None, Told::Nothing),
            (state, _) => (Some(state), Told::Nothing),
        }
    }

    /// Nothing came back yet.
    pub(crate) fn is_trying(&self) -> bool {
        matches!(self, Self::Trying(_))
    }

    /// The way is broken.
    pub(crate) fn on_transport_failed(self, scope: &mut Scope<'_>) -> (Option<Self>, Told) {
        match self {
            Self::Trying(_) => (None, Told::Unreachable),
            Self::Proceeding(_) if scope.reliable() => (None, Told::Unreachable),
            state @ (Self::Proceeding(_) | Self::Completed(_)) => (Some(state), Told::Nothing),
        }
    }
}
