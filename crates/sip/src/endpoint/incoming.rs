//! Being called: INVITE, the answers to it, CANCEL, ACK.

use super::{
    Endpoint,
    auth::Auth,
    refresh::Timing,
    reliable::Sent,
    session::{AwaitAck, Closing, Exchange, Invited, Session, State, Up},
    timeouts::PROVISIONAL_INTERVAL,
    write::{adopt_contact, contact_at},
};
use crate::api::{Body, Event, Flow, Reliable, SessionId};
use crate::dialog::Dialog;
use crate::message::{HeaderName, Headers, Request, Response};
use crate::transaction::{Owner, Timer, TransactionId};
use std::collections::BTreeSet;
use std::time::Duration;
use tandem_types::{Now, Party, Reason, Termination};

impl Endpoint {
    /// A new session.
    pub(super) fn on_invite(
        &mut self,
        now: Now,
        from: Flow,
        request: Request,
    ) -> Option<SessionId> {
        let local_tag = self.fresh_tag();
        let dialog = Dialog::from_request(&request, &local_tag, from)?;
        let session = self.allocate();
        let transaction = self.serve(now, from, &request, Some(session), true)?;
        self.dialogs.insert(dialog.id.clone(), session);
        if let Some(seconds) = request.headers.expires() {
            let at = now.mono + Duration::from_secs(seconds.into());
            self.timers.set(Owner::Session(session), Timer::Expires, at);
        }
        let request = Box::new(request);
        let new = Session {
            call_id: dialog.id.call_id.clone(),
            local_tag,
            contact: contact_at(&request, from),
            made_call: false,
            timing: Timing::new(self.config.session_timer),
            sent: Sent::default(),
            auth: Auth::default(),
            large: None,
            open: BTreeSet::new(),
            state: State::Invited(Invited {
                transaction,
                request: request.clone(),
                dialog,
            }),
        };
        self.sessions.insert(session, Box::new(new));
        self.tell(Event::Invited {
            session,
            flow: from,
            request,
        });
        Some(session)
    }

    pub(super) fn command_progress(
        &mut self,
        now: Now,
        session: SessionId,
        status: u16,
        headers: &Headers,
        body: Option<&Body>,
        reliable: Reliable,
    ) {
        if !(101..=199).contains(&status)
            || self.progress_reliably(now, session, status, headers, body, reliable)
        {
            return;
        }
        let Some((id, response)) = self.answer(session, status, headers, body) else {
            return;
        };
        self.respond(now, id, &response);
        let at = now.mono + PROVISIONAL_INTERVAL;
        self.timers
            .set(Owner::Session(session), Timer::Provisional, at);
    }

    pub(super) fn command_accept(
        &mut self,
        now: Now,
        session: SessionId,
        headers: &Headers,
        body: Option<&Body>,
    ) {
        if self.accept_waits(session, headers, body) {
            return;
        }
        let Some((id, mut response)) = self.answer(session, 200, headers, body) else {
            return;
        };
        self.timers.stop_all(Owner::Session(session));
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let State::Invited(invited) = &s.state else {
            return;
        };
        let cseq = invited.request.cseq().map_or(0, |c| c.number);
        let dialog = invited.dialog.clone();
        let asked = invited.request.headers.clone();
        s.state = State::Up(Up {
            dialog,
            exchange: Exchange::Idle,
        });
        self.refreshed_by_them(now, session, &asked, &mut response.headers);
        self.send_success(now, session, id, cseq, &response);
    }

    /// Sends a 2xx to an INVITE and repeats it until it is ACKed (RFC 3261 section 13.3.1.4).
    pub(super) fn send_success(
        &mut self,
        now: Now,
        session: SessionId,
        id: TransactionId,
        cseq: u32,
        response: &Response,
    ) {
        let Some(flow) = self.reply_flow_of(id) else {
            return;
        };
        self.respond(now, id, response);
        let (interval, patience) = (self.config.t1, self.intervals().patience());
        let Some(Session {
            state: State::Up(up),
            ..
        }) = self.sessions.get_mut(&session).map(|s| s.as_mut())
        else {
            return;
        };
        let response = response.to_bytes();
        up.exchange = Exchange::AwaitAck(AwaitAck {
            cseq,
            flow,
            response,
            interval,
        });
        let owner = Owner::Session(session);
        self.timers.set(owner, Timer::Accepted, now.mono + interval);
        self.timers.set(owner, Timer::Ack, now.mono + patience);
    }

    pub(super) fn command_reject(
        &mut self,
        now: Now,
        session: SessionId,
        status: u16,
        phrase: &str,
        headers: &Headers,
    ) {
        let open = self
            .sessions
            .get(&session)
            .is_some_and(|s| matches!(s.state, State::Invited(_)));
        if open && (300..=699).contains(&status) {
            self.refuse_invite(now, session, status, phrase, headers);
            self.tell_ended(session, Party::Gateway, reason_of(status), status, None);
        }
    }

    /// A response of the user's to the first INVITE, and its transaction.
    pub(super) fn answer(
        &mut self,
        session: SessionId,
        status: u16,
        headers: &Headers,
        body: Option<&Body>,
    ) -> Option<(TransactionId, Response)> {
        let s = self.sessions.get_mut(&session)?;
        adopt_contact(s, headers);
        let s = self.sessions.get(&session)?;
        let State::Invited(invited) = &s.state else {
            return None;
        };
        let mut response = Response::reply_to(&invited.request, status, Some(&s.local_tag));
        self.dress_response(
            &invited.request,
            &mut response,
            Some(&s.contact),
            headers,
            body,
        );
        Some((invited.transaction, response))
    }

    /// CANCEL for an INVITE that has no final response.
    pub(super) fn on_cancelled(&mut self, now: Now, invite: TransactionId, cancel: Request) {
        let first = self.table.session(invite).filter(|id| {
            let state = self.sessions.get(id).map(|s| &s.state);
            matches!(state, Some(State::Invited(invited)) if invited.transaction == invite)
        });
        if let Some(session) = first {
            self.refuse_invite(now, session, 487, "", &Headers::new());
            let mut end = Termination::new(Party::Caller, Reason::Cancelled);
            super::closing::read_reason(&cancel.headers, &mut end);
            // Field note 10: another phone of the same attempt took the call.
            let elsewhere = end.sip == 200;
            let reason = if elsewhere {
                Reason::ElsewhereAnswered
            } else {
                Reason::Cancelled
            };
            self.tell_ended(session, Party::Caller, reason, 0, Some(cancel));
            return;
        }
        let key = self
            .owed
            .iter()
            .find(|(_, owed)| owed.transaction == invite)
            .map(|(key, _)| *key);
        let Some(owed) = key.and_then(|key| self.owed.remove(&key)) else {
            return;
        };
        let response = self.reply(&owed.request, 487, &Headers::new());
        self.respond(now, invite, &response);
        if let Some(s) = owed.session.and_then(|id| self.sessions.get_mut(&id))
            && let State::Up(up) = &mut s.state
        {
            up.exchange = Exchange::Idle;
        }
    }

    /// ACK for a 2xx of ours.
    pub(super) fn on_acked(&mut self, now: Now, _from: Flow, session: SessionId, ack: &Request) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let (State::Up(Up { exchange, .. }) | State::Closing(Closing { exchange, .. })) =
            &mut s.state
        else {
            return;
        };
        let Exchange::AwaitAck(awaited) = exchange else {
            return;
        };
        if ack.cseq().is_none_or(|cseq| cseq.number != awaited.cseq) {
            return;
        }
        *exchange = Exchange::Idle;
        let owner = Owner::Session(session);
        self.timers.stop(owner, Timer::Accepted);
        self.timers.stop(owner, Timer::Ack);
        if s.is_seen() {
            let body = body_of(ack);
            self.tell(Event::Acked { session, body });
        } else {
            self.send_bye(now, session);
            self.settle(now, session);
        }
    }
}

pub(super) fn body_of(request: &Request) -> Option<Body> {
    let content_type = request
        .headers
        .first(&HeaderName::ContentType)
        .unwrap_or_default()
        .to_owned();
    (!request.body.is_empty()).then(|| Body {
        content_type,
        bytes: request.body.clone(),
    })
}

/// What a refusal of ours means.
fn reason_of(status: u16) -> Reason {
    match status {
        300..=399 => Reason::Moved,
        404 | 410 | 484 | 604 => Reason::WrongNumber,
        408 | 480 => Reason::NoAnswer,
        415 | 488 | 606 => Reason::NoCodec,
        486 | 600 => Reason::Busy,
        487 => Reason::Cancelled,
        403 | 607 | 608 => Reason::NotAllowed,
        503 => Reason::Capacity,
        603 => Reason::Declined,
        _ => Reason::Internal,
    }
}
