//! The sound of calls that are up: a socket for each leg, one thread that speaks for all of them by the clock, one that hears.
//! When a packet came is the kernel's word, so that the load's own wake-ups are in no figure.

use crate::voice::{self, Meter};
use nix::{
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        resource::{Resource, setrlimit},
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns},
        time::{TimeSpec, TimeValLike},
    },
    time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep},
};
use std::{
    io::{self, IoSliceMut},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};
use tandem_types::media::Codec;

/// The first port of each side: below the ephemeral ones, above the device's.
const PORTS: [u16; 2] = [20_000, 26_000];
/// An RTP header, and 20 ms of G.711.
const HEADER: usize = 12;
const PAYLOAD: usize = 160;
/// Turns of the speaking thread in 20 ms: a leg has one of them, and the legs of a call are half a packet apart.
const TURNS: usize = 20;
const TURN_NS: i64 = 1_000_000;
/// A turn that came so late is no fault of the device's.
const LATE_NS: i64 = 5_000_000;
/// What begins a payload that tells whose it is.
const MARK: u64 = 0x7461_6e64_656d_5254;

/// What the legs send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Whose packet it is, which, and when it left: for a device that passes payloads on as they are.
    Marked,
    /// Sound with a loud burst now and then, for a device that makes other sound of it.
    Voice,
}

/// Who is in the calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) calls: usize,
    /// Callers in a room; 0: each caller has a callee.
    pub(crate) room: usize,
    /// Of callers and callees.
    pub(crate) codecs: [Codec; 2],
    pub(crate) payload: Payload,
}

struct Leg {
    socket: UdpSocket,
    port: u16,
    codec: Codec,
    payload_type: AtomicU8,
    /// Packed; 0: it is silent.
    to: AtomicU64,
    group: usize,
    sent: AtomicU64,
    heard: AtomicU64,
    /// When its last burst began.
    burst: AtomicU64,
}

/// All of them.
pub(crate) struct Legs {
    shape: Shape,
    addresses: [Ipv4Addr; 2],
    legs: Vec<Leg>,
    /// What is sent from here on, and until then, counts.
    window: [AtomicU64; 2],
    over: AtomicBool,
}

/// What was heard of what was sent in the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) sent: u64,
    pub(crate) heard: u64,
    /// Packets of another call, in wrong order, or whose content was changed.
    pub(crate) wrong: u64,
    /// Legs that sent and heard nothing.
    pub(crate) silent: usize,
    /// Turns of the load that came too late.
    pub(crate) late: u64,
    /// Microseconds on the way, sorted.
    pub(crate) way_us: Vec<u32>,
}

impl Heard {
    /// Milliseconds at this share of the packets.
    pub(crate) fn way_ms(&self, share: f64) -> f64 {
        let at = ((self.way_us.len() as f64 - 1.0) * share).round().max(0.0) as usize;
        self.way_us
            .get(at)
            .map_or(f64::NAN, |us| f64::from(*us) / 1000.0)
    }

    pub(crate) fn lost(&self) -> i64 {
        self.sent as i64 - self.heard as i64
    }
}

/// Nanoseconds of the clock that the kernel stamps packets with.
fn wall() -> u64 {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |t| t.num_nanoseconds() as u64)
}

/// Payload type and name of a codec in SDP, with its clock.
fn rtpmap(codec: Codec) -> String {
    match codec {
        Codec::Opus => "opus/48000/2".to_owned(),
        Codec::Pcmu | Codec::Pcma | Codec::G722 => format!("{}/8000", codec.rtpmap_name()),
    }
}

impl Legs {
    pub(crate) fn open(addresses: [Ipv4Addr; 2], shape: Shape) -> io::Result<Self> {
        setrlimit(Resource::RLIMIT_NOFILE, 20_000, 20_000)?;
        let sides = if shape.room == 0 { 2 } else { 1 };
        let mut legs = Vec::with_capacity(sides * shape.calls);
        for side in 0..sides {
            for n in 0..shape.calls {
                let port = PORTS[side] + 2 * n as u16;
                let socket = UdpSocket::bind((addresses[side], port))?;
                socket.set_nonblocking(true)?;
                setsockopt(&socket, ReceiveTimestampns, &true)?;
                let codec = shape.codecs[side];
                legs.push(Leg {
                    socket,
                    port,
                    codec,
                    payload_type: AtomicU8::new(codec.payload_type()),
                    to: AtomicU64::new(0),
                    group: n / shape.room.max(1),
                    sent: AtomicU64::new(0),
                    heard: AtomicU64::new(0),
                    burst: AtomicU64::new(0),
                });
            }
        }
        Ok(Self {
            shape,
            addresses,
            legs,
            window: [AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX)],
            over: AtomicBool::new(false),
        })
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// The place of the callee of call `n`.
    pub(crate) fn callee(&self, n: usize) -> usize {
        self.shape.calls + n
    }

    /// The description of a leg: an offer, or the answer to this.
    pub(crate) fn description(&self, leg: usize, offer: Option<&str>) -> String {
        let ip = self.addresses[leg / self.shape.calls];
        let Leg { port, codec, .. } = &self.legs[leg];
        let payload_type = offer
            .and_then(|offer| payload_type(offer, *codec))
            .unwrap_or(codec.payload_type());
        let name = rtpmap(*codec);
        let format = match codec {
            Codec::Opus => format!("a=fmtp:{payload_type} useinbandfec=0\r\n"),
            Codec::Pcmu | Codec::Pcma | Codec::G722 => String::new(),
        };
        format!(
            "v=0\r\no=load 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload_type}\r\n\
             a=rtpmap:{payload_type} {name}\r\n{format}a=ptime:20\r\na=sendrecv\r\n"
        )
    }

    /// A leg speaks to where this description says, or does not any more.
    pub(crate) fn speak(&self, leg: usize, description: &str) {
        let line = |start: &str| description.lines().find_map(|l| l.strip_prefix(start));
        let address = line("c=IN IP4 ").and_then(|a| a.trim().parse::<Ipv4Addr>().ok());
        let port = line("m=audio ").and_then(|m| m.split(' ').next()?.parse::<u16>().ok());
        let (Some(leg), Some(ip), Some(port)) = (self.legs.get(leg), address, port) else {
            return;
        };
        if let Some(payload_type) = payload_type(description, leg.codec) {
            leg.payload_type.store(payload_type, Relaxed);
        }
        leg.to
            .store(u64::from(u32::from(ip)) << 16 | u64::from(port), Relaxed);
    }

    pub(crate) fn hush(&self, leg: usize) {
        if let Some(leg) = self.legs.get(leg) {
            leg.to.store(0, Relaxed);
        }
    }

    /// From now on what is sent counts, for so long.
    pub(crate) fn count(&self, time: Duration) {
        let now = wall();
        self.window[1].store(now + time.as_nanos() as u64, Relaxed);
        self.window[0].store(now, Relaxed);
    }

    fn counts(&self, at: u64) -> bool {
        let [from, to] = &self.window;
        at >= from.load(Relaxed) && at < to.load(Relaxed)
    }

    /// Does `work` while both threads are there.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<(T, Heard)> {
        let failed = |_| io::Error::other("a thread of the load failed");
        thread::scope(|scope| {
            let speaker = scope.spawn(|| self.speak_by_the_clock());
            let hearer = scope.spawn(|| self.hear());
            let done = work();
            self.over.store(true, Relaxed);
            let late = speaker.join().map_err(failed)??;
            let mut heard = hearer.join().map_err(failed)??;
            heard.late = late;
            heard.way_us.sort_unstable();
            for leg in &self.legs {
                let (sent, came) = (leg.sent.load(Relaxed), leg.heard.load(Relaxed));
                heard.sent += sent;
                heard.heard += came;
                heard.silent += usize::from(sent > 0 && came == 0);
            }
            Ok((done?, heard))
        })
    }

    /// The bursts of a room's callers, and of the ends of a call, are far from each other.
    fn phase(&self, leg: usize) -> usize {
        let Shape { calls, room, .. } = self.shape;
        match room {
            0 | 1 => leg / calls * voice::LOOP / 2,
            _ => leg % room * voice::LOOP / room,
        }
    }

    /// Says how many turns were late.
    fn speak_by_the_clock(&self) -> io::Result<u64> {
        let (calls, mut late) = (self.shape.calls, 0);
        let voices = (self.shape.payload == Payload::Voice).then(|| {
            voice::Packets::new(self.shape.codecs, |side, phase| {
                (0..self.legs.len()).any(|i| i / calls == side && self.phase(i) == phase)
            })
        });
        let mut turns = vec![Vec::new(); TURNS];
        for i in 0..self.legs.len() {
            turns[(i % calls + i / calls * TURNS / 2) % TURNS].push(i);
        }
        let mut counters = vec![0u32; self.legs.len()];
        let mut packet = [0x55; HEADER + 512];
        let mut next = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
        let mut turn = 0;
        while !self.over.load(Relaxed) {
            next = next + TimeSpec::nanoseconds(TURN_NS);
            let _ = clock_nanosleep(
                ClockId::CLOCK_MONOTONIC,
                ClockNanosleepFlags::TIMER_ABSTIME,
                &next,
            );
            let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
            late += u64::from((now - next).num_nanoseconds() > LATE_NS && self.counts(wall()));
            for i in turns[turn % TURNS].iter().copied() {
                let leg = &self.legs[i];
                let to = leg.to.load(Relaxed);
                if to == 0 {
                    continue;
                }
                let frame = turn / TURNS % voice::LOOP;
                let at = wall();
                let sound = voices
                    .as_ref()
                    .map(|v| v.packet(i / calls, self.phase(i), frame));
                let counter = counters[i];
                counters[i] = counter.wrapping_add(1);
                let length = write(&mut packet, i, leg, counter, at, sound);
                if sound.is_some() && frame == self.phase(i) {
                    leg.burst.store(at, Relaxed);
                }
                let to = SocketAddrV4::new(Ipv4Addr::from((to >> 16) as u32), to as u16);
                // What the kernel does not take was not sent.
                if leg
                    .socket
                    .send_to(&packet[..length], SocketAddr::V4(to))
                    .is_ok()
                    && self.counts(at)
                {
                    leg.sent.fetch_add(1, Relaxed);
                }
            }
            turn += 1;
        }
        Ok(late)
    }

    fn hear(&self) -> io::Result<Heard> {
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        for (i, leg) in self.legs.iter().enumerate() {
            epoll.add(&leg.socket, EpollEvent::new(EpollFlags::EPOLLIN, i as u64))?;
        }
        let mut ears: Vec<Ear> = self.legs.iter().map(|l| Ear::new(l.codec)).collect();
        let mut heard = Heard::default();
        let mut events = [EpollEvent::empty(); 256];
        let (mut bytes, mut control) = ([0u8; 2048], nix::cmsg_space!(TimeSpec));
        while !self.over.load(Relaxed) {
            let n = epoll
                .wait(&mut events, EpollTimeout::from(50u8))
                .unwrap_or(0);
            for event in &events[..n] {
                let i = event.data() as usize;
                let mut into = [IoSliceMut::new(&mut bytes)];
                let flags = MsgFlags::MSG_DONTWAIT;
                let fd = self.legs[i].socket.as_raw_fd();
                let Ok(got) = recvmsg::<()>(fd, &mut into, Some(&mut control), flags) else {
                    continue;
                };
                let stamp = got.cmsgs().ok().and_then(|mut all| {
                    all.find_map(|c| match c {
                        ControlMessageOwned::ScmTimestampns(t) => Some(t.num_nanoseconds() as u64),
                        _ => None,
                    })
                });
                let length = got.bytes;
                let at = stamp.unwrap_or_else(wall);
                let packet = &bytes[..length];
                // RTCP, and what is no RTP, is not counted.
                let rtp =
                    length > HEADER && packet[0] >> 6 == 2 && !(192..224).contains(&packet[1]);
                match self.shape.payload {
                    Payload::Marked if rtp => self.mark(i, &mut ears[i], packet, at, &mut heard),
                    Payload::Voice if rtp => self.burst(i, &mut ears[i], packet, at, &mut heard),
                    Payload::Marked | Payload::Voice => {}
                }
            }
        }
        Ok(heard)
    }

    /// A packet that says whose it is.
    fn mark(&self, i: usize, ear: &mut Ear, packet: &[u8], at: u64, heard: &mut Heard) {
        let word = |at: usize| -> Option<u64> {
            let bytes = packet.get(HEADER + at..HEADER + at + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        let (Some(MARK), Some(whose), Some(left)) = (word(0), word(8), word(16)) else {
            heard.wrong += 1;
            return;
        };
        let (from, counter) = ((whose >> 32) as usize, whose as u32);
        if self.counts(left) {
            let whole = packet.len() == HEADER + PAYLOAD && packet.ends_with(&[0x55; 8]);
            let other = self
                .legs
                .get(from)
                .is_none_or(|l| l.group != self.legs[i].group);
            let late = ear.newest.is_some_and(|newest| counter <= newest);
            heard.wrong += u64::from(!whole || other || late);
            self.legs[i].heard.fetch_add(1, Relaxed);
            heard.way_us.push((at.saturating_sub(left) / 1000) as u32);
        }
        ear.newest = Some(counter);
    }

    /// Where a burst begins, it left with the newest burst of somebody else in the call.
    fn burst(&self, i: usize, ear: &mut Ear, packet: &[u8], at: u64, heard: &mut Heard) {
        if self.counts(at) {
            self.legs[i].heard.fetch_add(1, Relaxed);
        }
        let loud = ear.meter.is_loud(&packet[HEADER..]);
        let begins = loud && !std::mem::replace(&mut ear.loud, loud);
        ear.loud = loud;
        if !begins || !self.counts(at) {
            return;
        }
        let leg = &self.legs[i];
        let others = self
            .legs
            .iter()
            .enumerate()
            .filter(|(j, l)| *j != i && l.group == leg.group);
        let alone = self.shape.room == 1;
        let left = if alone {
            leg.burst.load(Relaxed)
        } else {
            others
                .map(|(_, l)| l.burst.load(Relaxed))
                .max()
                .unwrap_or(0)
        };
        if left > ear.burst && (left..left + 1_000_000_000).contains(&at) {
            heard.way_us.push(((at - left) / 1000) as u32);
            ear.burst = left;
        }
    }
}

/// What is remembered of a leg that hears.
struct Ear {
    newest: Option<u32>,
    meter: Meter,
    loud: bool,
    burst: u64,
}

impl Ear {
    fn new(codec: Codec) -> Self {
        Self {
            newest: None,
            meter: Meter::new(codec),
            loud: false,
            burst: 0,
        }
    }
}

/// The payload type that a description has for a codec.
fn payload_type(description: &str, codec: Codec) -> Option<u8> {
    let name = rtpmap(codec);
    let maps = description
        .lines()
        .filter_map(|l| l.trim().strip_prefix("a=rtpmap:"));
    let found = maps.filter_map(|m| m.split_once(' '));
    found
        .filter(|(_, of)| of.eq_ignore_ascii_case(&name))
        .find_map(|(n, _)| n.parse().ok())
}

/// Writes a packet and says how long it is.
fn write(
    packet: &mut [u8],
    i: usize,
    leg: &Leg,
    counter: u32,
    at: u64,
    sound: Option<&[u8]>,
) -> usize {
    let first = if counter == 0 { 0x80 } else { 0 };
    packet[..2].copy_from_slice(&[0x80, leg.payload_type.load(Relaxed) | first]);
    let sequence = (counter as u16).wrapping_add(i as u16 * 977);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    let time = counter.wrapping_mul(leg.codec.clock().ms(20));
    packet[4..8].copy_from_slice(&time.to_be_bytes());
    packet[8..HEADER].copy_from_slice(&(0x5000_0000 + i as u32).to_be_bytes());
    let payload = &mut packet[HEADER..];
    match sound {
        Some(sound) => {
            payload[..sound.len()].copy_from_slice(sound);
            HEADER + sound.len()
        }
        None => {
            payload[..8].copy_from_slice(&MARK.to_be_bytes());
            payload[8..16].copy_from_slice(&((i as u64) << 32 | u64::from(counter)).to_be_bytes());
            payload[16..24].copy_from_slice(&at.to_be_bytes());
            HEADER + PAYLOAD
        }
    }
}
