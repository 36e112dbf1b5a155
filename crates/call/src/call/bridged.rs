//! The caller is with a person: what each hears besides the other, whether the person is still there ([`crate::watch`]), and
//! what comes when they are not.

use super::{Call, Ctx, Purpose, Stage, background::Under};
use crate::watch::{Act, Input, Watch};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_agent::Return;
use tandem_dialplan::AfterPerson;
use tandem_types::{LegId, Mono, Party, Reason, Termination, journal::What, media::Lane};

/// A person who is gone so soon after the bridge was cut off, whatever their phone says.
const EARLY: Duration = Duration::from_secs(10);

/// Who has the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bridged {
    pub(crate) peer: LegId,
    since: Mono,
    watch: Watch,
    /// Where the caller goes when the person hangs up first.
    pub(super) after: AfterPerson,
}

impl Bridged {
    pub(crate) fn new(peer: LegId, now: Mono, trunk: bool, after: AfterPerson) -> Self {
        Self {
            peer,
            since: now,
            watch: Watch::new(trunk),
            after,
        }
    }

    /// The same person, heard again for all that is known.
    pub(crate) fn again(&self, now: Mono) -> Self {
        Self {
            since: now,
            watch: self.watch.again(),
            ..self.clone()
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.watch.poll_timeout()
    }
}

impl Call {
    /// The person whom the caller is with.
    pub(crate) fn peer(&self) -> Option<LegId> {
        match &self.stage {
            Stage::Bridged(b) => Some(b.peer),
            _ => None,
        }
    }

    /// No sound comes from a leg any more, or it comes again.
    pub(crate) fn fell_silent(&mut self, cx: &mut Ctx<'_>, id: LegId, silent: bool) {
        let Some(leg) = self.leg_mut(id) else { return };
        leg.silent = silent;
        self.settle_sounds(cx);
    }

    /// What everybody hears besides the others, after every change of hold or sound.
    pub(crate) fn settle_sounds(&mut self, cx: &mut Ctx<'_>) {
        match self.stage {
            Stage::Bridged(_) => self.settle_bridge(cx),
            Stage::Conference => self.settle_room(cx),
            _ => {}
        }
    }

    /// What each of the two hears besides the other, and whether the person has to be asked; after every change of hold,
    /// sound or stage.
    pub(crate) fn settle_bridge(&mut self, cx: &mut Ctx<'_>) {
        let Some(peer) = self.peer() else { return };
        let silent = self.leg(peer).is_some_and(|l| l.silent);
        let input = if silent { Input::Silent } else { Input::Heard };
        self.watch(cx, |w, now| w.handle_input(now, input));
        self.under_the_bridge(cx);
    }

    fn under_the_bridge(&mut self, cx: &mut Ctx<'_>) {
        let Stage::Bridged(b) = &self.stage else {
            return;
        };
        let (peer, missed) = (b.peer, b.watch.missed());
        for (listener, other) in [(self.caller, peer), (peer, self.caller)] {
            let under = match self.leg(other) {
                Some(l) if l.held => Some(Under::Music(None)),
                Some(_) if other == peer && missed => Some(Under::Music(None)),
                Some(l) if l.is_still() => Some(Under::Comfort),
                Some(_) | None => None,
            };
            self.background(cx, listener, under);
        }
    }

    /// The person's leg answered the question whether it is there, or it did not.
    pub(crate) fn watched(&mut self, cx: &mut Ctx<'_>, there: bool) {
        let input = if there { Input::There } else { Input::Gone };
        self.watch(cx, |w, now| w.handle_input(now, input));
        self.under_the_bridge(cx);
    }

    pub(crate) fn watch_timeout(&mut self, cx: &mut Ctx<'_>) {
        self.watch(cx, Watch::handle_timeout);
        self.under_the_bridge(cx);
    }

    fn watch(&mut self, cx: &mut Ctx<'_>, step: impl Fn(&mut Watch, Mono) -> Option<Act>) {
        let Stage::Bridged(b) = &mut self.stage else {
            return;
        };
        let was_missed = b.watch.missed();
        let act = step(&mut b.watch, cx.now.mono);
        let (peer, missed) = (b.peer, b.watch.missed());
        if was_missed && !missed {
            // Whoever is heard again is not talked over.
            self.stop(cx, |p| matches!(p, Purpose::Notice));
        }
        match act {
            None => {}
            Some(Act::Ask) => self.probe(cx, peer),
            Some(Act::Warn) => {
                let text = format!("leg {} is not heard and does not answer", peer.index);
                self.journal(cx, What::Alarm { text });
                let words = self.speech(cx.plan, "One moment, please. I am checking the line.");
                self.play(cx, self.caller, words, Lane::Voice, Purpose::Notice);
            }
            Some(Act::Lost) => {
                let end = Termination::new(Party::Callee, Reason::Lost);
                if let Some(leg) = self.leg_mut(peer) {
                    leg.end = Some(end);
                }
                // BYE all the same: it may only be deaf.
                self.hang(cx, peer, Reason::Lost);
                self.person_gone(cx, end);
            }
        }
    }

    /// The person's leg is over, and the caller's is not: the AI, which remembers, or the end.
    pub(crate) fn person_gone(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        let Stage::Bridged(b) = &self.stage else {
            return;
        };
        let early = cx.now.mono.since(b.since) < EARLY;
        let lost = end.reason != Reason::Normal;
        let wanted = lost || early || b.after == AfterPerson::Ai;
        if self.talk.is_some() && wanted {
            let how = if lost { Return::Lost } else { Return::HungUp };
            return self.back_to_agent(cx, None, how);
        }
        if lost {
            let sorry = "I'm sorry, the connection was lost. Please call again. Goodbye.";
            return self.farewell(cx, sorry, end);
        }
        self.end(cx, end);
    }
}
