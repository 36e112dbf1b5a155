//! Opus on legs: passed on, transcoded, mixed, with keys, with loss.

use crate::bench::{Bench, EVENT_PT, Mouth, leg, slope};
use tandem_codec::{ToneMeter, ToneSource, tone::Mix};
use tandem_rtp::{DigitReceiver, Event, EventClock, ReportBlock, rtcp};
use tandem_types::{
    LegId,
    media::{
        Clock,
        Codec::{G722, Opus, Pcma, Pcmu},
        Lane, MediaCommand, OpusFormat, Sound,
    },
};

/// A tone at 16 kHz: the source counts in samples of 8 kHz.
fn wide(hz: f64) -> Mouth {
    Mouth::Wide(ToneSource::steady(Mix::One(hz / 2.0), 8000.0))
}

fn set_flow(b: &mut Bench, id: LegId, change: impl FnOnce(&mut tandem_types::media::MediaFlow)) {
    let mut flow = b.flow(id);
    change(&mut flow);
    b.command(MediaCommand::SetFlow { leg: id, flow });
}

#[test]
fn packets_go_as_they_are_from_opus_to_opus() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 0.0), b.phone(2, Opus, 0.0));
    b.phones.get_mut(&x).unwrap().mouth = wide(5400.0);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(1000);
    let heard = &b.phones[&y];
    heard.assert_one_stream();
    assert_eq!(
        heard.came.last().unwrap().payload,
        b.phones[&x].last_packet[12..]
    );
    let steps = heard
        .came
        .windows(2)
        .map(|w| w[1].header.timestamp.wrapping_sub(w[0].header.timestamp));
    assert!(
        steps.into_iter().all(|s| s == 960),
        "timestamps as they were"
    );
    let share = ToneMeter::new(16_000).share(&heard.heard_at(16_000, 200, 1000), 5400.0);
    assert!(share > 0.7, "{share}");
    assert_eq!(b.engine.census().ticking, 0);
}

#[test]
fn one_who_wants_less_than_the_source_was_told_gets_less() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 0.0), b.phone(2, Opus, 0.0));
    b.phones.get_mut(&x).unwrap().mouth = wide(3000.0);
    set_flow(&mut b, y, |f| f.opus.max_bitrate = Some(8000));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(2000);
    let octets: usize = b.phones[&y].came.iter().map(|c| c.payload.len()).sum();
    assert!((500..2300).contains(&octets), "{octets} in 2 s");
    assert!(b.phones[&y].share(300, 2000, 3000.0) > 0.8);
}

#[test]
fn opus_and_g711_and_g722_are_transcoded_in_the_same_step() {
    for other in [Pcma, Pcmu, G722] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Opus, 523.0), b.phone(2, other, 1319.0));
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(1500);
        for (ear, hz) in [(x, 1319.0), (y, 523.0)] {
            let share = b.phones[&ear].share(200, 1500, hz);
            assert!(share > 0.95, "{other:?}: {hz} Hz: {share}");
            b.phones[&ear].assert_one_stream();
        }
        // No packet waits for another.
        for (mouth, ear) in [(x, y), (y, x)] {
            let (spoken, came) = (b.phones[&mouth].spoken, b.phones[&ear].came.len() as u64);
            assert!(came >= spoken - 2, "{other:?}: {came} of {spoken}");
        }
        assert_eq!(b.engine.census().ticking, 0);
    }
}

#[test]
fn wide_band_is_kept_between_opus_and_g722() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 0.0), b.phone(2, G722, 0.0));
    b.phones.get_mut(&x).unwrap().mouth = wide(5400.0);
    b.phones.get_mut(&y).unwrap().mouth = wide(6200.0);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(2000);
    for (ear, hz) in [(x, 6200.0), (y, 5400.0)] {
        let sound = b.phones[&ear].heard_at(16_000, 300, 2000);
        let share = ToneMeter::new(16_000).share(&sound, hz);
        assert!(share > 0.7, "{hz} Hz: {share}");
    }
}

#[test]
fn packets_of_30_ms_become_two_that_opus_has() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 0.0), b.phone(2, Pcmu, 700.0));
    b.phones.get_mut(&y).unwrap().samples = 240;
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(1500);
    let ear = &b.phones[&x];
    ear.assert_one_stream();
    assert!(ear.share(200, 1500, 700.0) > 0.97);
    let (spoken, came) = (b.phones[&y].spoken as usize, ear.came.len());
    assert!(came >= 2 * spoken - 4, "{came} of {spoken}");
    // And the mixer, asked for 30 ms, makes 20.
    set_flow(&mut b, x, |f| f.ptime_ms = 30);
    b.play(
        1,
        &[x],
        Sound::Ringback {
            country: "GB".into(),
        },
        Lane::Background,
    );
    let before = b.phones[&x].came.len();
    b.run(1000);
    let came = b.phones[&x].came.len() - before;
    assert!((48..=52).contains(&came), "{came}");
    b.phones[&x].assert_one_stream();
}

#[test]
fn four_with_four_codecs_hear_each_other() {
    let mut b = Bench::new();
    let legs = [
        (1, G722, 523.0),
        (2, Pcma, 1319.0),
        (3, Opus, 2093.0),
        (4, Pcmu, 2900.0),
    ];
    let ids = legs.map(|(i, codec, hz)| b.phone(i, codec, hz));
    let others = |id: LegId| {
        ids.into_iter()
            .filter(move |o| *o != id)
            .collect::<Vec<_>>()
    };
    let hears = ids.map(|id| (id, others(id)));
    let hears = hears.each_ref().map(|(id, o)| (*id, &o[..]));
    b.connect(&hears);
    b.run(2000);
    for (ear, _, own) in legs {
        for (_, _, hz) in legs.into_iter().filter(|(i, ..)| *i != ear) {
            let share = b.phones[&leg(ear)].share(500, 2000, hz);
            assert!(
                (0.25..0.42).contains(&share),
                "{ear} hears {hz} Hz: {share}"
            );
        }
        let share = b.phones[&leg(ear)].share(500, 2000, own);
        assert!(share < 0.02, "{ear} hears itself: {share}");
    }
}

#[test]
fn changes_of_role_are_soft_under_opus() {
    for other in [Opus, Pcma, G722] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Opus, 523.0), b.phone(2, other, 784.0));
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(1000);
        // A word over the relayed sound, and back: the listener is mixed meanwhile.
        for n in 0..3 {
            b.say(1 + n, &[x], 330.0, 400);
            b.run(1000);
        }
        let phone = &b.phones[&x];
        phone.assert_one_stream();
        let steepest = phone.steepest(200, 4000);
        assert!(steepest < slope(&[784.0, 330.0]), "{other:?}: {steepest}");
        let heard = phone.heard(200, 4000);
        let missing = heard
            .chunks(160)
            .filter(|c| c.iter().all(|s| s.abs() < 400));
        assert_eq!(missing.count(), 0, "{other:?}: no gap of 20 ms");
    }
}

/// The keys that came to a phone by events of this clock.
fn keys_heard(b: &Bench, id: LegId, clock: EventClock) -> String {
    let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
    receiver.set_clock(clock);
    for c in &b.phones[&id].came {
        if c.header.payload_type == EVENT_PT {
            receiver.receive(c.header.timestamp, c.header.marker, &c.payload, |k| {
                keys.push(k)
            });
        } else {
            keys.extend(receiver.sound(c.header.timestamp));
        }
    }
    keys
}

fn longest(b: &Bench, id: LegId) -> u16 {
    let came = b.phones[&id].came.iter();
    let events = came.filter(|c| c.header.payload_type == EVENT_PT);
    events
        .filter_map(|c| Event::parse(&c.payload))
        .map(|e| e.duration)
        .max()
        .unwrap_or(0)
}

#[test]
fn keys_have_the_clock_of_each_leg() {
    const KEYS: &str = "1234567890*#";
    let narrow = EventClock::default();
    let opus = EventClock {
        stream: Clock::Hz48000,
        event: Clock::Hz48000,
    };
    // There are phones that have Opus and no event but that of 8000.
    let mixed_clocks = EventClock {
        stream: Clock::Hz48000,
        event: Clock::Hz8000,
    };
    for (clock, long) in [(opus, 4800), (mixed_clocks, 800)] {
        for third in [false, true] {
            let mut b = Bench::new();
            let (x, y) = (b.phone(1, Opus, 440.0), b.phone(2, Pcma, 0.0));
            set_flow(&mut b, x, |f| f.event_clock = clock.event);
            b.phones.get_mut(&x).unwrap().keys.set_clock(clock);
            if third {
                let z = b.phone(3, Pcmu, 0.0);
                b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
            } else {
                b.connect(&[(x, &[y]), (y, &[x])]);
            }
            b.run(200);
            b.net.lose_percent = 10;
            b.phones.get_mut(&x).unwrap().keys.press(KEYS);
            b.run(KEYS.len() as u64 * 180 + 500);
            assert_eq!(b.keys(x), KEYS);
            assert_eq!(
                (keys_heard(&b, y, narrow).as_str(), longest(&b, y)),
                (KEYS, 800)
            );
            b.phones.get_mut(&y).unwrap().keys.press("42");
            b.run(1500);
            assert_eq!(b.keys(y), "42");
            assert_eq!(
                (keys_heard(&b, x, clock).as_str(), longest(&b, x)),
                ("42", long)
            );
            b.command(MediaCommand::SendDigits {
                leg: x,
                digits: "7#".into(),
            });
            b.run(800);
            assert_eq!(keys_heard(&b, x, clock), "427#");
        }
    }
}

#[test]
fn a_loss_is_made_up_by_the_codec_and_the_rest_is_heard_in_its_place() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 500.0), b.phone(2, Pcma, 0.0));
    let z = b.phone(3, Pcma, 0.0);
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(1000);
    b.net.lose_percent = 5;
    b.net.jitter_ms = 30;
    b.run(4000);
    // Opus makes up voices, not tones.
    let share = b.phones[&y].share(1200, 5000, 500.0);
    assert!(share > 0.5, "{share}");
    let heard = b.phones[&y].heard(1200, 5000);
    let missing = heard
        .chunks(160)
        .filter(|c| c.iter().all(|s| s.abs() < 400));
    assert_eq!(missing.count(), 0, "no gap of 20 ms");
    let stats = b.engine.stats(x).unwrap();
    assert!(stats.concealed > 0 && stats.lost > 0, "{stats:?}");
    assert!(stats.jitter_us < 30_000, "of the clock of Opus: {stats:?}");
}

#[test]
fn what_a_transcoded_listener_would_miss_is_sent_after_all_and_nothing_twice() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Opus, 500.0), b.phone(2, Pcma, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(1000);
    b.net.lose_percent = 10;
    b.run(4000);
    let lost = b.engine.stats(x).unwrap().lost;
    let came = &b.phones[&y].came;
    let steps = came
        .windows(2)
        .map(|w| w[1].header.sequence.wrapping_sub(w[0].header.sequence));
    let missing: u16 = steps
        .map(|s| s.checked_sub(1).expect("no number comes twice"))
        .sum();
    assert!(lost >= 10, "{lost}");
    // What was lost two at a time has no copy.
    assert!(u64::from(missing) < lost / 3, "{missing} of {lost}");
    for w in came.windows(2) {
        let (step, passed) = (
            w[1].header.sequence.wrapping_sub(w[0].header.sequence),
            w[1].header.timestamp.wrapping_sub(w[0].header.timestamp),
        );
        assert_eq!(passed, 160 * u32::from(step));
    }
    // What comes after its turn was made up for already.
    b.net.lose_percent = 0;
    b.net.jitter_ms = 60;
    b.run(3000);
    let numbers: Vec<u16> = b.phones[&y]
        .came
        .iter()
        .map(|c| c.header.sequence)
        .collect();
    assert!(
        numbers
            .windows(2)
            .all(|w| (w[1].wrapping_sub(w[0]) as i16) > 0),
        "in their order"
    );
}

#[test]
fn a_far_end_that_reports_loss_is_sent_copies_of_what_may_be_lost() {
    let mut b = Bench::new();
    let x = b.phone(1, Opus, 0.0);
    set_flow(&mut b, x, |f| f.opus.fec = true);
    b.play(1, &[x], Sound::Music { file: None }, Lane::Background);
    let sent = |b: &mut Bench| {
        let before = b.phones[&x].came.len();
        b.run(4000);
        b.phones[&x].came[before..]
            .iter()
            .map(|c| c.payload.len())
            .sum::<usize>()
    };
    let without = sent(&mut b);
    let block = ReportBlock {
        ssrc: b.phones[&x].came[0].header.ssrc,
        fraction_lost: 51,
        ..ReportBlock::default()
    };
    let report = rtcp::report(101, None, Some(block), "phone", false);
    let mut from = b.phones[&x].address;
    from.set_port(from.port() + 1);
    b.packet(x, from, &report, true);
    let with = sent(&mut b);
    assert!(with > without * 12 / 10, "{with} after {without}");
}

#[test]
fn nothing_is_sent_of_silence_to_one_who_wants_it_so_and_no_number_is_missing() {
    for relayed in [false, true] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Opus, 0.0), b.phone(2, Pcma, 0.0));
        set_flow(&mut b, x, |f| {
            f.opus = OpusFormat {
                dtx: true,
                ..OpusFormat::default()
            }
        });
        if relayed {
            // 0.4 s, 0.2 s of nothing, 0.4 s, 2 s of nothing.
            let sound = ToneSource::ringback("GB");
            b.phones.get_mut(&y).unwrap().mouth = Mouth::Tone(sound);
            b.connect(&[(x, &[y]), (y, &[x])]);
            b.run(5500);
        } else {
            b.run(1000);
            for n in 0..2 {
                b.say(1 + n, &[x], 500.0, 400);
                b.run(2400);
            }
        }
        let phone = &b.phones[&x];
        phone.assert_one_stream();
        let came = phone.came.len();
        assert!((50..150).contains(&came), "{came} of 270");
        // Each word begins with the marker, in its place in time.
        let begins: Vec<_> = phone
            .came
            .windows(2)
            .filter(|w| w[1].header.marker)
            .collect();
        assert!(begins.len() >= 2, "{}", begins.len());
        for w in begins {
            let passed = u64::from(w[1].header.timestamp.wrapping_sub(w[0].header.timestamp)) / 48;
            let took = w[1].at - w[0].at;
            assert!(
                passed.abs_diff(took) <= 45,
                "{passed} ms by the timestamp, {took} by the clock"
            );
        }
    }
}
