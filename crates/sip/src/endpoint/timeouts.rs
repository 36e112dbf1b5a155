//! Timers that are due, and ways that are broken.

use super::{
    Endpoint,
    session::{Closing, Exchange, State, Up},
    table::{InviteOut, RequestOut},
};
use crate::api::{Event, Failure, Flow, SessionId};
use crate::message::Headers;
use crate::transaction::{Owner, Timer, TransactionId, invite_client::Told};
use std::time::Duration;
use tandem_types::{Now, Party, Reason};

/// Proxies give up an INVITE after three minutes without a 1xx (RFC 3261 section 13.3.1.1).
pub(super) const PROVISIONAL_INTERVAL: Duration = Duration::from_secs(60);

impl Endpoint {
    pub(super) fn on_timer(&mut self, now: Now, owner: Owner, timer: Timer) {
        match owner {
            Owner::Transaction(id) => match timer {
                Timer::A | Timer::B | Timer::D | Timer::M => self.invite_timer(now, id, timer),
                Timer::E | Timer::F | Timer::K => self.request_timer(now, id, timer),
                Timer::G | Timer::H | Timer::I | Timer::J | Timer::L => {
                    self.server_timer(now, id, timer);
                }
                Timer::Accepted
                | Timer::Ack
                | Timer::Cancelled
                | Timer::Provisional
                | Timer::Expires
                | Timer::Reliable
                | Timer::Pracked
                | Timer::Refresh
                | Timer::Lapse => {}
            },
            Owner::Session(session) => self.session_timer(now, session, timer),
        }
    }

    fn session_timer(&mut self, now: Now, session: SessionId, timer: Timer) {
        match timer {
            Timer::Accepted => self.repeat_success(now, session),
            Timer::Ack => self.on_no_ack(now, session),
            Timer::Cancelled => self.on_cancel_unheard(now, session),
            Timer::Reliable => self.repeat_reliable(now, session),
            Timer::Pracked => self.on_no_prack(now, session),
            Timer::Refresh => self.on_refresh_due(now, session),
            Timer::Lapse => self.on_lost(now, session, 0),
            Timer::Provisional => {
                let Some(s) = self.sessions.get(&session) else {
                    return;
                };
                let State::Invited(invited) = &s.state else {
                    return;
                };
                let id = invited.transaction;
                self.repeat(now, id);
                self.timers.set(
                    Owner::Session(session),
                    Timer::Provisional,
                    now.mono + PROVISIONAL_INTERVAL,
                );
            }
            Timer::Expires => {
                let Some(s) = self.sessions.get(&session) else {
                    return;
                };
                let State::Invited(_) = &s.state else { return };
                self.refuse_invite(now, session, 487, "", &Headers::new());
                self.tell_ended(session, Party::Caller, Reason::Cancelled, 487, None);
            }
            Timer::A
            | Timer::B
            | Timer::D
            | Timer::E
            | Timer::F
            | Timer::G
            | Timer::H
            | Timer::I
            | Timer::J
            | Timer::K
            | Timer::L
            | Timer::M => {}
        }
    }

    /// No final response after a CANCEL, or to a re-INVITE of a session that is over.
    fn on_cancel_unheard(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        if let Some(id) = s.state.calling() {
            self.drop_invite(id);
            self.remove_session(now, session);
            self.tell(Event::Failed {
                session,
                failure: Failure::Cancelled,
            });
            return;
        }
        if let State::Up(Up { exchange, .. }) | State::Closing(Closing { exchange, .. }) =
            &mut s.state
        {
            *exchange = Exchange::Idle;
        }
        let open: Vec<_> = s.open.iter().copied().collect();
        for id in open {
            if self.drop_invite(id).is_some()
                && let Some(s) = self.sessions.get_mut(&session)
            {
                s.open.remove(&id);
            }
        }
        self.settle(now, session);
    }

    fn invite_timer(&mut self, now: Now, id: TransactionId, timer: Timer) {
        let Some(InviteOut { machine, about }) = self.table.take_invite(id) else {
            return;
        };
        let session = Some(about.session);
        let (machine, told) = self.step(now, id, about.flow, session, |scope| {
            machine.on_timer(scope, timer)
        });
        if let Some(failure) = failure(told) {
            self.on_invite_over(now, id, &about, failure);
        }
        self.keep_invite(id, machine, about);
    }

    fn request_timer(&mut self, now: Now, id: TransactionId, timer: Timer) {
        let Some(RequestOut { machine, about }) = self.table.take_request(id) else {
            return;
        };
        let (machine, told) = self.step(now, id, about.flow, about.session, |scope| {
            machine.on_timer(scope, timer)
        });
        if let Some(failure) = failure(told) {
            self.on_outcome(now, id, &about, Err(failure));
        }
        self.keep_request(id, machine, about);
    }

    /// The connection is closed.
    pub(super) fn handle_closed(&mut self, flow: Flow) {
        for session in self.sessions.values_mut() {
            session
                .dialogs_mut()
                .for_each(|dialog| dialog.disconnected(flow));
        }
    }

    /// Nothing can be sent that way.
    pub(super) fn handle_transport_failed(&mut self, now: Now, flow: Flow) {
        self.handle_closed(flow);
        for id in self.table.open_on(flow) {
            if let Some(InviteOut { machine, about }) = self.table.take_invite(id) {
                let unheard = machine.is_calling();
                let (machine, told) =
                    self.step(now, id, about.flow, Some(about.session), |scope| {
                        machine.on_transport_failed(scope)
                    });
                if let Some(failure) = failure(told)
                    && !(unheard && self.invite_by_udp(now, id, &about))
                {
                    self.on_invite_over(now, id, &about, failure);
                }
                self.keep_invite(id, machine, about);
            } else if let Some(RequestOut { machine, about }) = self.table.take_request(id) {
                let unheard = machine.is_trying();
                let (machine, told) = self.step(now, id, about.flow, about.session, |scope| {
                    machine.on_transport_failed(scope)
                });
                if let Some(failure) = failure(told)
                    && !(unheard && self.request_by_udp(now, id, &about))
                {
                    self.on_outcome(now, id, &about, Err(failure));
                }
                self.keep_request(id, machine, about);
            }
        }
    }
}

fn failure(told: Told) -> Option<Failure> {
    match told {
        Told::TimedOut => Some(Failure::TimedOut),
        Told::Unreachable => Some(Failure::Unreachable),
        Told::Nothing | Told::Response => None,
    }
}
