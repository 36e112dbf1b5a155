//! A media worker: a thread that owns its legs' sockets and their graphs. Packets are answered in the step in
//! which they come; commands, sound and events travel by queues of their own.

mod handle;
mod wav;

pub(crate) use self::handle::{MediaHandle, call_of};

use self::handle::{Orders, Sound};
use crate::{
    Clock,
    places::ShardHandle,
    shard::ToShard,
    speech_desk::{DeskHandle, Segments},
};
use mio::{Events, Interest, Poll, Token, Waker, net::UdpSocket};
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::Input;
use tandem_media::{Engine, EngineConfig, Output, Transmit};
use tandem_net::PortPool;
use tandem_speech::Line;
use tandem_types::{LegId, PlayerId, Rng, media::MediaEvent};

/// The largest datagram that is read: more than Ethernet carries.
const DATAGRAM: usize = 2048;
/// Datagrams taken from one socket before the others have their turn.
const BURST: usize = 64;
const WAKE: Token = Token(usize::MAX);

/// What a worker is made with.
pub(crate) struct WorkerConfig {
    pub(crate) index: usize,
    pub(crate) workers: usize,
    pub(crate) ports: (u16, u16),
    pub(crate) reserve: usize,
    pub(crate) address: IpAddr,
    pub(crate) advertise: IpAddr,
    pub(crate) rtp_timeout: Duration,
    pub(crate) drain: Duration,
    pub(crate) config_dir: PathBuf,
}

/// The sockets of one leg.
struct Sockets {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    slot: usize,
    port: u16,
}

struct Worker {
    clock: Clock,
    engine: Engine,
    pool: PortPool,
    poll: Poll,
    legs: BTreeMap<LegId, Sockets>,
    /// Tokens are twice the slot, plus one for RTCP.
    slots: Vec<Option<LegId>>,
    free_slots: Vec<usize>,
    orders: Orders,
    shard: ShardHandle,
    desk: DeskHandle,
    segments: Segments,
    config_dir: PathBuf,
    own: MediaHandle,
    files: BTreeMap<String, Arc<[i16]>>,
}

/// Starts a worker.
pub(crate) fn start(
    config: WorkerConfig,
    clock: Clock,
    shard: ShardHandle,
    desk: DeskHandle,
    segments: Segments,
) -> std::io::Result<(MediaHandle, JoinHandle<()>)> {
    let poll = Poll::new()?;
    let (handle, orders) = MediaHandle::new(Waker::new(poll.registry(), WAKE)?);
    let engine = EngineConfig {
        rtp_timeout: config.rtp_timeout,
        advertise: Some(config.advertise),
        ..EngineConfig::default()
    };
    let worker = Worker {
        clock,
        engine: Engine::new(
            engine,
            Rng::seeded(clock.now().wall.0 as u64 ^ ((config.index as u64) << 56)),
        ),
        pool: PortPool::new(
            config.address,
            config.ports,
            (config.index, config.workers),
            config.reserve,
            config.drain,
        ),
        poll,
        legs: BTreeMap::new(),
        slots: Vec::new(),
        free_slots: Vec::new(),
        orders,
        shard,
        desk,
        segments,
        config_dir: config.config_dir,
        own: handle.clone(),
        files: BTreeMap::new(),
    };
    let thread = std::thread::Builder::new()
        .name(format!("media-{}", config.index))
        .spawn(move || worker.run())?;
    Ok((handle, thread))
}

impl Worker {
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut buffer = [0u8; DATAGRAM];
        while !self.orders.stop.load(Ordering::Relaxed) {
            let now = self.clock.now();
            let wait = self.engine.poll_timeout().map(|(at, _)| at.since(now.mono));
            match self.poll.poll(&mut events, wait) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(target: "tandem::alarm", %error, "a media worker cannot poll");
                    return;
                }
            }
            for event in &events {
                if event.token() != WAKE {
                    self.readable(event.token().0, &mut buffer);
                }
            }
            self.take_orders();
            let now = self.clock.now();
            if self
                .engine
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
            {
                let legs = &self.legs;
                self.engine.handle_timeout(now, &mut |t| send(legs, t));
            }
            self.drain();
        }
    }

    fn readable(&mut self, token: usize, buffer: &mut [u8; DATAGRAM]) {
        let Some(Some(leg)) = self.slots.get(token / 2).copied() else {
            return;
        };
        let rtcp = token % 2 == 1;
        loop {
            let Some(sockets) = self.legs.get(&leg) else {
                return;
            };
            let socket = if rtcp { &sockets.rtcp } else { &sockets.rtp };
            // Until the socket is empty: mio tells once for all that is there.
            for _ in 0..BURST {
                match socket.recv_from(buffer) {
                    Ok((n, from)) => {
                        let legs = &self.legs;
                        self.engine.handle_packet(
                            self.clock.now(),
                            leg,
                            from,
                            &buffer[..n],
                            rtcp,
                            &mut |t| send(legs, t),
                        );
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                    // ICMP's word about a packet that we sent: the far end has closed its port.
                    Err(_) => {}
                }
            }
        }
    }

    fn take_orders(&mut self) {
        while let Some(command) = self.orders.command() {
            self.engine.handle_command(self.clock.now(), command);
            self.drain();
        }
        while let Ok(sound) = self.orders.sound.try_recv() {
            match sound {
                Sound::Pcm(player, pcm) => {
                    if !self.engine.push_audio(player, &pcm) {
                        self.desk.hush(player);
                    }
                }
                Sound::Ended(player) => self.engine.end_audio(player),
                Sound::Failed(player) => self.engine.fail_audio(player),
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::NeedPort { leg, reserve } => self.open(leg, reserve),
                Output::ReleasePort { leg } => self.release(leg),
                Output::Farewell { leg, to, bytes } => send(
                    &self.legs,
                    Transmit {
                        leg,
                        rtcp: true,
                        to,
                        bytes: &bytes,
                    },
                ),
                Output::Event(event) => self.tell(event),
                Output::NeedSpeech {
                    player,
                    text,
                    voice,
                    language,
                    profile,
                } => {
                    if !self
                        .desk
                        .speak(player, profile, Line::new(text, voice, language))
                    {
                        self.engine.fail_audio(player);
                    }
                }
                Output::NeedFile { player, path } => self.file(player, &path),
                Output::StopSpeech { player } => self.desk.hush(player),
                Output::Segment { segment, pcm } => self.segments.keep(segment, pcm),
            }
        }
    }

    fn open(&mut self, leg: LegId, reserve: bool) {
        let now = self.clock.now();
        match self.pool.take(now.mono, reserve) {
            Some(taken) => {
                let slot = self.free_slots.pop().unwrap_or_else(|| {
                    self.slots.push(None);
                    self.slots.len() - 1
                });
                let mut rtp = UdpSocket::from_std(taken.rtp);
                let mut rtcp = UdpSocket::from_std(taken.rtcp);
                let registry = self.poll.registry();
                let registered = registry
                    .register(&mut rtp, Token(slot * 2), Interest::READABLE)
                    .and_then(|()| {
                        registry.register(&mut rtcp, Token(slot * 2 + 1), Interest::READABLE)
                    });
                if registered.is_err() {
                    self.free_slots.push(slot);
                    self.pool.give_back(now.mono, taken.local.port());
                    return self.engine.refused(leg);
                }
                if let Some(place) = self.slots.get_mut(slot) {
                    *place = Some(leg);
                }
                self.legs.insert(
                    leg,
                    Sockets {
                        rtp,
                        rtcp,
                        slot,
                        port: taken.local.port(),
                    },
                );
                self.engine.bound(now, leg, taken.local);
            }
            None => self.engine.refused(leg),
        }
    }

    fn release(&mut self, leg: LegId) {
        let Some(mut sockets) = self.legs.remove(&leg) else {
            return;
        };
        let registry = self.poll.registry();
        let _ = registry.deregister(&mut sockets.rtp);
        let _ = registry.deregister(&mut sockets.rtcp);
        if let Some(place) = self.slots.get_mut(sockets.slot) {
            *place = None;
        }
        self.free_slots.push(sockets.slot);
        self.pool.give_back(self.clock.now().mono, sockets.port);
    }

    /// Events wait for a place in the shard's queue: none of them may be lost, and the shard never waits for us.
    fn tell(&self, event: MediaEvent) {
        self.shard.event(ToShard::Input(Input::Media(event)));
    }

    /// A sound file is read once; the first call that wants it waits for the disk.
    fn file(&mut self, player: PlayerId, path: &str) {
        let full = self.config_dir.join(path);
        let pcm = match self.files.get(path) {
            Some(pcm) => Ok(pcm.clone()),
            None => wav::read_wav(&full).map(|pcm| -> Arc<[i16]> { pcm.into() }),
        };
        match pcm {
            Ok(pcm) => {
                self.files.insert(path.to_owned(), pcm.clone());
                self.engine.push_audio(player, &pcm);
                self.engine.end_audio(player);
            }
            Err(error) => {
                tracing::error!(target: "tandem::alarm", file = %full.display(), %error, "a sound file cannot be read");
                self.engine.fail_audio(player);
            }
        }
        self.own.wake();
    }
}

fn send(legs: &BTreeMap<LegId, Sockets>, t: Transmit<'_>) {
    if let Some(sockets) = legs.get(&t.leg) {
        let socket = if t.rtcp { &sockets.rtcp } else { &sockets.rtp };
        // A full buffer drops the packet, as a full link would.
        let _ = socket.send_to(t.bytes, t.to);
    }
}
