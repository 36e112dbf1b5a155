//! A caller is called back: they ask for it in one call; in another, later, a person is rung, hears who they are, and then their phone
//! rings.
//!
//! ```text
//!   callback:NAME --withheld, not allowed: `cannot`--> `otherwise`
//!        |---------- asked before ------------> `already`, goodbye
//!        '--> on record, `promise`, goodbye
//!
//!   CallingBack: people ring --nobody answers, all decline--> over: the next person's turn
//!        | one answers: the others are let go
//!        v
//!      told who, and the keys --key 2, hangs up, says nothing twice, the total time of transfers--> over: the next person's turn
//!        | key 1                 (key 3 tells more)       '--taken back, or they call us just now: the person is told so
//!        v
//!      the caller's phone rings, as the number that they had called --no answer--> the person is told; another time
//!        |
//!        v
//!      with each other --nothing at all was heard of the caller--> another time
//! ```
//! A caller who calls again meanwhile has their place in that queue, and nobody is rung for them besides; whoever takes them there has
//! done what was owed.
//!
//! In the second call the person is whom the call is for, as a phone is that dials: they hear ringback, and what a far end says.
//! The number is the caller's own, as it came with their call, and it is dialled within the limits of the plan; nothing that a model
//! says is part of it.

mod offer;

use super::{Call, Ctx, Purpose, Stage, hears::in_digits};
use crate::{callbacks::Owed, queues::QueueId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_dialplan::{Callback, Destination, DialTarget, Plan};
use tandem_types::{
    Attested, CallId, LegId, Mono, Now, Party, Reason, Termination, Wall, is_e164,
    journal::{CallbackEnd, CallbackWish, What},
    media::Lane,
};

/// What a call knows of callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backs {
    /// The queue that they waited in last, and since when.
    pub(crate) waited: Option<(String, Mono)>,
    /// What people were, or would be, told of the caller: headline and detail.
    pub(crate) brief: Option<(String, String)>,
    /// Who is called back by this call.
    pub(crate) back: Option<Box<Back>>,
}

/// Who is called back by this call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Back {
    pub(crate) callback: CallId,
    pub(crate) wish: CallbackWish,
    /// Their phone was rung.
    dialled: bool,
    /// Since when a person speaks with them.
    since: Option<Mono>,
    /// Sound of theirs has come.
    heard: bool,
    /// Who was rung for them, and has not taken them.
    rung: Vec<Destination>,
}

impl Back {
    pub(crate) fn new(callback: CallId, wish: CallbackWish, rung: Vec<Destination>) -> Self {
        Self {
            callback,
            wish,
            dialled: false,
            since: None,
            heard: false,
            rung,
        }
    }
}

/// People are asked to call somebody back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// Who is rung, by their legs.
    pub(crate) legs: Vec<(LegId, Destination)>,
    /// Who has answered.
    person: Option<LegId>,
    /// They were asked again.
    asked: bool,
    /// They ring until then, or are to say something by then; `None`: they are being told.
    until: Option<Mono>,
    /// Whoever has answered decides by then, whatever they do meanwhile: on hold nobody is told anything.
    over_at: Option<Mono>,
}

impl Offer {
    /// People ring until then.
    pub(crate) fn ringing(until: Mono) -> Self {
        Self {
            legs: Vec::new(),
            person: None,
            asked: false,
            until: Some(until),
            over_at: None,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let until = self.until.into_iter().chain(self.over_at).min()?;
        Some((until, "a person is asked to call back"))
    }
}

/// A callback by the name that journals know it by: its dialplan, and its own.
pub(crate) fn callback<'p>(plan: &'p Plan, id: &str) -> Option<&'p Callback> {
    let (dialplan, name) = id.split_once('/')?;
    plan.dialplans.get(dialplan)?.callbacks.get(name)
}

/// Whether the plan allows that this number is called back.
pub(crate) fn may_be_called(
    plan: &Plan,
    dialplan: &str,
    c: &Callback,
    target: DialTarget<'_>,
) -> bool {
    let DialTarget::Trunk { trunk, number } = target else {
        return false;
    };
    plan.trunks.get(trunk).is_some_and(|t| t.outbound)
        && c.may_call.iter().any(|p| p.matches(number))
        && plan.may_dial(Some(dialplan), target).is_ok()
}

/// Since when somebody waits who has the place of the one who asked for this.
pub(crate) fn place_of(now: Now, wish: &CallbackWish) -> Mono {
    let waited = u64::try_from(now.wall.0.saturating_sub(wish.since.0)).unwrap_or(0);
    Mono(now.mono.0.saturating_sub(waited.saturating_mul(1000)))
}

/// The queue whose people call back.
pub(crate) fn queue_of(plan: &Plan, id: &str) -> Option<QueueId> {
    let (dialplan, _) = id.split_once('/')?;
    Some(format!("{dialplan}/{}", callback(plan, id)?.queue))
}

impl Call {
    /// The caller wants to be called back.
    pub(super) fn enter_callback(&mut self, cx: &mut Ctx<'_>, name: &str) {
        let id = format!("{}/{name}", self.dialplan.as_deref().unwrap_or_default());
        let Some(c) = callback(cx.plan, &id) else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        let end = Termination::new(Party::Gateway, Reason::Normal);
        let via = c.via.clone().or_else(|| self.trunk.clone());
        let Some(via) = via.filter(|via| self.may_be_called(cx, c, via)) else {
            self.quiet_background(cx);
            self.stage = Stage::Announcing {
                then: c.otherwise.clone(),
            };
            self.connect_all(cx);
            let words = self.speech(cx.plan, c.says("cannot"));
            return self.play(cx, self.caller, words, Lane::Voice, Purpose::Prompt);
        };
        if cx.house.callbacks.has(&id, &self.from) {
            return self.farewell(cx, c.says("already"), end);
        }
        let wish = self.wish(cx, id, c, via);
        let what = What::CallbackAsked {
            wish: Box::new(wish.clone()),
        };
        self.journal(cx, what);
        let owed = Owed {
            callback: self.id,
            wish,
            asked: cx.now.wall,
            tries: 0,
            dialled: None,
        };
        cx.house.callbacks.put(cx.now.mono, owed);
        self.farewell(cx, c.says("promise"), end);
    }

    /// Whether the plan allows that this caller's own number is dialled, which came by a trunk and whose signature is not forged.
    fn may_be_called(&self, cx: &Ctx<'_>, c: &Callback, via: &str) -> bool {
        let number = self.from.as_str();
        let target = DialTarget::Trunk { trunk: via, number };
        let dialplan = self.dialplan.as_deref().unwrap_or_default();
        self.is_who_they_say() && is_e164(number) && may_be_called(cx.plan, dialplan, c, target)
    }

    /// Whether who is called back sees the number that they had called: where it is one of the trunk's, as it is if they came by it.
    pub(super) fn shows_called(&self, cx: &Ctx<'_>) -> bool {
        let wish = self.backs.back.as_ref().map(|b| &b.wish);
        wish.filter(|w| is_e164(&w.called)).is_some_and(|w| {
            let came_by = callback(cx.plan, &w.callback).is_some_and(|c| c.via.is_none());
            let trunks = self.dialplan(cx.plan).map(|d| &d.trunks);
            came_by || trunks.is_some_and(|all| all.contains(&w.via))
        })
    }

    /// They came by a trunk, and the signature of their number is not forged.
    fn is_who_they_say(&self) -> bool {
        self.trunk.is_some() && self.attested != Attested::Failed
    }

    /// Whoever is to be called back may call themselves meanwhile.
    pub(crate) fn calls_again(&self, cx: &mut Ctx<'_>) {
        if self.is_who_they_say() {
            let (now, number) = (cx.now.mono, &self.from);
            cx.house.callbacks.calls_again(now, self.id, number);
        }
    }

    /// What is owed to this caller by the people of a queue.
    fn owed(&self, cx: &Ctx<'_>, queue: &QueueId) -> Vec<Owed> {
        if !self.is_who_they_say() {
            return Vec::new();
        }
        let all = cx.house.callbacks.of(&self.from);
        all.filter(|o| queue_of(cx.plan, &o.wish.callback).as_ref() == Some(queue))
            .cloned()
            .collect()
    }

    /// Whose place in this queue they have: their own, of when they asked to be called back.
    pub(super) fn place(&self, cx: &Ctx<'_>, queue: &QueueId) -> Mono {
        let owed = self.owed(cx, queue);
        let places = owed.iter().map(|o| place_of(cx.now, &o.wish));
        places.min().unwrap_or(cx.now.mono)
    }

    /// Somebody of this queue has taken them: they need not be called back.
    pub(super) fn served(&mut self, cx: &mut Ctx<'_>, queue: &QueueId) {
        for owed in self.owed(cx, queue) {
            let callback = owed.callback;
            cx.house.queues.leave(callback);
            cx.house.callbacks.end(callback);
            let (end, by) = (CallbackEnd::Cancelled, "caller".to_owned());
            self.journal(cx, What::CallbackEnded { callback, end, by });
        }
    }

    fn wish(&self, cx: &Ctx<'_>, id: String, c: &Callback, via: String) -> CallbackWish {
        let who = self.from_name.clone();
        let who = who.unwrap_or_else(|| in_digits(&self.from));
        let (headline, detail) = match &self.backs.brief {
            Some((headline, detail)) => (format!("To be called back: {headline}"), detail.clone()),
            None => (format!("{who} wants to be called back."), String::new()),
        };
        let waits = (self.backs.waited.as_ref()).filter(|(queue, _)| *queue == c.queue);
        let waited = waits.map_or(Duration::ZERO, |(_, since)| cx.now.mono.since(*since));
        let waited = i64::try_from(waited.as_micros()).unwrap_or(i64::MAX);
        CallbackWish {
            callback: id,
            number: self.from.clone(),
            name: self.from_name.clone(),
            called: self.to.clone(),
            via,
            since: Wall(cx.now.wall.0.saturating_sub(waited)),
            headline,
            detail,
        }
    }
}
