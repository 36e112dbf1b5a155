//! A media worker: a thread that owns its legs' sockets and their graphs. Packets are answered in the step in
//! which they come; commands, sound and events travel by queues of their own.

mod handle;
mod pairs;
mod readable;
mod staged;
mod wav;

pub(crate) use self::handle::{MediaHandle, call_of};

use self::{
    handle::{Order, Orders, Sound},
    pairs::Pairs,
    readable::{Readable, Told},
    staged::Staged,
};
use crate::{
    Clock,
    bell::Bell,
    places::ShardHandle,
    recorder::{RecorderHandle, Taps},
    shard::ToShard,
    speech_desk::{DeskHandle, Segments},
};
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::Input;
use tandem_media::{Engine, EngineConfig, Output, Transmit};
use tandem_net::PortPool;
use tandem_speech::Line;
use tandem_types::{
    LegId, PlayerId, Rng,
    media::{Family, MediaCommand, MediaEvent},
};

/// The largest datagram that is read: more than Ethernet carries.
const DATAGRAM: usize = 2048;
const WAKE: usize = usize::MAX;
/// While there are legs it wakes so often by itself: orders that nobody hears sooner wait for that, and for each other. To be woken
/// for each of them costs a call without sound more than all that is done for it here. A packet wakes it, and what was ordered is
/// done before that is looked at; so does whatever is to be heard, and a stock of ports that runs low.
pub(crate) const DOZE: Duration = Duration::from_millis(50);

/// What a worker is made with.
pub(crate) struct WorkerConfig {
    pub(crate) index: usize,
    pub(crate) workers: usize,
    pub(crate) ports: (u16, u16),
    pub(crate) reserve: usize,
    /// What RTP binds, one for each family, and what far ends are told of it.
    pub(crate) addresses: Vec<(IpAddr, IpAddr)>,
    pub(crate) rtp_timeout: Duration,
    pub(crate) drain: Duration,
    pub(crate) config_dir: PathBuf,
}

struct Worker {
    clock: Clock,
    engine: Engine,
    pairs: Pairs,
    staged: Staged,
    /// The leg whose port the shard took itself and knows of, and the port until the leg has it.
    early: Option<(LegId, Option<u16>)>,
    orders: Orders,
    shard: ShardHandle,
    desk: DeskHandle,
    segments: Segments,
    taps: Taps,
    config_dir: PathBuf,
    files: BTreeMap<String, Arc<[i16]>>,
}

/// Starts a worker.
pub(crate) fn start(
    config: WorkerConfig,
    clock: Clock,
    shard: ShardHandle,
    desk: DeskHandle,
    segments: Segments,
    recorder: RecorderHandle,
) -> std::io::Result<(MediaHandle, JoinHandle<()>)> {
    let readable = Readable::new()?;
    let bell = Bell::new()?;
    readable.watch_changes(&bell, WAKE)?;
    let usual = config.addresses.first().map(|(_, told)| *told);
    let usual = usual.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let (handle, orders) = MediaHandle::new(bell, usual);
    let pool = |ip| {
        let share = (config.index, config.workers);
        let pool = PortPool::new(config.ports, share, config.reserve, config.drain);
        (ip, pool)
    };
    let pools = config.addresses.iter().map(|(ip, _)| pool(*ip)).collect();
    let pairs = Pairs::new(pools, readable);
    let engine = EngineConfig {
        rtp_timeout: config.rtp_timeout,
        advertise: config.addresses.iter().map(|(_, told)| *told).collect(),
        ..EngineConfig::default()
    };
    let worker = Worker {
        clock,
        engine: Engine::new(
            engine,
            Rng::seeded(clock.now().wall.0 as u64 ^ ((config.index as u64) << 56)),
        ),
        pairs,
        staged: Staged::new(),
        early: None,
        orders,
        shard,
        desk,
        segments,
        taps: Taps::new(recorder),
        config_dir: config.config_dir,
        files: BTreeMap::new(),
    };
    let thread = std::thread::Builder::new()
        .name(format!("media-{}", config.index))
        .spawn(move || worker.run())?;
    Ok((handle, thread))
}

impl Worker {
    fn run(mut self) {
        let mut buffer = [0u8; DATAGRAM];
        let mut told = Told::new();
        loop {
            // Whoever has something for us from here on rings.
            self.orders.bell.listen();
            if self.orders.stop.load(Ordering::Relaxed) {
                return;
            }
            self.take_orders();
            self.stock();
            let now = self.clock.now();
            self.pairs.handle_timeout(now.mono);
            let engine = self.engine.poll_timeout().map(|(at, _)| at);
            let next = [engine, self.pairs.poll_timeout()];
            let next = next.into_iter().flatten().min();
            let mut wait = next.map(|at| at.since(now.mono));
            if self.pairs.are_used() || wait.is_some_and(|w| w <= DOZE) {
                self.orders.bell.doze();
                wait = Some(wait.unwrap_or(DOZE).min(DOZE));
            }
            let slept = self.pairs.readable.wait(&mut told, wait);
            self.orders.bell.awake();
            match slept {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(target: "tandem::alarm", %error, "a media worker cannot poll");
                    return;
                }
            }
            // What a packet meets was ordered before it came.
            self.take_orders();
            for token in told.tokens().filter(|t| *t != WAKE) {
                self.read(token, &mut buffer);
            }
            self.staged.send(&self.pairs);
            let now = self.clock.now();
            if self
                .engine
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
            {
                let (pairs, staged) = (&self.pairs, &mut self.staged);
                self.engine
                    .handle_timeout(now, &mut |t| staged.put(pairs, t));
                self.staged.send(&self.pairs);
            }
            self.drain();
        }
    }

    /// One packet of a socket that has some: those of all others come before its next.
    fn read(&mut self, token: usize, buffer: &mut [u8; DATAGRAM]) {
        let Some((socket, leg, rtcp)) = self.pairs.at(token) else {
            return;
        };
        // An error is ICMP's word about a packet that we sent: the far end has closed its port. Without a leg it is a late packet of
        // one that is gone.
        if let (Ok((n, from)), Some(leg)) = (socket.recv_from(buffer), leg) {
            let (pairs, staged) = (&self.pairs, &mut self.staged);
            self.engine
                .handle_packet(self.clock.now(), leg, from, &buffer[..n], rtcp, &mut |t| {
                    staged.put(pairs, t)
                });
        }
    }

    /// Ports for the next calls, so that the shard need not ask for them and wait.
    fn stock(&mut self) {
        let missing = self.orders.stock.missing();
        for _ in 0..missing {
            let (now, usual) = (self.clock.now().mono, self.pairs.usual());
            let Some(local) = self.pairs.take(now, false, usual) else {
                return;
            };
            self.orders.stock.put(local.port());
        }
    }

    fn take_orders(&mut self) {
        while let Some(Order { command, port }) = self.orders.command() {
            if let (MediaCommand::OpenLeg { leg, .. }, Some(_)) = (&command, port) {
                self.early = Some((*leg, port));
            }
            self.engine.handle_command(self.clock.now(), command);
            self.drain();
            if let Some((_, Some(port))) = self.early.take() {
                // The leg had one already.
                self.orders.stock.put(port);
            }
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
                Output::NeedPort {
                    leg,
                    reserve,
                    family,
                } => self.open(leg, reserve, family),
                Output::ReleasePort { leg } => self.pairs.release(leg, self.clock.now().mono),
                Output::Farewell { leg, to, bytes } => self.pairs.send(Transmit {
                    leg,
                    rtcp: true,
                    to,
                    bytes: &bytes,
                }),
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
                Output::NeedMessage { player, file } => {
                    if !self.desk.recall(player, file) {
                        self.engine.fail_audio(player);
                    }
                }
                Output::Recorded { track, what } => {
                    if self.taps.take(track, what) {
                        let call = track.call();
                        self.tell(MediaEvent::RecordingBehind { call });
                    }
                }
            }
        }
    }

    fn open(&mut self, leg: LegId, reserve: bool, family: Family) {
        let now = self.clock.now();
        let early = self.early.as_mut().filter(|(of, _)| *of == leg);
        let early = early.and_then(|(_, port)| port.take());
        let usual = family == self.pairs.usual();
        let local = early
            .map(|port| self.pairs.in_stock(port))
            .or_else(|| self.pairs.take(now.mono, reserve, family))
            // The last ones, whoever wants them.
            .or_else(|| {
                let port = usual.then(|| self.orders.stock.take())??;
                Some(self.pairs.in_stock(port))
            });
        match local {
            Some(local) => {
                self.pairs.give(leg, local);
                self.engine.bound(now, leg, local);
            }
            None => self.engine.refused(leg),
        }
    }

    /// Events wait for a place in the shard's queue: none of them may be lost, and the shard never waits for us.
    fn tell(&self, event: MediaEvent) {
        if let (MediaEvent::LegOpened { leg, .. }, Some((told, _))) = (&event, self.early)
            && *leg == told
        {
            return;
        }
        let measured = matches!(event, MediaEvent::LegClosed { .. });
        let message = ToShard::Input(Input::Media(event));
        match measured {
            // A row of what is over.
            true => self.shard.event_softly(message),
            false => self.shard.event(message),
        };
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
    }
}
