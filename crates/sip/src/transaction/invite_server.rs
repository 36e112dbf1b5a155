//! INVITE server transaction (RFC 3261 section 17.2.1, RFC 6026 section 7.1).
//!
//! ```text
//!                          H: over (nobody ACKed; the session is gone already)
//!                        ^
//!  INVITE: 100           |
//!  ---> Proceeding ---> Completed ---> Confirmed -- I: over
//!       |  ^  |  3xx-6xx | ^ |    ACK     | ^ |
//!       |  +--+          | +-+            | +-+ ACK: absorbed
//!       |  1xx; INVITE:  |  G, INVITE:
//!       |  last 1xx      |  response again
//!       |  again
//!       | 2xx
//!       +---------> Accepted <-+ INVITE: absorbed; 2xx: sent (repeated by the session); ACK: told
//!                    |   |     |
//!                    |   +-----+
//!                    | L: over
//! ```

use super::{Scope, Timer};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InviteServer {
    /// No final response yet.
    Proceeding(Proceeding),
    /// 3xx to 6xx was sent.
    Completed(Completed),
    /// And ACKed.
    Confirmed(Confirmed),
    /// 2xx was sent.
    Accepted(Accepted),
}

/// No final response yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proceeding {
    last: Option<Bytes>,
}

/// 3xx to 6xx was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completed {
    response: Bytes,
    interval: Duration,
}

/// 3xx to 6xx was ACKed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmed;

/// 2xx was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted;

impl InviteServer {
    /// An INVITE that matched nothing; `trying` is the 100, unless it is refused in the same step.
    pub(crate) fn start(scope: &mut Scope<'_>, trying: Option<Bytes>) -> Self {
        if let Some(trying) = &trying {
            scope.send(trying);
        }
        Self::Proceeding(Proceeding { last: trying })
    }

    /// The session answers.
    pub(crate) fn respond(
        self,
        scope: &mut Scope<'_>,
        status: u16,
        response: Bytes,
    ) -> Option<Self> {
        match (self, status) {
            (Self::Proceeding(_), 100..=199) => {
                scope.send(&response);
                Some(Self::Proceeding(Proceeding {
                    last: Some(response),
                }))
            }
            (Self::Proceeding(_), 200..=299) => {
                scope.send(&response);
                scope.start(Timer::L, scope.intervals.patience());
                Some(Self::Accepted(Accepted))
            }
            (Self::Proceeding(_), _) => {
                scope.send(&response);
                let interval = scope.intervals.t1;
                if !scope.reliable() {
                    scope.start(Timer::G, interval);
                }
                scope.start(Timer::H, scope.intervals.patience());
                Some(Self::Completed(Completed { response, interval }))
            }
            (state @ Self::Accepted(_), 200..=299) => {
                scope.send(&response);
                Some(state)
            }
            (state, _) => Some(state),
        }
    }

    /// The INVITE came again.
    pub(crate) fn on_repeat(self, scope: &mut Scope<'_>) -> Option<Self> {
        match &self {
            Self::Proceeding(Proceeding { last: Some(again) })
            | Self::Completed(Completed {
                response: again, ..
            }) => scope.send(again),
            Self::Proceeding(_) | Self::Confirmed(_) | Self::Accepted(_) => {}
        }
        Some(self)
    }

    /// An ACK with the branch of the INVITE. True: the session is to see it (it answers a 2xx, sent
    /// by a peer that does not make a new branch for it).
    pub(crate) fn on_ack(self, scope: &mut Scope<'_>) -> (Option<Self>, bool) {
        match self {
            Self::Completed(_) => {
                scope.stop(Timer::G);
                scope.stop(Timer::H);
                if scope.reliable() {
                    return (None, false);
                }
                scope.start(Timer::I, scope.intervals.t4);
                (Some(Self::Confirmed(Confirmed)), false)
            }
            state @ Self::Accepted(_) => (Some(state), true),
            state @ (Self::Proceeding(_) | Self::Confirmed(_)) => (Some(state), false),
        }
    }

    /// A timer of this transaction is due.
    pub(crate) fn on_timer(self, scope: &mut Scope<'_>, timer: Timer) -> Option<Self> {
        match (self, timer) {
            (Self::Completed(mut state), Timer::G) => {
                scope.send(&state.response);
                state.interval = state.interval.saturating_mul(2).min(scope.intervals.t2);
                scope.start(Timer::G, state.interval);
                Some(Self::Completed(state))
            }
            (Self::Completed(_), Timer::H)
            | (Self::Confirmed(_), Timer::I)
            | (Self::Accepted(_), Timer::L) => None,
            (state, _) => Some(state),
        }
    }

    /// No final response was sent yet.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Proceeding(_))
    }
}
