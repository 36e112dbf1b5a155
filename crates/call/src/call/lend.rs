//! Two calls become one: a far end moves from the call that it is in to another, whose caller it takes (a person has asked it
//! first, and transfers them: RFC 5589 section 7). Its dialog stays as it is; a re-INVITE moves its sound.
//!
//! ```text
//!   the call that it goes to (Reaching)                  the call that it is in (Bridged)
//!   its leg has a port ----------------- Lend ------> re-INVITE with that port
//!                                                       | 491: again after a pause (RFC 3261 section 14.1)
//!   its leg is up with the dialog <----- Lent ------- 2xx: the rest of this call ends
//!   its leg is over <------------------- Kept ------- refused, not to be understood, or gone: all is as before
//!   hung up before that ---------------- Keep ------> all is as before, by another re-INVITE where it has moved already
//! ```
//!
//! | while it is asked to move | then |
//! |---|---|
//! | it hangs up, forgets the dialog, is silent | Kept; the call that it is in goes on as after any hang-up |
//! | the one who asked it hangs up (many phones do at once) | nothing yet: what that means is done where it is kept |
//! | another call wants it too; it is in no bridge | Kept to that one |
//! | the call that it is in ends by itself (limit, admin) | Kept |

use super::{
    Call, Ctx, Stage,
    legs::{SDP, sdp_body},
};
use crate::{
    leg::{Leg, LegState},
    reach,
};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use tandem_sdp::Direction;
use tandem_sip::{
    api::{Command, Failure, RequestKey},
    message::{Headers, Method, Response},
};
use tandem_types::{CallId, LegId, Mono, Party, Reason, Termination, media::Family};

/// What calls say to each other. Names of legs are of the call that it is said to first.
#[derive(Clone, Debug)]
pub(crate) enum Between {
    /// Your leg's far end is to speak from there on to this place, and be my leg.
    Lend {
        leg: LegId,
        to: LegId,
        local: SocketAddr,
    },
    /// It is not wanted any more.
    Keep { leg: LegId, to: LegId },
    /// It has moved: this is what it was here.
    Lent { to: LegId, leg: Box<Leg> },
    /// It stays.
    Kept { to: LegId, end: Termination },
}

impl Between {
    /// Whom it is said to.
    pub(crate) fn call(&self) -> CallId {
        match self {
            Self::Lend { leg, .. } | Self::Keep { leg, .. } => leg.call,
            Self::Lent { to, .. } | Self::Kept { to, .. } => to.call,
        }
    }
}

/// A far end of this call is asked to move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lending {
    leg: LegId,
    /// `None`: it is not wanted any more.
    to: Option<LegId>,
    /// Where it is to send its sound.
    there: SocketAddr,
    /// Where it sends it.
    here: SocketAddr,
    /// The re-INVITE, while it is open.
    asked: Option<RequestKey>,
    /// Pausing after a 491.
    again_at: Option<Mono>,
    /// The other one has hung up meanwhile.
    alone: Option<(LegId, Termination)>,
}

impl Lending {
    /// Nothing has to be done any more for the one who has hung up.
    pub(super) fn forget_the_other(&mut self) {
        self.alone = None;
    }
}

impl Call {
    /// Another call says something.
    pub(crate) fn handle_between(&mut self, cx: &mut Ctx<'_>, said: Between) {
        match said {
            Between::Lend { leg, to, local } => self.lend(cx, leg, to, local),
            Between::Keep { leg, to } => self.keep_it(cx, leg, to),
            Between::Lent { to, leg } => self.lent(cx, to, *leg),
            Between::Kept { to, end } => self.leg_is_over(cx, to, end),
        }
    }

    /// Of the two who are bridged, the one beside this one.
    pub(crate) fn beside(&self, id: LegId) -> Option<LegId> {
        let peer = self.peer()?;
        match id {
            id if id == peer => Some(self.caller),
            id if id == self.caller => Some(peer),
            _ => None,
        }
    }

    /// A far end that another call may ask for.
    pub(crate) fn may_lend(&self, id: LegId) -> bool {
        let there = |l: &Leg| l.up() && l.session.is_some() && l.sdp.is_some();
        self.lending.is_none() && self.beside(id).is_some() && self.leg(id).is_some_and(there)
    }

    // ---- the call that it is in ----

    fn lend(&mut self, cx: &mut Ctx<'_>, leg: LegId, to: LegId, there: SocketAddr) {
        let sdp = self.leg(leg).and_then(|l| l.sdp.as_ref());
        let Some(here) = sdp.map(|s| s.local()).filter(|_| self.may_lend(leg)) else {
            let end = Termination {
                sip: 481,
                ..Termination::new(Party::Callee, Reason::Unreachable)
            };
            return cx.between.push_back(Between::Kept { to, end });
        };
        self.lending = Some(Lending {
            leg,
            to: Some(to),
            there,
            here,
            asked: None,
            again_at: None,
            alone: None,
        });
        self.ask_to_move(cx);
    }

    fn ask_to_move(&mut self, cx: &mut Ctx<'_>) {
        let Some(l) = &mut self.lending else { return };
        l.again_at = None;
        let (id, there) = (l.leg, l.there);
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let (Some(session), Some(sdp)) = (leg.session, leg.sdp.as_mut()) else {
            return;
        };
        sdp.set_local(there);
        let body = sdp_body(sdp.offer(Direction::SendRecv));
        let key = cx.request(id, session, Method::Invite, Headers::new(), Some(body));
        if let Some(l) = &mut self.lending {
            l.asked = Some(key);
        }
    }

    /// The re-INVITE that moves it was answered. Says whether it was that.
    pub(super) fn moved(
        &mut self,
        cx: &mut Ctx<'_>,
        key: RequestKey,
        result: &Result<Box<Response>, Failure>,
    ) -> bool {
        let Some(l) = self.lending.as_mut().filter(|l| l.asked == Some(key)) else {
            return false;
        };
        l.asked = None;
        let (id, to) = (l.leg, l.to);
        match result {
            Ok(response) => self.has_moved(cx, id, to, response),
            Err(Failure::Response(r)) if r.status == 491 && to.is_some() => {
                self.sound_stays(id);
                let session = self.leg(id).and_then(|l| l.session);
                let pause = session.map(|s| cx.endpoint.pause_after_glare(s));
                if let (Some(l), Some(pause)) = (&mut self.lending, pause) {
                    l.again_at = Some(cx.now.mono + pause);
                }
            }
            Err(failure) => {
                let sip = match failure {
                    Failure::Response(r) => r.status,
                    Failure::TimedOut | Failure::Unreachable | Failure::Cancelled => 0,
                };
                let end = Termination {
                    sip,
                    ..Termination::new(Party::Callee, Reason::Unreachable)
                };
                self.stays(cx, end);
            }
        }
        true
    }

    fn has_moved(&mut self, cx: &mut Ctx<'_>, id: LegId, to: Option<LegId>, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let Some(session) = leg.session else { return };
        cx.sip(Command::Ack {
            session,
            body: None,
        });
        let answer = response.body_of_type(SDP);
        let agreed = answer.and_then(|a| leg.sdp.as_mut()?.accept(&a).ok());
        let (Some(to), Some(agreed)) = (to, agreed) else {
            // It has moved, for nothing: back.
            let end = Termination::new(Party::Callee, Reason::NoCodec);
            self.stays(cx, end);
            return self.refresh(cx, id);
        };
        leg.agreed = Some(agreed);
        let moved = leg.clone();
        leg.session = None;
        cx.sessions.remove(&session);
        cx.between.push_back(Between::Lent { to, leg: moved });
        self.lending = None;
        self.end(cx, Termination::new(Party::Gateway, Reason::Transferred));
    }

    /// The other call does not want it any more.
    fn keep_it(&mut self, cx: &mut Ctx<'_>, leg: LegId, to: LegId) {
        let asked_for = |l: &&mut Lending| l.leg == leg && l.to == Some(to);
        let Some(l) = self.lending.as_mut().filter(asked_for) else {
            return;
        };
        l.to = None;
        if l.asked.is_none() {
            self.stays(cx, Termination::new(Party::Gateway, Reason::Cancelled));
        }
    }

    /// It is in this call as it was before. Whoever hung up meanwhile has hung up now.
    pub(super) fn stays(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        let Some(l) = &self.lending else { return };
        self.sound_stays(l.leg);
        let Some(l) = self.lending.take() else { return };
        if let Some(to) = l.to {
            cx.between.push_back(Between::Kept { to, end });
        }
        if let Some((other, end)) = l.alone {
            self.leg_is_over(cx, other, end);
        }
    }

    fn sound_stays(&mut self, id: LegId) {
        let here = self.lending.as_ref().map(|l| l.here);
        let sdp = self.leg_mut(id).and_then(|l| l.sdp.as_mut());
        if let (Some(sdp), Some(here)) = (sdp, here) {
            sdp.set_local(here);
        }
    }

    /// A leg is over while a far end is asked to move. Says whether what that means has to wait.
    pub(super) fn over_while_lending(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        end: Termination,
    ) -> bool {
        let Some(l) = &mut self.lending else {
            return false;
        };
        if l.leg == id {
            l.forget_the_other();
            let reason = match end.reason {
                // Whoever hangs up before they have the caller does not take them.
                Reason::Normal => Reason::Declined,
                other => other,
            };
            self.stays(cx, Termination { reason, ..end });
            return false;
        }
        if self.beside(id).is_none() {
            return false;
        }
        if let Some(l) = &mut self.lending {
            l.alone = Some((id, end));
        }
        true
    }

    pub(super) fn lending_timeout(&self) -> Option<(Mono, &'static str)> {
        let at = self.lending.as_ref()?.again_at?;
        Some((at, "a far end is asked again to move"))
    }

    pub(super) fn lending_due(&mut self, cx: &mut Ctx<'_>) {
        if self
            .lending_timeout()
            .is_some_and(|(at, _)| cx.now.mono >= at)
        {
            self.ask_to_move(cx);
        }
    }

    // ---- the call that it goes to ----

    /// A leg for a far end of another call.
    pub(super) fn borrow(&mut self, cx: &mut Ctx<'_>, from: LegId, peer: String) -> LegId {
        let id = self.new_leg_id();
        let mut leg = Leg::new(id, tandem_types::journal::LegRole::Callee, peer);
        leg.lent_by = Some(from);
        self.legs.insert(id.index, Box::new(leg));
        // What its far end speaks with now.
        let sdp = cx
            .others
            .get(&from.call)
            .and_then(|c| c.leg(from)?.sdp.as_ref());
        let family = sdp.map(|s| Family::of(s.local().ip()));
        cx.open_leg(id, true, family);
        id
    }

    fn lent(&mut self, cx: &mut Ctx<'_>, id: LegId, from: Leg) {
        let Some(session) = from.session else { return };
        let waits = |l: &&mut Box<Leg>| l.alive() && l.lent_by.is_some();
        let Some(leg) = self.legs.get_mut(&id.index).filter(waits) else {
            let headers = Headers::new();
            return cx.sip(Command::Hangup { session, headers });
        };
        **leg = Leg {
            state: LegState::Up,
            session: Some(session),
            sdp: from.sdp,
            codecs: from.codecs,
            srtp: from.srtp,
            dtmf: from.dtmf,
            told_by_info: from.told_by_info,
            keyed: from.keyed,
            learn: from.learn,
            source: from.source,
            trunk: from.trunk,
            phone: from.phone,
            takes_info: from.takes_info,
            answered: Some(cx.now.mono),
            ..Leg::new(id, leg.role, leg.peer.clone())
        };
        cx.sessions.insert(session, id);
        self.note_leg(cx, id);
        if let Some(agreed) = from.agreed {
            self.agreed(cx, id, agreed);
        }
        if let Stage::Reaching(r) = &mut self.stage {
            r.reach
                .handle_input(cx.now.mono, reach::Input::Answered(id));
            self.drain_reach(cx);
        }
    }
}
