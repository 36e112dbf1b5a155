//! Calling somebody: INVITE, ACK, and hanging up in any state.

use super::{
    Endpoint,
    auth::Auth,
    refresh::Timing,
    reliable::{self, Sent},
    session::{Calling, Cancelling, Session, State},
    table::{InviteAbout, Other},
};
use crate::api::{Body, OutgoingInvite, SessionId};
use crate::message::{Headers, NameAddr};
use std::collections::{BTreeMap, BTreeSet};
use tandem_types::{Now, Party, Reason};

impl Endpoint {
    pub(super) fn command_invite(&mut self, now: Now, session: SessionId, invite: &OutgoingInvite) {
        if self.sessions.contains_key(&session) {
            return;
        }
        let (call_id, local_tag) = (self.fresh_call_id(), self.fresh_tag());
        let auth = Auth::new(invite.credentials.clone());
        let timing = Timing::new(invite.session_timer);
        let mut request = self.invite(invite, &call_id, &local_tag);
        timing.ask(&mut request.headers);
        if invite.body.is_some() {
            reliable::ask(&mut request.headers, invite.reliable);
        }
        let about = InviteAbout {
            request,
            flow: invite.flow,
            other: Other(invite.large),
            session,
            key: None,
            auth: auth.clone(),
            acks: BTreeMap::new(),
            raised: 0,
        };
        let transaction = self.start_invite(now, about);
        let state = State::Calling(Calling {
            transaction,
            hangup: None,
        });
        let contact = NameAddr::new(invite.contact.clone()).to_string();
        let open = BTreeSet::new();
        let new = Session {
            call_id,
            local_tag,
            contact,
            made_call: true,
            timing,
            sent: Sent::default(),
            auth,
            large: invite.large,
            open,
            state,
        };
        self.sessions.insert(session, Box::new(new));
    }

    pub(super) fn command_ack(&mut self, session: SessionId, body: Option<&Body>) {
        if self.sessions.get(&session).is_some_and(|s| s.is_seen()) {
            self.send_ack(session, body);
        }
    }

    pub(super) fn command_hangup(&mut self, now: Now, session: SessionId, headers: Headers) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        match &mut s.state {
            State::Calling(state) => {
                state.hangup.get_or_insert(headers);
            }
            State::Proceeding(state) => {
                let id = state.transaction;
                let early = std::mem::take(&mut state.early);
                s.state = State::Cancelling(Cancelling {
                    transaction: id,
                    headers: headers.clone(),
                    early,
                });
                self.send_cancel(now, session, id, &headers);
            }
            State::Invited(_) => {
                self.refuse_invite(now, session, 480, "", &headers);
                self.tell_ended(session, Party::Gateway, Reason::Normal, 480, None);
            }
            State::Up(_) => {
                self.close(now, session, Some(headers));
                self.tell_ended(session, Party::Gateway, Reason::Normal, 0, None);
            }
            State::Cancelling(_) | State::Closing(_) => {}
        }
    }
}
