//! Sound from a capture: RTP packets laid on the wall clock, one track for each place that it went to, and what
//! can be said of it.

use super::{
    lab::{Lab, Place},
    sound,
};
use std::{collections::BTreeMap, f64::consts::TAU, net::Ipv4Addr};
use tandem_codec::{Decoder, RATE, ToneMeter, meter::level_dbov, stream};
use tandem_rtp::{Packet, is_rtcp};
use tandem_types::media::Codec;

/// A window in which one tone is looked for.
const WINDOW_MS: usize = 200;
/// Wide band, in Hz.
const WIDE: u32 = 16_000;
/// A packet that is so far from where the ones before it led is laid by its time of arrival.
const JUMP: i64 = 60 * 8;

/// One packet of sound.
struct Arrived {
    /// Microseconds since 1970.
    at: i64,
    ssrc: u32,
    timestamp: u32,
    codec: Codec,
    pcm: Vec<i16>,
    /// The same at 16 kHz.
    wide: Vec<i16>,
}

/// All sound in a capture, by destination: everything that comes to a phone or a carrier comes from the gateway.
pub(crate) struct Streams {
    sent: BTreeMap<(Ipv4Addr, u16), Vec<Arrived>>,
    /// Kept as long, so that a failed assertion leaves the capture for a look.
    _lab: Option<Lab>,
}

impl Streams {
    /// Reads a capture file (the format of libpcap, microseconds, this machine's byte order, Ethernet frames).
    pub(crate) fn read(file: &[u8]) -> Self {
        let (mut streams, mut decoders) = (BTreeMap::new(), Decoders::new());
        assert_eq!(
            file.get(..4),
            Some(&0xa1b2_c3d4_u32.to_ne_bytes()[..]),
            "a capture file"
        );
        let word = |at: usize| {
            let bytes = file.get(at..at + 4)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        let mut at = 24;
        while let (Some(s), Some(us), Some(size)) = (word(at), word(at + 4), word(at + 8)) {
            let time = i64::from(s) * 1_000_000 + i64::from(us);
            let Some(frame) = file.get(at + 16..at + 16 + size as usize) else {
                break;
            };
            at += 16 + size as usize;
            if let Some((to, payload)) = udp(frame)
                && let Some(arrived) = sound(time, to, payload, &mut decoders)
            {
                streams.entry(to).or_insert_with(Vec::new).push(arrived);
            }
        }
        Self {
            sent: streams,
            _lab: None,
        }
    }

    /// Keeps the test's folder.
    #[must_use]
    pub(crate) fn of(self, lab: Lab) -> Self {
        Self {
            _lab: Some(lab),
            ..self
        }
    }

    /// The codecs that somebody was sent from first to last.
    pub(crate) fn codecs_to(&self, to: impl Into<Place>) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = self.packets(&to.into()).map(|p| p.codec).collect();
        codecs.dedup();
        codecs
    }

    fn packets(&self, to: &Place) -> impl Iterator<Item = &Arrived> {
        let ports = (to.ip, to.rtp.0)..=(to.ip, to.rtp.1);
        let mut packets: Vec<&Arrived> = self.sent.range(ports).flat_map(|(_, p)| p).collect();
        packets.sort_by_key(|p| p.at);
        packets.into_iter()
    }

    /// What somebody was sent in a stretch of time, silence where nothing came.
    pub(crate) fn to(&self, to: impl Into<Place>, span: (i64, i64)) -> Heard {
        self.at_rate(RATE, to.into(), span)
    }

    /// The same in wide band.
    pub(crate) fn wide_to(&self, to: impl Into<Place>, span: (i64, i64)) -> Heard {
        self.at_rate(WIDE, to.into(), span)
    }

    fn at_rate(&self, rate: u32, to: Place, (begin, end): (i64, i64)) -> Heard {
        let samples = |us: i64| us * i64::from(RATE) / 1_000_000;
        let per_tick = i64::from(rate / RATE);
        let ticks = usize::try_from(samples(end - begin)).unwrap_or(0);
        let mut pcm = vec![0i16; ticks * per_tick as usize];
        let mut anchor: Option<(u32, u32, i64)> = None;
        let mut packets = 0;
        for packet in self.packets(&to) {
            let arrived = samples(packet.at - begin);
            let units = i64::from(packet.codec.clock().per_tick());
            let led = anchor
                .filter(|(ssrc, ..)| *ssrc == packet.ssrc)
                .map(|(_, first, at)| {
                    at + i64::from(packet.timestamp.wrapping_sub(first) as i32) / units
                })
                .filter(|led| (led - arrived).abs() <= JUMP);
            let start = led.unwrap_or_else(|| {
                anchor = Some((packet.ssrc, packet.timestamp, arrived));
                arrived
            });
            packets += u32::from((0..ticks as i64).contains(&arrived));
            let sound = if rate == RATE {
                &packet.pcm
            } else {
                &packet.wide
            };
            for (n, sample) in (start * per_tick..).zip(sound) {
                if let Some(place) = usize::try_from(n).ok().and_then(|n| pcm.get_mut(n)) {
                    *place = *sample;
                }
            }
        }
        Heard {
            what: format!("what came to {}:{:?}", to.ip, to.rtp),
            pcm,
            packets,
            rate,
        }
    }
}

/// Destination and payload of an Ethernet frame that holds a whole UDP datagram over IPv4.
fn udp(frame: &[u8]) -> Option<((Ipv4Addr, u16), &[u8])> {
    let ip = frame.get(14..).filter(|_| frame[12..14] == [8, 0])?;
    let header = usize::from(ip.first()? & 0xf) * 4;
    let fragment = u16::from_be_bytes([*ip.get(6)?, *ip.get(7)?]) & 0x3fff;
    if *ip.get(9)? != 17 || fragment != 0 {
        return None;
    }
    let to: [u8; 4] = ip.get(16..20)?.try_into().ok()?;
    let port = u16::from_be_bytes([*ip.get(header + 2)?, *ip.get(header + 3)?]);
    Some(((to.into(), port), ip.get(header + 8..)?))
}

/// A decoder for each stream: some have a memory.
type Decoders = BTreeMap<((Ipv4Addr, u16), u32, u8), [Decoder; 2]>;

fn sound(at: i64, to: (Ipv4Addr, u16), payload: &[u8], decoders: &mut Decoders) -> Option<Arrived> {
    if is_rtcp(payload) || payload.first()? >> 6 != 2 {
        return None;
    }
    let packet = Packet::parse(payload).ok()?;
    let header = packet.header;
    let codec = match header.payload_type {
        // What a telephone-event has everywhere here.
        101 => return None,
        // No other codec here has a dynamic type, and what is no packet of it is none.
        96.. => Codec::Opus,
        other => Codec::of_static(other)?,
    };
    stream::units(codec, packet.payload)?;
    let stream = (to, header.ssrc, header.payload_type);
    let [narrow, wide] = decoders
        .entry(stream)
        .or_insert_with(|| [RATE, WIDE].map(|rate| Decoder::new(codec, rate)));
    Some(Arrived {
        at,
        ssrc: packet.header.ssrc,
        timestamp: packet.header.timestamp,
        codec,
        pcm: narrow.decode(packet.payload).to_vec(),
        wide: wide.decode(packet.payload).to_vec(),
    })
}

/// The amplitude of a frequency, in sample units, under a cosine bell, so that what is loud at other frequencies does not
/// leak in.
fn amplitude(window: &[i16], hz: f64) -> f64 {
    let step = TAU / window.len() as f64;
    let bell =
        |(n, s): (usize, &i16)| (f64::from(*s) * (0.5 - 0.5 * (n as f64 * step).cos())) as i16;
    let window: Vec<i16> = window.iter().enumerate().map(bell).collect();
    // The bell halves the amplitude of what is steady.
    2.0 * ToneMeter::new(RATE).amplitude(&window, hz)
}

/// The greatest amplitude that a frequency has at any moment, in windows of 100 ms.
pub(crate) fn loudest(pcm: &[i16], hz: f64) -> f64 {
    const LENGTH: usize = 100 * 8;
    let starts = (0..pcm.len().saturating_sub(LENGTH - 1)).step_by(LENGTH / 4);
    starts
        .map(|at| amplitude(&pcm[at..at + LENGTH], hz))
        .fold(0.0, f64::max)
}

/// A stretch of sound.
pub(crate) struct Heard {
    what: String,
    pcm: Vec<i16>,
    packets: u32,
    rate: u32,
}

impl Heard {
    fn windows(&self) -> impl Iterator<Item = &[i16]> {
        self.pcm.chunks_exact(WINDOW_MS * self.rate as usize / 1000)
    }

    fn share(&self, like: impl Fn(&[i16]) -> bool) -> f64 {
        let all = self.windows().count();
        assert!(all > 0, "{}: not even 200 ms were listened to", self.what);
        self.windows().filter(|w| like(w)).count() as f64 / all as f64
    }

    /// The share of the windows of 200 ms that are this tone and little else.
    pub(crate) fn share_of(&self, hz: f64) -> f64 {
        let meter = ToneMeter::new(self.rate);
        self.share(|w| meter.hears(w, hz))
    }

    /// The share of the windows that are louder than -50 dBov.
    pub(crate) fn audible(&self) -> f64 {
        self.share(|w| level_dbov(w) > -50.0)
    }

    /// Milliseconds until this tone is heard first.
    pub(crate) fn first(&self, hz: f64) -> Option<usize> {
        const STEP_MS: usize = 50;
        let step = STEP_MS * self.rate as usize / 1000;
        let meter = ToneMeter::new(self.rate);
        let at = self.pcm.chunks_exact(step).position(|w| meter.hears(w, hz));
        at.map(|n| n * STEP_MS)
    }

    /// The greatest amplitude that a frequency has at any moment.
    pub(crate) fn loudest(&self, hz: f64) -> f64 {
        loudest(&self.pcm, hz)
    }

    /// Asserts that it is this tone, in at least 0.8 of the windows.
    pub(crate) fn is(&self, who: &str, hz: f64) {
        let share = self.share_of(hz);
        eprintln!(
            "{who}: {hz} Hz in {share:.2} of {} windows",
            self.windows().count()
        );
        assert!(
            share >= 0.8,
            "{who}: {hz} Hz in {share:.2} of the windows of {} ({} packets, {:.2} audible)",
            self.what,
            self.packets,
            self.audible()
        );
    }

    /// Asserts that no sound was sent at all.
    pub(crate) fn is_nothing(&self, who: &str) {
        eprintln!(
            "{who}: {} packets in {} ms",
            self.packets,
            self.pcm.len() / 8
        );
        assert_eq!(self.packets, 0, "{who}: packets in {}", self.what);
    }

    /// Asserts that a frequency is nowhere in it: at no moment 1 % (-40 dB) of how loud a voice of that frequency is at
    /// its own ear. The hold music alone stays 6 dB below that (`sound`).
    pub(crate) fn never_holds(&self, who: &str, hz: f64) {
        let (loudest, most) = (self.loudest(hz), sound::LOUD / 100.0);
        eprintln!(
            "{who}: {hz} Hz never, at most {loudest:.0} of 32767 in {} ms",
            self.pcm.len() / 8
        );
        assert!(
            self.packets > 0,
            "{who}: nothing was sent, so this says nothing ({})",
            self.what
        );
        assert!(
            loudest < most,
            "{who}: {hz} Hz with {loudest:.0} of 32767 in {}",
            self.what
        );
    }

    /// Asserts that a tone is there all along, perhaps among others: nowhere is it missing for longer than 20 ms.
    pub(crate) fn never_misses(&self, who: &str, hz: f64) {
        let frames: Vec<f64> = self
            .pcm
            .chunks_exact(160)
            .map(|w| ToneMeter::new(RATE).amplitude(w, hz))
            .collect();
        let faint = |a: &f64| *a < sound::LOUD / 4.0;
        let missing = frames.iter().filter(|a| faint(a)).count();
        eprintln!(
            "{who}: {hz} Hz missing in {missing} of {} x 20 ms",
            frames.len()
        );
        let gap = frames.windows(2).position(|w| w.iter().all(faint));
        assert_eq!(
            gap, None,
            "{who}: {hz} Hz is missing for more than 20 ms, so many times 20 ms into {}",
            self.what
        );
    }

    /// Asserts that something is heard nearly all the time, which is none of these tones.
    pub(crate) fn is_music(&self, who: &str, tones: &[f64]) {
        let audible = self.audible();
        eprintln!(
            "{who}: music in {audible:.2} of {} windows",
            self.windows().count()
        );
        assert!(
            audible >= 0.8,
            "{who}: {audible:.2} of the windows of {} are audible",
            self.what
        );
        for hz in tones {
            let share = self.share_of(*hz);
            assert!(
                share < 0.1,
                "{who}: not music, but {hz} Hz in {share:.2} of the windows"
            );
        }
    }
}
