//! A phone takes its place in a call over from another of the same user (INVITE with Replaces, RFC 3891): whoever has walked to
//! another desk goes on there.
//!
//! ```text
//!   INVITE --port--> 200, and BYE to the other phone: its place is taken
//!      |      '----> 481: that one has left meanwhile; 488: without a codec in common, nothing is changed
//!      '--CANCEL---> nothing is changed
//! ```
//! Or from one that only rings: whoever sees a colleague's lamp blink picks the call up, and has it as if they had been rung.
//!
//! ```text
//!   INVITE --port--> 200, and CANCEL to the phone that rings: answered there, the brief and the key follow as they would have
//!      |      '----> 481: answered, or nobody's any more; 488: as above
//! ```

use super::{Call, Ctx, Stage};
use crate::leg::{Leg, LegState};
use tandem_sip::{api::Command, message::Headers};
use tandem_types::{LegId, Party, Reason, Termination};

impl Call {
    /// The place of a leg can be taken by another phone of its user.
    pub(crate) fn may_replace(&self, of: LegId) -> bool {
        self.lending.is_none() && self.beside(of).is_some() && self.leg(of).is_some_and(Leg::up)
    }

    /// A phone that is being rung for the caller: another may answer in its place.
    pub(crate) fn may_pick_up(&self, of: LegId) -> bool {
        let rings = self.leg(of).is_some_and(|l| l.state == LegState::Inviting);
        rings && matches!(&self.stage, Stage::Reaching(r) if r.reach.has(of))
    }

    fn pick_up(&mut self, cx: &mut Ctx<'_>, id: LegId, old: LegId) {
        if !self.answer_leg(cx, id) {
            return;
        }
        if let Stage::Reaching(r) = &mut self.stage {
            r.reach.picked_up(old, id);
        }
        self.hang(cx, old, Reason::ElsewhereAnswered);
        if let Stage::Reaching(r) = &mut self.stage {
            let answered = crate::reach::Input::Answered(id);
            r.reach.handle_input(cx.now.mono, answered);
        }
        self.drain_reach(cx);
    }

    /// The port of a leg is there. Says whether it was one that takes a place.
    pub(super) fn take_place(&mut self, cx: &mut Ctx<'_>, id: LegId) -> bool {
        let Some(leg) = self.leg_mut(id) else {
            return false;
        };
        let session = leg.session;
        let Some(old) = leg.replaces.take() else {
            return false;
        };
        if self.may_pick_up(old) {
            self.pick_up(cx, id, old);
            return true;
        }
        if !self.may_replace(old) {
            if let Some(session) = session {
                cx.sip(Command::Reject {
                    session,
                    status: 481,
                    phrase: String::new(),
                    headers: Headers::new(),
                });
            }
            let end = Termination::new(Party::Gateway, Reason::Unreachable);
            self.leg_is_over(cx, id, end);
            return true;
        }
        if !self.answer_leg(cx, id) {
            return true;
        }
        if old == self.caller {
            self.caller = id;
        } else if let Stage::Bridged(b) = &mut self.stage {
            b.peer = id;
            *b = b.again(cx.now.mono);
        }
        self.hang(cx, old, Reason::Transferred);
        self.connect_all(cx);
        self.settle_bridge(cx);
        self.settle_keys(cx);
        true
    }
}
