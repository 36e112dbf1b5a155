//! Keys: each reaches the call once, whichever way it came (RFC 4733, INFO). A code that was acted on
//! is not passed on.

use super::{Call, Ctx, Purpose, Stage};
use crate::reach;
use std::time::Duration;
use tandem_types::{LegId, journal::What, media::MediaCommand};

/// Keys of one code come this close together.
const CODE_GAP: Duration = Duration::from_secs(3);

impl Call {
    pub(crate) fn digit(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char) {
        match &mut self.stage {
            Stage::Talking if id == self.caller => {
                self.talk_input(cx, tandem_agent::Input::Digit(digit));
            }
            Stage::Menu(_) if id == self.caller => self.key_in_menu(cx, id, digit),
            Stage::Reaching(r) if r.reach.has(id) => {
                r.reach
                    .handle_input(cx.now.mono, reach::Input::Key(id, digit));
                self.journal(
                    cx,
                    What::KeyPressed {
                        leg: id,
                        digit,
                        did: "answers the brief".into(),
                    },
                );
                self.drain_reach(cx);
            }
            Stage::Bridged(b) if b.peer == id => self.person_key(cx, id, digit),
            Stage::Talking
            | Stage::Menu(_)
            | Stage::Reaching(_)
            | Stage::Bridged(_)
            | Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Announcing { .. }
            | Stage::Referring(_)
            | Stage::Echo
            | Stage::Conference
            | Stage::Farewell { .. }
            | Stage::Leaving(_)
            | Stage::Ending => {}
        }
    }

    /// A key that came by INFO goes on to whoever hears this leg; those of RFC 4733 are passed on by the media graph.
    pub(crate) fn pass_key(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char) {
        let Some(peer) = self.peer() else { return };
        let other = if id == self.caller { peer } else { self.caller };
        cx.media(MediaCommand::SendDigits {
            leg: other,
            digits: digit.to_string(),
        });
    }

    fn key_in_menu(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char) {
        match self.menu_key(cx, digit) {
            Some(to) => {
                self.journal(
                    cx,
                    What::KeyPressed {
                        leg: id,
                        digit,
                        did: to.to_string(),
                    },
                );
                self.stop(cx, |p| matches!(p, Purpose::Prompt));
                self.hops = 0;
                self.enter(cx, to);
            }
            None => {
                self.stop(cx, |p| matches!(p, Purpose::Prompt));
                self.menu_silent(cx);
            }
        }
    }

    /// A person's keys in the call: the code that gives the caller back to the AI.
    fn person_key(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char) {
        let now = cx.now.mono;
        let Some(code) = self
            .dialplan(cx.plan)
            .map(|d| d.warm.back_to_ai.clone())
            .filter(|c| !c.is_empty())
        else {
            return;
        };
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let (typed, last) = &mut leg.keys;
        if now.since(*last) > CODE_GAP {
            typed.clear();
        }
        typed.push(digit);
        *last = now;
        let hit = typed.ends_with(&code);
        if hit {
            typed.clear();
        }
        if hit && self.talk.is_some() {
            self.journal(
                cx,
                What::KeyPressed {
                    leg: id,
                    digit,
                    did: "gives the caller back to the AI".into(),
                },
            );
            self.give_back(cx, id);
        }
    }
}
