//! Requests that are too large for UDP (RFC 3261 section 18.1.1): by TCP, and by UDP after all where nobody listens there.

use super::{
    Endpoint,
    session::State,
    table::{InviteAbout, Other, RequestAbout},
};
use crate::api::Flow;
use crate::message::Request;
use crate::transaction::TransactionId;
use bytes::Bytes;
use std::time::Duration;
use tandem_types::Now;

/// Larger requests go by TCP: what the path carries is not known, and 200 bytes are left for what proxies add.
const LARGE: usize = 1300;
/// So long nobody is asked again whether they listen by TCP: a firewall that drops costs each try the time of a connection.
const DEAF: Duration = Duration::from_secs(10 * 60);

impl Endpoint {
    /// Writes a request of ours with the Via of the way that its size allows.
    pub(super) fn set_out(
        &mut self,
        now: Now,
        request: &mut Request,
        flow: &mut Flow,
        other: &mut Other,
    ) -> Bytes {
        self.stamp(request, *flow);
        let bytes = request.to_bytes();
        let Some(tcp) = other.tcp().filter(|_| bytes.len() > LARGE) else {
            return bytes;
        };
        if self
            .deaf
            .get(&tcp.remote)
            .is_some_and(|until| *until > now.mono)
        {
            return bytes;
        }
        *other = Other(Some(std::mem::replace(flow, tcp)));
        self.stamp(request, tcp);
        request.to_bytes()
    }

    /// Nobody listens there: not asked again for a while.
    fn note_deaf(&mut self, now: Now, tcp: Flow) {
        self.deaf.retain(|_, until| *until > now.mono);
        self.deaf.insert(tcp.remote, now.mono + DEAF);
    }

    /// Sends an INVITE by UDP whose TCP connection failed before anything was heard; false: it was meant to go by TCP, or is not
    /// wanted any more.
    pub(super) fn invite_by_udp(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &InviteAbout,
    ) -> bool {
        let Some(flow) = about.other.udp() else {
            return false;
        };
        self.note_deaf(now, about.flow);
        let (session, again) = (about.session, about.key.is_some());
        if self
            .sessions
            .get(&session)
            .is_some_and(|s| s.state.is_hung_up())
        {
            return false;
        }
        let other = Other::default();
        let about = InviteAbout {
            flow,
            other,
            ..about.clone()
        };
        let new = self.start_invite(now, about);
        match self.sessions.get_mut(&session) {
            Some(s) if again => {
                s.open.remove(&id);
                s.open.insert(new);
            }
            Some(s) => {
                if let State::Calling(state) = &mut s.state {
                    state.transaction = new;
                }
            }
            None => {}
        }
        true
    }

    /// The same for another request.
    pub(super) fn request_by_udp(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &RequestAbout,
    ) -> bool {
        let Some(flow) = about.other.udp() else {
            return false;
        };
        self.note_deaf(now, about.flow);
        let session = about.session;
        let other = Other::default();
        let new = self.start_request(
            now,
            RequestAbout {
                flow,
                other,
                ..about.clone()
            },
        );
        if let Some(s) = session.and_then(|id| self.sessions.get_mut(&id)) {
            s.open.remove(&id);
            s.open.insert(new);
        }
        true
    }
}
