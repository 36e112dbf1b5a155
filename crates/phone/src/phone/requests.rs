//! Requests inside and outside of dialogs, theirs and ours.

use super::{Asked, Phone, call::sdp_body, call::status_of};
use crate::{PhoneEvent, ReferPolicy};
use tandem_sip::{
    api::{Body, Command, Failure, RequestKey, SessionId},
    message::{HeaderName, Headers, Method, Request, Response, Uri},
};
use tandem_types::Now;

impl Phone {
    /// A request of ours inside a dialog.
    pub(super) fn ask(
        &mut self,
        now: Now,
        session: SessionId,
        asked: Asked,
        method: Method,
        headers: Headers,
        body: Option<Body>,
    ) {
        let key = self.endpoint.allocate_key();
        self.asked.insert(key, asked);
        self.command(
            now,
            Command::Request {
                session,
                key,
                method,
                headers,
                body,
            },
        );
    }

    pub(super) fn respond(
        &mut self,
        now: Now,
        key: RequestKey,
        status: u16,
        headers: Headers,
        body: Option<Body>,
    ) {
        self.command(
            now,
            Command::Respond {
                key,
                status,
                phrase: String::new(),
                headers,
                body,
            },
        );
    }

    pub(super) fn requested(
        &mut self,
        now: Now,
        session: SessionId,
        key: RequestKey,
        request: &Request,
    ) {
        match request.method {
            Method::Invite | Method::Update => self.offered(now, session, key, request),
            Method::Refer => self.referred(now, session, key, request),
            Method::Notify => {
                self.respond(now, key, 200, Headers::new(), None);
                let status = request
                    .body_of_type("message/sipfrag")
                    .as_deref()
                    .and_then(sipfrag_status);
                if let Some(status) = status {
                    self.tell(PhoneEvent::ReferProgress { status });
                }
            }
            Method::Info => {
                self.respond(now, key, 200, Headers::new(), None);
                if let Some(digit) = info_digit(request) {
                    self.tell(PhoneEvent::Digit(digit));
                }
            }
            _ => self.respond(now, key, 200, Headers::new(), None),
        }
    }

    /// A re-INVITE or UPDATE.
    fn offered(&mut self, now: Now, session: SessionId, key: RequestKey, request: &Request) {
        let Some(call) = self.calls.get_mut(&session) else {
            self.respond(now, key, 481, Headers::new(), None);
            return;
        };
        let body = match request.body_of_type("application/sdp") {
            Some(offer) => match call.sdp.answer(&offer, call.want) {
                Ok((text, _)) => Some(sdp_body(text)),
                Err(unusable) => {
                    self.respond(now, key, unusable.status(), Headers::new(), None);
                    return;
                }
            },
            None if request.method == Method::Invite => {
                Some(sdp_body(call.sdp.full_offer(call.want)))
            }
            None => None,
        };
        let contact = format!("<{}>", self.contact_of(session));
        self.respond(
            now,
            key,
            200,
            Headers::new().with(HeaderName::Contact, contact),
            body,
        );
        self.agreement(now, session);
    }

    fn contact_of(&self, session: SessionId) -> Uri {
        match self.calls.get(&session) {
            Some(call) => self.contact(&call.flow),
            None => Uri::sip(
                self.config.user.as_str(),
                &self.config.local_sip.to_string(),
            ),
        }
    }

    /// Transfers the far end.
    pub(super) fn refer(&mut self, now: Now, to: &Uri) {
        if let Some(session) = self.focus {
            self.refer_in(now, session, to);
        }
    }

    /// Transfers the far end that waits to the one in its ear.
    pub(super) fn complete(&mut self, now: Now) {
        let Some(ear) = self.focus else { return };
        let Some(waits) = self.calls.keys().copied().find(|s| *s != ear) else {
            return;
        };
        let target = self.endpoint.remote_target(ear).cloned();
        if let (Some(replaces), Some(target)) = (self.endpoint.replaces_for(ear), target) {
            let to = target.without_headers().with_header("Replaces", replaces);
            self.refer_in(now, waits, &to);
        }
    }

    fn refer_in(&mut self, now: Now, session: SessionId, to: &Uri) {
        let headers = Headers::new()
            .with(HeaderName::ReferTo, format!("<{to}>"))
            .with(HeaderName::ReferredBy, self.address());
        self.ask(now, session, Asked::Refer, Method::Refer, headers, None);
    }

    pub(super) fn response(
        &mut self,
        now: Now,
        key: RequestKey,
        session: Option<SessionId>,
        result: Result<Box<Response>, Failure>,
    ) {
        match (self.asked.remove(&key), session) {
            (Some(Asked::Register), _) => self.register_answered(now, result),
            (Some(Asked::Reinvite), Some(session)) => self.reinvite_answered(now, session, result),
            (Some(Asked::Refer), _) => {
                if let Err(failure) = result {
                    self.tell(PhoneEvent::ReferProgress {
                        status: status_of(&failure),
                    });
                }
            }
            (Some(Asked::Watch), _) => {
                let status = result.map_or_else(|failure| status_of(&failure), |r| r.status);
                self.tell(PhoneEvent::Watching { status });
            }
            (Some(Asked::Reinvite | Asked::Other) | None, _) => {}
        }
    }

    pub(super) fn out_of_dialog(&mut self, now: Now, key: RequestKey, request: &Request) {
        match request.method {
            Method::Register if self.config.registrar_for_others => {
                let expires = request
                    .headers
                    .first(&HeaderName::Expires)
                    .unwrap_or("300")
                    .to_owned();
                let mut headers = Headers::new();
                headers.copy_from(&request.headers, &HeaderName::Contact);
                headers.push(HeaderName::Expires, expires);
                self.respond(now, key, 200, headers, None);
            }
            Method::Notify if request.headers.subscription_state().is_some() => {
                self.notified(now, key, request);
            }
            Method::Message | Method::Notify => self.respond(now, key, 200, Headers::new(), None),
            _ => self.respond(now, key, 405, Headers::new(), None),
        }
    }

    /// The wilful answers to a REFER; following one is in `follow`.
    fn referred(&mut self, now: Now, session: SessionId, key: RequestKey, request: &Request) {
        let to = request
            .headers
            .first(&HeaderName::ReferTo)
            .unwrap_or_default()
            .to_owned();
        self.tell(PhoneEvent::Referred { to: to.clone() });
        match self.config.refer.clone() {
            ReferPolicy::Follow => self.follow(now, session, key, &to),
            ReferPolicy::Refuse { status } => self.respond(now, key, status, Headers::new(), None),
            ReferPolicy::Notify(steps) => {
                self.respond(now, key, 202, Headers::new(), None);
                self.notify_later(now, session, steps.into());
            }
            ReferPolicy::AcceptOnly => self.respond(now, key, 202, Headers::new(), None),
            ReferPolicy::AcceptThenBye { after } => {
                self.respond(now, key, 202, Headers::new(), None);
                self.later(now.mono + after, super::Deed::Bye(session));
            }
            ReferPolicy::Ignore => {}
        }
    }
}

/// `SIP/2.0 180 Ringing` as 180 (RFC 3420).
fn sipfrag_status(body: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(body).ok()?;
    text.trim_start()
        .strip_prefix("SIP/2.0 ")?
        .get(..3)?
        .parse()
        .ok()
}

/// The key of an `application/dtmf-relay` or `application/dtmf` body.
fn info_digit(request: &Request) -> Option<char> {
    let text = std::str::from_utf8(&request.body).ok()?;
    let signal = text
        .lines()
        .find_map(|l| l.trim().strip_prefix("Signal="))
        .unwrap_or(text);
    signal
        .trim()
        .chars()
        .next()
        .filter(|c| c.is_ascii_digit() || "*#ABCD".contains(*c))
}
