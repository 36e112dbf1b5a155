//! Verbs on legs: take a port, offer, answer, hang up, give the port back.

use super::{Call, Ctx, Stage, lend::Between};
use crate::{
    house::UNHEARD,
    leg::{Leg, LegState, Way},
    place, reach,
};
use tandem_sdp::{Agreed, Direction, Session, Unusable};
use tandem_sip::{
    api::{Body, Command},
    message::{HeaderName, Headers},
};
use tandem_types::{
    LegId, Party, Reason, SrtpPolicy, Termination,
    journal::{LegRole, What},
    media::{Family, LegStats, MediaCommand},
};

/// The SDP content type.
pub(crate) const SDP: &str = "application/sdp";

pub(crate) fn sdp_body(text: String) -> Body {
    Body {
        content_type: SDP.into(),
        bytes: text.into_bytes().into(),
    }
}

impl Call {
    /// A new outgoing leg that tries `ways` in order.
    pub(crate) fn dial_leg(
        &mut self,
        cx: &mut Ctx<'_>,
        role: LegRole,
        peer: String,
        ways: Vec<Way>,
    ) -> LegId {
        let id = self.new_leg_id();
        let mut leg = Leg::new(id, role, peer);
        leg.ways = ways.into();
        let mut family = None;
        if let Some(first) = leg.ways.front() {
            family = Some(Family::of(first.invite.flow.remote.ip()));
            leg.trunk.clone_from(&first.trunk);
            leg.codecs.clone_from(&first.codecs);
            leg.phone.clone_from(&first.phone);
            leg.srtp = first.srtp;
            leg.dtmf = first.dtmf;
        }
        self.legs.insert(id.index, Box::new(leg));
        // Whoever is dialled in the same step finds its slot taken.
        cx.house.count(self);
        cx.open_leg(id, true, family);
        id
    }

    pub(crate) fn leg_opened(&mut self, cx: &mut Ctx<'_>, id: LegId, local: std::net::SocketAddr) {
        let session_id = cx.rng.u64() >> 2;
        let secret = *cx.house.srtp_secret.reveal();
        let Some(leg) = self.leg_mut(id) else {
            return cx.media(MediaCommand::CloseLeg { leg: id });
        };
        if leg.state != LegState::Opening {
            return; // hung up meanwhile: its CloseLeg is under way
        }
        if let Some(from) = leg.lent_by {
            leg.state = LegState::Inviting;
            let (leg, to) = (from, id);
            return cx.between.push_back(Between::Lend { leg, to, local });
        }
        let events = leg.dtmf.has_events();
        leg.sdp = Some(Session::new(session_id, local, leg.codecs.clone(), events));
        if leg.session.is_some() {
            leg.state = LegState::Incoming;
            leg.secure(leg.srtp, &secret);
            if !self.offer_refused(cx, id) {
                self.incoming_ready(cx, id);
            }
        } else {
            leg.state = LegState::Inviting;
            self.next_way(cx, id);
        }
    }

    pub(crate) fn leg_refused(&mut self, cx: &mut Ctx<'_>, id: LegId) {
        if !self.recorded {
            let text = "no RTP port is free".into();
            self.journal(cx, What::Alarm { text });
        }
        let end = Termination {
            by: Party::Gateway,
            reason: Reason::Capacity,
            sip: 503,
            q850: 0,
        };
        self.note_leg(cx, id);
        let Some(leg) = self.leg_mut(id).filter(|l| l.state != LegState::Gone) else {
            return;
        };
        let hung_up = !leg.alive();
        leg.state = LegState::Gone;
        leg.end = Some(end);
        if let Some(session) = leg.session.filter(|_| !hung_up) {
            cx.sip(Command::Reject {
                session,
                status: 503,
                phrase: String::new(),
                headers: Headers::new(),
            });
        }
        // There is no port whose end could be waited for.
        if !hung_up {
            self.journal(cx, What::LegEnded { leg: id, end });
        }
        let stats = LegStats::default();
        self.journal(cx, What::LegMeasured { leg: id, stats });
        if !hung_up {
            self.leg_is_over(cx, id, end);
        }
    }

    /// Nobody is rung for a call that cannot have sound: an offer without anything that we speak is refused
    /// as soon as it is seen. Says whether it was.
    fn offer_refused(&mut self, cx: &mut Ctx<'_>, id: LegId) -> bool {
        let Some(leg) = self.leg_mut(id) else {
            return false;
        };
        let (Some(offer), Some(sdp)) = (&leg.offer, &mut leg.sdp) else {
            return false;
        };
        let Err(unusable) = sdp.can_answer(offer) else {
            return false;
        };
        self.refuse_offer(cx, id, unusable);
        true
    }

    fn refuse_offer(&mut self, cx: &mut Ctx<'_>, id: LegId, unusable: Unusable) {
        let Some(session) = self.leg(id).and_then(|l| l.session) else {
            return;
        };
        let (code, text) = unusable.warning();
        let headers = Headers::new().with(HeaderName::Warning, format!("{code} tandem \"{text}\""));
        let sip = unusable.status();
        cx.sip(Command::Reject {
            session,
            status: sip,
            phrase: String::new(),
            headers,
        });
        let end = Termination {
            by: Party::Gateway,
            reason: Reason::NoCodec,
            sip,
            q850: 88,
        };
        self.leg_is_over(cx, id, end);
    }

    /// Sends the INVITE of the leg's next way, which may be another trunk's. `false`: none is left.
    pub(crate) fn next_way(&mut self, cx: &mut Ctx<'_>, id: LegId) -> bool {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return false;
        };
        let Some(way) = leg.ways.pop_front() else {
            return false;
        };
        leg.srtp = way.srtp;
        let or_plain = way.srtp == SrtpPolicy::Preferred;
        leg.plain_way = or_plain.then(|| way.clone());
        self.invite(cx, id, way.srtp, way)
    }

    /// The same way once more, for a far end that refused SRTP and need not have it (field note 16). `false`: it was not that.
    pub(crate) fn plain_way(&mut self, cx: &mut Ctx<'_>, id: LegId) -> bool {
        let way = self.leg_mut(id).and_then(|l| l.plain_way.take());
        way.is_some_and(|way| self.invite(cx, id, SrtpPolicy::Off, way))
    }

    fn invite(&mut self, cx: &mut Ctx<'_>, id: LegId, srtp: SrtpPolicy, way: Way) -> bool {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return false;
        };
        let other = leg.codecs != way.codecs || leg.dtmf != way.dtmf;
        if let Some(sdp) = leg.sdp.as_mut().filter(|_| other) {
            let (local, events) = (sdp.local(), way.dtmf.has_events());
            *sdp = Session::new(cx.rng.u64() >> 2, local, way.codecs.clone(), events);
            (leg.codecs, leg.dtmf) = (way.codecs, way.dtmf);
        }
        leg.secure(srtp, cx.house.srtp_secret.reveal());
        let Some(sdp) = leg.sdp.as_mut() else {
            return false;
        };
        let mut invite = way.invite;
        let offer = sdp_body(sdp.offer(Direction::SendRecv));
        invite.body = Some(match &way.location {
            Some(location) => place::with_location(&mut invite.headers, offer, location),
            None => offer,
        });
        leg.source = Some(invite.flow.remote.ip());
        leg.way = Some(invite.flow);
        (leg.learn, leg.trunk) = (way.learn, way.trunk);
        if let Some(trunk) = leg.trunk.as_ref().and_then(|t| cx.plan.trunks.get(t)) {
            cx.house.pace.begins(trunk, cx.now.mono);
        }
        let session = cx.endpoint.allocate();
        leg.session = Some(session);
        leg.unheard_at = (!leg.ways.is_empty()).then_some(cx.now.mono + UNHEARD);
        cx.sessions.insert(session, id);
        // The endpoint only queues the INVITE here: the row below is written before it goes out.
        cx.sip(Command::Invite {
            session,
            invite: Box::new(invite),
        });
        self.note_leg(cx, id);
        true
    }

    /// 200 to the caller, once.
    pub(crate) fn answer_caller(&mut self, cx: &mut Ctx<'_>) -> bool {
        let id = self.caller;
        let waits = self.leg(id).is_some_and(|l| l.state == LegState::Incoming);
        let answered = self.answer_leg(cx, id);
        if waits && answered {
            self.answered = Some(cx.now);
            self.journal(cx, What::CallAnswered);
        }
        answered
    }

    /// 200 to a leg that came in, once. Their offer is answered, or ours goes out with it.
    pub(super) fn answer_leg(&mut self, cx: &mut Ctx<'_>, id: LegId) -> bool {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return false;
        };
        if leg.state != LegState::Incoming {
            return leg.up();
        }
        if leg.offer.is_none() && leg.srtp == SrtpPolicy::Preferred {
            // Our offer in a 200 cannot be made again without SRTP: who needs it not is not asked for it.
            leg.secure(SrtpPolicy::Off, cx.house.srtp_secret.reveal());
        }
        let trunk = leg.trunk.as_ref().and_then(|t| cx.plan.trunks.get(t));
        let credentials = trunk.and_then(|t| crate::ways::credentials(cx.house, t));
        let (Some(session), Some(sdp)) = (leg.session, leg.sdp.as_mut()) else {
            return false;
        };
        let body = match leg.offer.take() {
            None => Ok((sdp.offer(Direction::SendRecv), None)),
            Some(offer) => sdp
                .answer(&offer, Direction::SendRecv)
                .map(|(text, agreed)| (text, Some(agreed))),
        };
        match body {
            Ok((text, agreed)) => {
                leg.state = LegState::Accepted;
                leg.answered = Some(cx.now.mono);
                leg.our_offer_open = agreed.is_none();
                if let Some(agreed) = agreed {
                    self.agreed(cx, id, agreed);
                }
                cx.sip(Command::Accept {
                    session,
                    credentials,
                    headers: Headers::new(),
                    body: Some(sdp_body(text)),
                });
                true
            }
            Err(unusable) => {
                self.refuse_offer(cx, id, unusable);
                false
            }
        }
    }

    /// An offer/answer of a leg is complete.
    pub(crate) fn agreed(&mut self, cx: &mut Ctx<'_>, id: LegId, agreed: Agreed) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        leg.generation += 1;
        let first = leg.agreed.is_none();
        leg.plain_way = None;
        let mut flow = agreed.flow(leg.learn_from(&agreed), leg.generation);
        flow.tones = leg.dtmf.hears_tones(flow.event_payload_type.is_some());
        let (codec, held) = (agreed.codec, agreed.held_by_peer);
        let srtp = agreed.srtp.as_ref().map(|keys| keys.suite);
        let was_held = std::mem::replace(&mut leg.held, held);
        // The media graph's watch on its sound begins anew where the far end did not send, and goes on where it did.
        let sent = |a: &Agreed| a.our_direction.receives() && a.their_direction.sends();
        leg.silent &= leg.agreed.replace(agreed).as_ref().is_some_and(sent);
        cx.media(MediaCommand::SetFlow { leg: id, flow });
        if first {
            let leg = id;
            self.journal(cx, What::LegAnswered { leg, codec, srtp });
        }
        self.settle_keys(cx);
        if held != was_held {
            self.journal(cx, What::LegHeld { leg: id, held });
            self.held(cx, id, held);
        }
        // Whatever was said of its sound before counts no more.
        self.settle_sounds(cx);
    }

    /// A far end put us on hold, or took us off: it is not heard meanwhile.
    fn held(&mut self, cx: &mut Ctx<'_>, id: LegId, held: bool) {
        if id == self.caller {
            self.talk_input(cx, tandem_agent::Input::Held(held));
        }
        if matches!(self.stage, Stage::Bridged(_) | Stage::Conference) {
            self.connect_all(cx);
        }
    }

    /// Who hears whom now, told to the graph as a whole.
    pub(crate) fn connect_all(&mut self, cx: &mut Ctx<'_>) {
        let up = || self.legs.values().filter(|l| l.alive() && l.up());
        // Whoever put us on hold is not heard, nor is their hold music: the others hear ours, or each other.
        let heard = |listener: LegId| {
            let others = up().filter(move |l| l.id != listener && !l.held);
            others.map(|l| l.id).collect()
        };
        let hears = match &self.stage {
            Stage::Bridged(b) => [(self.caller, b.peer), (b.peer, self.caller)]
                .into_iter()
                .filter(|(_, heard)| !self.leg(*heard).is_some_and(|l| l.held))
                .map(|(listener, heard)| (listener, vec![heard]))
                .collect(),
            Stage::Echo => vec![(self.caller, vec![self.caller])],
            Stage::Conference => up().map(|l| (l.id, heard(l.id))).collect(),
            // Everywhere else nobody hears anybody: the caller hears players, a consult leg its brief.
            Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Talking
            | Stage::Menu(_)
            | Stage::Asking(_)
            | Stage::Announcing { .. }
            | Stage::Voicemail(_)
            | Stage::Messages(_)
            | Stage::CallingBack(_)
            | Stage::Referring(_)
            | Stage::Notifying { .. }
            | Stage::Farewell { .. }
            | Stage::Leaving
            | Stage::Ending => Vec::new(),
            Stage::Reaching(r) => r
                .early
                .map(|leg| (self.caller, vec![leg]))
                .into_iter()
                .collect(),
        };
        cx.media(MediaCommand::Connect {
            call: self.id,
            hears,
        });
        self.settle_recording(cx, None);
    }

    /// Ends a leg of ours now: CANCEL, BYE or a refusal, whatever fits its state.
    pub(crate) fn hang(&mut self, cx: &mut Ctx<'_>, id: LegId, reason: Reason) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        if !leg.alive() {
            return;
        }
        leg.ways.clear();
        let end = Termination::new(Party::Gateway, reason);
        leg.end.get_or_insert(end);
        if let Some(session) = leg.session {
            let headers = match reason {
                Reason::ElsewhereAnswered => Headers::new().with(
                    HeaderName::Reason,
                    "SIP;cause=200;text=\"Call completed elsewhere\"",
                ),
                Reason::Normal | Reason::Transferred => {
                    Headers::new().with(HeaderName::Reason, "Q.850;cause=16")
                }
                _ => Headers::new(),
            };
            cx.sip(Command::Hangup { session, headers });
        }
        if let Some(from) = leg.lent_by {
            let (leg, to) = (from, id);
            cx.between.push_back(Between::Keep { leg, to });
        }
        self.close_leg(cx, id, end);
    }

    /// Signalling of a leg is over (whoever did it): the record, then the port.
    pub(crate) fn close_leg(&mut self, cx: &mut Ctx<'_>, id: LegId, end: Termination) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        if !leg.alive() {
            return;
        }
        leg.state = LegState::Closing;
        let end = *leg.end.get_or_insert(end);
        self.note_leg(cx, id);
        self.journal(cx, What::LegEnded { leg: id, end });
        cx.media(MediaCommand::CloseLeg { leg: id });
    }

    pub(crate) fn leg_closed(&mut self, cx: &mut Ctx<'_>, id: LegId, stats: LegStats) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        if leg.state == LegState::Gone {
            return;
        }
        leg.state = LegState::Gone;
        self.journal(cx, What::LegMeasured { leg: id, stats });
    }

    /// A leg ended by itself: what that means depends on who has the caller.
    pub(crate) fn leg_is_over(&mut self, cx: &mut Ctx<'_>, id: LegId, end: Termination) {
        self.close_leg(cx, id, end);
        if self.over_while_lending(cx, id, end) {
            return;
        }
        if matches!(self.stage, Stage::Conference) {
            return self.left_room(cx, end);
        }
        if matches!(self.stage, Stage::CallingBack(_)) {
            return self.offer_missed(cx, id, end);
        }
        if id == self.caller {
            return self.caller_left(cx, end);
        }
        if self.parting_is_over(cx, id) {
            return;
        }
        match &mut self.stage {
            Stage::Reaching(r) if r.reach.has(id) => {
                r.reach
                    .handle_input(cx.now.mono, reach::Input::Gone(id, end));
                self.drain_reach(cx);
                self.early_is_over(cx, id);
            }
            Stage::Bridged(b) if b.peer == id => {
                self.person_gone(
                    cx,
                    Termination {
                        by: Party::Callee,
                        ..end
                    },
                );
            }
            Stage::Reaching(_)
            | Stage::Leaving
            | Stage::Bridged(_)
            | Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Talking
            | Stage::Menu(_)
            | Stage::Asking(_)
            | Stage::Announcing { .. }
            | Stage::Voicemail(_)
            | Stage::Messages(_)
            | Stage::CallingBack(_)
            | Stage::Referring(_)
            | Stage::Echo
            | Stage::Conference
            | Stage::Notifying { .. }
            | Stage::Farewell { .. }
            | Stage::Ending => {}
        }
    }
}
