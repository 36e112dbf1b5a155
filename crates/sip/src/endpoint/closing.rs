//! How sessions end: BYE, the requests that were open, and the event.

use super::{
    Endpoint,
    session::{AwaitAck, Closing, Exchange, State, Up},
    write::add_headers,
};
use crate::api::{Body, Event, SessionId};
use crate::message::{HeaderName, Headers, Method, Request, Response};
use crate::transaction::{Owner, Timer};
use tandem_types::{Now, Party, Reason, Termination};

impl Endpoint {
    /// Tells the user that a session is over. `request` ended it.
    pub(super) fn tell_ended(
        &mut self,
        session: SessionId,
        by: Party,
        reason: Reason,
        sip: u16,
        request: Option<Request>,
    ) {
        let mut end = Termination {
            by,
            reason,
            sip,
            q850: 0,
        };
        if let Some(request) = &request {
            read_reason(&request.headers, &mut end);
        }
        self.tell(Event::Ended {
            session,
            end,
            request: request.map(Box::new),
        });
    }

    /// An answered session leaves the user's sight. What is open is closed: their requests get 487, a 2xx of
    /// theirs its ACK. With headers a BYE goes out, at once or when their ACK has come.
    pub(super) fn close(&mut self, now: Now, session: SessionId, bye: Option<Headers>) {
        self.refuse_owed(now, session);
        self.stop_timing(session);
        let owner = Owner::Session(session);
        let Some(mut s) = self.sessions.remove(&session) else {
            return;
        };
        let State::Up(Up { dialog, exchange }) = s.state else {
            self.sessions.insert(session, s);
            return;
        };
        let awaits_ack = matches!(exchange, Exchange::AwaitAck(_));
        let owes_ack = matches!(exchange, Exchange::OweAck(_));
        let waits = awaits_ack && bye.is_some();
        let exchange = match exchange {
            Exchange::Ours => {
                // The peer should answer it with 487; if not, it must not stay for ever.
                self.timers.set(
                    owner,
                    Timer::Cancelled,
                    now.mono + self.intervals().patience(),
                );
                Exchange::Ours
            }
            kept if waits || owes_ack => kept,
            Exchange::Idle | Exchange::Theirs(_) | Exchange::OweAck(_) | Exchange::AwaitAck(_) => {
                self.timers.stop(owner, Timer::Accepted);
                self.timers.stop(owner, Timer::Ack);
                Exchange::Idle
            }
        };
        s.state = State::Closing(Closing {
            dialog,
            exchange,
            bye,
        });
        self.sessions.insert(session, s);
        if owes_ack {
            self.send_ack(session, None);
        }
        if !waits {
            self.send_bye(now, session);
        }
        self.settle(now, session);
    }

    /// Sends the BYE that a closing session has ready.
    pub(super) fn send_bye(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let State::Closing(closing) = &mut s.state else {
            return;
        };
        let Some(headers) = closing.bye.take() else {
            return;
        };
        let cseq = closing.dialog.next_cseq();
        let mut request = closing.dialog.request(Method::Bye, cseq);
        let flow = closing.dialog.flow();
        let own = self.own.lines(&self.config);
        request.headers.push_header(own.user_agent.clone());
        add_headers(&mut request.headers, &headers);
        self.start_own(now, session, request, flow);
    }

    /// ACKs the 2xx to our INVITE that waits for it, with the credentials of the INVITE (RFC 3261 section 22.1), and
    /// keeps the ACK for repetitions of the 2xx.
    pub(super) fn send_ack(&mut self, session: SessionId, body: Option<&Body>) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let (State::Up(Up { dialog, exchange })
        | State::Closing(Closing {
            dialog, exchange, ..
        })) = &mut s.state
        else {
            return;
        };
        let Exchange::OweAck(owe) = exchange else {
            return;
        };
        let (invite, mut request) = (owe.transaction, dialog.request(Method::Ack, owe.cseq));
        let (flow, tag) = (dialog.flow(), dialog.id.remote_tag.clone());
        *exchange = Exchange::Idle;
        let known = s.auth.reaches(flow);
        if let Some(invite) = self.table.invite_clients.get(&invite).filter(|_| known) {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                request
                    .headers
                    .copy_from(&invite.about.request.headers, &name);
            }
        }
        self.dress_request(&mut request, None, &Headers::new(), body);
        self.stamp(&mut request, flow);
        let bytes = request.to_bytes();
        if let Some(invite) = self.table.invite_clients.get_mut(&invite) {
            let ack = Box::new((flow, bytes.clone()));
            invite.about.acks.insert(tag, Some(ack));
        }
        self.transmit(flow, bytes, Some(session));
    }

    /// 487 to all requests of theirs that the user has not answered (RFC 3261 section 15.1.2).
    fn refuse_owed(&mut self, now: Now, session: SessionId) {
        let owed = self
            .owed
            .iter()
            .filter(|(_, owed)| owed.session == Some(session));
        let keys: Vec<_> = owed.map(|(key, _)| *key).collect();
        for key in keys {
            let Some(owed) = self.owed.remove(&key) else {
                continue;
            };
            let response = self.reply(&owed.request, 487, &Headers::new());
            self.respond(now, owed.transaction, &response);
        }
    }

    /// An INVITE of theirs that was not answered gets its refusal, and the session is gone.
    pub(super) fn refuse_invite(
        &mut self,
        now: Now,
        session: SessionId,
        status: u16,
        phrase: &str,
        headers: &Headers,
    ) {
        let Some(s) = self.sessions.get(&session) else {
            return;
        };
        let State::Invited(invited) = &s.state else {
            return;
        };
        let mut response =
            Response::reply_to(&invited.request, status, Some(&s.local_tag)).with_phrase(phrase);
        self.dress_response(&invited.request, &mut response, None, headers, None);
        let id = invited.transaction;
        self.respond(now, id, &response);
        self.remove_session(now, session);
    }

    /// Forgets a closing session for which nothing is open any more.
    pub(super) fn settle(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get(&session) else {
            return;
        };
        let State::Closing(closing) = &s.state else {
            return;
        };
        let waits = closing.bye.is_some() || matches!(closing.exchange, Exchange::AwaitAck(_));
        if s.open.is_empty() && !waits {
            self.remove_session(now, session);
        }
    }

    /// Forgets a session. Nothing that it owed an answer stays behind.
    pub(super) fn remove_session(&mut self, now: Now, session: SessionId) {
        self.refuse_owed(now, session);
        let Some(s) = self.sessions.remove(&session) else {
            return;
        };
        for id in s.dialog_ids() {
            self.dialogs.remove(&id);
        }
        self.timers.stop_all(Owner::Session(session));
    }

    /// The dialog is gone at the far end, or nobody is there: BYE all the same. `status` 0: silence. Before the answer
    /// the INVITE itself says how it ends.
    pub(super) fn on_lost(&mut self, now: Now, session: SessionId, status: u16) {
        if !self
            .sessions
            .get(&session)
            .is_some_and(|s| matches!(s.state, State::Up(_)))
        {
            return;
        }
        let reason = if status == 481 {
            Reason::Protocol
        } else {
            Reason::Lost
        };
        self.close(now, session, Some(Headers::new()));
        self.tell_ended(session, Party::Caller, reason, status, None);
    }

    /// Nobody ACKed our 2xx (RFC 3261 section 13.3.1.4).
    pub(super) fn on_no_ack(&mut self, now: Now, session: SessionId) {
        let owner = Owner::Session(session);
        self.timers.stop(owner, Timer::Accepted);
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        match &mut s.state {
            State::Up(up) => {
                up.exchange = Exchange::Idle;
                self.close(now, session, Some(Headers::new()));
                self.tell_ended(session, Party::Caller, Reason::Protocol, 0, None);
            }
            State::Closing(closing) => {
                closing.exchange = Exchange::Idle;
                self.send_bye(now, session);
                self.settle(now, session);
            }
            State::Calling(_) | State::Proceeding(_) | State::Cancelling(_) | State::Invited(_) => {
            }
        }
    }

    /// The 2xx once more.
    pub(super) fn repeat_success(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let (State::Up(Up { exchange, .. }) | State::Closing(Closing { exchange, .. })) =
            &mut s.state
        else {
            return;
        };
        let Exchange::AwaitAck(AwaitAck {
            flow,
            response,
            interval,
            ..
        }) = exchange
        else {
            return;
        };
        *interval = interval.saturating_mul(2).min(self.config.t2);
        let (flow, response) = (*flow, response.clone());
        self.timers.set(
            Owner::Session(session),
            Timer::Accepted,
            now.mono + *interval,
        );
        self.transmit(flow, response, Some(session));
    }
}

/// SIP status and Q.850 cause out of Reason (RFC 3326).
pub(super) fn read_reason(headers: &Headers, end: &mut Termination) {
    for reason in headers.reasons() {
        end.sip = reason.sip().unwrap_or(end.sip);
        end.q850 = reason.q850().unwrap_or(end.q850);
    }
}
