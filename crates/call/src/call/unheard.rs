//! Legs of which nothing is heard: an INVITE that not even a 100 came back to, a far end that fell silent; and that one is heard.

use super::{Call, Ctx};
use crate::leg::LegState;
use tandem_sip::{api::Command, message::Headers};
use tandem_types::{LegId, Mono, journal::What, media::Proof};

impl Call {
    /// Media flows.
    pub(crate) fn proved(&mut self, cx: &mut Ctx<'_>, leg: LegId, by: Proof) {
        if by == Proof::Rtp {
            self.heard_of(leg);
        }
        self.journal(cx, What::LegProved { leg, by });
    }

    /// What is due on legs.
    pub(crate) fn leg_timeouts(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now.mono;
        let due = |at: Option<Mono>| at.is_some_and(|at| now >= at);
        let ids: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.alive() && (due(l.probe_at) || due(l.unheard_at)))
            .map(|l| l.id)
            .collect();
        for id in ids {
            if self.leg(id).is_some_and(|l| due(l.probe_at)) {
                self.probe(cx, id);
            } else {
                self.unheard(cx, id);
            }
        }
    }

    /// Nothing came back to a leg's INVITE yet.
    fn unheard(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let Some(leg) = self.leg_mut(id) else { return };
        leg.unheard_at = None;
        let Some(session) = leg
            .session
            .filter(|s| leg.state == LegState::Inviting && cx.endpoint.is_unheard(*s))
        else {
            return;
        };
        if let Some(flow) = leg.way {
            cx.house.is_silent(cx.now, flow);
        }
        // Whatever it may still say is between it and the endpoint: CANCEL after a 1xx, ACK and BYE after a 2xx.
        cx.sessions.remove(&session);
        let headers = Headers::new();
        cx.sip(Command::Hangup { session, headers });
        if self.next_way(cx, id) {
            let text = format!(
                "leg {} is not answered at all: the next way is tried",
                id.index
            );
            self.journal(cx, What::Alarm { text });
        }
    }
}
