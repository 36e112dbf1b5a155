//! What a second of a bridged call costs the media graph, sockets apart: relayed, and recorded besides. 100 us of it are 0.01 % of a
//! core.

use criterion::Criterion;
use std::{net::SocketAddr, time::Duration};
use tandem_codec::{DtmfTone, Encoder};
use tandem_media::{Engine, EngineConfig};
use tandem_rtp::Header;
use tandem_types::{
    CallId, LegId, Now, Rng,
    media::{Codec, Family, MediaCommand, MediaFlow, OpusFormat},
};

const CALL: CallId = CallId(1);
const PACKET: usize = 160;

fn leg(index: u32) -> LegId {
    LegId { call: CALL, index }
}

fn address(index: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, index as u8], 4000))
}

/// A bridge of two legs, and the time of it in ms.
struct Bridge {
    engine: Engine,
    codecs: [Codec; 2],
    packets: [Vec<Vec<u8>>; 2],
    ms: u64,
}

impl Bridge {
    fn new(codecs: [Codec; 2], recorded: bool) -> Self {
        let engine = Engine::new(EngineConfig::default(), Rng::seeded(1));
        let mut this = Self {
            engine,
            codecs,
            packets: codecs.map(packets),
            ms: 0,
        };
        for (i, codec) in (1..).zip(codecs) {
            let flow = MediaFlow {
                remote: address(i),
                learn_from: None,
                codec,
                payload_type: codec.payload_type(),
                event_payload_type: Some(101),
                event_clock: codec.clock(),
                opus: OpusFormat::default(),
                tones: false,
                ptime_ms: 20,
                send: true,
                receive: true,
                generation: 1,
                srtp: None,
            };
            let leg = leg(i);
            let reserve = false;
            let family = Family::V4;
            this.command(MediaCommand::OpenLeg {
                leg,
                reserve,
                family,
            });
            this.command(MediaCommand::SetFlow { leg, flow });
            let local = SocketAddr::from(([127, 0, 0, 1], 10_000));
            this.engine.bound(this.now(), leg, local);
        }
        let hears = vec![(leg(1), vec![leg(2)]), (leg(2), vec![leg(1)])];
        this.command(MediaCommand::Connect { call: CALL, hears });
        if recorded {
            this.command(MediaCommand::Record {
                leg: leg(1),
                file: String::new(),
                tone: None,
            });
        }
        this.second();
        this
    }

    fn now(&self) -> Now {
        Now::default() + Duration::from_millis(1_000_000 + self.ms)
    }

    fn command(&mut self, command: MediaCommand) {
        self.engine.handle_command(self.now(), command);
    }

    fn second(&mut self) {
        let mut bytes = [0; 200];
        for _ in 0..50 {
            let n = (self.ms / 20) as u32;
            for (i, codec) in (1..).zip(self.codecs) {
                let header = Header {
                    payload_type: codec.payload_type(),
                    marker: false,
                    sequence: n as u16,
                    timestamp: n.wrapping_mul(codec.clock().ms(20)),
                    ssrc: i,
                };
                let packets = &self.packets[i as usize - 1];
                let codes = &packets[n as usize % packets.len()];
                let length = header.write(codes, &mut bytes).unwrap_or(0);
                let (now, from) = (self.now(), address(i));
                self.engine
                    .handle_packet(now, leg(i), from, &bytes[..length], false, &mut |_| ());
            }
            for _ in 0..2 {
                let now = self.now();
                let due = self.engine.poll_timeout();
                if due.is_some_and(|(at, _)| at <= now.mono) {
                    self.engine.handle_timeout(now, &mut |_| ());
                }
                self.ms += 10;
            }
            while self.engine.poll_output().is_some() {}
        }
    }
}

/// A second of sound that changes, in packets of 20 ms.
fn packets(codec: Codec) -> Vec<Vec<u8>> {
    let mut sound = [0; 50 * PACKET];
    DtmfTone::new("159D*06", 90, 50).fill(&mut sound);
    let mut encoder = Encoder::new(codec);
    let packet = |frame: &[i16]| {
        let mut octets = vec![0; 188];
        let n = encoder.encode_narrow(frame, &mut octets);
        octets.truncate(n);
        octets
    };
    sound.chunks(PACKET).map(packet).collect()
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let pairs = [
        [Codec::Pcma, Codec::Pcma],
        [Codec::Pcma, Codec::Pcmu],
        [Codec::G722, Codec::Pcma],
        [Codec::Opus, Codec::Pcma],
        [Codec::Opus, Codec::G722],
        [Codec::Opus, Codec::Opus],
    ];
    for codecs in pairs {
        for recorded in [false, true] {
            let how = if recorded { ", recorded" } else { "" };
            let name = format!("1 s: {:?} to {:?}{how}", codecs[0], codecs[1]);
            let mut bridge = Bridge::new(codecs, recorded);
            c.bench_function(&name, |b| b.iter(|| bridge.second()));
        }
    }
    c.final_summary();
}
