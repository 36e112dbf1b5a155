//! A media worker: a thread that owns its legs' sockets and their graphs. Packets are answered in the step in
//! which they come; commands, sound and events travel by bounded queues.

use crate::{
    Clock,
    shard::ToShard,
    speech_desk::{DeskHandle, Segments},
};
use mio::{Events, Interest, Poll, Token, Waker, net::UdpSocket};
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::Input;
use tandem_media::{Engine, EngineConfig, Output, Transmit};
use tandem_net::PortPool;
use tandem_speech::Line;
use tandem_types::{
    CallId, LegId, PlayerId, Rng,
    media::{MediaCommand, MediaEvent},
};

/// Commands that may wait; see the crate's page.
const COMMANDS: usize = 16_384;
/// Chunks of sound that may wait: each is at most 200 ms.
const CHUNKS: usize = 4096;
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

/// Sound for a player.
enum Sound {
    Pcm(PlayerId, Vec<i16>),
    Ended(PlayerId),
    Failed(PlayerId),
}

/// For the shard and the speech desk.
#[derive(Clone)]
pub(crate) struct MediaHandle {
    commands: SyncSender<MediaCommand>,
    sound: SyncSender<Sound>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
}

impl MediaHandle {
    pub(crate) fn command(&self, command: MediaCommand) {
        if self.commands.try_send(command).is_err() {
            metrics::counter!("tandem_media_commands_lost_total").increment(1);
            tracing::error!(target: "tandem::alarm", "a media worker's queue is full; a command is lost");
        }
        self.wake();
    }

    pub(crate) async fn audio(&self, player: PlayerId, pcm: Vec<i16>) {
        self.push(Sound::Pcm(player, pcm)).await;
    }

    pub(crate) async fn audio_ended(&self, player: PlayerId) {
        self.push(Sound::Ended(player)).await;
    }

    pub(crate) async fn audio_failed(&self, player: PlayerId) {
        self.push(Sound::Failed(player)).await;
    }

    /// Sound waits for a place; the worker takes it within a tick.
    async fn push(&self, mut sound: Sound) {
        loop {
            match self.sound.try_send(sound) {
                Err(TrySendError::Full(back)) => {
                    sound = back;
                    tokio::task::yield_now().await;
                }
                Ok(()) => return self.wake(),
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }

    fn wake(&self) {
        let _ = self.waker.wake();
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// The call that a command is about.
pub(crate) fn call_of(command: &MediaCommand) -> CallId {
    match command {
        MediaCommand::OpenLeg { leg, .. }
        | MediaCommand::SetFlow { leg, .. }
        | MediaCommand::CloseLeg { leg }
        | MediaCommand::Listen { leg, .. }
        | MediaCommand::SendDigits { leg, .. } => leg.call,
        MediaCommand::Play { player, .. }
        | MediaCommand::Pause { player }
        | MediaCommand::Resume { player }
        | MediaCommand::Stop { player } => player.call,
        MediaCommand::Connect { call, .. } | MediaCommand::CloseCall { call } => *call,
    }
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
    commands: Receiver<MediaCommand>,
    sound: Receiver<Sound>,
    shard: SyncSender<ToShard>,
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
    shard: SyncSender<ToShard>,
    desk: DeskHandle,
    segments: Segments,
) -> std::io::Result<(MediaHandle, JoinHandle<()>)> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
    let (command_sender, commands) = sync_channel(COMMANDS);
    let (sound_sender, sound) = sync_channel(CHUNKS);
    let stop = Arc::new(AtomicBool::new(false));
    let handle = MediaHandle {
        commands: command_sender,
        sound: sound_sender,
        waker,
        stop: stop.clone(),
    };
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
        commands,
        sound,
        shard,
        desk,
        segments,
        config_dir: config.config_dir,
        own: handle.clone(),
        files: BTreeMap::new(),
    };
    let thread = std::thread::Builder::new()
        .name(format!("media-{}", config.index))
        .spawn(move || worker.run(&stop))?;
    Ok((handle, thread))
}

impl Worker {
    fn run(mut self, stop: &AtomicBool) {
        let mut events = Events::with_capacity(1024);
        let mut buffer = [0u8; DATAGRAM];
        while !stop.load(Ordering::Relaxed) {
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
        while let Ok(command) = self.commands.try_recv() {
            self.engine.handle_command(self.clock.now(), command);
            self.drain();
        }
        while let Ok(sound) = self.sound.try_recv() {
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
        let _ = self.shard.send(ToShard::Input(Input::Media(event)));
    }

    /// A sound file is read once; the first call that wants it waits for the disk.
    fn file(&mut self, player: PlayerId, path: &str) {
        let full = self.config_dir.join(path);
        let pcm = match self.files.get(path) {
            Some(pcm) => Ok(pcm.clone()),
            None => read_wav(&full).map(|pcm| -> Arc<[i16]> { pcm.into() }),
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

/// A WAV file of 16 bits, any rate, its first channel, at 8 kHz.
fn read_wav(path: &Path) -> Result<Vec<i16>, hound::Error> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(hound::Error::FormatError(
            "not 16-bit PCM; `sox in.wav -b 16 out.wav` makes it so",
        ));
    }
    let channels = usize::from(spec.channels.max(1));
    let samples: Result<Vec<i16>, _> = reader.samples::<i16>().step_by(channels).collect();
    Ok(tandem_codec::resample::whole(
        &samples?,
        spec.sample_rate,
        8000,
    ))
}
