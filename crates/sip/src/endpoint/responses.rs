//! Responses to our requests that are no INVITE.

use super::{
    Endpoint, refresh,
    session::State,
    table::{RequestAbout, RequestOut},
    write::renumber,
};
use crate::api::{Failure, Flow, SessionId};
use crate::dialog::tag_of;
use crate::message::{HeaderName, Method, Response};
use crate::transaction::{TransactionId, invite_client::Told};
use tandem_types::Now;

impl Endpoint {
    /// The session that it belongs to.
    pub(super) fn on_response(
        &mut self,
        now: Now,
        from: Flow,
        response: Response,
    ) -> Option<SessionId> {
        // One Via is ours; a second means that it was for somebody behind us (RFC 3261 section 8.1.3.3).
        if response.headers.values(&HeaderName::Via).count() != 1 {
            return None;
        }
        let id = self.table.answered_by(&response)?;
        let session = self.table.session(id);
        let from = self.table.other(id).of_dialog(from);
        if let Some(dialog) = session
            .and_then(|id| self.sessions.get_mut(&id))
            .and_then(|s| s.dialog_mut(&tag_of(response.to())))
        {
            dialog.heard(from);
        }
        if self.table.invite_clients.contains_key(&id) {
            self.on_invite_response(now, from, id, response);
        } else {
            self.on_request_response(now, id, response);
        }
        session
    }

    fn on_request_response(&mut self, now: Now, id: TransactionId, response: Response) {
        let Some(RequestOut { machine, about }) = self.table.take_request(id) else {
            return;
        };
        let status = response.status;
        let (machine, told) = self.step(now, id, about.flow, about.session, |scope| {
            machine.on_response(scope, status)
        });
        if told == Told::Response && status >= 200 {
            let response = Box::new(response);
            let result = if response.is_success() {
                Ok(response)
            } else {
                Err(Failure::Response(response))
            };
            self.on_outcome(now, id, &about, result);
        }
        self.keep_request(id, machine, about);
    }

    /// A request of ours that is no INVITE has its final response, or never will.
    pub(super) fn on_outcome(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &RequestAbout,
        result: Result<Box<Response>, Failure>,
    ) {
        if let Err(Failure::Response(response)) = &result
            && self.retry_request(now, id, about, response)
        {
            return;
        }
        let Some(session) = about.session else {
            if let Some(key) = about.key {
                self.tell_response(key, None, result);
            }
            return;
        };
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        s.open.remove(&id);
        if let (Ok(response), Method::Update) = (&result, &about.request.method)
            && let Some(dialog) = s.dialog_mut(&tag_of(response.to()))
        {
            dialog.refresh(&response.headers);
        }
        if !s.is_seen() {
            return self.settle(now, session);
        }
        let lost = lost(&about.request.method, &result);
        let update = about.request.method == Method::Update;
        match &result {
            Ok(response) if update => self.refreshed_by_us(now, session, &response.headers),
            Err(failure) if update && about.key.is_none() && lost.is_none() => {
                self.on_refresh_refused(now, session, failure);
            }
            _ => {}
        }
        if let Some(key) = about.key {
            self.tell_response(key, Some(session), result);
        }
        if let Some(status) = lost {
            self.on_lost(now, session, status);
        }
    }

    /// Sends a challenged request again with the answer, or one whose session interval was too short; false: it cannot be.
    fn retry_request(
        &mut self,
        now: Now,
        id: TransactionId,
        about: &RequestAbout,
        response: &Response,
    ) -> bool {
        let mut about = about.clone();
        if about.request.method == Method::Cancel
            || !about.auth.learn(response, about.flow)
                && !refresh::raise(&mut about.request, &mut about.raised, response)
        {
            return false;
        }
        let Some(cseq) = about.request.cseq() else {
            return false;
        };
        let mut number = cseq.number + 1;
        if let Some(session) = about.session {
            let Some(s) = self.sessions.get_mut(&session) else {
                return false;
            };
            let Some(dialog) = s.dialog_mut(&tag_of(about.request.to())) else {
                return false;
            };
            number = dialog.next_cseq();
            s.open.remove(&id);
        }
        renumber(&mut about.request, number);
        about
            .auth
            .apply(&mut about.request, about.flow, &mut self.rng);
        let (session, auth) = (about.session, about.auth.clone());
        let id = self.start_request(now, about);
        if let Some(s) = session.and_then(|id| self.sessions.get_mut(&id)) {
            s.open.insert(id);
            s.auth.update(auth);
        }
        true
    }
}

/// The outcome of this request takes its session along (RFC 3261 section 12.2.1.2, RFC 5057): the status, 0 for
/// silence.
pub(super) fn lost(method: &Method, result: &Result<Box<Response>, Failure>) -> Option<u16> {
    let refresh = matches!(method, Method::Invite | Method::Update);
    match result {
        Err(Failure::Response(r)) if r.status == 481 && (refresh || *method == Method::Info) => {
            Some(481)
        }
        Err(Failure::Response(r)) if r.status == 408 && refresh => Some(408),
        Err(Failure::TimedOut) if refresh => Some(0),
        _ => None,
    }
}

impl State {
    /// The INVITE of ours that a session began with, while it has no final response.
    pub(super) fn calling(&self) -> Option<TransactionId> {
        match self {
            Self::Calling(state) => Some(state.transaction),
            Self::Proceeding(state) => Some(state.transaction),
            Self::Cancelling(state) => Some(state.transaction),
            Self::Invited(_) | Self::Up(_) | Self::Closing(_) => None,
        }
    }

    /// The user hung up before an answer.
    pub(super) fn is_hung_up(&self) -> bool {
        match self {
            Self::Calling(state) => state.hangup.is_some(),
            Self::Cancelling(_) => true,
            Self::Proceeding(_) | Self::Invited(_) | Self::Up(_) | Self::Closing(_) => false,
        }
    }
}
