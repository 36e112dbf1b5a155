//! Requests in a dialog, theirs and ours.

use super::{
    Endpoint, Owed, refresh, screen,
    session::{Exchange, State, Up},
    table::{InviteAbout, Other, RequestAbout},
    write::adopt_contact,
};
use crate::api::{Body, Event, Failure, Flow, RequestKey, SessionId, Transport};
use crate::dialog::tag_of;
use crate::message::{HeaderName, Headers, Method, Refusal, Request, Response};
use crate::transaction::TransactionId;
use std::collections::BTreeMap;
use tandem_types::{Now, Party, Reason};

/// What the user puts into a request.
pub(super) struct Content {
    pub(super) method: Method,
    pub(super) headers: Headers,
    pub(super) body: Option<Body>,
}

/// What the user puts into a response.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) phrase: &'a str,
    pub(super) headers: &'a Headers,
    pub(super) body: Option<&'a Body>,
}

impl Endpoint {
    /// A request of theirs in a dialog that is known.
    pub(super) fn on_inside(&mut self, now: Now, from: Flow, session: SessionId, request: Request) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let Some(dialog) = s.dialog_mut(&tag_of(request.from())) else {
            return;
        };
        let refusal = if dialog.admit(&request, from) {
            let policy = s.timing.policy;
            screen::refuse(&self.config, &request, true)
                .or_else(|| refresh::too_short(policy, &request))
                .or_else(|| self.untimely(session, &request))
        } else {
            Some(Refusal::new(500, "CSeq Out of Order"))
        };
        if let Some(mut refusal) = refusal {
            if refusal.status == 500 {
                refusal.headers.push(HeaderName::RetryAfter, self.soon());
            }
            self.refuse(now, from, &request, Some(session), &refusal);
            return;
        }
        match request.method {
            Method::Bye => self.on_bye(now, from, session, request),
            Method::Prack => self.on_prack(now, from, session, request),
            Method::Options => self.on_options(now, from, Some(session), &request),
            _ => self.on_question(now, from, session, request),
        }
    }

    /// The refusal of a request that its session cannot take now.
    fn untimely(&self, session: SessionId, request: &Request) -> Option<Refusal> {
        let s = self.sessions.get(&session)?;
        let bye = request.method == Method::Bye;
        let status = match &s.state {
            // Crossed our BYE.
            State::Closing(_) => (!bye).then_some(481),
            // Only the caller may send BYE before the answer (RFC 3261 section 15).
            State::Calling(_) | State::Proceeding(_) | State::Cancelling(_) => match request.method
            {
                Method::Bye => Some(481),
                Method::Invite => Some(491),
                _ => None,
            },
            State::Invited(_) => (request.method == Method::Invite).then_some(500),
            State::Up(up) => match request.method {
                Method::Invite => crossing_invite(&up.exchange)
                    .or_else(|| self.awaits_update(session, true).then_some(491)),
                Method::Update if !request.body.is_empty() => crossing_invite(&up.exchange)
                    .or_else(|| self.awaits_update(session, true).then_some(491)),
                _ => None,
            },
        };
        let update = request.method == Method::Update && self.awaits_update(session, false);
        status
            .or(update.then_some(500))
            .map(|status| Refusal::new(status, ""))
    }

    /// An UPDATE waits for its response (RFC 3311 section 5.2): ours with an offer, or theirs.
    fn awaits_update(&self, session: SessionId, ours: bool) -> bool {
        if ours {
            let open = self
                .sessions
                .get(&session)
                .into_iter()
                .flat_map(|s| &s.open);
            return open.filter_map(|id| self.table.clients.get(id)).any(|t| {
                t.about.request.method == Method::Update && !t.about.request.body.is_empty()
            });
        }
        let mut owed = self
            .owed
            .values()
            .filter(|owed| owed.session == Some(session));
        owed.any(|owed| owed.request.method == Method::Update)
    }

    /// BYE of theirs, in whatever state.
    fn on_bye(&mut self, now: Now, from: Flow, session: SessionId, request: Request) {
        let Some(id) = self.serve(now, from, &request, Some(session), false) else {
            return;
        };
        let response = self.reply(&request, 200, &Headers::new());
        self.respond(now, id, &response);
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        match &mut s.state {
            State::Invited(_) => {
                self.refuse_invite(now, session, 487, "", &Headers::new());
                self.tell_ended(session, Party::Caller, Reason::Cancelled, 0, Some(request));
            }
            State::Up(_) => {
                self.close(now, session, None);
                self.tell_ended(session, Party::Caller, Reason::Normal, 0, Some(request));
            }
            State::Closing(closing) => {
                // Theirs came first: ours need not go out, nor their ACK be waited for.
                if closing.bye.take().is_some() {
                    closing.exchange = Exchange::Idle;
                }
                self.settle(now, session);
            }
            State::Calling(_) | State::Proceeding(_) | State::Cancelling(_) => {}
        }
    }

    /// A request that the user answers.
    pub(super) fn on_question(
        &mut self,
        now: Now,
        from: Flow,
        session: SessionId,
        request: Request,
    ) {
        let invite = request.method == Method::Invite;
        let Some(transaction) = self.serve(now, from, &request, Some(session), invite) else {
            return;
        };
        let key = self.allocate_key();
        if invite
            && let Some(s) = self.sessions.get_mut(&session)
            && let State::Up(up) = &mut s.state
        {
            up.exchange = Exchange::Theirs(key);
        }
        let request = Box::new(request);
        self.owed.insert(
            key,
            Owed {
                transaction,
                request: request.clone(),
                session: Some(session),
                tag: None,
            },
        );
        self.tell(Event::Request {
            session,
            key,
            request,
        });
    }

    /// The user's answer to a request in a dialog.
    pub(super) fn respond_inside(
        &mut self,
        now: Now,
        session: SessionId,
        id: TransactionId,
        request: &Request,
        answer: &Answer<'_>,
    ) {
        let success = answer.status < 300;
        let invite = request.method == Method::Invite;
        let (mut contact, mut refreshes) = (None, false);
        if let Some(s) = self.sessions.get_mut(&session) {
            if success {
                adopt_contact(s, answer.headers);
            }
            contact = Some(s.contact.clone());
            refreshes = success
                && (invite || request.method == Method::Update)
                && matches!(s.state, State::Up(_));
            if let State::Up(up) = &mut s.state
                && invite
            {
                up.exchange = Exchange::Idle;
            }
            // The change is part of the request: refused, it has not happened (RFC 3261 section 12.2.2).
            if success
                && (invite || request.method == Method::Update)
                && let Some(dialog) = s.dialog_mut(&tag_of(request.from()))
            {
                dialog.refresh(&request.headers);
            }
        }
        let mut response =
            Response::reply_to(request, answer.status, None).with_phrase(answer.phrase);
        self.dress_response(
            request,
            &mut response,
            contact.as_deref(),
            answer.headers,
            answer.body,
        );
        if refreshes {
            self.refreshed_by_them(now, session, &request.headers, &mut response.headers);
        }
        if invite && success {
            let cseq = request.cseq().map_or(0, |c| c.number);
            self.send_success(now, session, id, cseq, &response);
        } else {
            self.respond(now, id, &response);
        }
    }

    /// A request of the user's in a dialog.
    pub(super) fn command_request(
        &mut self,
        now: Now,
        session: SessionId,
        key: RequestKey,
        content: Content,
    ) {
        let method = content.method.clone();
        if matches!(method, Method::Ack | Method::Cancel | Method::Bye) {
            return; // those are Ack and Hangup
        }
        let Some(s) = self.sessions.get_mut(&session).filter(|s| s.is_seen()) else {
            return;
        };
        adopt_contact(s, &content.headers);
        let invite = method == Method::Invite;
        let free = match &s.state {
            State::Up(up) => up.exchange == Exchange::Idle,
            _ => false,
        };
        let tag = s.dialog().map(|dialog| dialog.id.remote_tag.clone());
        let Some(dialog) = tag.and_then(|tag| s.dialog_mut(&tag)) else {
            let failure = Failure::Response(Box::new(Response::new(481)));
            return self.tell_response(key, Some(session), Err(failure));
        };
        if invite && !free {
            let failure = Failure::Response(Box::new(Response::new(491)));
            return self.tell_response(key, Some(session), Err(failure));
        }
        let cseq = dialog.next_cseq();
        let refreshes = matches!(method, Method::Invite | Method::Update);
        let mut request = dialog.request(method, cseq);
        let flow = dialog.flow();
        let near =
            |tcp: &Flow| flow.transport == Transport::Udp && tcp.remote.ip() == flow.remote.ip();
        let other = Other(s.large.filter(near));
        let contact = s.contact.clone();
        let timing = matches!(s.state, State::Up(_)).then(|| s.timing.clone());
        self.dress_request(
            &mut request,
            Some(&contact),
            &content.headers,
            content.body.as_ref(),
        );
        if let (true, Some(timing)) = (refreshes, timing) {
            timing.ask(&mut request.headers);
        }
        let auth = self.authorize(session, &mut request, flow);
        let id = if invite {
            let (key, acks) = (Some(key), BTreeMap::new());
            self.start_invite(
                now,
                InviteAbout {
                    request,
                    flow,
                    other,
                    session,
                    key,
                    auth,
                    acks,
                    raised: 0,
                },
            )
        } else {
            let about = RequestAbout {
                request,
                flow,
                other,
                session: Some(session),
                key: Some(key),
                auth,
                raised: 0,
            };
            self.start_request(now, about)
        };
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        s.open.insert(id);
        if let (true, State::Up(Up { exchange, .. })) = (invite, &mut s.state) {
            *exchange = Exchange::Ours;
        }
    }
}

/// What an INVITE of theirs, or an UPDATE with an offer, gets while another is under way (RFC 3261 section 14.2, RFC 3311
/// section 5.2, RFC 5407 section 3).
fn crossing_invite(exchange: &Exchange) -> Option<u16> {
    match exchange {
        Exchange::Idle => None,
        Exchange::Ours | Exchange::OweAck(_) | Exchange::AwaitAck(_) => Some(491),
        Exchange::Theirs(_) => Some(500),
    }
}
