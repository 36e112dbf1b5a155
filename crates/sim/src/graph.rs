//! The media worker of the simulated gateway: the real engine, its ports numbered instead of bound.

use crate::world::{GATEWAY, GATEWAY6};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
};
use tandem_media::{Census, Engine, EngineConfig, Output, Recorded, Transmit};
use tandem_types::{
    LegId, Mono, Now, PlayerId, Rng,
    media::{Family, MediaCommand, MediaEvent, Sound},
    recording::{RecordingEnd, RecordingSum, Track},
};

/// The first RTP port; each leg takes the next pair, none is used twice in a run.
const FIRST_PORT: u16 = 30_000;
/// Sound is handed in by pieces of 100 ms, as providers stream it.
const PIECE: usize = 800;

/// What the graph wants of the world.
pub(crate) enum FromGraph {
    Send {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
        rtcp: bool,
    },
    Event(MediaEvent),
    Wants {
        player: PlayerId,
        sound: Sound,
    },
}

pub(crate) struct Graph {
    engine: Engine,
    legs: BTreeMap<u16, LegId>,
    ports: BTreeMap<LegId, SocketAddr>,
    next_port: u16,
    /// Ports that are left.
    pub(crate) free: u32,
    /// What was recorded: left, right, left, right; of a message one channel.
    pub(crate) recordings: BTreeMap<Track, Vec<i16>>,
    /// What is in a file.
    files: BTreeMap<String, Track>,
    /// Files that are written.
    recording: BTreeSet<Track>,
    /// There is no room for another.
    pub(crate) full: bool,
    out: VecDeque<FromGraph>,
}

impl Graph {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            engine: Engine::new(EngineConfig::default(), rng.fork()),
            legs: BTreeMap::new(),
            ports: BTreeMap::new(),
            next_port: FIRST_PORT,
            free: u32::MAX,
            recordings: BTreeMap::new(),
            files: BTreeMap::new(),
            recording: BTreeSet::new(),
            full: false,
            out: VecDeque::new(),
        }
    }

    pub(crate) fn command(&mut self, now: Now, command: MediaCommand) {
        self.engine.handle_command(now, command);
        self.drain(now);
    }

    /// A datagram to one of our ports.
    pub(crate) fn packet(&mut self, now: Now, at: SocketAddr, from: SocketAddr, bytes: &[u8]) {
        let rtcp = at.port() % 2 == 1;
        let Some(leg) = self.legs.get(&(at.port() & !1)).copied() else {
            return;
        };
        let (ports, out) = (&self.ports, &mut self.out);
        self.engine
            .handle_packet(now, leg, from, bytes, rtcp, &mut |t| {
                out.extend(sent(ports, t))
            });
        self.drain(now);
    }

    /// The sound of a player, or that it could not be made.
    pub(crate) fn sound(&mut self, now: Now, player: PlayerId, pcm: Option<Vec<i16>>) {
        match pcm {
            Some(pcm) => {
                for piece in pcm.chunks(PIECE) {
                    self.engine.push_audio(player, piece);
                }
                self.engine.end_audio(player);
            }
            None => self.engine.fail_audio(player),
        }
        self.drain(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        let (ports, out) = (&self.ports, &mut self.out);
        self.engine
            .handle_timeout(now, &mut |t| out.extend(sent(ports, t)));
        self.drain(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Mono> {
        self.engine.poll_timeout().map(|(at, _)| at)
    }

    pub(crate) fn poll_output(&mut self) -> Option<FromGraph> {
        self.out.pop_front()
    }

    /// What is still there though every call is over.
    pub(crate) fn left_over(&self) -> Option<String> {
        let census = self.engine.census();
        let (ports, files) = (self.ports.len(), self.recording.len());
        (census != Census::default() || ports + files > 0)
            .then(|| format!("{census:?}, {ports} ports, {files} recordings"))
    }

    fn drain(&mut self, now: Now) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::NeedPort { leg, family, .. } => self.bind(now, leg, family),
                Output::ReleasePort { leg } => {
                    if let Some(at) = self.ports.remove(&leg) {
                        self.legs.remove(&at.port());
                        self.free = self.free.saturating_add(1);
                    }
                }
                Output::Farewell { leg, to, bytes } => {
                    let from = self
                        .ports
                        .get(&leg)
                        .map(|at| SocketAddr::new(at.ip(), at.port() + 1));
                    self.out.extend(from.map(|from| FromGraph::Send {
                        from,
                        to,
                        bytes,
                        rtcp: true,
                    }));
                }
                Output::Event(event) => self.out.push_back(FromGraph::Event(event)),
                Output::NeedSpeech {
                    player,
                    text,
                    voice,
                    language,
                    profile,
                } => {
                    let sound = Sound::Speech {
                        text,
                        voice,
                        language,
                        profile,
                    };
                    self.out.push_back(FromGraph::Wants { player, sound });
                }
                Output::NeedFile { player, path } => {
                    self.out.push_back(FromGraph::Wants {
                        player,
                        sound: Sound::File { path },
                    });
                }
                Output::NeedMessage { player, file } => {
                    let pcm = self.message(&file);
                    self.sound(now, player, pcm);
                }
                Output::Recorded { track, what } => self.record(track, what),
                Output::StopSpeech { .. } | Output::Segment { .. } => {}
            }
        }
    }

    /// A file in memory.
    fn record(&mut self, track: Track, what: Recorded) {
        let over = |sum| match track {
            Track::Call(call) => MediaEvent::RecordingEnded { call, sum },
            Track::Message(message) => MediaEvent::MessageRecorded { message, sum },
        };
        match what {
            Recorded::Begin(_) if self.full => {
                let event = over(RecordingSum::unknown(RecordingEnd::NoRoom));
                self.out.push_back(FromGraph::Event(event));
            }
            _ if self.full => {}
            Recorded::Begin(file) => {
                self.recording.insert(track);
                self.files.insert(file, track);
                self.recordings.entry(track).or_default();
            }
            Recorded::Sound(pcm) => self.recordings.entry(track).or_default().extend(pcm),
            Recorded::End => {
                self.recording.remove(&track);
                let samples = self.recordings.get(&track).map_or(0, Vec::len);
                let sum = RecordingSum {
                    ms: (samples / usize::from(track.channels())) as u64 / 8,
                    ..RecordingSum::unknown(RecordingEnd::Whole)
                };
                self.out.push_back(FromGraph::Event(over(sum)));
            }
        }
    }

    /// What a message is, unless it was erased.
    fn message(&self, file: &str) -> Option<Vec<i16>> {
        self.recordings.get(self.files.get(file)?).cloned()
    }

    /// A message is not to be heard any more.
    pub(crate) fn erase(&mut self, file: &str) {
        if let Some(track) = self.files.remove(file) {
            self.recordings.remove(&track);
        }
    }

    fn bind(&mut self, now: Now, leg: LegId, family: Family) {
        let port = self.next_port;
        match (self.free.checked_sub(1), port.checked_add(2)) {
            (Some(free), Some(next)) => {
                (self.free, self.next_port) = (free, next);
                self.legs.insert(port, leg);
                let ip = match family {
                    Family::V4 => GATEWAY,
                    Family::V6 => GATEWAY6,
                };
                let at = SocketAddr::new(ip, port);
                self.ports.insert(leg, at);
                self.engine.bound(now, leg, at);
            }
            _ => self.engine.refused(leg),
        }
    }
}

fn sent(ports: &BTreeMap<LegId, SocketAddr>, t: Transmit<'_>) -> Option<FromGraph> {
    let at = ports.get(&t.leg)?;
    let from = SocketAddr::new(at.ip(), at.port() + u16::from(t.rtcp));
    Some(FromGraph::Send {
        from,
        to: t.to,
        bytes: t.bytes.to_vec(),
        rtcp: t.rtcp,
    })
}
