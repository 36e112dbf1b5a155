//! A phone takes its place in a call over from another of the same user (INVITE with Replaces, RFC 3891): whoever has walked to
//! another desk goes on there.
//!
//! ```text
//!   INVITE --port--> 200, and BYE to the other phone: its place is taken
//!      |      '----> 481: that one has left meanwhile; 488: without a codec in common, nothing is changed
//!      '--CANCEL---> nothing is changed
//! ```

use super::{Call, Ctx, Stage};
use crate::leg::Leg;
use tandem_sip::{api::Command, message::Headers};
use tandem_types::{LegId, Party, Reason, Termination};

impl Call {
    /// The place of a leg can be taken by another phone of its user.
    pub(crate) fn may_replace(&self, of: LegId) -> bool {
        self.lending.is_none() && self.beside(of).is_some() && self.leg(of).is_some_and(Leg::up)
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
