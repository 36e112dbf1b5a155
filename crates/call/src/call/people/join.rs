//! A person and the caller are joined, and parted again.

use super::super::{Call, Ctx, Stage};
use tandem_types::{
    LegId, Reason,
    journal::{HandoffEnd, What},
    media::MediaCommand,
};

impl Call {
    /// Somebody took the caller: both hear each other from here on.
    pub(super) fn join(&mut self, cx: &mut Ctx<'_>, leg: LegId, by: String) {
        let Stage::Reaching(r) = std::mem::replace(&mut self.stage, Stage::Bridged { peer: leg })
        else {
            return;
        };
        self.quiet_background(cx);
        if !self.answer_caller(cx) {
            return;
        }
        if let Some(t) = &r.transfer {
            self.journal(cx, What::TransferAccepted { transfer: t.id, by });
        }
        self.connect_all(cx);
        match r.transfer {
            None => self.journal(
                cx,
                What::Bridged {
                    a: self.caller,
                    b: leg,
                },
            ),
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
        // Whoever was on hold before the join still is.
        let held: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.up() && l.held)
            .map(|l| l.id)
            .collect();
        for id in held {
            let other = if id == self.caller { leg } else { self.caller };
            self.play_background(cx, other, None);
        }
    }

    /// The person gives the caller back to the AI, or leaves them to it.
    pub(crate) fn give_back(&mut self, cx: &mut Ctx<'_>, person: LegId) {
        self.hang(cx, person, Reason::Normal);
        self.back_to_agent(cx, None);
        cx.media(MediaCommand::Connect {
            call: self.id,
            hears: Vec::new(),
        });
    }
}
