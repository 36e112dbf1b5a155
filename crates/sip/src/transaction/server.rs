//! Server transaction of a request that is no INVITE (RFC 3261 section 17.2.2).
//!
//! ```text
//!                J: over
//!              ^
//!  request     |
//!  ---> Trying ------> Completed <-+ request: response again
//!        |  ^  200-699   |   |     |
//!        +--+            |   +-----+
//!      request: absorbed
//! ```
//! We send no 1xx here (RFC 4320 section 4.1), so Proceeding is left out. An unreachable peer is left to J.

use super::{Scope, Timer};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Server {
    /// No response yet.
    Trying(Trying),
    /// The final response was sent.
    Completed(Completed),
}

/// No response yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trying;

/// The final response was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Completed {
    response: Bytes,
}

impl Server {
    /// A request that matched nothing.
    pub(crate) fn start() -> Self {
        Self::Trying(Trying)
    }

    /// The final response.
    pub(crate) fn respond(self, scope: &mut Scope<'_>, response: Bytes) -> Option<Self> {
        match self {
            Self::Trying(_) => {
                scope.send(&response);
                if scope.reliable() {
                    return None;
                }
                scope.start(Timer::J, scope.intervals.patience());
                Some(Self::Completed(Completed { response }))
            }
            state @ Self::Completed(_) => Some(state),
        }
    }

    /// The request came again.
    pub(crate) fn on_repeat(self, scope: &mut Scope<'_>) -> Option<Self> {
        if let Self::Completed(state) = &self {
            scope.send(&state.response);
        }
        Some(self)
    }

    /// A timer of this transaction is due.
    pub(crate) fn on_timer(self, timer: Timer) -> Option<Self> {
        match (self, timer) {
            (Self::Completed(_), Timer::J) => None,
            (state, _) => Some(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_answered_is_forgotten() {
        let trying = Server::start();
        assert_eq!(trying.clone().on_timer(Timer::J), Some(trying));
        let response = Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n");
        let completed = Server::Completed(Completed { response });
        assert_eq!(
            completed.clone().on_timer(Timer::K),
            Some(completed.clone())
        );
        assert_eq!(completed.on_timer(Timer::J), None);
    }
}
