//! What a far end says before it answers (RFC 3960): a carrier's ringing tone, an announcement that a number is not in service.
//!
//! ```text
//!              1xx with SDP, the only leg that rings
//!    nothing ----------------------------------------> heard ---- 2xx: bridged
//!       ^                                               |  ^
//!       |  the leg is over: ringing tone of ours,       |  | another early dialog (RFC 3261 section 13.2.2.4): heard instead
//!       +-----------------------------------------------+--+
//! ```
//! The caller hears it, and is not heard: who has not answered listens to nobody. Whoever waits in a queue or for a person hears music.

use super::super::{Call, Ctx, Stage, legs::sdp_body};
use crate::leg::LegState;
use tandem_sdp::Direction;
use tandem_types::{LegId, media::MediaCommand};

impl Call {
    /// A far end described its sound in a 1xx.
    pub(crate) fn hear_early(&mut self, cx: &mut Ctx<'_>, id: LegId, status: u16) {
        if !self.may_hear_early(cx, id) {
            return;
        }
        let body = self.leg(id).and_then(|l| l.early.clone());
        let Some((_, body)) = body else { return };
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        // Only an answer is final: nothing is agreed before.
        let Some(Ok(agreed)) = leg.sdp.as_mut().map(|sdp| sdp.accept(&body)) else {
            return;
        };
        leg.generation += 1;
        let flow = agreed.flow(leg.learn_from(&agreed), leg.generation);
        cx.media(MediaCommand::SetFlow { leg: id, flow });
        if !self.open_early(cx, status) {
            return;
        }
        if let Stage::Reaching(r) = &mut self.stage {
            r.early = Some(id);
        }
        self.quiet_background(cx);
        self.connect_all(cx);
    }

    /// Of several that ring at once none is heard: which one answers is open.
    fn may_hear_early(&self, cx: &Ctx<'_>, id: LegId) -> bool {
        let rings = |l: &crate::leg::Leg| l.id != self.caller && l.alive();
        let trunk = self.leg(id).and_then(|l| l.trunk.as_ref());
        let trunk = trunk.and_then(|name| cx.plan.trunks.get(name));
        matches!(&self.stage, Stage::Reaching(r) if r.passes_early)
            && trunk.is_none_or(|t| t.early_media)
            && self.legs.values().filter(|l| rings(l)).count() == 1
    }

    /// The caller can hear. Whoever was not answered yet is told where our sound comes from: as in the 200 later on, word for word.
    fn open_early(&mut self, cx: &mut Ctx<'_>, status: u16) -> bool {
        let Some(leg) = self.legs.get_mut(&self.caller.index) else {
            return false;
        };
        if leg.state != LegState::Incoming {
            return leg.up();
        }
        // Without an offer ours would have to be made here, and be answered by a PRACK.
        let (Some(offer), Some(sdp)) = (&leg.offer, leg.sdp.as_mut()) else {
            return false;
        };
        let Ok((text, agreed)) = sdp.answer(offer, Direction::SendRecv) else {
            return false;
        };
        if !std::mem::replace(&mut leg.early_open, true) {
            leg.generation += 1;
            let flow = agreed.flow(leg.learn_from(&agreed), leg.generation);
            let leg = self.caller;
            cx.media(MediaCommand::SetFlow { leg, flow });
        }
        self.progress(cx, status, Some(sdp_body(text)));
        true
    }

    /// The leg whose early media the caller heard is over, and others may be tried: a phone that was given early media makes no
    /// ringing tone of its own any more.
    pub(crate) fn early_is_over(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        if r.early.take_if(|leg| *leg == id).is_some() {
            self.connect_all(cx);
            self.ringback(cx);
        }
    }
}
