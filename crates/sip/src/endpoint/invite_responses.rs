//! Responses to our INVITEs: the first of a session, and re-INVITEs.

use super::{
    Endpoint,
    auth::Auth,
    refresh::{self, Timing},
    reliable::{Order, Sent},
    responses::lost,
    session::{
        Calling, Cancelling, Closing, Early, Exchange, OweAck, Proceeding, Session, State, Up,
    },
    table::{InviteAbout, InviteOut, Other, RequestAbout},
    write::{ack_to_refusal, cancel, renumber},
};
use crate::api::{Event, Failure, Flow, RequestKey, SessionId};
use crate::dialog::{Dialog, tag_of};
use crate::message::{HeaderName, Headers, Method, Request, Response};
use crate::transaction::{Owner, Timer, TransactionId, invite_client::Told};
use std::collections::{BTreeMap, BTreeSet};
use tandem_types::Now;

impl Endpoint {
    pub(super) fn on_invite_response(
        &mut self,
        now: Now,
        from: Flow,
        id: TransactionId,
        response: Response,
    ) {
        let Some(InviteOut { machine, about }) = self.table.take_invite(id) else {
            return;
        };
        let (status, session, key) = (response.status, about.session, about.key);
        let from = about.other.of_dialog(from);
        let (machine, told) = self.step(now, id, about.flow, Some(session), |scope| {
            machine.on_response(scope, status, || {
                ack_to_refusal(&about.request, &response).to_bytes()
            })
        });
        if told != Told::Response {
            self.keep_invite(id, machine, about);
        } else if status >= 300 {
            self.on_invite_over(now, id, &about, Failure::Response(Box::new(response)));
            self.keep_invite(id, machine, about);
        } else {
            self.keep_invite(id, machine, about);
            match key {
                None if status < 200 => self.on_first_provisional(now, from, id, session, response),
                None => self.on_first_success(now, from, id, session, response),
                Some(_) if status < 200 => {}
                Some(key) => self.on_again_success(now, id, session, key, response),
            }
        }
    }

    fn on_first_provisional(
        &mut self,
        now: Now,
        from: Flow,
        id: TransactionId,
        session: SessionId,
        response: Response,
    ) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        if let State::Calling(state) = &mut s.state
            && state.transaction == id
        {
            let early = Early::default();
            match state.hangup.take() {
                None => {
                    s.state = State::Proceeding(Proceeding {
                        transaction: id,
                        early,
                    })
                }
                Some(headers) => {
                    s.state = State::Cancelling(Cancelling {
                        transaction: id,
                        headers: headers.clone(),
                        early,
                    });
                    self.send_cancel(now, session, id, &headers);
                    return;
                }
            }
        }
        let State::Proceeding(state) = &mut s.state else {
            return;
        };
        if state.transaction != id || response.status == 100 {
            return;
        }
        let tag = tag_of(response.to());
        if !tag.is_empty()
            && let Some(invite) = self.table.invite_clients.get(&id)
            && let Some(dialog) = Dialog::from_response(&invite.about.request, &response, from)
        {
            self.dialogs.insert(dialog.id.clone(), session);
            let headers = &invite.about.request.headers;
            let order = state.early.heard.order(headers, &response.headers, &tag);
            state.early.note(dialog);
            match order {
                Order::Plain => {}
                Order::Drop => return,
                Order::Next(rseq) => self.send_prack(now, session, id, &response, rseq),
            }
        }
        self.tell(Event::Progress {
            session,
            early: tag,
            response: Box::new(response),
        });
    }

    /// CANCEL, and no longer than 64*T1 until the INVITE is given up (RFC 3261 section 9.1).
    pub(super) fn send_cancel(
        &mut self,
        now: Now,
        session: SessionId,
        invite: TransactionId,
        headers: &Headers,
    ) {
        let Some(about) = self.table.invite_clients.get(&invite).map(|t| &t.about) else {
            return;
        };
        let about = RequestAbout {
            request: cancel(&about.request, headers),
            flow: about.flow,
            other: Other::default(),
            session: Some(session),
            key: None,
            auth: Auth::default(),
            raised: 0,
        };
        self.start_stamped(now, about);
        let patience = self.intervals().patience();
        self.timers.set(
            Owner::Session(session),
            Timer::Cancelled,
            now.mono + patience,
        );
    }

    fn on_first_success(
        &mut self,
        now: Now,
        from: Flow,
        id: TransactionId,
        session: SessionId,
        response: Response,
    ) {
        let tag = tag_of(response.to());
        let Some(about) = self.table.invite_clients.get_mut(&id).map(|t| &mut t.about) else {
            return;
        };
        if let Some(known) = about.acks.get(&tag).cloned() {
            if let Some((flow, ack)) = known.map(|ack| *ack) {
                self.transmit(flow, ack, Some(session));
            }
            return;
        }
        let Some(dialog) = Dialog::from_response(&about.request, &response, from) else {
            return;
        };
        about.acks.insert(tag.clone(), None);
        about.answered();
        let request = about.request.clone();
        let auth = about.auth.clone();
        let owe = OweAck {
            transaction: id,
            cseq: request.cseq().map_or(0, |c| c.number),
        };
        match self.sessions.get_mut(&session) {
            Some(s) if s.state.calling() == Some(id) => {
                let hung_up = s.state.is_hung_up();
                let (early, headers) =
                    match std::mem::replace(&mut s.state, up(dialog.clone(), &owe)) {
                        State::Calling(state) => (Early::default(), state.hangup),
                        State::Proceeding(state) => (state.early, None),
                        State::Cancelling(state) => (state.early, Some(state.headers)),
                        State::Invited(_) | State::Up(_) | State::Closing(_) => {
                            (Early::default(), None)
                        }
                    };
                self.choose_early(session, early, dialog, &response, from);
                self.timers.stop(Owner::Session(session), Timer::Cancelled);
                if hung_up {
                    self.close(now, session, headers.or_else(|| Some(Headers::new())));
                    self.tell(Event::Failed {
                        session,
                        failure: Failure::Cancelled,
                    });
                } else {
                    self.refreshed_by_us(now, session, &response.headers);
                    self.tell(Event::Answered {
                        session,
                        response: Box::new(response),
                    });
                }
            }
            _ => self.on_stray(now, dialog, &owe, &request, auth),
        }
    }

    /// Of the early dialogs the answered one stays, with what was sent in it.
    fn choose_early(
        &mut self,
        session: SessionId,
        mut early: Early,
        new: Dialog,
        response: &Response,
        from: Flow,
    ) {
        let known = early.dialogs.remove(&new.id.remote_tag);
        let mut dialog = known.map_or(new, |dialog| *dialog);
        dialog.confirm(response, from);
        for other in early.dialogs.into_values() {
            self.dialogs.remove(&other.id);
        }
        self.dialogs.insert(dialog.id.clone(), session);
        if let Some(Session {
            state: State::Up(up),
            ..
        }) = self.sessions.get_mut(&session).map(|s| s.as_mut())
        {
            up.dialog = dialog;
        }
    }

    /// A 2xx that nobody waits for, of a second fork: ACK and BYE (RFC 3261 section 13.2.2.4).
    fn on_stray(&mut self, now: Now, dialog: Dialog, owe: &OweAck, invite: &Request, auth: Auth) {
        let id = self.allocate();
        self.dialogs.insert(dialog.id.clone(), id);
        let session = Session {
            call_id: dialog.id.call_id.clone(),
            local_tag: dialog.id.local_tag.clone(),
            contact: invite
                .headers
                .first(&HeaderName::Contact)
                .unwrap_or_default()
                .to_owned(),
            made_call: true,
            timing: Timing::default(),
            sent: Sent::default(),
            auth,
            large: None,
            open: BTreeSet::new(),
            state: up(dialog, owe),
        };
        self.sessions.insert(id, Box::new(session));
        self.close(now, id, Some(Headers::new()));
    }

    fn on_again_success(
        &mut self,
        now: Now,
        id: TransactionId,
        session: SessionId,
        key: RequestKey,
        response: Response,
    ) {
        let Some(about) = self.table.invite_clients.get_mut(&id).map(|t| &mut t.about) else {
            return;
        };
        let tag = tag_of(about.request.to());
        if let Some(known) = about.acks.get(&tag).cloned() {
            if let Some((flow, ack)) = known.map(|ack| *ack) {
                self.transmit(flow, ack, Some(session));
            }
            return;
        }
        let owe = OweAck {
            transaction: id,
            cseq: about.request.cseq().map_or(0, |c| c.number),
        };
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
        if *exchange != Exchange::Ours {
            return;
        }
        about.acks.insert(tag, None);
        about.answered();
        *exchange = Exchange::OweAck(owe);
        dialog.refresh(&response.headers);
        s.open.remove(&id);
        if s.is_seen() {
            self.refreshed_by_us(now, session, &response.headers);
            self.tell_response(key, Some(session), Ok(Box::new(response)));
        } else {
            self.send_ack(session, None);
            self.settle(now, session);
        }
    }

    /// An INVITE of ours will not be answered with a 2xx.
    pub(super) fn on_invite_over(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &InviteAbout,
        failure: Failure,
    ) {
        let session = about.session;
        let Some(s) = self.sessions.get(&session) else {
            return;
        };
        let Some(key) = about.key else {
            if s.state.calling() != Some(id) {
                return;
            }
            let hung_up = s.state.is_hung_up();
            if !hung_up && self.retry_first(now, about, &failure) {
                return;
            }
            let told = match failure {
                Failure::Response(r) if !hung_up || !matches!(r.status, 401 | 407 | 487) => {
                    Failure::Response(r)
                }
                other if !hung_up => other,
                _ => Failure::Cancelled,
            };
            self.remove_session(now, session);
            self.tell(Event::Failed {
                session,
                failure: told,
            });
            return;
        };
        if s.is_seen() && self.retry_again(now, id, about, &failure) {
            return;
        }
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        s.open.remove(&id);
        if let State::Up(Up { exchange, .. }) | State::Closing(Closing { exchange, .. }) =
            &mut s.state
            && *exchange == Exchange::Ours
        {
            *exchange = Exchange::Idle;
        }
        if !s.is_seen() {
            return self.settle(now, session);
        }
        let result = Err(failure);
        let lost = lost(&Method::Invite, &result);
        let glare = matches!(&result, Err(Failure::Response(r)) if r.status == 491);
        self.tell_response(key, Some(session), result);
        match lost {
            Some(status) => self.on_lost(now, session, status),
            None => self.on_reinvite_refused(now, session, glare),
        }
    }

    /// The first INVITE was challenged, or its session interval was too short: the same once more, with the answer.
    fn retry_first(&mut self, now: Now, about: &InviteAbout, failure: &Failure) -> bool {
        let Failure::Response(response) = failure else {
            return false;
        };
        let mut about = InviteAbout {
            acks: BTreeMap::new(),
            ..about.clone()
        };
        let Some(cseq) = about.request.cseq() else {
            return false;
        };
        if !about.auth.learn(response, about.flow)
            && !refresh::raise(&mut about.request, &mut about.raised, response)
        {
            return false;
        }
        renumber(&mut about.request, cseq.number + 1);
        about
            .auth
            .apply(&mut about.request, about.flow, &mut self.rng);
        let (session, auth) = (about.session, about.auth.clone());
        let transaction = self.start_invite(now, about);
        let Some(s) = self.sessions.get_mut(&session) else {
            return false;
        };
        let early = s.dialog_ids();
        s.auth.update(auth);
        s.state = State::Calling(Calling {
            transaction,
            hangup: None,
        });
        for id in early {
            self.dialogs.remove(&id);
        }
        true
    }

    /// The same for a re-INVITE.
    fn retry_again(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &InviteAbout,
        failure: &Failure,
    ) -> bool {
        let Failure::Response(response) = failure else {
            return false;
        };
        let mut about = InviteAbout {
            acks: BTreeMap::new(),
            ..about.clone()
        };
        if !about.auth.learn(response, about.flow)
            && !refresh::raise(&mut about.request, &mut about.raised, response)
        {
            return false;
        }
        let Some(s) = self.sessions.get_mut(&about.session) else {
            return false;
        };
        let State::Up(Up { dialog, .. }) = &mut s.state else {
            return false;
        };
        renumber(&mut about.request, dialog.next_cseq());
        s.open.remove(&id);
        about
            .auth
            .apply(&mut about.request, about.flow, &mut self.rng);
        let (session, auth) = (about.session, about.auth.clone());
        let id = self.start_invite(now, about);
        if let Some(s) = self.sessions.get_mut(&session) {
            s.open.insert(id);
            s.auth.update(auth);
        }
        true
    }
}

fn up(dialog: Dialog, owe: &OweAck) -> State {
    State::Up(Up {
        dialog,
        exchange: Exchange::OweAck(owe.clone()),
    })
}
