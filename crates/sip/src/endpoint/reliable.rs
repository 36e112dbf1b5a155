//! Reliable provisional responses (RFC 3262).
//!
//! ```text
//!  called:   64*T1 without PRACK: 504, Ended
//!                               ^
//!   Progress ----> Unacked -----+--- Reliable: sent again, T1 doubled each time
//!      ^              |  ^                       |
//!      |              |  +-----------------------+
//!      |              +--- Progress: waits; Accept: waits if a session description is unacknowledged
//!      | PRACK: 200   |
//!      +--- Acked <---+  then what waits, in order
//!
//!  calling:  1xx with RSeq -- the next of its dialog: PRACK, told
//!                          -- known: dropped; after a gap: dropped, it will be repeated in order
//! ```

use super::{
    Endpoint,
    session::{Session, State},
    write::add_tag,
};
use crate::api::{Body, Event, Flow, Reliable, SessionId};
use crate::message::{HeaderName, Headers, Method, RAck, Refusal, Request, Response};
use crate::transaction::{Owner, Timer, TransactionId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tandem_types::{Now, Party, Reason};

/// The option tag.
pub(super) const TAG: &str = "100rel";

/// The called side of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// RSeq of the last one; 0 before the first.
    last: u32,
    /// CSeq number of the INVITE.
    cseq: u32,
    unacked: Option<Unacked>,
    waiting: VecDeque<Waiting>,
    /// The 2xx that waits for a PRACK.
    accept: Option<(Headers, Option<Body>)>,
}

/// The one that has no PRACK yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unacked {
    bytes: Bytes,
    interval: Duration,
    described: bool,
    /// Its session description is an offer: the INVITE had none.
    offers: bool,
}

/// A provisional response of the user's that may not go yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    status: u16,
    headers: Headers,
    body: Option<Body>,
}

/// The calling side of a session: the last RSeq of each early dialog, by its tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard(BTreeMap<String, u32>);

/// What is to be done with a provisional response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is not reliable.
    Plain,
    /// It is the next: acknowledge this RSeq.
    Next(u32),
    /// It was heard before, or another is missing before it.
    Drop,
}

impl Heard {
    /// Where a response to this INVITE stands.
    pub(super) fn order(&mut self, invite: &Headers, response: &Headers, tag: &str) -> Order {
        let asked =
            invite.lists(&HeaderName::Supported, TAG) || invite.lists(&HeaderName::Require, TAG);
        let rseq = response
            .first(&HeaderName::RSeq)
            .and_then(|v| v.trim().parse::<u32>().ok());
        let Some(rseq) = rseq.filter(|_| asked && response.lists(&HeaderName::Require, TAG)) else {
            return Order::Plain;
        };
        match self.0.get(tag) {
            Some(last) if last.checked_add(1) != Some(rseq) => Order::Drop,
            _ => {
                self.0.insert(tag.to_owned(), rseq);
                Order::Next(rseq)
            }
        }
    }
}

/// Asks for it in an INVITE with an offer. Without one the offer would come in a 1xx, and only the user could answer it.
pub(super) fn ask(headers: &mut Headers, reliable: Reliable) {
    match reliable {
        Reliable::Off => {}
        Reliable::Supported => add_tag(headers, HeaderName::Supported, TAG),
        Reliable::Required => add_tag(headers, HeaderName::Require, TAG),
    }
}

impl Endpoint {
    /// Whether a provisional response of the user's goes reliably.
    fn goes_reliably(&self, session: &Session, wish: Reliable, described: bool) -> bool {
        let State::Invited(invited) = &session.state else {
            return false;
        };
        let headers = &invited.request.headers;
        let can = self
            .config
            .supported
            .iter()
            .any(|tag| tag.eq_ignore_ascii_case(TAG));
        let wished = match wish {
            Reliable::Off => false,
            Reliable::Supported => described,
            Reliable::Required => true,
        };
        can && (headers.lists(&HeaderName::Require, TAG)
            || wished && headers.lists(&HeaderName::Supported, TAG))
    }

    /// Sends a provisional response reliably, now or when the one before is acknowledged. False: it is not to go reliably.
    pub(super) fn progress_reliably(
        &mut self,
        now: Now,
        session: SessionId,
        status: u16,
        headers: &Headers,
        body: Option<&Body>,
        wish: Reliable,
    ) -> bool {
        let reliably = self
            .sessions
            .get(&session)
            .is_some_and(|s| self.goes_reliably(s, wish, body.is_some()));
        if !reliably {
            return false;
        }
        let Some(s) = self.sessions.get_mut(&session) else {
            return false;
        };
        if s.sent.unacked.is_some() {
            s.sent.waiting.push_back(Waiting {
                status,
                headers: headers.clone(),
                body: body.cloned(),
            });
            return true;
        }
        let Some((id, mut response)) = self.answer(session, status, headers, body) else {
            return true;
        };
        let first = 1 + self.rng.below(1 << 30) as u32;
        let interval = self.config.t1;
        let patience = self.intervals().patience();
        let Some(s) = self.sessions.get_mut(&session) else {
            return true;
        };
        let State::Invited(invited) = &s.state else {
            return true;
        };
        s.sent.last = match s.sent.last {
            0 => first,
            last => last + 1,
        };
        s.sent.cseq = invited.request.cseq().map_or(0, |c| c.number);
        add_tag(&mut response.headers, HeaderName::Require, TAG);
        response.headers.push(HeaderName::RSeq, s.sent.last);
        s.sent.unacked = Some(Unacked {
            bytes: response.to_bytes(),
            interval,
            described: body.is_some(),
            offers: body.is_some() && invited.request.body.is_empty(),
        });
        self.respond(now, id, &response);
        let owner = Owner::Session(session);
        self.timers.set(owner, Timer::Reliable, now.mono + interval);
        self.timers.set(owner, Timer::Pracked, now.mono + patience);
        true
    }

    /// The 2xx has to wait for a PRACK (RFC 3262 section 3).
    pub(super) fn accept_waits(
        &mut self,
        session: SessionId,
        headers: &Headers,
        body: Option<&Body>,
    ) -> bool {
        let Some(s) = self.sessions.get_mut(&session) else {
            return false;
        };
        let invited = matches!(s.state, State::Invited(_));
        let waits = invited && s.sent.unacked.as_ref().is_some_and(|u| u.described);
        if waits {
            s.sent.accept = Some((headers.clone(), body.cloned()));
        }
        waits
    }

    /// The provisional response once more.
    pub(super) fn repeat_reliable(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let (State::Invited(invited), Some(unacked)) = (&s.state, &mut s.sent.unacked) else {
            return;
        };
        unacked.interval = unacked.interval.saturating_mul(2);
        let (bytes, interval, id) = (unacked.bytes.clone(), unacked.interval, invited.transaction);
        let Some(flow) = self.reply_flow_of(id) else {
            return;
        };
        let owner = Owner::Session(session);
        self.timers.set(owner, Timer::Reliable, now.mono + interval);
        self.transmit(flow, bytes, Some(session));
    }

    /// Nobody acknowledged it: the INVITE is refused.
    pub(super) fn on_no_prack(&mut self, now: Now, session: SessionId) {
        let open = self
            .sessions
            .get(&session)
            .is_some_and(|s| matches!(s.state, State::Invited(_)));
        if open {
            self.refuse_invite(now, session, 504, "", &Headers::new());
            self.tell_ended(session, Party::Caller, Reason::Protocol, 504, None);
        }
    }

    /// PRACK of theirs.
    pub(super) fn on_prack(&mut self, now: Now, from: Flow, session: SessionId, request: Request) {
        let rack = request
            .headers
            .first(&HeaderName::RAck)
            .and_then(|v| RAck::parse(v).ok());
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let matches = rack.is_some_and(|rack| {
            rack.rseq == s.sent.last
                && rack.cseq.number == s.sent.cseq
                && rack.cseq.method == Method::Invite
        });
        let Some(unacked) = s.sent.unacked.take_if(|_| matches) else {
            let refusal = Refusal::new(481, "");
            return self.refuse(now, from, &request, Some(session), &refusal);
        };
        let owner = Owner::Session(session);
        self.timers.stop(owner, Timer::Reliable);
        self.timers.stop(owner, Timer::Pracked);
        if request.body.is_empty() || unacked.offers {
            if let Some(id) = self.serve(now, from, &request, Some(session), false) {
                let response = self.reply(&request, 200, &Headers::new());
                self.respond(now, id, &response);
            }
            if let Some(body) = super::incoming::body_of(&request) {
                self.tell(Event::Pracked { session, body });
            }
        } else {
            // An offer of theirs: the user answers it.
            self.on_question(now, from, session, request);
        }
        self.go_on(now, session);
    }

    /// What waited for the PRACK.
    fn go_on(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        if let Some(next) = s.sent.waiting.pop_front() {
            let wish = Reliable::Required;
            let (headers, body) = (&next.headers, next.body.as_ref());
            self.progress_reliably(now, session, next.status, headers, body, wish);
        } else if let Some((headers, body)) = s.sent.accept.take() {
            self.command_accept(now, session, &headers, body.as_ref());
        }
    }

    /// Acknowledges a provisional response to our INVITE.
    pub(super) fn send_prack(
        &mut self,
        now: Now,
        session: SessionId,
        invite: TransactionId,
        response: &Response,
        rseq: u32,
    ) {
        let tag = crate::dialog::tag_of(response.to());
        let Some(cseq) = self
            .table
            .invite_clients
            .get(&invite)
            .and_then(|i| i.about.request.cseq())
        else {
            return;
        };
        let Some(dialog) = self
            .sessions
            .get_mut(&session)
            .and_then(|s| s.dialog_mut(&tag))
        else {
            return;
        };
        let number = dialog.next_cseq();
        let mut request = dialog.request(Method::Prack, number);
        let flow = dialog.flow();
        request.headers.push(HeaderName::RAck, RAck { rseq, cseq });
        self.dress_request(&mut request, None, &Headers::new(), None);
        self.start_own(now, session, request, flow);
    }
}
