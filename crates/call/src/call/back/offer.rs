//! A person is rung, told who is to be called back, and calls them by a key.

use super::super::{Call, Ctx, Purpose, Stage, background::Under, queued::ticket};
use super::{Offer, callback, queue_of};
use crate::{callbacks::Tried, queues::Missed};
use std::time::Duration;
use tandem_dialplan::{Destination, WarmRules};
use tandem_types::{
    LegId, Mono, Party, Reason, Termination,
    journal::{CallbackEnd, CallbackTry, What},
    media::Lane,
};

impl Call {
    /// This leg rings a person.
    pub(crate) fn rings_for_them(&mut self, leg: LegId, target: Destination) {
        if let Some(offer) = self.offer() {
            offer.legs.push((leg, target));
        }
    }

    fn offer(&mut self) -> Option<&mut Offer> {
        match &mut self.stage {
            Stage::CallingBack(offer) => Some(offer),
            _ => None,
        }
    }

    fn warm<'p>(&self, cx: &Ctx<'p>) -> Option<&'p WarmRules> {
        self.dialplan(cx.plan).map(|d| &d.warm)
    }

    /// A text of the callback.
    fn back_says<'p>(&self, cx: &Ctx<'p>, what: &str) -> &'p str {
        let id = self
            .backs
            .back
            .as_ref()
            .map_or("", |b| b.wish.callback.as_str());
        callback(cx.plan, id).map_or("", |c| c.says(what))
    }

    /// Somebody has answered: the call is theirs.
    pub(in crate::call) fn offer_answered(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        let (now, total) = (cx.now.mono, self.warm(cx).map(|w| w.total));
        let Some(offer) = self.offer() else { return };
        if offer.person.is_some() {
            return self.hang(cx, leg, Reason::ElsewhereAnswered);
        }
        offer.person = Some(leg);
        offer.until = None;
        offer.over_at = total.map(|total| now + total);
        let others = offer.legs.iter().filter(|(l, _)| *l != leg);
        let others: Vec<LegId> = others.map(|(l, _)| *l).collect();
        self.caller = leg;
        for other in others {
            self.hang(cx, other, Reason::ElsewhereAnswered);
        }
        self.answered = Some(cx.now);
        self.journal(cx, What::CallAnswered);
        self.connect_all(cx);
        self.background(cx, leg, Some(Under::Comfort));
        if let Some(why) = self.not_now(cx) {
            return self.not_called(cx, why);
        }
        let headline = self.backs.back.as_ref().map(|b| b.wish.headline.clone());
        self.offer_says(cx, headline);
    }

    /// This, and which keys there are.
    fn offer_says(&mut self, cx: &mut Ctx<'_>, first: Option<String>) {
        let keys = self.back_says(cx, "keys").to_owned();
        let text: Vec<String> = first.into_iter().chain([keys]).collect();
        let words = self.speech(cx.plan, text.join(" "));
        self.play(cx, self.caller, words, Lane::Voice, Purpose::Prompt);
    }

    /// They were told: now they are to say something.
    pub(in crate::call) fn offer_told(&mut self, cx: &mut Ctx<'_>) {
        let wait = self.warm(cx).map_or(Duration::ZERO, |w| w.answer_wait);
        let until = cx.now.mono + wait;
        if let Some(offer) = self.offer() {
            offer.until = Some(until);
        }
    }

    pub(in crate::call) fn offer_due(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now.mono;
        let Some(offer) = self.offer() else { return };
        let due = |at: Option<Mono>| at.is_some_and(|at| now >= at);
        let over = due(offer.over_at);
        if !over && !due(offer.until) {
            return;
        }
        offer.until = None;
        let answered = offer.person.is_some();
        if answered && !over && !std::mem::replace(&mut offer.asked, true) {
            return self.offer_says(cx, None);
        }
        self.rung_in_vain(cx, Missed::Unanswered);
        let end = Termination::new(Party::Callee, Reason::NoAnswer);
        if answered {
            let words = self.back_says(cx, "later").to_owned();
            return self.farewell(cx, &words, end);
        }
        self.end(cx, end);
    }

    /// A person's phone is gone by itself.
    pub(in crate::call) fn offer_missed(&mut self, cx: &mut Ctx<'_>, leg: LegId, end: Termination) {
        let Some(offer) = self.offer() else { return };
        let theirs = offer.person.is_none_or(|person| person == leg);
        let gone = offer.legs.iter().position(|(l, _)| *l == leg);
        let Some((_, target)) = gone.map(|at| offer.legs.remove(at)) else {
            return;
        };
        let phones = offer.legs.iter().any(|(_, t)| *t == target);
        let (last, answered) = (offer.legs.is_empty(), offer.person.is_some());
        if !phones && theirs {
            let how = match (end.reason, end.sip) {
                (Reason::NoAnswer, 0 | 408) => Missed::Unanswered,
                _ => Missed::Refused,
            };
            self.missed_by(cx, &target, how);
        }
        if last || (answered && theirs) {
            self.end(cx, end);
        }
    }

    pub(in crate::call) fn key_in_offer(&mut self, cx: &mut Ctx<'_>, digit: char) {
        let Some(rules) = self.warm(cx).cloned() else {
            return;
        };
        let did = match digit {
            k if k == rules.accept_key => "calls them back",
            k if k == rules.decline_key => "does not call them back",
            k if k == rules.more_key => "hears more",
            _ => "nothing",
        };
        let what = What::KeyPressed {
            leg: self.caller,
            digit,
            did: did.to_owned(),
        };
        self.journal(cx, what);
        if did == "nothing" {
            return;
        }
        self.stop(cx, |p| matches!(p, Purpose::Prompt));
        match digit {
            k if k == rules.accept_key => self.call_them(cx),
            k if k == rules.decline_key => {
                self.rung_in_vain(cx, Missed::Refused);
                let words = self.back_says(cx, "later").to_owned();
                self.farewell(
                    cx,
                    &words,
                    Termination::new(Party::Callee, Reason::Declined),
                );
            }
            _ => {
                if let Some(offer) = self.offer() {
                    offer.until = None;
                }
                let wish = self.backs.back.as_ref().map(|b| &b.wish);
                let detail = wish.map(|w| format!("{} {}", w.headline, w.detail));
                self.offer_says(cx, detail);
            }
        }
    }

    /// The person wants it: the caller's phone rings.
    fn call_them(&mut self, cx: &mut Ctx<'_>) {
        let person = self.offer().and_then(|o| {
            let found = o.legs.iter().find(|(l, _)| Some(*l) == o.person);
            found.map(|(_, target)| target.clone())
        });
        if let Some(why) = self.not_now(cx) {
            return self.not_called(cx, why);
        }
        let Some(back) = &mut self.backs.back else {
            return;
        };
        let (id, wish) = (back.callback, back.wish.clone());
        back.dialled = true;
        back.rung.clear();
        if let Some(person) = person {
            cx.house.queues.calls_back(id, &person);
        }
        cx.house.callbacks.dialled(cx.now.wall, id);
        self.journal(cx, What::CallbackDialled { callback: id });
        let words = self.back_says(cx, "calling").to_owned();
        let words = self.speech(cx.plan, words);
        self.play(cx, self.caller, words, Lane::Voice, Purpose::Notice);
        self.enter(cx, Destination::Trunk(wish.via, Some(wish.number)));
    }

    /// Why they are not called, as what is said of it.
    fn not_now(&self, cx: &Ctx<'_>) -> Option<&'static str> {
        let back = self.backs.back.as_ref()?;
        match cx.house.callbacks.get(back.callback) {
            None => Some("gone"),
            Some(owed) if cx.house.callbacks.is_calling(&owed.wish.number) => Some("themselves"),
            Some(_) => None,
        }
    }

    fn not_called(&mut self, cx: &mut Ctx<'_>, why: &str) {
        // Nobody is to blame: whoever is free may have them now.
        let id = self.backs.back.as_mut().map(|b| {
            b.rung.clear();
            b.callback
        });
        if let Some(id) = id {
            cx.house.queues.leave(id);
            cx.house.callbacks.set_aside(cx.now, id);
        }
        let words = self.back_says(cx, why).to_owned();
        let end = Termination::new(Party::Gateway, Reason::Normal);
        self.farewell(cx, &words, end);
    }

    /// Sound has come from a leg.
    pub(in crate::call) fn heard_of(&mut self, leg: LegId) {
        let person = self.caller;
        if let Some(back) = self
            .backs
            .back
            .as_mut()
            .filter(|b| b.dialled && leg != person)
        {
            back.heard = true;
        }
    }

    /// The person and the caller hear each other from now on.
    pub(in crate::call) fn speaks_with_them(&mut self, now: Mono) {
        if let Some(back) = self.backs.back.as_mut().filter(|b| b.dialled) {
            back.since.get_or_insert(now);
        }
    }

    /// Whoever was rung is free for others.
    fn rung_in_vain(&mut self, cx: &mut Ctx<'_>, how: Missed) {
        let rung = self
            .backs
            .back
            .as_mut()
            .map(|b| std::mem::take(&mut b.rung));
        for target in rung.unwrap_or_default() {
            self.missed_by(cx, &target, how);
        }
    }

    fn missed_by(&mut self, cx: &mut Ctx<'_>, target: &Destination, how: Missed) {
        let Some(back) = &mut self.backs.back else {
            return;
        };
        let id = back.callback;
        back.rung.retain(|t| t != target);
        if let Some(person) = cx.house.queues.missed(cx.now.mono, id, target, how) {
            self.paused_unanswered(cx, target, person);
        }
    }

    /// The call is over: what came of it.
    pub(in crate::call) fn called_back(&mut self, cx: &mut Ctx<'_>) {
        // Those who were rung beside the one who answered are not blamed.
        self.rung_in_vain(cx, Missed::Refused);
        let Some(back) = self.backs.back.take() else {
            return;
        };
        let id = back.callback;
        let ms = back
            .since
            .map_or(0, |at| cx.now.mono.since(at).as_millis() as u64);
        let how = match (back.since, back.dialled) {
            // A far end that answers and is silent is nobody.
            (Some(_), _) if back.heard => CallbackTry::Spoke,
            (_, true) => CallbackTry::NotReached,
            (_, false) => CallbackTry::NobodyTook,
        };
        let callback = id;
        self.journal(cx, What::CallbackTried { callback, how, ms });
        let queue = queue_of(cx.plan, &back.wish.callback);
        let ticket = queue.and_then(|queue| ticket(cx.plan, &queue));
        let members = ticket.map_or(0, |t| t.members.len());
        match cx
            .house
            .callbacks
            .tried(cx.now, (id, self.id), (how, ms), members)
        {
            Tried::Owed => {}
            Tried::Rests => cx.house.queues.leave(id),
            Tried::Done => {
                let (end, by) = (CallbackEnd::Done, "gateway".to_owned());
                self.journal(cx, What::CallbackEnded { callback, end, by });
            }
        }
    }
}
