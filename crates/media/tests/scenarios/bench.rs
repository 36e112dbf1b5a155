//! The test bench: an engine, phones, and a network with loss and jitter, stepped by the millisecond.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tandem_codec::{Decoder, DtmfTone, Encoder, RATE, ToneMeter, ToneSource, stream, tone::Mix};
use tandem_media::{Engine, EngineConfig, Output, Transmit};
use tandem_rtp::{DigitSender, EventClock, Header, Packet, Rtcp, Srtp};
use tandem_types::{
    CallId, LegId, Now, PlayerId, Rng,
    media::{Codec, Family, Lane, MediaCommand, MediaEvent, MediaFlow, OpusFormat, Sound},
};

pub(crate) const CALL: CallId = CallId(7);
pub(crate) const EVENT_PT: u8 = 101;

pub(crate) fn leg(index: u32) -> LegId {
    LegId { call: CALL, index }
}
pub(crate) fn player(index: u32) -> PlayerId {
    PlayerId { call: CALL, index }
}

/// A packet that came to a phone.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) at: u64,
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
}

/// What a phone sends.
pub(crate) enum Mouth {
    Shut,
    Tone(ToneSource),
    Sound {
        pcm: Vec<i16>,
        at: usize,
    },
    Keys(DtmfTone),
    /// A tone of a frequency that only wide band carries.
    Wide(ToneSource),
}

pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    pub(crate) codec: Codec,
    pub(crate) mouth: Mouth,
    pub(crate) keys: DigitSender,
    pub(crate) samples: u32,
    /// What it wants of Opus.
    pub(crate) opus: OpusFormat,
    header: Header,
    encoder: Encoder,
    /// Its clock is slow by so many millionths (positive), or fast.
    pub(crate) slow_ppm: i64,
    next_us: u64,
    /// What is lost of a microsecond, in millionths.
    rest: i64,
    pub(crate) came: Vec<Came>,
    pub(crate) reports: Vec<Rtcp>,
    pub(crate) spoken: u64,
    pub(crate) srtp: Option<Srtp>,
    /// As it went out.
    pub(crate) last_packet: Vec<u8>,
    /// What could not be decrypted, or was replayed.
    pub(crate) unreadable: u64,
}

impl Phone {
    fn frame(&mut self) -> Vec<i16> {
        let mut pcm = vec![0; self.samples as usize];
        match &mut self.mouth {
            Mouth::Shut | Mouth::Wide(_) => {}
            Mouth::Tone(tone) => tone.fill(&mut pcm),
            Mouth::Keys(keys) => keys.fill(&mut pcm),
            Mouth::Sound { pcm: all, at } => {
                for s in &mut pcm {
                    *s = all.get(*at).copied().unwrap_or(0);
                    *at += 1;
                }
            }
        }
        pcm
    }

    /// The next packet on its stream.
    fn speak(&mut self) -> Vec<u8> {
        let pcm = self.frame();
        let mut bytes = vec![0; 600];
        let header;
        let units = self.codec.clock().units(self.samples);
        let n = if let Some(digit) = self.keys.poll(self.header.timestamp, units) {
            header = Header {
                payload_type: EVENT_PT,
                marker: digit.marker,
                timestamp: digit.timestamp,
                ..self.header
            };
            header.write(&digit.payload, &mut bytes).unwrap()
        } else {
            header = Header {
                payload_type: self.codec.payload_type(),
                ..self.header
            };
            let mut codes = vec![0; pcm.len().max(400)];
            let n = if let Mouth::Wide(tone) = &mut self.mouth {
                let mut wide = vec![0; 2 * pcm.len()];
                tone.fill(&mut wide);
                self.encoder.take_from(Codec::G722);
                self.encoder.encode(&wide, &mut codes)
            } else {
                self.encoder.encode_narrow(&pcm, &mut codes)
            };
            header.write(&codes[..n], &mut bytes).unwrap()
        };
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(units);
        self.spoken += 1;
        let n = match &mut self.srtp {
            Some(srtp) => srtp.protect(&mut bytes, n).expect("a new number"),
            None => n,
        };
        bytes.truncate(n);
        self.last_packet.clone_from(&bytes);
        bytes
    }

    /// What it heard from `from` to `to` (ms of the bench), as its own timeline has it: lost pieces are 0.
    pub(crate) fn heard(&self, from: u64, to: u64) -> Vec<i16> {
        self.heard_at(RATE, from, to)
    }

    /// The same at another rate.
    pub(crate) fn heard_at(&self, rate: u32, from: u64, to: u64) -> Vec<i16> {
        let clock = self.codec.clock();
        let samples =
            |units: u32| (u64::from(units) * u64::from(rate) / u64::from(clock.hz())) as usize;
        let mut decoder = Decoder::new(self.codec, rate);
        let pt = self.codec.payload_type();
        let mut sound: Vec<i16> = Vec::new();
        let mut end: Option<u32> = None;
        for c in self.came.iter().filter(|c| c.header.payload_type == pt) {
            // From the first packet on: decoders have a memory.
            let pcm = decoder.decode(&c.payload);
            if !(from..to).contains(&c.at) {
                continue;
            }
            if let Some(end) = end {
                let gap = c.header.timestamp.wrapping_sub(end) as i32;
                assert!(
                    (0..10 * clock.hz() as i32).contains(&gap),
                    "timestamps of sound go forward: {gap}"
                );
                sound.extend(vec![0; samples(gap as u32)]);
            }
            sound.extend_from_slice(pcm);
            let units = stream::units(self.codec, &c.payload).unwrap();
            end = Some(c.header.timestamp.wrapping_add(units));
        }
        sound
    }

    /// The share of what it heard in that time that is the tone of `hz`.
    pub(crate) fn share(&self, from: u64, to: u64, hz: f64) -> f64 {
        ToneMeter::default().share(&self.heard(from, to), hz)
    }

    /// Our stream towards it is one stream: one SSRC, no sequence number twice or left out.
    pub(crate) fn assert_one_stream(&self) {
        for w in self.came.windows(2) {
            assert_eq!(w[0].header.ssrc, w[1].header.ssrc);
            assert_eq!(
                w[1].header.sequence,
                w[0].header.sequence.wrapping_add(1),
                "at {} ms",
                w[1].at
            );
        }
    }

    pub(crate) fn steepest(&self, from: u64, to: u64) -> i32 {
        self.heard(from, to)
            .windows(2)
            .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
            .max()
            .unwrap_or(0)
    }
}

/// What happens to packets towards the engine.
#[derive(Clone, Copy, Default)]
pub(crate) struct Net {
    pub(crate) lose_percent: u64,
    pub(crate) jitter_ms: u64,
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) ms: u64,
    pub(crate) phones: BTreeMap<LegId, Phone>,
    pub(crate) events: Vec<(u64, MediaEvent)>,
    /// Everything else that was put out.
    pub(crate) wants: Vec<Output>,
    pub(crate) net: Net,
    pub(crate) released: Vec<LegId>,
    under_way: BTreeMap<(u64, u64), (LegId, Vec<u8>)>,
    count: u64,
    rng: Rng,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(EngineConfig {
            rtp_timeout: Duration::from_secs(5),
            ..EngineConfig::default()
        })
    }

    pub(crate) fn with(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config, Rng::seeded(1)),
            ms: 0,
            phones: BTreeMap::new(),
            events: Vec::new(),
            wants: Vec::new(),
            net: Net::default(),
            released: Vec::new(),
            under_way: BTreeMap::new(),
            count: 0,
            rng: Rng::seeded(2),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now::default() + Duration::from_millis(1_000_000 + self.ms)
    }

    /// A phone with a steady tone (0: none) on an open leg with a flow.
    pub(crate) fn phone(&mut self, index: u32, codec: Codec, hz: f64) -> LegId {
        let id = leg(index);
        let mouth = if hz > 0.0 {
            Mouth::Tone(ToneSource::steady(Mix::One(hz), 8000.0))
        } else {
            Mouth::Shut
        };
        let mut keys = DigitSender::new();
        keys.set_clock(EventClock {
            stream: codec.clock(),
            event: codec.clock(),
        });
        self.phones.insert(
            id,
            Phone {
                address: SocketAddr::from(([192, 0, 2, index as u8], 4000)),
                codec,
                mouth,
                keys,
                opus: OpusFormat::default(),
                encoder: Encoder::new(codec),
                samples: 160,
                header: Header {
                    payload_type: 0,
                    marker: false,
                    sequence: (65_000 + index * 100) as u16,
                    timestamp: u32::MAX - 9000 * index,
                    ssrc: 100 + index,
                },
                slow_ppm: 0,
                next_us: self.ms * 1000 + u64::from(index) * 3300,
                rest: 0,
                came: Vec::new(),
                reports: Vec::new(),
                spoken: 0,
                srtp: None,
                last_packet: Vec::new(),
                unreadable: 0,
            },
        );
        self.command(MediaCommand::OpenLeg {
            leg: id,
            reserve: false,
            family: Family::V4,
        });
        let flow = self.flow(id);
        self.command(MediaCommand::SetFlow { leg: id, flow });
        id
    }

    pub(crate) fn flow(&self, id: LegId) -> MediaFlow {
        let phone = &self.phones[&id];
        MediaFlow {
            remote: phone.address,
            learn_from: None,
            codec: phone.codec,
            payload_type: phone.codec.payload_type(),
            event_payload_type: Some(EVENT_PT),
            event_clock: phone.codec.clock(),
            opus: phone.opus,
            tones: false,
            ptime_ms: 20,
            send: true,
            receive: true,
            generation: 1,
            srtp: None,
        }
    }

    pub(crate) fn command(&mut self, command: MediaCommand) {
        self.engine.handle_command(self.now(), command);
        self.drain();
    }

    pub(crate) fn connect(&mut self, hears: &[(LegId, &[LegId])]) {
        let hears = hears.iter().map(|(l, h)| (*l, h.to_vec())).collect();
        self.command(MediaCommand::Connect { call: CALL, hears });
    }

    pub(crate) fn play(&mut self, index: u32, to: &[LegId], sound: Sound, lane: Lane) -> PlayerId {
        let player = player(index);
        self.command(MediaCommand::Play {
            player,
            to: to.to_vec(),
            sound,
            lane,
        });
        player
    }

    /// Asks for speech and hands in a tone as its sound, `ms` long.
    pub(crate) fn say(&mut self, index: u32, to: &[LegId], hz: f64, ms: u32) -> PlayerId {
        let player = self.play(index, to, speech(), Lane::Voice);
        assert!(self.engine.push_audio(player, &tone(hz, ms)));
        self.engine.end_audio(player);
        player
    }

    /// Lets time go by.
    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.ms += 1;
            self.phones_speak();
            self.packets_arrive();
            let now = self.now();
            if self
                .engine
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
            {
                let phones = &mut self.phones;
                let at = self.ms;
                self.engine
                    .handle_timeout(now, &mut |t| deliver(phones, at, t));
                let next = self.engine.poll_timeout();
                assert!(
                    next.is_none_or(|(at, _)| at > now.mono),
                    "a deadline was not served: {next:?}"
                );
            }
            self.drain();
        }
    }

    fn phones_speak(&mut self) {
        for (id, phone) in &mut self.phones {
            while phone.next_us <= self.ms * 1000 {
                phone.rest += i64::from(phone.samples) * 125 * (1_000_000 + phone.slow_ppm);
                phone.next_us += (phone.rest / 1_000_000) as u64;
                phone.rest %= 1_000_000;
                if matches!(phone.mouth, Mouth::Shut) && phone.keys.is_idle() {
                    let units = phone.codec.clock().units(phone.samples);
                    phone.header.timestamp = phone.header.timestamp.wrapping_add(units);
                    continue;
                }
                let bytes = phone.speak();
                if self.rng.below(100) < self.net.lose_percent {
                    continue;
                }
                self.count += 1;
                let at = self.ms + self.rng.below(self.net.jitter_ms + 1);
                self.under_way.insert((at, self.count), (*id, bytes));
            }
        }
    }

    fn packets_arrive(&mut self) {
        while let Some(entry) = self
            .under_way
            .first_entry()
            .filter(|e| e.key().0 <= self.ms)
        {
            let (id, bytes) = entry.remove();
            let from = self.phones[&id].address;
            self.packet(id, from, &bytes, false);
        }
    }

    /// A datagram reaches a leg's port.
    pub(crate) fn packet(&mut self, id: LegId, from: SocketAddr, bytes: &[u8], rtcp: bool) {
        let (phones, at) = (&mut self.phones, self.ms);
        let now = Now::default() + Duration::from_millis(1_000_000 + self.ms);
        self.engine
            .handle_packet(now, id, from, bytes, rtcp, &mut |t| deliver(phones, at, t));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::NeedPort { leg, .. } => {
                    let local = SocketAddr::from(([127, 0, 0, 1], 10_000 + 2 * leg.index as u16));
                    self.engine.bound(self.now(), leg, local);
                }
                Output::Event(event) => self.events.push((self.ms, event)),
                Output::ReleasePort { leg } => self.released.push(leg),
                Output::Farewell { leg, mut bytes, .. } => {
                    if let Some(phone) = self.phones.get_mut(&leg) {
                        if let Some(srtp) = &mut phone.srtp {
                            let opened = srtp.unprotect_rtcp(&mut bytes);
                            bytes.truncate(opened.unwrap_or(0));
                        }
                        phone.reports.extend(tandem_rtp::rtcp::parse(&bytes));
                    }
                }
                other => self.wants.push(other),
            }
        }
    }

    /// When the first event that `is` fits came.
    pub(crate) fn when(&self, is: impl Fn(&MediaEvent) -> bool) -> Option<u64> {
        self.events.iter().find(|(_, e)| is(e)).map(|(at, _)| *at)
    }
    pub(crate) fn count(&self, is: impl Fn(&MediaEvent) -> bool) -> usize {
        self.events.iter().filter(|(_, e)| is(e)).count()
    }
    /// The keys that were told of a leg.
    pub(crate) fn keys(&self, of: LegId) -> String {
        self.events
            .iter()
            .filter_map(|(_, e)| match e {
                MediaEvent::Digit { leg, digit } if *leg == of => Some(*digit),
                _ => None,
            })
            .collect()
    }
}

fn deliver(phones: &mut BTreeMap<LegId, Phone>, at: u64, t: Transmit<'_>) {
    let Some(phone) = phones.get_mut(&t.leg) else {
        panic!("sent for a leg without a phone")
    };
    let mut bytes = t.bytes.to_vec();
    if let Some(srtp) = &mut phone.srtp {
        let opened = if t.rtcp {
            srtp.unprotect_rtcp(&mut bytes)
        } else {
            srtp.unprotect(&mut bytes)
        };
        match opened {
            Ok(length) => bytes.truncate(length),
            Err(_) => return phone.unreadable += 1,
        }
    }
    if t.rtcp {
        // A report may follow its phone a little later than the sound.
        assert!(phone.srtp.is_some() || t.to.port() == phone.address.port() + 1);
        phone.reports.extend(tandem_rtp::rtcp::parse(&bytes));
    } else {
        if phone.srtp.is_some() && t.to != phone.address {
            return; // to where it was before
        }
        assert_eq!(t.to, phone.address);
        let packet = Packet::parse(&bytes).unwrap();
        phone.came.push(Came {
            at,
            header: packet.header,
            payload: packet.payload.to_vec(),
        });
    }
}

pub(crate) fn speech() -> Sound {
    Sound::Speech {
        text: "hello".into(),
        voice: "v".into(),
        language: "en".into(),
        profile: "offline".into(),
    }
}

pub(crate) fn tone(hz: f64, ms: u32) -> Vec<i16> {
    let mut pcm = vec![0; ms as usize * 8];
    ToneSource::steady(Mix::One(hz), 8000.0).fill(&mut pcm);
    pcm
}

/// The steepest slope that a sum of tones of 8000 has by itself, and what coding and joints may add.
pub(crate) fn slope(hz: &[f64]) -> i32 {
    let sum: f64 = hz
        .iter()
        .map(|hz| 8000.0 * std::f64::consts::TAU * hz / 8000.0)
        .sum();
    (sum * 1.25) as i32 + 1200
}
