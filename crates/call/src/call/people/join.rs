//! A person and the caller are joined, and parted again.

use super::super::{Call, Ctx, Stage, bridged::Bridged, passed::Referrer};
use tandem_agent::Return;
use tandem_dialplan::AfterPerson;
use tandem_types::{
    LegId, Reason,
    journal::{HandoffEnd, What},
    media::MediaCommand,
};

impl Call {
    /// Somebody took the caller: both hear each other from here on.
    pub(super) fn join(&mut self, cx: &mut Ctx<'_>, leg: LegId, by: String) {
        let warm = self.reaching().is_some_and(|r| r.brief.is_some());
        let asked = self.referrer.as_ref().and_then(Referrer::after);
        let plans = self.dialplan(cx.plan).filter(|_| warm);
        let after = asked
            .or(plans.map(|d| d.warm.after_person))
            .unwrap_or(AfterPerson::Hangup);
        let trunk = self.leg(leg).is_some_and(|l| l.trunk.is_some());
        let bridged = Stage::Bridged(Bridged::new(leg, cx.now.mono, trunk, after));
        let Stage::Reaching(r) = std::mem::replace(&mut self.stage, bridged) else {
            return;
        };
        self.taken_from_line(cx, &r, leg);
        self.quiet_background(cx);
        if !self.answer_caller(cx) {
            return;
        }
        if let Some(t) = &r.transfer {
            self.journal(cx, What::TransferAccepted { transfer: t.id, by });
        }
        self.connect_all(cx);
        match r.transfer {
            None => {
                self.speaks_with_them(cx.now.mono);
                self.journal(
                    cx,
                    What::Bridged {
                        a: self.caller,
                        b: leg,
                    },
                );
            }
            Some(t) => {
                self.journal(cx, What::TransferBridged { transfer: t.id });
                let told = t.told.iter().filter(|(to, _)| *to == leg);
                let told: Vec<&str> = told.map(|(_, text)| text.as_str()).collect();
                let delivered = (!told.is_empty()).then(|| told.join(" "));
                self.journal(
                    cx,
                    What::HandoffAcknowledged {
                        handoff: t.handoff,
                        sha256: t.package.sha256(),
                        delivered,
                    },
                );
                self.journal(
                    cx,
                    What::TransferEnded {
                        transfer: t.id,
                        failed: None,
                    },
                );
                self.journal(
                    cx,
                    What::HandoffEnded {
                        handoff: t.handoff,
                        end: HandoffEnd::Completed,
                        reason: None,
                    },
                );
                self.talk_input(cx, tandem_agent::Input::TransferDone { handoff: t.handoff });
            }
        }
        // Whoever was on hold, or silent, before the join still is.
        self.settle_bridge(cx);
        self.settle_keys(cx);
        self.passed(cx);
    }

    /// The person gives the caller back to the AI, or leaves them to it.
    pub(crate) fn give_back(&mut self, cx: &mut Ctx<'_>, person: LegId) {
        self.hang(cx, person, Reason::Normal);
        self.back_to_agent(cx, None, Return::GivenBack);
        cx.media(MediaCommand::Connect {
            call: self.id,
            hears: Vec::new(),
        });
    }
}
