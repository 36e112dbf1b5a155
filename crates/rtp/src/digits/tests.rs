use super::*;
use tandem_types::Rng;

/// All packets of some keys as (timestamp, marker, payload), with sound where there is no event.
fn press(keys: &str, samples: u32) -> Vec<(u32, Option<DigitPacket>)> {
    let mut sender = DigitSender::new();
    sender.press(keys);
    let mut timestamp = u32::MAX - 5000; // wraps on the way
    let mut out = Vec::new();
    while !sender.is_idle() {
        out.push((timestamp, sender.poll(timestamp, samples)));
        timestamp = timestamp.wrapping_add(samples);
    }
    out
}

fn hear(receiver: &mut DigitReceiver, keys: &mut String, at: u32, packet: Option<DigitPacket>) {
    match packet {
        Some(p) => receiver.receive(p.timestamp, p.marker, &p.payload, |k| keys.push(k)),
        None => keys.extend(receiver.sound(at)),
    }
}

#[test]
fn a_key_grows_and_says_its_end_three_times() {
    let sent: Vec<DigitPacket> = press("7", 160).into_iter().filter_map(|(_, p)| p).collect();
    let events: Vec<(u16, bool)> = sent
        .iter()
        .map(|p| {
            Event::parse(&p.payload)
                .map(|e| (e.duration, e.end))
                .unwrap()
        })
        .collect();
    assert_eq!(
        events,
        [
            (160, false),
            (320, false),
            (480, false),
            (640, false),
            (800, true),
            (800, true),
            (800, true)
        ]
    );
    assert!(sent[0].marker && sent[1..].iter().all(|p| !p.marker));
    assert!(sent.iter().all(|p| p.timestamp == sent[0].timestamp));
}

#[test]
fn keys_start_160_ms_apart_or_more_and_all_are_heard_once() {
    let all = "1234567890*#ABCD1122";
    for samples in [80, 160, 240, 480] {
        let (mut receiver, mut keys, mut starts) =
            (DigitReceiver::new(), String::new(), Vec::new());
        for (at, packet) in press(all, samples) {
            if let Some(p) = packet.filter(|p| p.marker) {
                starts.push(p.timestamp);
            }
            hear(&mut receiver, &mut keys, at, packet);
        }
        assert_eq!(keys, all, "{samples}");
        assert!(
            starts.windows(2).all(|w| w[1].wrapping_sub(w[0]) >= 1280),
            "{samples}"
        );
    }
    let mut sender = DigitSender::new();
    sender.press("x \u{e9}");
    assert!(sender.is_idle());
}

#[test]
fn every_key_is_heard_once_though_a_tenth_of_the_packets_is_lost_and_some_come_twice_or_late() {
    let all = "112233445566778899001122334455";
    for seed in 0..200 {
        let mut rng = Rng::seeded(seed);
        let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
        let mut held = None;
        for (at, packet) in press(all, 160) {
            match rng.below(20) {
                0 | 1 => continue,
                2 => hear(&mut receiver, &mut keys, at, packet),
                3 => {
                    held = Some((at, packet));
                    continue;
                }
                _ => {}
            }
            hear(&mut receiver, &mut keys, at, packet);
            if let Some((at, packet)) = held.take() {
                hear(&mut receiver, &mut keys, at, packet);
            }
        }
        assert_eq!(keys, all, "seed {seed}");
    }
}

#[test]
fn the_end_alone_the_middle_alone_and_no_end_at_all_are_enough() {
    let packets: Vec<(u32, Option<DigitPacket>)> = press("5", 160);
    for keep in [vec![6], vec![2], vec![0], vec![0, 1], vec![4, 5, 6]] {
        let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
        for i in keep.iter().copied() {
            hear(&mut receiver, &mut keys, packets[i].0, packets[i].1);
        }
        for i in 0..20 {
            keys.extend(receiver.sound(packets[0].0.wrapping_add(1120 + i * 160)));
        }
        assert_eq!(keys, "5", "{keep:?}");
    }
}

#[test]
fn a_key_held_for_twenty_seconds_is_one_key() {
    let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
    let (mut segment, mut duration, mut first) = (1000u32, 0u32, true);
    for _ in 0..1000 {
        duration += 160;
        if duration > 0xffff {
            // RFC 4733 section 2.5.1.3: a new segment, no marker, no end.
            segment = segment.wrapping_add(0xffff);
            duration -= 0xffff;
        }
        let event = Event {
            code: 9,
            end: false,
            volume: 10,
            duration: duration as u16,
        };
        receiver.receive(segment, first, &event.write(), |k| keys.push(k));
        first = false;
    }
    let event = Event {
        code: 9,
        end: true,
        volume: 10,
        duration: duration as u16,
    };
    for _ in 0..3 {
        receiver.receive(segment, false, &event.write(), |k| keys.push(k));
    }
    assert_eq!(keys, "9");
}

#[test]
fn a_sender_whose_timestamp_creeps_presses_one_key() {
    let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
    for i in 0..8u32 {
        let event = Event {
            code: 3,
            end: i > 4,
            volume: 10,
            duration: (i.min(5) * 160 + 160) as u16,
        };
        receiver.receive(5000 + i.min(5) * 160, i == 0, &event.write(), |k| {
            keys.push(k)
        });
    }
    assert_eq!(keys, "3");
}

#[test]
fn a_new_stream_may_start_anywhere() {
    let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
    for (at, packet) in press("1", 160) {
        hear(&mut receiver, &mut keys, at, packet);
    }
    keys.extend(receiver.reset());
    let event = Event {
        code: 1,
        end: true,
        volume: 10,
        duration: 800,
    };
    receiver.receive(u32::MAX - 6000, true, &event.write(), |k| keys.push(k));
    assert_eq!(keys, "11");
}

#[test]
fn flash_and_fax_events_and_stumps_are_no_keys() {
    let mut receiver = DigitReceiver::new();
    for payload in [
        &[16, 0x80, 3, 32][..],
        &[36, 0x80, 3, 32],
        &[5, 0x80, 3],
        &[],
    ] {
        receiver.receive(0, true, payload, |k| panic!("{k}"));
    }
}

proptest::proptest! {
    #[test]
    fn no_events_do_harm(packets in proptest::collection::vec((proptest::num::u32::ANY, proptest::bool::ANY, proptest::collection::vec(proptest::num::u8::ANY, 0..6)), 0..50)) {
        let mut receiver = DigitReceiver::new();
        for (timestamp, marker, payload) in packets {
            receiver.receive(timestamp, marker, &payload, |_| ());
            receiver.sound(timestamp);
        }
    }
}
