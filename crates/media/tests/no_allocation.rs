//! The fast path allocates nothing: not per relayed packet, and not per tick of a mixed leg.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    net::SocketAddr,
    time::Duration,
};
use tandem_codec::{Encoder, ToneSource, tone::Mix};
use tandem_media::{Engine, EngineConfig, Output};
use tandem_rtp::{Header, Srtp};
use tandem_types::{
    CallId, LegId, Now, PlayerId, Rng, SrtpKey, SrtpKeys, SrtpSuite,
    media::{Codec, Family, Lane, MediaCommand, MediaFlow, OpusFormat, Sound},
};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches a thread-local integer only.
#[expect(
    unsafe_code,
    reason = "a counting allocator is the only way to see an allocation"
)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    COUNT.with(Cell::get)
}

const CALL: CallId = CallId(1);

fn leg(index: u32) -> LegId {
    LegId { call: CALL, index }
}
fn address(index: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, index as u8], 4000))
}

/// What one end of a leg encrypts with; the phone's is the other way round.
fn keys(suite: SrtpSuite, leg: u32, phone: bool) -> SrtpKeys {
    let key = |ours| SrtpKey::derived(suite, &[leg as u8; 32], &[u8::from(ours)]);
    SrtpKeys {
        suite,
        ours: key(!phone),
        theirs: key(phone),
    }
}

/// What encrypts each phone, and what it says.
type Setting = (Engine, Vec<Option<Srtp>>, Vec<Vec<u8>>);

/// An engine with a leg for each codec, and what encrypts its phones.
fn engine(codecs: &[Codec], suite: Option<SrtpSuite>) -> Setting {
    let mut engine = Engine::new(EngineConfig::default(), Rng::seeded(1));
    let mut phones = Vec::new();
    let now = at(0);
    for (i, codec) in (1..).zip(codecs.iter().copied()) {
        engine.handle_command(
            now,
            MediaCommand::OpenLeg {
                leg: leg(i),
                reserve: false,
                family: Family::V4,
            },
        );
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
            srtp: suite.map(|suite| keys(suite, i, false)),
        };
        phones.push(suite.map(|suite| Srtp::new(keys(suite, i, true))));
        engine.handle_command(now, MediaCommand::SetFlow { leg: leg(i), flow });
        engine.bound(now, leg(i), SocketAddr::from(([127, 0, 0, 1], 10_000)));
    }
    let sounds = codecs.iter().map(|c| sound(*c)).collect();
    (engine, phones, sounds)
}

fn at(ms: u64) -> Now {
    Now::default() + Duration::from_millis(1_000_000 + ms)
}

/// Runs `ms` (before the first report, which may allocate) with a packet from each leg every 20 ms; says how many packets went out.
fn run((engine, phones, sounds): &mut Setting, codecs: &[Codec], from: u64, ms: u64) -> u64 {
    let mut sent = 0;
    let mut bytes = [0; 300];
    for t in (from..from + ms).step_by(10) {
        if t % 20 == 0 {
            for (i, codec) in (1..).zip(codecs) {
                let n = (t / 20) as u16;
                let header = Header {
                    payload_type: codec.payload_type(),
                    marker: false,
                    sequence: n,
                    timestamp: codec.clock().ms(20) * u32::from(n),
                    ssrc: i,
                };
                let mut length = header
                    .write(&sounds[i as usize - 1], &mut bytes)
                    .unwrap_or(0);
                if let Some(Some(srtp)) = phones.get_mut(i as usize - 1) {
                    length = srtp.protect(&mut bytes, length).unwrap_or(0);
                }
                engine.handle_packet(
                    at(t),
                    leg(i),
                    address(i),
                    &bytes[..length],
                    false,
                    &mut |_| sent += 1,
                );
            }
        }
        if engine
            .poll_timeout()
            .is_some_and(|(due, _)| due <= at(t).mono)
        {
            engine.handle_timeout(at(t), &mut |_| sent += 1);
        }
        while let Some(output) = engine.poll_output() {
            drop::<Output>(output);
        }
    }
    sent
}

/// A packet of 20 ms.
fn sound(codec: Codec) -> Vec<u8> {
    let mut pcm = [0; 160];
    ToneSource::steady(Mix::One(700.0), 9000.0).fill(&mut pcm);
    let mut octets = vec![0; 200];
    let n = Encoder::new(codec).encode_narrow(&pcm, &mut octets);
    octets.truncate(n);
    octets
}

fn relayed(codecs: [Codec; 2], suite: Option<SrtpSuite>) {
    let mut two = engine(&codecs, suite);
    let hears = vec![(leg(1), vec![leg(2)]), (leg(2), vec![leg(1)])];
    two.0
        .handle_command(at(0), MediaCommand::Connect { call: CALL, hears });
    run(&mut two, &codecs, 0, 400);
    let before = allocations();
    let sent = run(&mut two, &codecs, 400, 600);
    assert_eq!(
        (sent, allocations() - before),
        (60, 0),
        "relay {codecs:?} {suite:?}"
    );
}

fn mixed(codecs: [Codec; 3], suite: Option<SrtpSuite>) {
    let mut three = engine(&codecs, suite);
    let all = [1, 2, 3].map(leg);
    let hears = all
        .iter()
        .map(|l| (*l, all.iter().copied().filter(|o| o != l).collect()))
        .collect();
    three
        .0
        .handle_command(at(0), MediaCommand::Connect { call: CALL, hears });
    let music = MediaCommand::Play {
        player: PlayerId {
            call: CALL,
            index: 1,
        },
        to: vec![leg(1)],
        sound: Sound::Music { file: None },
        lane: Lane::Background,
    };
    three.0.handle_command(at(0), music);
    run(&mut three, &codecs, 0, 400);
    let before = allocations();
    let sent = run(&mut three, &codecs, 400, 600);
    assert_eq!(
        (sent, allocations() - before),
        (90, 0),
        "mix {codecs:?} {suite:?}"
    );
}

/// A recording takes one piece of memory for each half second, and nothing for a packet or a tick.
fn recorded(codecs: [Codec; 2]) {
    let mut two = engine(&codecs, None);
    let hears = vec![(leg(1), vec![leg(2)]), (leg(2), vec![leg(1)])];
    for command in [
        MediaCommand::Connect { call: CALL, hears },
        MediaCommand::Record {
            leg: leg(1),
            file: "a.wav".into(),
            tone: None,
        },
    ] {
        two.0.handle_command(at(0), command);
    }
    run(&mut two, &codecs, 0, 400);
    let before = allocations();
    let sent = run(&mut two, &codecs, 400, 600);
    assert_eq!((sent, allocations() - before), (60, 1), "{codecs:?}");
}

#[test]
fn relaying_transcoding_mixing_and_encrypting_allocate_nothing() {
    relayed([Codec::Pcmu, Codec::Pcma], None);
    relayed([Codec::G722, Codec::Pcma], None);
    relayed([Codec::G722, Codec::G722], None);
    relayed([Codec::Opus, Codec::Opus], None);
    relayed([Codec::Opus, Codec::Pcma], None);
    relayed([Codec::Opus, Codec::G722], None);
    mixed([Codec::Pcmu, Codec::Pcma, Codec::Pcmu], None);
    mixed([Codec::G722, Codec::Pcma, Codec::Pcmu], None);
    mixed([Codec::G722, Codec::Opus, Codec::Opus], None);
    recorded([Codec::Pcmu, Codec::Pcma]);
    recorded([Codec::G722, Codec::Pcma]);
    recorded([Codec::Opus, Codec::Pcma]);
    for suite in SrtpSuite::ALL {
        relayed([Codec::Pcmu, Codec::Pcma], Some(suite));
        mixed([Codec::G722, Codec::Pcma, Codec::Pcmu], Some(suite));
    }
}
