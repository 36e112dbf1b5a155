//! People are rung while the agent is still announcing it; and the caller may be of another mind until somebody has them.

use super::super::{Call, Ctx, Stage};
use crate::reach;
use std::collections::VecDeque;
use tandem_dialplan::{Destination, TransferMode};
use tandem_types::{HandoffId, agent::Target, context::ContextPackage};

impl Call {
    /// Phones ring from here on, where people are briefed before they take a caller. Elsewhere the caller must have heard
    /// the agent out first: by REFER, or by the answer, they would be gone in mid-sentence.
    pub(crate) fn ring_early(
        &mut self,
        cx: &mut Ctx<'_>,
        package: Box<ContextPackage>,
        target: &Target,
    ) {
        let Ok(to) = target.0.parse::<Destination>() else {
            return; // said when it is to be done
        };
        let people = matches!(
            to,
            Destination::Queue(_) | Destination::Ext(_) | Destination::Outside(_)
        );
        let talking = matches!(self.stage, Stage::Talking);
        if !people || !talking || self.mode_of(cx, &to) != TransferMode::Warm {
            return;
        }
        let handoff = package.handoff;
        self.talk_input(cx, tandem_agent::Input::TransferBegun { handoff });
        if !matches!(self.stage, Stage::Talking) {
            return; // it had nothing to say first: it is done already
        }
        self.transfer_to_people(cx, package, to, VecDeque::new(), false);
    }

    /// Whether phones ring for this handoff already.
    pub(super) fn rings_for(&self, handoff: HandoffId) -> bool {
        self.reaching()
            .and_then(|r| r.transfer.as_ref())
            .is_some_and(|t| t.handoff == handoff)
    }

    /// The agent has spoken: what people are told is complete.
    pub(super) fn told_what(&mut self, cx: &mut Ctx<'_>, package: Box<ContextPackage>) {
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        if let Some(t) = &mut r.transfer {
            t.package = package;
            r.brief = Some(super::brief_of(&t.package));
        }
        let music = r.music.clone();
        r.reach.handle_input(cx.now.mono, reach::Input::Ready);
        self.drain_reach(cx);
        if matches!(self.stage, Stage::Reaching(_)) {
            self.play_background(cx, self.caller, music);
            self.line_is_told(cx);
        }
    }

    /// The caller would rather stay with the agent. A REFER cannot be taken back: whoever it rings may have answered.
    pub(crate) fn never_mind(&mut self, cx: &mut Ctx<'_>, handoff: HandoffId) {
        if !self.rings_for(handoff) {
            return;
        }
        if let Stage::Reaching(r) = &mut self.stage {
            r.reach.handle_input(cx.now.mono, reach::Input::Abandon);
            self.drain_reach(cx);
        }
    }
}
