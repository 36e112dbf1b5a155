//! Every timer of this crate, and the table they stand in.

use super::TransactionId;
use crate::api::SessionId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tandem_types::Mono;

/// What a deadline is for. Letters are those of RFC 3261 appendix A and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// INVITE client: send the INVITE again; T1, doubled each time. UDP only.
    A,
    /// INVITE client: no response at all; 64*T1.
    B,
    /// INVITE client: absorb repeated 3xx-6xx; 64*T1 on UDP, nothing on TCP.
    D,
    /// Client: send the request again; T1, doubled up to T2. UDP only.
    E,
    /// Client: no final response; 64*T1.
    F,
    /// INVITE server: send the 3xx-6xx again; T1, doubled up to T2. UDP only.
    G,
    /// INVITE server: no ACK for a 3xx-6xx; 64*T1.
    H,
    /// INVITE server: absorb repeated ACKs; T4 on UDP, nothing on TCP.
    I,
    /// Server: answer repeated requests; 64*T1 on UDP, nothing on TCP.
    J,
    /// Client: absorb repeated responses; T4 on UDP, nothing on TCP.
    K,
    /// INVITE server: absorb repeated INVITEs after a 2xx; 64*T1 (RFC 6026).
    L,
    /// INVITE client: take repeated and forked 2xx; 64*T1 (RFC 6026).
    M,
    /// Session: send the 2xx to an INVITE again; T1, doubled up to T2, on any transport (13.3.1.4).
    Accepted,
    /// Session: no ACK for a 2xx; 64*T1 (13.3.1.4).
    Ack,
    /// Session: no final response after CANCEL; 64*T1 (9.1).
    Cancelled,
    /// Session: repeat the last 1xx each minute, so that proxies do not give up (13.3.1.1).
    Provisional,
    /// Session: the Expires of an INVITE is over (13.3.1).
    Expires,
    /// Session: send a reliable provisional response again; T1, doubled each time (RFC 3262 section 3).
    Reliable,
    /// Session: no PRACK; 64*T1 (RFC 3262 section 3).
    Pracked,
    /// Session: it is on us to refresh; half the interval (RFC 4028 section 10).
    Refresh,
    /// Session: the far end did not refresh; the interval less a third of it or 32 s (RFC 4028 section 10).
    Lapse,
}

impl Timer {
    /// Nothing is sent when it runs out.
    fn only_forgets(self) -> bool {
        matches!(
            self,
            Self::D | Self::I | Self::J | Self::K | Self::L | Self::M
        )
    }

    /// Why the endpoint wants to be woken.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::A => "sip timer A: repeat INVITE",
            Self::B => "sip timer B: INVITE without response",
            Self::D => "sip timer D: absorb final responses",
            Self::E => "sip timer E: repeat request",
            Self::F => "sip timer F: request without response",
            Self::G => "sip timer G: repeat final response",
            Self::H => "sip timer H: final response without ACK",
            Self::I => "sip timer I: absorb ACKs",
            Self::J => "sip timer J: absorb requests",
            Self::K => "sip timer K: absorb responses",
            Self::L => "sip timer L: absorb INVITEs",
            Self::M => "sip timer M: take further 2xx",
            Self::Accepted => "sip: repeat 2xx",
            Self::Ack => "sip: 2xx without ACK",
            Self::Cancelled => "sip: CANCEL without final response",
            Self::Provisional => "sip: repeat 1xx",
            Self::Expires => "sip: INVITE expires",
            Self::Reliable => "sip: repeat reliable 1xx",
            Self::Pracked => "sip: reliable 1xx without PRACK",
            Self::Refresh => "sip: refresh the session",
            Self::Lapse => "sip: session not refreshed",
        }
    }
}

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Owner {
    /// A transaction's (A to M).
    Transaction(TransactionId),
    /// A session's (the rest).
    Session(SessionId),
}

/// All deadlines of an endpoint, by time and by owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timers {
    queue: BTreeSet<(Mono, Owner, Timer)>,
    /// Few for each owner.
    due: BTreeMap<Owner, Vec<(Timer, Mono)>>,
}

/// Timers after which something is forgotten, and nothing is sent, run out together: each would else wake a gateway that has
/// nothing to do, four times a call.
const TOGETHER: u64 = 100_000_000;

impl Timers {
    /// Sets a timer, replacing its earlier deadline.
    pub(crate) fn set(&mut self, owner: Owner, timer: Timer, at: Mono) {
        let at = match timer.only_forgets() {
            true => Mono(at.0.checked_next_multiple_of(TOGETHER).unwrap_or(at.0)),
            false => at,
        };
        let timers = self.due.entry(owner).or_default();
        match timers.iter_mut().find(|(set, _)| *set == timer) {
            Some((_, old)) => {
                self.queue.remove(&(*old, owner, timer));
                *old = at;
            }
            None => timers.push((timer, at)),
        }
        self.queue.insert((at, owner, timer));
    }

    /// Stops one timer.
    pub(crate) fn stop(&mut self, owner: Owner, timer: Timer) {
        let Some(timers) = self.due.get_mut(&owner) else {
            return;
        };
        if let Some(place) = timers.iter().position(|(set, _)| *set == timer) {
            let (_, at) = timers.swap_remove(place);
            self.queue.remove(&(at, owner, timer));
        }
        if timers.is_empty() {
            self.due.remove(&owner);
        }
    }

    /// Stops all timers of an owner.
    pub(crate) fn stop_all(&mut self, owner: Owner) {
        for (timer, at) in self.due.remove(&owner).unwrap_or_default() {
            self.queue.remove(&(at, owner, timer));
        }
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<(Mono, Timer)> {
        self.queue.first().map(|&(at, _, timer)| (at, timer))
    }

    /// Takes out the earliest timer that is due.
    pub(crate) fn pop_due(&mut self, now: Mono) -> Option<(Owner, Timer)> {
        let &(at, owner, timer) = self.queue.first()?;
        if at > now {
            return None;
        }
        self.stop(owner, timer);
        Some((owner, timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_set_again_has_one_deadline() {
        let (mut timers, owner) = (Timers::default(), Owner::Transaction(TransactionId(1)));
        timers.set(owner, Timer::A, Mono(5));
        timers.set(owner, Timer::A, Mono(9));
        timers.set(owner, Timer::B, Mono(7));
        assert_eq!(timers.next(), Some((Mono(7), Timer::B)));
        assert_eq!(timers.pop_due(Mono(6)), None, "early is a no-op");
        assert_eq!(timers.pop_due(Mono(9)), Some((owner, Timer::B)));
        assert_eq!(timers.pop_due(Mono(9)), Some((owner, Timer::A)));
        assert_eq!(timers, Timers::default());
    }

    #[test]
    fn what_only_forgets_runs_out_together_and_never_early() {
        let ms = |n: u64| Mono(n * 1_000_000);
        for (timer, at, due) in [
            (Timer::J, ms(110), ms(200)),
            (Timer::L, ms(200), ms(200)),
            (Timer::E, ms(110), ms(110)),
        ] {
            let mut timers = Timers::default();
            timers.set(Owner::Transaction(TransactionId(1)), timer, at);
            assert_eq!(timers.next(), Some((due, timer)));
        }
    }

    #[test]
    fn stopping_an_owner_leaves_the_others() {
        let mut timers = Timers::default();
        let (a, b) = (Owner::Session(SessionId(1)), Owner::Session(SessionId(2)));
        for owner in [a, b] {
            timers.set(owner, Timer::Ack, Mono(1));
            timers.set(owner, Timer::Accepted, Mono(2));
        }
        timers.stop_all(a);
        assert_eq!(timers.pop_due(Mono(3)), Some((b, Timer::Ack)));
        assert_eq!(timers.pop_due(Mono(3)), Some((b, Timer::Accepted)));
        assert_eq!(timers, Timers::default());
    }
}
