//! The graph of one call.

mod tones;

use crate::{
    leg::{Leg, Role, Taken},
    mix::{self, FRAME, Voice},
    output::{EngineConfig, Output, Transmit},
    player::Player,
    recorder::Recorder,
    relay::{self, Kind},
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};
use tandem_rtp::{EventClock, Packet, Verdict, srtp::Refused};
use tandem_types::{
    LegId, Mono, Now, PlayerId, Rng,
    media::{Lane, MediaEvent},
};

/// A longer datagram is no sound: Ethernet carries less.
const LONGEST_SEALED: usize = 1500;

/// What a step of a graph may use of its engine.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a EngineConfig,
    pub(crate) outputs: &'a mut VecDeque<Output>,
}

impl Context<'_> {
    pub(crate) fn event(&mut self, event: MediaEvent) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// What a packet changed besides what it said.
#[derive(Clone, Copy, Default)]
pub(crate) struct Changed {
    /// Roles must be worked out anew.
    pub(crate) roles: bool,
    /// The leg's deadline is another.
    pub(crate) deadline: bool,
}

/// Legs, who hears whom, and players in the order of their commands.
#[derive(Default)]
pub(crate) struct Graph {
    /// Boxed: a node of the tree has room for eleven.
    pub(crate) legs: BTreeMap<LegId, Box<Leg>>,
    pub(crate) hears: BTreeMap<LegId, Vec<LegId>>,
    pub(crate) players: Vec<Player>,
    /// Boxed: most calls have none.
    pub(crate) recorder: Option<Box<Recorder>>,
    /// The message that is being left.
    pub(crate) message: Option<Box<Recorder>>,
    next_segment: u32,
}

impl Graph {
    /// A new leg; false if there is one of this name.
    pub(crate) fn open(&mut self, leg: LegId, now: Mono, rng: &mut Rng) -> bool {
        if self.legs.contains_key(&leg) {
            return false;
        }
        self.legs.insert(leg, Box::new(Leg::new(leg, now, rng)));
        true
    }

    pub(crate) fn connect(&mut self, hears: Vec<(LegId, Vec<LegId>)>) {
        self.hears.clear();
        for (listener, heard) in hears {
            let entry = self.hears.entry(listener).or_default();
            for leg in heard {
                if !entry.contains(&leg) {
                    entry.push(leg);
                }
            }
        }
    }

    pub(crate) fn heard_by(&self, listener: LegId) -> &[LegId] {
        self.hears.get(&listener).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn player(&self, id: PlayerId) -> Option<&Player> {
        self.players.iter().find(|p| p.id == id)
    }
    pub(crate) fn player_mut(&mut self, id: PlayerId) -> Option<&mut Player> {
        self.players.iter_mut().find(|p| p.id == id)
    }

    /// Takes a player for those of its legs that exist; false if there are none.
    pub(crate) fn play(&mut self, mut player: Player) -> bool {
        player.to.retain(|leg| self.legs.contains_key(leg));
        if player.to.is_empty() || self.player(player.id).is_some() {
            return false;
        }
        self.players.push(player);
        true
    }

    /// Ends a player before its end.
    pub(crate) fn stop(&mut self, id: PlayerId, outputs: &mut VecDeque<Output>) {
        if let Some(i) = self.players.iter().position(|p| p.id == id) {
            end_player(&self.players.remove(i), outputs);
        }
    }

    pub(crate) fn stop_all(&mut self, outputs: &mut VecDeque<Output>) {
        for player in self.players.drain(..) {
            end_player(&player, outputs);
        }
    }

    /// The driver cannot make a player's sound. Says whether the player is gone.
    pub(crate) fn fail(&mut self, id: PlayerId, outputs: &mut VecDeque<Output>) -> bool {
        let Some(i) = self.players.iter().position(|p| p.id == id) else {
            return false;
        };
        if !self.players[i].fail() {
            return false;
        }
        let player = self.players.remove(i);
        outputs.push_back(Output::Event(player.epilogue(true)));
        true
    }

    /// A leg is gone: nobody hears it, and nothing is played to it.
    pub(crate) fn forget_leg(&mut self, leg: LegId, outputs: &mut VecDeque<Output>) {
        self.hears.remove(&leg);
        for heard in self.hears.values_mut() {
            heard.retain(|l| *l != leg);
        }
        self.players.retain_mut(|p| {
            p.to.retain(|l| *l != leg);
            if p.to.is_empty() {
                end_player(p, outputs);
            }
            !p.to.is_empty()
        });
    }

    /// Takes an RTP datagram.
    pub(crate) fn handle_rtp(
        &mut self,
        context: &mut Context<'_>,
        id: LegId,
        from: SocketAddr,
        bytes: &[u8],
        send: &mut dyn FnMut(Transmit<'_>),
    ) -> Changed {
        let Some(leg) = self.legs.get_mut(&id) else {
            return Changed::default();
        };
        let Some(srtp) = &mut leg.srtp else {
            return self.take_rtp(context, id, (from, false), bytes, send);
        };
        let mut clear = [0; LONGEST_SEALED];
        let Some(packet) = clear.get_mut(..bytes.len()) else {
            return Changed::default();
        };
        packet.copy_from_slice(bytes);
        match srtp.unprotect(packet) {
            Ok(length) => self.take_rtp(context, id, (from, true), &clear[..length], send),
            // A packet that comes twice is nobody's attack.
            Err(Refused::Replayed) => Changed::default(),
            Err(Refused::Forged | Refused::Malformed) => {
                leg.refused += 1;
                Changed::default()
            }
        }
    }

    /// Takes an RTP packet in clear, from a source that is known to be the far end (`authentic`) or not.
    fn take_rtp(
        &mut self,
        context: &mut Context<'_>,
        id: LegId,
        (from, authentic): (SocketAddr, bool),
        bytes: &[u8],
        send: &mut dyn FnMut(Transmit<'_>),
    ) -> Changed {
        let Some(leg) = self.legs.get_mut(&id) else {
            return Changed::default();
        };
        let Ok(packet) = Packet::parse(bytes) else {
            return Changed::default();
        };
        let verdict = if authentic {
            leg.latch.judge_authentic(from)
        } else {
            leg.latch.judge(from)
        };
        let learnt = match verdict {
            Verdict::Refused => {
                leg.refused += 1;
                return Changed::default();
            }
            Verdict::Learnt => true,
            Verdict::Known => false,
        };
        let heard = leg.needs_even_tones();
        let taken = leg.take(context, &packet);
        let begins = leg.needs_even_tones() != heard;
        let sounds = !matches!(taken, Taken::Nothing);
        let key = match taken {
            Taken::Sound { codec, .. } => leg.tone_in(codec, packet.payload),
            Taken::Event { .. } | Taken::Nothing => None,
        };
        let deadline = leg.heard_rtp(context, sounds);
        match taken {
            Taken::Sound { codec, restart } => {
                let listeners = std::mem::take(&mut leg.relays_to);
                for listener in &listeners {
                    if let Some(l) = self.legs.get_mut(listener) {
                        if restart {
                            l.relay.release();
                        }
                        relay::forward(l, context.now, &packet, Kind::Sound(codec), send);
                    }
                }
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.relays_to = listeners;
                }
                let pressed = key.is_some_and(|key| self.tone(context, id, key));
                Changed {
                    roles: learnt || begins || pressed,
                    deadline,
                }
            }
            Taken::Event { restart } => {
                let pressed = self.handle_event(context, id, &packet, restart, send);
                Changed {
                    roles: learnt || begins || pressed,
                    deadline,
                }
            }
            Taken::Nothing => Changed {
                roles: learnt || begins,
                deadline,
            },
        }
    }

    /// A telephone-event: relayed packet by packet to relayed listeners, pressed anew for mixed ones; one that began while keys
    /// are kept reaches nobody.
    fn handle_event(
        &mut self,
        context: &mut Context<'_>,
        id: LegId,
        packet: &Packet<'_>,
        restart: bool,
        send: &mut dyn FnMut(Transmit<'_>),
    ) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else {
            return false;
        };
        leg.shadow(context.now.mono);
        let EventClock { stream, event } = leg.event_clock();
        let kind = Kind::Event(stream, event);
        let header = &packet.header;
        let relayed = match leg.event {
            Some((timestamp, relayed)) if timestamp == header.timestamp => relayed,
            _ => !leg.relays_to.is_empty() && !leg.keys_kept,
        };
        let kept = leg.keys_kept && !relayed;
        leg.event = Some((header.timestamp, relayed));
        let mut keys = [None; 2];
        leg.keys_in
            .receive(header.timestamp, header.marker, packet.payload, |key| {
                if let Some(slot) = keys.iter_mut().find(|k| k.is_none()) {
                    *slot = Some(key);
                }
            });
        for key in keys.into_iter().flatten() {
            leg.key(context, key);
        }
        let listeners = std::mem::take(&mut leg.relays_to);
        for listener in &listeners {
            let Some(l) = self.legs.get_mut(listener) else {
                continue;
            };
            if kept {
                l.relay.leave_out();
            } else if relayed {
                if restart {
                    l.relay.release();
                }
                relay::forward(l, context.now, packet, kind, send);
            }
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.relays_to = listeners;
        }
        let mut pressed = false;
        for key in keys.into_iter().flatten().filter(|_| !kept) {
            pressed |= self.pass_on(id, key, relayed);
        }
        pressed
    }

    /// Presses a key that came from `source` for those who hear it and did not get its packets.
    fn pass_on(&mut self, source: LegId, key: char, relayed: bool) -> bool {
        let mut pressed = false;
        for (listener, heard) in &self.hears {
            let Some(l) = self
                .legs
                .get_mut(listener)
                .filter(|_| heard.contains(&source))
            else {
                continue;
            };
            let by_packets = relayed
                && l.role == Role::Relayed(source)
                && l.flow
                    .as_ref()
                    .is_some_and(|f| f.event_payload_type.is_some());
            if l.role != Role::Closed && !by_packets {
                let mut text = [0; 4];
                l.press(key.encode_utf8(&mut text));
                pressed = true;
            }
        }
        pressed
    }

    /// Takes an RTCP datagram.
    pub(crate) fn handle_rtcp(
        &mut self,
        context: &mut Context<'_>,
        id: LegId,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Changed {
        let Some(leg) = self.legs.get_mut(&id) else {
            return Changed::default();
        };
        let mut clear = [0; LONGEST_SEALED];
        let (verdict, bytes) = match &mut leg.srtp {
            None => (leg.latch.judge_rtcp(from), bytes),
            Some(srtp) => {
                let Some(packet) = clear.get_mut(..bytes.len()) else {
                    return Changed::default();
                };
                packet.copy_from_slice(bytes);
                match srtp.unprotect_rtcp(packet) {
                    Ok(length) => (leg.latch.judge_authentic_rtcp(from), &clear[..length]),
                    Err(_) => (Verdict::Refused, bytes),
                }
            }
        };
        if verdict == Verdict::Refused {
            leg.refused += 1;
            return Changed::default();
        }
        Changed {
            roles: false,
            deadline: leg.heard_rtcp(context, bytes),
        }
    }

    /// 10 ms of everything that is not relayed. Says whether roles must be worked out anew.
    pub(crate) fn tick(
        &mut self,
        context: &mut Context<'_>,
        send: &mut dyn FnMut(Transmit<'_>),
    ) -> bool {
        for leg in self.legs.values_mut().filter(|l| l.pulled()) {
            leg.pull(context, &mut self.next_segment);
        }
        let mut pressed = self.take_tones(context);
        let over = self.render_players(context);
        let ids = self.legs.len();
        for i in 0..ids {
            let Some(id) = self.legs.keys().nth(i).copied() else {
                break;
            };
            pressed |= self.mix_for(context.now, id, send);
        }
        if over {
            self.retire_players(context);
        }
        let tone = self.record_tick(context.now.mono, context.outputs);
        over || pressed || tone
    }

    /// Mixes a tick for one leg. Says whether it has just pressed its last key.
    fn mix_for(&mut self, now: Now, id: LegId, send: &mut dyn FnMut(Transmit<'_>)) -> bool {
        let Some(leg) = self.legs.get_mut(&id).filter(|l| l.role == Role::Mixed) else {
            return false;
        };
        let mut mixer = std::mem::take(&mut leg.mixer);
        let hears = self.hears.get(&id).map_or(&[][..], Vec::as_slice);
        let mut sum = mix::sum(&mut mixer, id, hears, &self.legs, &self.players);
        let Some(leg) = self.legs.get_mut(&id) else {
            return false;
        };
        let was_pressing = leg.pressing();
        if !leg.tone_out.done() {
            let mut tone = [0; FRAME];
            leg.tone_out.fill(&mut tone);
            // The key alone: whatever else sounds would spoil it.
            sum = [0; FRAME];
            mixer.add(&mut sum, Voice::Player(0), &tone);
        }
        let mut frame = [0; FRAME];
        mixer.finish(&sum, &mut frame);
        leg.mixer = mixer;
        if let Some(recorder) = self.recorder.as_mut().filter(|r| r.leg == id) {
            recorder.sent = frame;
        }
        leg.append(now, &frame, send);
        was_pressing && !leg.pressing()
    }

    /// Each player's sound of this tick. A voice player has its turn when no earlier one is aimed at any of its
    /// legs; a background player is silent while one of its legs is spoken to. Says whether one is over.
    fn render_players(&mut self, context: &mut Context<'_>) -> bool {
        let mut over = false;
        for i in 0..self.players.len() {
            let (before, rest) = self.players.split_at_mut(i);
            let Some((player, after)) = rest.split_first_mut() else {
                break;
            };
            player.rest();
            let shares = |other: &Player| other.to.iter().any(|l| player.to.contains(l));
            let blocked = match player.lane {
                Lane::Voice => before.iter().any(|p| p.lane == Lane::Voice && shares(p)),
                Lane::Background => before
                    .iter()
                    .chain(after.iter())
                    .any(|p| p.lane == Lane::Voice && p.speaking() && shares(p)),
            };
            let sendable = player
                .to
                .iter()
                .any(|l| self.legs.get(l).is_some_and(|l| l.role == Role::Mixed));
            if blocked || player.paused || !sendable || !player.ready() {
                continue;
            }
            over |= player.render(context.outputs);
        }
        over
    }

    fn retire_players(&mut self, context: &mut Context<'_>) {
        self.players.retain(|p| {
            let over = p.exhausted();
            if over && p.is_asked_for() {
                context.outputs.push_back(Output::Event(p.epilogue(true)));
            }
            !over
        });
    }
}

fn end_player(player: &Player, outputs: &mut VecDeque<Output>) {
    if player.wants_more() {
        outputs.push_back(Output::StopSpeech { player: player.id });
    }
    if player.is_asked_for() {
        outputs.push_back(Output::Event(player.epilogue(false)));
    }
}
