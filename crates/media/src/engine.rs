//! All graphs of one worker: commands in, packets in, events and packets out.

use crate::{
    graph::{Context, Graph},
    leg::Leg,
    output::{Census, EngineConfig, Output, Transmit},
    player::{Pieces, Player},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};
use tandem_types::{
    CallId, LegId, Mono, Now, PlayerId, Rng,
    media::{Family, LegStats, MediaCommand, MediaEvent},
    recording::{RecordingEnd, RecordingSum},
};

/// The length of a mixer tick.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// A worker that was held up for longer than this leaves the missed ticks out.
const MOST_TICKS_AT_ONCE: u32 = 20;

/// All graphs of one worker.
///
/// ```text
///          Connect, Play, SetFlow..            handle_timeout / handle_packet
/// [graph] ------------------------> [unsettled] ----------------------------> [settled: relay or mix per leg]
///    \--- CloseCall: gone at once, players first, then legs with BYE
/// ```
pub struct Engine {
    config: EngineConfig,
    rng: Rng,
    graphs: BTreeMap<CallId, Graph>,
    /// When a leg wants [`Engine::handle_timeout`] for reports and the quiet watch.
    timers: BTreeSet<(Mono, LegId)>,
    ticking: BTreeSet<CallId>,
    next_tick: Mono,
    /// Calls whose legs' roles must be worked out again, and since when.
    unsettled: BTreeSet<CallId>,
    unsettled_at: Mono,
    outputs: VecDeque<Output>,
    pieces: Pieces,
    /// Reused by [`Engine::tick`].
    due: Vec<CallId>,
}

impl Engine {
    /// A worker without calls. Makes the hold music, which takes some milliseconds.
    pub fn new(config: EngineConfig, rng: Rng) -> Self {
        Self {
            config,
            rng,
            graphs: BTreeMap::new(),
            timers: BTreeSet::new(),
            ticking: BTreeSet::new(),
            next_tick: Mono(0),
            unsettled: BTreeSet::new(),
            unsettled_at: Mono(0),
            outputs: VecDeque::new(),
            pieces: Pieces::new(),
            due: Vec::new(),
        }
    }

    /// Takes a command. Drain [`Engine::poll_output`] and look at [`Engine::poll_timeout`] afterwards.
    pub fn handle_command(&mut self, now: Now, command: MediaCommand) {
        match command {
            MediaCommand::OpenLeg {
                leg,
                reserve,
                family,
            } => {
                let graph = self.graphs.entry(leg.call).or_default();
                if graph.open(leg, now.mono, &mut self.rng) {
                    self.outputs.push_back(Output::NeedPort {
                        leg,
                        reserve,
                        family,
                    });
                }
            }
            MediaCommand::SetFlow { leg, flow } => {
                if let Some(l) = self
                    .graphs
                    .get_mut(&leg.call)
                    .and_then(|g| g.legs.get_mut(&leg))
                {
                    l.set_flow(now.mono, flow, &self.config, &mut self.rng);
                    rearm(&mut self.timers, l);
                    self.unsettle(leg.call, now.mono);
                }
            }
            MediaCommand::CloseLeg { leg } => self.close_leg(now, leg),
            MediaCommand::Connect { call, hears } => {
                if let Some(graph) = self.graphs.get_mut(&call) {
                    graph.connect(hears);
                    self.unsettle(call, now.mono);
                }
            }
            MediaCommand::Play {
                player,
                to,
                sound,
                lane,
            } => {
                let (new, requests) = Player::new(player, to, sound, lane, &self.pieces);
                if self
                    .graphs
                    .get_mut(&player.call)
                    .is_some_and(|g| g.play(new))
                {
                    self.outputs.extend(requests);
                    self.unsettle(player.call, now.mono);
                } else {
                    self.outputs
                        .push_back(Output::Event(MediaEvent::PlayFinished {
                            player,
                            played_ms: 0,
                            total_ms: 0,
                            whole: false,
                        }));
                }
            }
            MediaCommand::Pause { player } => self.pause(player, true),
            MediaCommand::Resume { player } => self.pause(player, false),
            MediaCommand::Stop { player } => {
                if let Some(graph) = self.graphs.get_mut(&player.call) {
                    graph.stop(player, &mut self.outputs);
                    self.unsettle(player.call, now.mono);
                }
            }
            MediaCommand::Listen {
                leg,
                on,
                end_silence,
            } => {
                if let Some(l) = self
                    .graphs
                    .get_mut(&leg.call)
                    .and_then(|g| g.legs.get_mut(&leg))
                {
                    l.listen(on, end_silence);
                    self.unsettle(leg.call, now.mono);
                }
            }
            MediaCommand::SendDigits { leg, digits } => {
                if let Some(l) = self
                    .graphs
                    .get_mut(&leg.call)
                    .and_then(|g| g.legs.get_mut(&leg))
                {
                    l.press(&digits);
                    self.unsettle(leg.call, now.mono);
                }
            }
            MediaCommand::KeepKeys { leg, keep } => {
                if let Some(l) = self
                    .graphs
                    .get_mut(&leg.call)
                    .and_then(|g| g.legs.get_mut(&leg))
                {
                    l.keys_kept = keep;
                }
            }
            MediaCommand::Record { leg, file, tone } => match self.graphs.get_mut(&leg.call) {
                Some(graph) => {
                    graph.record(leg, (file, tone), &mut self.outputs);
                    self.unsettle(leg.call, now.mono);
                }
                None => {
                    let sum = RecordingSum::unknown(RecordingEnd::Failed);
                    let call = leg.call;
                    self.outputs
                        .push_back(Output::Event(MediaEvent::RecordingEnded { call, sum }));
                }
            },
            MediaCommand::RecordMessage { message, leg, file } => {
                let graph = self.graphs.get_mut(&message.call);
                if graph.is_some_and(|g| g.record_message(message, leg, file, &mut self.outputs)) {
                    self.unsettle(message.call, now.mono);
                } else {
                    let sum = RecordingSum::unknown(RecordingEnd::Failed);
                    self.outputs
                        .push_back(Output::Event(MediaEvent::MessageRecorded { message, sum }));
                }
            }
            MediaCommand::EndMessage { message } => {
                if let Some(graph) = self.graphs.get_mut(&message.call) {
                    graph.end_message(Some(message), &mut self.outputs);
                    self.unsettle(message.call, now.mono);
                }
            }
            MediaCommand::PauseRecording { call, paused } => {
                if let Some(r) = self.graphs.get_mut(&call).and_then(|g| g.recorder.as_mut()) {
                    r.paused = paused;
                }
            }
            MediaCommand::CloseCall { call } => self.close_call(now, call),
        }
    }

    /// The leg has its ports; `local` is the RTP one's address.
    pub fn bound(&mut self, now: Now, leg: LegId, local: SocketAddr) {
        let Some(l) = self
            .graphs
            .get_mut(&leg.call)
            .and_then(|g| g.legs.get_mut(&leg))
        else {
            // It was closed meanwhile.
            self.outputs.push_back(Output::ReleasePort { leg });
            return;
        };
        if l.local.replace(local).is_none() {
            let instead = self.config.advertise.iter();
            let ip = instead
                .copied()
                .find(|ip| Family::of(*ip) == Family::of(local.ip()))
                .unwrap_or(local.ip());
            let local = SocketAddr::new(ip, local.port());
            self.outputs
                .push_back(Output::Event(MediaEvent::LegOpened { leg, local }));
            self.unsettle(leg.call, now.mono);
        }
    }

    /// There are no ports for the leg.
    pub fn refused(&mut self, leg: LegId) {
        let Some(graph) = self.graphs.get_mut(&leg.call) else {
            return;
        };
        let Some(l) = graph.legs.remove(&leg) else {
            return;
        };
        self.timers.remove(&(l.armed, leg));
        graph.forget_leg(leg, &mut self.outputs);
        self.outputs
            .push_back(Output::Event(MediaEvent::LegRefused { leg }));
    }

    /// Takes a datagram that came to a leg's RTP port or (`rtcp`) its RTCP port.
    pub fn handle_packet(
        &mut self,
        now: Now,
        leg: LegId,
        from: SocketAddr,
        packet: &[u8],
        rtcp: bool,
        send: &mut dyn FnMut(Transmit<'_>),
    ) {
        if self.unsettled.contains(&leg.call) {
            self.settle(now, leg.call, send);
        }
        let Some(graph) = self.graphs.get_mut(&leg.call) else {
            return;
        };
        let mut context = Context {
            now,
            config: &self.config,
            outputs: &mut self.outputs,
        };
        let changed = if rtcp || tandem_rtp::is_rtcp(packet) {
            graph.handle_rtcp(&mut context, leg, from, packet)
        } else {
            graph.handle_rtp(&mut context, leg, from, packet, send)
        };
        if changed.deadline
            && let Some(l) = graph.legs.get_mut(&leg)
        {
            rearm(&mut self.timers, l);
        }
        if changed.roles {
            self.unsettle(leg.call, now.mono);
        }
    }

    /// Ticks, reports and the quiet watch, as far as they are due.
    pub fn handle_timeout(&mut self, now: Now, send: &mut dyn FnMut(Transmit<'_>)) {
        while let Some(call) = self.unsettled.first().copied() {
            self.settle(now, call, send);
        }
        let mut ticks = 0;
        while !self.ticking.is_empty() && self.next_tick <= now.mono {
            if ticks == MOST_TICKS_AT_ONCE {
                self.next_tick = now.mono + TICK;
                break;
            }
            ticks += 1;
            // The tick's own time: after a stall the missed packets follow on each other's timestamps.
            self.tick(
                Now {
                    mono: self.next_tick,
                    wall: now.wall,
                },
                send,
            );
            self.next_tick = self.next_tick + TICK;
        }
        while let Some((at, leg)) = self
            .timers
            .first()
            .copied()
            .filter(|(at, _)| *at <= now.mono)
        {
            self.timers.remove(&(at, leg));
            let Some(l) = self
                .graphs
                .get_mut(&leg.call)
                .and_then(|g| g.legs.get_mut(&leg))
            else {
                continue;
            };
            let mut context = Context {
                now,
                config: &self.config,
                outputs: &mut self.outputs,
            };
            l.on_deadline(&mut context, &mut self.rng, send);
            rearm(&mut self.timers, l);
        }
    }

    /// When [`Engine::handle_timeout`] is wanted next, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        if !self.unsettled.is_empty() {
            return Some((self.unsettled_at, "roles of legs"));
        }
        let tick = (!self.ticking.is_empty()).then_some((self.next_tick, "mixer tick"));
        let timer = self
            .timers
            .first()
            .map(|(at, _)| (*at, "reports and quiet watch"));
        match (tick, timer) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Hands in sound (8 kHz) that `NeedSpeech` or `NeedFile` asked for. False: no more of it is wanted, because
    /// the player is gone or holds ten minutes already.
    pub fn push_audio(&mut self, player: PlayerId, pcm: &[i16]) -> bool {
        self.player(player).is_some_and(|p| p.push(pcm))
    }

    /// The sound is complete.
    pub fn end_audio(&mut self, player: PlayerId) {
        if let Some(p) = self.player(player) {
            p.end();
        }
    }

    /// The sound cannot be made. What was handed in is still played; then, or at once, `PlayFailed`.
    pub fn fail_audio(&mut self, player: PlayerId) {
        if let Some(graph) = self.graphs.get_mut(&player.call)
            && graph.fail(player, &mut self.outputs)
        {
            self.unsettle(player.call, self.unsettled_at);
        }
    }

    /// Milliseconds handed in and not yet played; 0 for a player that is gone.
    pub fn buffered_ms(&self, player: PlayerId) -> u32 {
        let graph = self.graphs.get(&player.call);
        graph
            .and_then(|g| g.player(player))
            .map_or(0, Player::buffered_ms)
    }

    /// How much there is.
    pub fn census(&self) -> Census {
        Census {
            calls: self.graphs.len(),
            legs: self.graphs.values().map(|g| g.legs.len()).sum(),
            players: self.graphs.values().map(|g| g.players.len()).sum(),
            ticking: self.ticking.len(),
        }
    }

    /// What a leg's flow did so far.
    pub fn stats(&self, leg: LegId) -> Option<LegStats> {
        self.graphs
            .get(&leg.call)?
            .legs
            .get(&leg)
            .map(|l| l.stats())
    }

    fn player(&mut self, player: PlayerId) -> Option<&mut Player> {
        self.graphs.get_mut(&player.call)?.player_mut(player)
    }

    fn pause(&mut self, player: PlayerId, paused: bool) {
        if let Some(p) = self.player(player) {
            p.paused = paused;
        }
    }

    fn unsettle(&mut self, call: CallId, at: Mono) {
        if self.unsettled.is_empty() {
            self.unsettled_at = at;
        }
        self.unsettled.insert(call);
    }

    fn settle(&mut self, now: Now, call: CallId, send: &mut dyn FnMut(Transmit<'_>)) {
        self.unsettled.remove(&call);
        let Some(graph) = self.graphs.get_mut(&call) else {
            return;
        };
        graph.settle(now, send);
        if !graph.needs_ticks() {
            self.ticking.remove(&call);
        } else if self.ticking.insert(call) && self.ticking.len() == 1 {
            self.next_tick = now.mono + TICK;
        }
    }

    fn tick(&mut self, now: Now, send: &mut dyn FnMut(Transmit<'_>)) {
        let mut due = std::mem::take(&mut self.due);
        due.clear();
        due.extend(&self.ticking);
        for call in &due {
            let Some(graph) = self.graphs.get_mut(call) else {
                continue;
            };
            let mut context = Context {
                now,
                config: &self.config,
                outputs: &mut self.outputs,
            };
            if graph.tick(&mut context, send) {
                self.settle(now, *call, send);
            }
        }
        self.due = due;
    }

    fn close_leg(&mut self, now: Now, leg: LegId) {
        let Some(graph) = self.graphs.get_mut(&leg.call) else {
            return;
        };
        let Some(mut l) = graph.legs.remove(&leg) else {
            return;
        };
        self.timers.remove(&(l.armed, leg));
        graph.forget_leg(leg, &mut self.outputs);
        if let Some((to, bytes)) = l.farewell(now, &self.config) {
            self.outputs.push_back(Output::Farewell { leg, to, bytes });
        }
        if l.local.is_some() {
            self.outputs.push_back(Output::ReleasePort { leg });
        }
        self.outputs.push_back(Output::Event(MediaEvent::LegClosed {
            leg,
            stats: l.stats(),
        }));
        self.unsettle(leg.call, now.mono);
    }

    fn close_call(&mut self, now: Now, call: CallId) {
        let Some(graph) = self.graphs.get_mut(&call) else {
            return;
        };
        graph.end_recording(&mut self.outputs);
        graph.end_message(None, &mut self.outputs);
        graph.stop_all(&mut self.outputs);
        let legs: Vec<LegId> = graph.legs.keys().copied().collect();
        for leg in legs {
            self.close_leg(now, leg);
        }
        self.graphs.remove(&call);
        self.ticking.remove(&call);
        self.unsettled.remove(&call);
    }
}

/// Keeps the engine's order of deadlines true to a leg's.
fn rearm(timers: &mut BTreeSet<(Mono, LegId)>, leg: &mut Leg) {
    timers.remove(&(leg.armed, leg.id));
    leg.armed = leg.deadline();
    if leg.armed != Mono(u64::MAX) {
        timers.insert((leg.armed, leg.id));
    }
}
