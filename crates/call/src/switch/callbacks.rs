//! Callers who are called back: when the plan's hours are open they wait in its queue, and who is free there is rung for them.

use super::Switch;
use crate::{
    api::Output,
    call::{
        Stage,
        back::{Back, Offer, callback, may_be_called, place_of, queue_of},
        queued::{is_open, ticket},
    },
    callbacks::{Step, Terms},
    queues::{Missed, Order},
    ways::{Asked, Identity, Urgency},
};
use std::time::Duration;
use tandem_dialplan::{Destination, DialTarget, Plan};
use tandem_sip::message::Headers;
use tandem_types::{
    Attested, CallId, Now, Wall,
    journal::{CallbackEnd, CallbackWish, Event, LegRole, What},
};

impl Switch {
    /// Who is to be called back, by the calls in which they asked, and whether something will come of it: they stand in the queue, are
    /// being called, or are looked at again; while the gateway closes, by the next process.
    pub fn owed(&self) -> Vec<(CallId, bool)> {
        let stands = |id| self.house.queues.position(id).is_some();
        let runs = |call| self.calls.get(&call).is_some();
        let mut all = self.house.callbacks.all(stands, runs);
        for (_, goes_on) in &mut all {
            *goes_on |= self.house.draining;
        }
        all
    }

    /// Looks who is to be called back now.
    pub(super) fn callbacks_due(&mut self, now: Now) {
        if self.house.draining {
            return self.house.callbacks.close(); // the next process does it
        }
        let (plan, calls) = (self.plan.clone(), &self.calls);
        let runs = |call: CallId| calls.get(&call).is_some();
        let terms = |wish: &CallbackWish| terms(&plan, wish, now.wall);
        for step in self.house.callbacks.look(now, &terms, &runs) {
            match step {
                Step::Join(id) => self.wait_for_them(now, id, &plan),
                Step::Leave(id) => self.house.queues.leave(id),
                Step::End(id, end) => self.callback_ended(now, id, end, "gateway"),
            }
        }
    }

    fn wait_for_them(&mut self, now: Now, id: CallId, plan: &Plan) {
        let wish = self.house.callbacks.get(id).map(|o| o.wish.clone());
        let Some(wish) = wish else { return };
        let queue = queue_of(plan, &wish.callback);
        let ticket = queue.and_then(|queue| ticket(plan, &queue));
        let place = (now.mono, place_of(now, &wish));
        let joined = ticket.map(|ticket| self.house.join_line(place, id, ticket));
        if !matches!(joined, Some(Ok(_))) {
            self.house.callbacks.turned_away(now.wall, id);
        }
    }

    /// What the house wants done for somebody who is to be called back.
    pub(super) fn callback_ordered(&mut self, now: Now, order: Order) {
        match order {
            Order::TurnAway(id, _) => {
                self.house.queues.leave(id);
                self.house.callbacks.turned_away(now.wall, id);
            }
            Order::Ring(id, targets) => self.ask_people(now, id, targets),
        }
    }

    /// Rings people, in a call of their own, for somebody who is to be called back.
    fn ask_people(&mut self, now: Now, id: CallId, targets: Vec<Destination>) {
        let wish = self.house.callbacks.get(id).map(|o| o.wish.clone());
        let Some(wish) = wish else {
            return self.house.queues.leave(id);
        };
        let plan = self.plan.clone();
        if self.calls.len() >= plan.node.max_calls as usize {
            self.house.queues.leave(id);
            return self.house.callbacks.put_off(now.wall, id);
        }
        let dialplan = wish.callback.split('/').next().unwrap_or_default();
        let d = plan.dialplans.get(dialplan);
        let queue = callback(&plan, &wish.callback).and_then(|c| d?.queues.get(&c.queue));
        let ring = queue.map_or(Duration::from_secs(20), |q| q.ring);
        let longest = d.map(|d| d.limits.max_call).filter(|most| !most.is_zero());
        let identity = Identity {
            number: wish.number.clone(),
            name: Some(shown(&wish.name)),
            attested: Attested::Unsigned,
            ours: false,
            headers: Headers::new(),
        };
        let mut found = Vec::new();
        for target in &targets {
            let mut asked = Asked {
                plan: &plan,
                house: &mut self.house,
                now: now.mono,
                dialplan: Some(dialplan),
                phone: None,
                called: &wish.number,
                identity: &identity,
                urgency: Urgency::Escalation,
            };
            match asked.to(target) {
                Ok(legs) => found.extend(legs.into_iter().map(|leg| (leg, target.clone()))),
                Err(_) => {
                    let how = Missed::Refused;
                    self.house.queues.missed(now.mono, id, target, how);
                }
            }
        }
        if found.is_empty() {
            return; // the next who is free
        }
        let call_id = CallId::generate(now.wall, &mut self.rng);
        self.house.callbacks.trying(id, call_id);
        let stage = Stage::CallingBack(Box::new(Offer::ringing(now.mono + ring)));
        let mut call = self.new_call(call_id, now, stage);
        call.via = "callback".to_owned();
        call.from.clone_from(&wish.called);
        call.to.clone_from(&wish.number);
        call.dialplan = Some(dialplan.to_owned());
        call.over_at = longest.map(|most| now.mono + most);
        call.backs.back = Some(Box::new(Back::new(id, wish.clone(), targets)));
        self.calls.put(call);
        self.with_call(now, call_id, |c, cx| {
            let what = What::CallStarted {
                from: c.from.clone(),
                to: c.to.clone(),
                via: c.via.clone(),
                dialplan: c.dialplan.clone(),
                start: format!("callback:{}", wish.callback.split('/').nth(1).unwrap_or("")),
                sip_call_id: String::new(),
            };
            c.journal(cx, what);
            for (leg, target) in found {
                let leg = c.dial_leg(cx, LegRole::Consult, leg.peer, leg.ways);
                c.rings_for_them(leg, target);
            }
        });
    }

    /// They are not called back any more: on record, by itself.
    pub(super) fn callback_ended(&mut self, now: Now, id: CallId, end: CallbackEnd, by: &str) {
        self.house.queues.leave(id);
        if self.house.callbacks.end(id).is_none() {
            return;
        }
        let (callback, by) = (id, by.to_owned());
        self.out.push_back(Output::Journal(Box::new(Event {
            call: CallId::generate(now.wall, &mut self.rng),
            seq: 1,
            at: now.wall,
            what: What::CallbackEnded { callback, end, by },
        })));
    }
}

/// What a person's phone shows: at most 32 characters.
fn shown(name: &Option<String>) -> String {
    let name = name.as_deref().unwrap_or_default();
    let text = format!("Call back {name}");
    text.trim_end().chars().take(32).collect()
}

/// What the plan says of a callback now.
fn terms(plan: &Plan, wish: &CallbackWish, now: Wall) -> Option<Terms> {
    let c = callback(plan, &wish.callback)?;
    let dialplan = wish.callback.split('/').next()?;
    let d = plan.dialplans.get(dialplan)?;
    let (trunk, number) = (wish.via.as_str(), wish.number.as_str());
    let allowed = may_be_called(plan, dialplan, c, DialTarget::Trunk { trunk, number });
    let hours = c.within.as_ref().and_then(|name| d.hours.get(name));
    let open = match hours {
        Some(hours) => hours.is_open(now),
        None => is_open(plan, &format!("{dialplan}/{}", c.queue), now),
    };
    let offset = i64::from(d.timezone.offset_minutes(now)) * 60_000_000;
    const DAY: i64 = 86_400_000_000;
    let midnight = (now.0 + offset).div_euclid(DAY) * DAY - offset;
    let minutes = Some(u64::from(c.minutes_a_day)).filter(|m| *m > 0);
    Some(Terms {
        open: allowed && open,
        attempts: c.attempts,
        every: c.every,
        keep: c.keep,
        most: minutes.map(|m| Duration::from_secs(m * 60)),
        midnight: Wall(midnight),
    })
}
