//! INVITE client transaction (RFC 3261 section 17.1.1, RFC 6026 section 7.2).
//!
//! ```text
//!            timer B, transport error: told, over
//!          ^
//!          |             CANCEL unanswered: dropped by the session, over
//!          |           ^
//!   INVITE |  1xx: told|    2xx: told
//!  ----> Calling ---> Proceeding ------------> Accepted <-+ 2xx: told
//!        |  ^ |           |  ^                   |  |     |
//!        |  +-+ A: again  |  +-- 1xx: told       |  +-----+
//!        | 2xx: told      |                      | M: over
//!        +----------------|--------> Accepted
//!        | 3xx-6xx: told, ACK
//!        +------------> Completed <-+ 3xx-6xx: ACK again
//!                          | |      |
//!                          | +------+
//!                          | D, transport error: over
//! ```

use super::{Scope, Timer};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InviteClient {
    /// No response yet.
    Calling(Calling),
    /// A 1xx came.
    Proceeding(Proceeding),
    /// A 3xx to 6xx came.
    Completed(Completed),
    /// A 2xx came.
    Accepted(Accepted),
}

/// No response yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Calling {
    invite: Bytes,
    interval: Duration,
}

/// A 1xx came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proceeding;

/// A 3xx to 6xx came; the ACK stands by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completed {
    ack: Bytes,
}

/// A 2xx came; more may, from other forks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted;

/// What the session layer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing.
    Nothing,
    /// Take this response.
    Response,
    /// No response came.
    TimedOut,
    /// It could not be sent.
    Unreachable,
}

impl InviteClient {
    /// Sends the INVITE.
    pub(crate) fn start(scope: &mut Scope<'_>, invite: Bytes) -> Self {
        scope.send(&invite);
        let interval = scope.intervals.t1;
        if !scope.reliable() {
            scope.start(Timer::A, interval);
        }
        scope.start(Timer::B, scope.intervals.patience());
        Self::Calling(Calling { invite, interval })
    }

    /// A response matched. `ack` builds the ACK to a 3xx to 6xx.
    pub(crate) fn on_response(
        self,
        scope: &mut Scope<'_>,
        status: u16,
        ack: impl FnOnce() -> Bytes,
    ) -> (Option<Self>, Told) {
        match (self, status) {
            (Self::Calling(_) | Self::Proceeding(_), 100..=199) => {
                scope.stop(Timer::A);
                scope.stop(Timer::B);
                (Some(Self::Proceeding(Proceeding)), Told::Response)
            }
            (Self::Calling(_) | Self::Proceeding(_), 200..=299) => {
                scope.stop(Timer::A);
                scope.stop(Timer::B);
                scope.start(Timer::M, scope.intervals.patience());
                (Some(Self::Accepted(Accepted)), Told::Response)
            }
            (Self::Calling(_) | Self::Proceeding(_), _) => {
                let ack = ack();
                scope.stop(Timer::A);
                scope.stop(Timer::B);
                scope.send(&ack);
                if scope.reliable() {
                    return (None, Told::Response);
                }
                scope.start(Timer::D, scope.intervals.patience());
                (Some(Self::Completed(Completed { ack })), Told::Response)
            }
            (Self::Completed(state), 300..) => {
                scope.send(&state.ack);
                (Some(Self::Completed(state)), Told::Nothing)
            }
            (Self::Accepted(state), 200..=299) => (Some(Self::Accepted(state)), Told::Response),
            (state @ (Self::Completed(_) | Self::Accepted(_)), _) => (Some(state), Told::Nothing),
        }
    }

    /// A timer of this transaction is due.
    pub(crate) fn on_timer(self, scope: &mut Scope<'_>, timer: Timer) -> (Option<Self>, Told) {
        match (self, timer) {
            (Self::Calling(mut state), Timer::A) => {
                scope.send(&state.invite);
                state.interval = state.interval.saturating_mul(2);
                scope.start(Timer::A, state.interval);
                (Some(Self::Calling(state)), Told::Nothing)
            }
            (Self::Calling(_), Timer::B) => (None, Told::TimedOut),
            (Self::Completed(_), Timer::D) | (Self::Accepted(_), Timer::M) => (None, Told::Nothing),
            (state, _) => (Some(state), Told::Nothing),
        }
    }

    /// Nothing came back yet.
    pub(crate) fn is_calling(&self) -> bool {
        matches!(self, Self::Calling(_))
    }

    /// The way is broken. On UDP that matters only while we are sending; on a stream no response can
    /// come any more.
    pub(crate) fn on_transport_failed(self, scope: &mut Scope<'_>) -> (Option<Self>, Told) {
        match self {
            Self::Calling(_) => (None, Told::Unreachable),
            Self::Proceeding(_) if scope.reliable() => (None, Told::Unreachable),
            Self::Completed(_) => (None, Told::Nothing),
            state @ (Self::Proceeding(_) | Self::Accepted(_)) => (Some(state), Told::Nothing),
        }
    }
}
