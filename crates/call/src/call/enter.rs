//! A destination takes the caller.

use super::{Call, Ctx, InMenu, Stage, background::Under, people::Rounds};
use std::collections::VecDeque;
use tandem_agent::{Conversation, ConversationStart};
use tandem_dialplan::{Destination, MAX_HOPS, TransferMode};
use tandem_types::{LegId, Party, Reason, Termination, context::HandoffReason, journal::What};

impl Call {
    /// The caller's port is there: begin.
    pub(crate) fn incoming_ready(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        if self.take_place(cx, id) {
            return;
        }
        if let Stage::Opening { then, otherwise } = &self.stage {
            let (then, otherwise) = (then.clone(), otherwise.clone());
            return self.enter_with(cx, then, otherwise);
        }
        if matches!(self.stage, Stage::Conference) {
            self.enter_room(cx, id);
        }
    }

    pub(crate) fn enter(&mut self, cx: &mut Ctx<'_>, to: Destination) {
        self.enter_with(cx, to, VecDeque::new());
    }

    /// As [`Self::enter`], with what comes when it fails.
    pub(crate) fn enter_with(
        &mut self,
        cx: &mut Ctx<'_>,
        to: Destination,
        otherwise: VecDeque<Destination>,
    ) {
        self.help = false; // `reach` knows better
        self.stop_words(cx);
        self.hops += 1;
        if self.hops > MAX_HOPS {
            let end = Termination::new(Party::Gateway, Reason::Limit);
            return self.farewell(
                cx,
                "I'm sorry, this call cannot be completed. Goodbye.",
                end,
            );
        }
        if needs_answer(&to)
            && !self
                .leg(self.caller)
                .is_some_and(|l| l.state == crate::leg::LegState::Up)
        {
            self.stage = Stage::Answering { then: to };
            self.answer_caller(cx);
            return;
        }
        match to {
            Destination::Agent(name) => self.enter_agent(cx, name),
            Destination::Menu(name) => self.enter_menu(cx, name),
            Destination::Ask(name) => self.enter_ask(cx, name),
            Destination::Announce(name) => self.enter_announcement(cx, &name),
            Destination::Echo => {
                self.quiet_background(cx);
                self.stage = Stage::Echo;
                self.connect_all(cx);
            }
            Destination::Conference(_) => {
                self.quiet_background(cx);
                self.stage = Stage::Conference;
                self.connect_all(cx);
                self.settle_room(cx);
            }
            Destination::Hangup => self.end(cx, Termination::new(Party::Gateway, Reason::Normal)),
            Destination::Voicemail(name) => self.enter_voicemail(cx, &name),
            Destination::Callback(name) => self.enter_callback(cx, &name),
            Destination::Messages => self.enter_messages(cx),
            Destination::Pause(paused) => self.pause_by_phone(cx, paused),
            Destination::Queue(_)
            | Destination::Ext(_)
            | Destination::Outside(_)
            | Destination::Trunk(..)
            | Destination::Phone(_)
            | Destination::Emergency { .. }
            | Destination::Sip(_) => {
                let queue = self.queue(cx, &to);
                let music = queue.and_then(|q| q.hold.clone());
                let mut then: VecDeque<_> =
                    queue.map_or_else(VecDeque::new, |q| q.otherwise.clone().into());
                then.extend(self.mailbox_of(cx, &to));
                then.extend(otherwise);
                if self.pass_on(cx, &to, &then) {
                    return;
                }
                let plan = Rounds {
                    rounds: self.rounds(cx, &to),
                    otherwise: then,
                    music,
                    ready: true,
                };
                self.reach(cx, &to, None, plan);
            }
        }
    }

    /// Somebody whom an agent had before comes to people by a menu: these are told what the agent knows.
    fn pass_on(
        &mut self,
        cx: &mut Ctx<'_>,
        to: &Destination,
        otherwise: &VecDeque<Destination>,
    ) -> bool {
        if self.mode_of(cx, to) != TransferMode::Warm {
            return false;
        }
        let (reason, trigger) = match self.hops {
            0 | 1 => (HandoffReason::Key, "a key of the menu"),
            _ => (HandoffReason::Policy, "the next destination of the plan"),
        };
        let Some(package) = self.offer_on(cx, to, reason, trigger) else {
            return false;
        };
        self.transfer_to_people(cx, package, to.clone(), otherwise.clone(), true);
        true
    }

    /// ACK came: what waited for it begins, so that its first word is heard.
    pub(crate) fn caller_acked(&mut self, cx: &mut Ctx<'_>) {
        match &self.stage {
            Stage::Answering { then } => {
                let then = then.clone();
                self.hops = self.hops.saturating_sub(1);
                self.enter(cx, then);
            }
            Stage::Bridged(_) | Stage::Conference => self.connect_all(cx),
            _ => {}
        }
    }

    fn enter_agent(&mut self, cx: &mut Ctx<'_>, agent: String) {
        self.quiet_background(cx);
        self.stage = Stage::Talking;
        self.connect_all(cx);
        if self.talk.is_some() {
            // The caller was with an agent before (a menu that leads back): the memory is the same.
            return self.back_to_agent(cx, None, tandem_agent::Return::GivenBack);
        }
        let Some(brain) = self
            .dialplan
            .as_ref()
            .and_then(|d| cx.brains.get(d))
            .cloned()
        else {
            let end = Termination::new(Party::Gateway, Reason::NoRoute);
            return self.end(cx, end);
        };
        let language = self
            .dialplan(cx.plan)
            .and_then(|d| d.languages.first().cloned())
            .unwrap_or_else(|| "en-GB".into());
        let facts = self.lookup.facts().iter().chain(&self.given.facts);
        let start = ConversationStart {
            call: self.id,
            caller_number: self.from.clone(),
            caller_name: self.from_name.clone(),
            language,
            brain,
            rng: cx.rng.fork(),
            facts: facts.cloned().collect(),
            looked_up_by: self.lookup.waits(),
            requests: super::lookup::REQUEST,
        };
        let mut talk = Conversation::new(start, cx.now);
        if let Some(d) = self.dialplan(cx.plan) {
            talk.set_utc_offset(d.timezone.offset_minutes(cx.now.wall));
        }
        for turn in self.words.take_said() {
            talk.said_elsewhere(turn);
        }
        self.talk = Some(talk);
        self.talk_input(cx, tandem_agent::Input::Begin { agent });
    }

    fn enter_menu(&mut self, cx: &mut Ctx<'_>, name: String) {
        self.quiet_background(cx);
        self.stage = Stage::Menu(InMenu {
            name,
            tries: 0,
            typed: String::new(),
            until: None,
        });
        self.connect_all(cx);
        // Between the prompt and the key somebody must seem to be there.
        self.background(cx, self.caller, Some(Under::Comfort));
        self.say_menu(cx);
    }

    /// A leg joins a room that this call is.
    pub(crate) fn enter_room(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        let before = std::mem::replace(&mut self.caller, id);
        let answered = self.answer_caller(cx);
        self.caller = before;
        if answered {
            self.connect_all(cx);
            self.settle_room(cx);
        }
    }

    /// What each in a room hears besides the others: music where nobody is (alone, or all others have put us on hold),
    /// comfort noise where nobody is heard, and nothing more otherwise.
    pub(super) fn settle_room(&mut self, cx: &mut Ctx<'_>) {
        let up: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.up())
            .map(|l| l.id)
            .collect();
        for me in &up {
            let others = || up.iter().filter(|l| *l != me).filter_map(|l| self.leg(*l));
            let under = if others().all(|l| l.held) {
                Some(Under::Music(None))
            } else if others().all(|l| l.held || l.is_still()) {
                Some(Under::Comfort)
            } else {
                None
            };
            self.background(cx, *me, under);
        }
    }

    /// Somebody left the room; the last one ends it.
    pub(crate) fn left_room(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        match self.legs.values().find(|l| l.alive()).map(|l| l.id) {
            Some(other) => {
                self.caller = other;
                self.connect_all(cx);
                self.settle_room(cx);
            }
            None => {
                self.ended.get_or_insert(end);
                self.finish(cx);
            }
        }
    }

    /// Somebody comes into this call: into the room that it is, or in another's place.
    pub(crate) fn admit(&mut self, cx: &mut Ctx<'_>, leg: crate::leg::Leg, sip_call_id: String) {
        let (id, role, peer) = (leg.id, leg.role, leg.peer.clone());
        let family = cx.plan.node.rtp_address6.and_then(|_| leg.far_family());
        self.legs.insert(id.index, Box::new(leg));
        self.journal(
            cx,
            What::LegCreated {
                leg: id,
                role,
                peer,
                sip_call_id,
            },
        );
        cx.open_leg(id, false, family);
    }
}

/// Whether the caller must be answered before this can begin. Ringing somebody directly need not:
/// the far end's answer is theirs.
fn needs_answer(to: &Destination) -> bool {
    match to {
        Destination::Agent(_)
        | Destination::Menu(_)
        | Destination::Ask(_)
        | Destination::Announce(_)
        | Destination::Queue(_)
        | Destination::Echo
        | Destination::Pause(_)
        | Destination::Voicemail(_)
        | Destination::Callback(_)
        | Destination::Messages
        | Destination::Conference(_) => true,
        Destination::Ext(_)
        | Destination::Outside(_)
        | Destination::Trunk(..)
        | Destination::Sip(_)
        | Destination::Phone(_)
        | Destination::Emergency { .. }
        | Destination::Hangup => false,
    }
}
