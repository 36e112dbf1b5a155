//! Following a REFER (RFC 3515): the new call, and the NOTIFYs that tell of it.

use super::{Asked, Deed, Phone};
use std::collections::VecDeque;
use std::time::Duration;
use tandem_sip::{
    api::{Body, RequestKey, SessionId},
    message::{HeaderName, Headers, Method, NameAddr, Response},
};
use tandem_types::Now;

/// How long the referrer has for its BYE after the last NOTIFY, before we send ours.
const REFERRER_LEAVES: Duration = Duration::from_secs(3);

impl Phone {
    pub(super) fn follow(&mut self, now: Now, session: SessionId, key: RequestKey, to: &str) {
        let Ok(target) = NameAddr::parse(to) else {
            self.respond(now, key, 400, Headers::new(), None);
            return;
        };
        self.respond(now, key, 202, Headers::new(), None);
        self.notify(now, session, 100);
        let mut headers = Headers::new().with(HeaderName::ReferredBy, self.address());
        if let Some(replaces) = target.uri.header("Replaces") {
            headers.push(HeaderName::Replaces, replaces);
        }
        if let Some(data) = target.uri.header("User-to-User") {
            headers.push(HeaderName::UserToUser, data);
        }
        // What names no address goes the way the call came.
        let flow = match self.config.registrar.is_some() || target.uri.socket_addr(5060).is_some() {
            true => None,
            false => self.calls.get(&session).map(|c| c.flow),
        };
        self.place(now, &target.uri, flow, headers, Some(session));
    }

    /// The target has answered.
    pub(super) fn followed(&mut self, now: Now, referrer: SessionId) {
        self.notify(now, referrer, 200);
        self.later(now.mono + REFERRER_LEAVES, Deed::Bye(referrer));
    }

    /// One NOTIFY; a final status ends the subscription, and so does 1, which is none.
    pub(super) fn notify(&mut self, now: Now, session: SessionId, status: u16) {
        if !self.calls.contains_key(&session) {
            return;
        }
        let state = match status {
            0 | 100..200 => "active;expires=60",
            _ => "terminated;reason=noresource",
        };
        let headers = Headers::new()
            .with(HeaderName::Event, "refer")
            .with(HeaderName::SubscriptionState, state);
        let response = Response::new(status);
        let fragment = format!("SIP/2.0 {status} {}\r\n", response.phrase);
        let body = Body {
            content_type: "message/sipfrag;version=2.0".into(),
            bytes: fragment.into(),
        };
        self.ask(
            now,
            session,
            Asked::Other,
            Method::Notify,
            headers,
            Some(body),
        );
    }

    /// A script of NOTIFYs.
    pub(super) fn notify_later(
        &mut self,
        now: Now,
        session: SessionId,
        steps: VecDeque<(Duration, u16)>,
    ) {
        if let Some((after, _)) = steps.front() {
            self.later(now.mono + *after, Deed::Notify(session, steps));
        }
    }

    pub(super) fn notify_next(
        &mut self,
        now: Now,
        session: SessionId,
        mut steps: VecDeque<(Duration, u16)>,
    ) {
        if let Some((_, status)) = steps.pop_front() {
            self.notify(now, session, status);
            self.notify_later(now, session, steps);
        }
    }
}
