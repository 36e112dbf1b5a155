//! The four transactions of RFC 3261 section 17, as amended by RFC 6026, each a machine of its own.
//!
//! They know statuses, times and the bytes that they may have to repeat, nothing else of SIP: the
//! [endpoint](crate::endpoint) matches messages to them (17.1.3, 17.2.3) and builds what they send.
//! A handler consumes the state and returns the next one; `None` is the RFC's "Terminated".

pub(crate) mod client;
pub(crate) mod invite_client;
pub(crate) mod invite_server;
pub(crate) mod server;
pub(crate) mod timer;

pub(crate) use client::Client;
pub(crate) use invite_client::InviteClient;
pub(crate) use invite_server::InviteServer;
pub(crate) use server::Server;
pub(crate) use timer::{Owner, Timer, Timers};

use crate::api::Transport;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::Mono;

/// One transaction of an endpoint. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct TransactionId(pub(crate) u64);

/// The three base intervals of RFC 3261 appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intervals {
    /// Estimate of the round trip.
    pub(crate) t1: Duration,
    /// Longest pause between two sendings of a request (not INVITE) or a final response.
    pub(crate) t2: Duration,
    /// Longest life of a message in the network.
    pub(crate) t4: Duration,
}

impl Intervals {
    /// 64*T1: after this nobody waits any more.
    pub(crate) fn patience(self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

/// What a transaction may touch while it handles something.
pub(crate) struct Scope<'a> {
    /// The moment.
    pub(crate) now: Mono,
    /// T1, T2, T4.
    pub(crate) intervals: Intervals,
    /// Which way its messages go: no repetition and no lingering on a stream.
    pub(crate) transport: Transport,
    /// Where its timers stand.
    pub(crate) timers: &'a mut Timers,
    /// Whose timers they are.
    pub(crate) owner: Owner,
    /// What is to be sent, in order.
    pub(crate) sends: &'a mut Vec<Bytes>,
}

impl Scope<'_> {
    fn reliable(&self) -> bool {
        self.transport.is_stream()
    }
    fn send(&mut self, bytes: &Bytes) {
        self.sends.push(bytes.clone());
    }
    fn start(&mut self, timer: Timer, after: Duration) {
        self.timers.set(self.owner, timer, self.now + after);
    }
    fn stop(&mut self, timer: Timer) {
        self.timers.stop(self.owner, timer);
    }
}

#[cfg(test)]
mod tests;
