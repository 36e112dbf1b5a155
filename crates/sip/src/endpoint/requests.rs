//! Requests of theirs: to their transaction, to their dialog, or refused.

use super::{Endpoint, Owed, refresh, screen};
use crate::api::{Event, Flow, SessionId};
use crate::dialog::DialogId;
use crate::message::{HeaderName, Headers, Method, Refusal, Request, Response};
use crate::transaction::TransactionId;
use tandem_types::Now;

impl Endpoint {
    /// The session that it belongs to.
    pub(super) fn on_request(
        &mut self,
        now: Now,
        from: Flow,
        mut request: Request,
        urgent: bool,
    ) -> Option<SessionId> {
        let mut via = request.top_via()?.clone(); // nothing could be sent back without one
        via.note_source(from.remote);
        request.headers.replace_top_via(via);
        if request.method == Method::Ack {
            return self.on_ack(now, from, &request);
        }
        if let Some(id) = self.table.of_request(&request) {
            let session = self.table.session(id);
            self.repeat(now, id);
            return session;
        }
        if let Err(refusal) = request.check() {
            self.refuse(now, from, &request, None, &refusal);
            return None;
        }
        if request.method == Method::Cancel {
            return self.on_cancel(now, from, request);
        }
        match DialogId::of_request(&request) {
            None => self.on_outside(now, from, request, urgent),
            Some(id) => match self.dialogs.get(&id).copied() {
                Some(session) => {
                    self.on_inside(now, from, session, request);
                    Some(session)
                }
                None if self.is_of_subscription(&request) => {
                    self.on_outside(now, from, request, urgent)
                }
                None => {
                    self.refuse(now, from, &request, None, &Refusal::new(481, ""));
                    None
                }
            },
        }
    }

    /// The dialogs of subscriptions are kept by the user, except that of REFER, which is a session's.
    fn is_of_subscription(&self, request: &Request) -> bool {
        let packages = &self.config.event_packages;
        let ours = |event: crate::message::Event| {
            !event.is("refer") && packages.iter().any(|name| event.is(name))
        };
        match request.method {
            Method::Subscribe => !packages.is_empty(),
            Method::Notify => request.headers.event().is_some_and(ours),
            _ => false,
        }
    }

    fn on_ack(&mut self, now: Now, from: Flow, request: &Request) -> Option<SessionId> {
        if let Some(id) = self.table.of_request(request)
            && !self.ack_in_transaction(now, id)
        {
            return self.table.session(id);
        }
        let session = *self.dialogs.get(&DialogId::of_request(request)?)?;
        self.on_acked(now, from, session, request);
        Some(session)
    }

    /// 200 to the CANCEL, and 487 to an INVITE that has no final response (RFC 3261 section 9.2).
    fn on_cancel(&mut self, now: Now, from: Flow, request: Request) -> Option<SessionId> {
        let Some(invite) = self.table.cancelled_by(&request) else {
            self.refuse(now, from, &request, None, &Refusal::new(481, ""));
            return None;
        };
        let session = self.table.session(invite);
        let tag = match session.and_then(|id| self.sessions.get(&id)) {
            Some(s) => s.local_tag.clone(),
            None => self.fresh_tag(),
        };
        if let Some(id) = self.serve(now, from, &request, session, false) {
            let mut response = Response::reply_to(&request, 200, Some(&tag));
            self.dress_response(&request, &mut response, None, &Headers::new(), None);
            self.respond(now, id, &response);
        }
        if self.is_unanswered(invite) {
            self.on_cancelled(now, invite, request);
        }
        session
    }

    /// A request outside any dialog of a session.
    fn on_outside(
        &mut self,
        now: Now,
        from: Flow,
        request: Request,
        urgent: bool,
    ) -> Option<SessionId> {
        let refusal = if self.table.is_merged(&request) {
            Some(Refusal::new(482, ""))
        } else {
            screen::refuse(&self.config, &request, false)
                .or_else(|| self.draining(&request.method).filter(|_| !urgent))
                .or_else(|| refresh::too_short(self.config.session_timer, &request))
        };
        if let Some(refusal) = refusal {
            self.refuse(now, from, &request, None, &refusal);
            return None;
        }
        match &request.method {
            Method::Invite => return self.on_invite(now, from, request),
            Method::Options => self.on_options(now, from, None, &request),
            Method::Bye | Method::Update | Method::Info | Method::Prack => {
                self.refuse(now, from, &request, None, &Refusal::new(481, ""));
            }
            Method::Ack | Method::Cancel => {} // both have gone another way
            Method::Register
            | Method::Message
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Publish
            | Method::Other(_) => {
                let transaction = self.serve(now, from, &request, None, false)?;
                let key = self.allocate_key();
                let request = Box::new(request);
                self.owed.insert(
                    key,
                    Owed {
                        transaction,
                        request: request.clone(),
                        session: None,
                        tag: None,
                    },
                );
                self.tell(Event::OutOfDialog {
                    key,
                    flow: from,
                    request,
                });
            }
        }
        None
    }

    /// 503 while draining (field note 15): what is in a dialog goes on.
    fn draining(&self, method: &Method) -> Option<Refusal> {
        let seconds = self
            .drain
            .filter(|_| matches!(method, Method::Invite | Method::Subscribe | Method::Options))?;
        let mut refusal = Refusal::new(503, "");
        refusal.headers.push(HeaderName::RetryAfter, seconds);
        Some(refusal)
    }

    /// What we can (RFC 3261 section 11.2).
    pub(super) fn on_options(
        &mut self,
        now: Now,
        from: Flow,
        session: Option<SessionId>,
        request: &Request,
    ) {
        let Some(id) = self.serve(now, from, request, session, false) else {
            return;
        };
        let mut headers = Headers::new().with(HeaderName::Accept, screen::SDP);
        if !self.config.event_packages.is_empty() {
            headers.push(
                HeaderName::AllowEvents,
                self.config.event_packages.join(", "),
            );
        }
        let response = self.reply(request, 200, &headers);
        self.respond(now, id, &response);
    }

    /// Refuses a request in a transaction of its own.
    pub(super) fn refuse(
        &mut self,
        now: Now,
        from: Flow,
        request: &Request,
        session: Option<SessionId>,
        refusal: &Refusal,
    ) {
        if let Some(id) = self.serve(now, from, request, session, false) {
            self.refuse_served(now, id, request, refusal);
        }
    }

    /// Refuses a request whose transaction has begun.
    pub(super) fn refuse_served(
        &mut self,
        now: Now,
        id: TransactionId,
        request: &Request,
        refusal: &Refusal,
    ) {
        let response = self
            .reply(request, refusal.status, &refusal.headers)
            .with_phrase(&refusal.phrase);
        self.respond(now, id, &response);
    }
}
