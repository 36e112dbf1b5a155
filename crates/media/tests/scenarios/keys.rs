use crate::bench::{Bench, EVENT_PT, Mouth};
use tandem_codec::{DtmfDetector, DtmfTone};
use tandem_rtp::DigitReceiver;
use tandem_types::{
    LegId,
    media::{Codec, MediaCommand},
};

const KEYS: &str = "1234567890*#ABCD55";

/// What a phone's own receiver makes of the events that came to it.
fn keys_heard(b: &Bench, id: LegId) -> String {
    let (mut receiver, mut keys) = (DigitReceiver::new(), String::new());
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

#[test]
fn each_key_is_told_once_and_reaches_the_relayed_partner_though_a_tenth_is_lost() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcma, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(200);
    b.net.lose_percent = 10;
    b.net.jitter_ms = 30;
    b.phones.get_mut(&x).unwrap().keys.press(KEYS);
    b.run(KEYS.len() as u64 * 180 + 500);
    assert_eq!(b.keys(x), KEYS);
    assert_eq!(b.engine.stats(x).unwrap().digits, KEYS.len() as u32);
    assert_eq!(keys_heard(&b, y), KEYS);
}

#[test]
fn keys_that_are_kept_are_told_and_heard_by_nobody() {
    for mixed in [false, true] {
        let mut b = Bench::new();
        let (x, y, z) = (
            b.phone(1, Codec::Pcmu, 440.0),
            b.phone(2, Codec::Pcma, 0.0),
            b.phone(3, Codec::Pcma, 0.0),
        );
        match mixed {
            false => b.connect(&[(x, &[y]), (y, &[x])]),
            true => b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]),
        }
        b.run(200);
        b.command(MediaCommand::KeepKeys { leg: x, keep: true });
        b.phones.get_mut(&x).unwrap().keys.press("*9");
        b.run(1000);
        assert_eq!((b.keys(x).as_str(), keys_heard(&b, y).as_str()), ("*9", ""));
        b.command(MediaCommand::KeepKeys {
            leg: x,
            keep: false,
        });
        b.phones.get_mut(&x).unwrap().keys.press("7");
        b.run(1000);
        assert_eq!(keys_heard(&b, y), "7");
        b.phones[&y].assert_one_stream();
    }
}

#[test]
fn in_a_conference_a_key_is_pressed_anew_for_each_listener() {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Codec::Pcmu, 440.0),
        b.phone(2, Codec::Pcma, 0.0),
        b.phone(3, Codec::Pcmu, 0.0),
    );
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(200);
    b.phones.get_mut(&x).unwrap().keys.press(KEYS);
    b.run(KEYS.len() as u64 * 180 + 800);
    assert_eq!(b.keys(x), KEYS);
    for id in [y, z] {
        assert_eq!(keys_heard(&b, id), KEYS);
        b.phones[&id].assert_one_stream();
    }
    assert_eq!(keys_heard(&b, x), "");
}

#[test]
fn keys_are_sent_in_sequence_with_three_ends_and_sound_goes_on() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcma, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(500);
    b.command(MediaCommand::SendDigits {
        leg: y,
        digits: "42#".into(),
    });
    b.run(1000);
    assert_eq!(keys_heard(&b, y), "42#");
    let phone = &b.phones[&y];
    phone.assert_one_stream();
    let ends = phone
        .came
        .iter()
        .filter(|c| c.header.payload_type == EVENT_PT && c.payload[1] & 0x80 != 0);
    assert_eq!(ends.count(), 9);
    assert_eq!(b.engine.census().ticking, 0, "relayed again");
    assert!(phone.share(1200, 1500, 440.0) > 0.95);
    let at: Vec<u64> = phone.came.iter().map(|c| c.at).collect();
    assert!(
        at.windows(2)
            .filter(|w| w[0] > 100)
            .all(|w| w[1] - w[0] <= 40)
    );
}

#[test]
fn without_rfc_4733_keys_are_tones() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 0.0));
    let mut flow = b.flow(y);
    flow.event_payload_type = None;
    b.command(MediaCommand::SetFlow { leg: y, flow });
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(200);
    b.command(MediaCommand::SendDigits {
        leg: y,
        digits: "159D".into(),
    });
    b.run(1000);
    // And a key that the partner presses by events.
    b.phones.get_mut(&x).unwrap().keys.press("7");
    b.run(1000);
    let mut keys = String::new();
    DtmfDetector::new().feed(&b.phones[&y].heard(0, b.ms), |k| keys.push(k));
    assert_eq!(keys, "159D7");
    assert!(
        b.phones[&y]
            .came
            .iter()
            .all(|c| c.header.payload_type != EVENT_PT)
    );
}

#[test]
fn packets_that_a_partner_cannot_take_leave_no_holes_in_its_sequence() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcma, 0.0));
    let mut flow = b.flow(y);
    flow.event_payload_type = None;
    b.command(MediaCommand::SetFlow { leg: y, flow });
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(200);
    b.phones.get_mut(&x).unwrap().keys.press("12");
    b.run(1500);
    b.phones[&y].assert_one_stream();
    let mut keys = String::new();
    DtmfDetector::new().feed(&b.phones[&y].heard(0, b.ms), |k| keys.push(k));
    assert_eq!(keys, "12");
}

#[test]
fn tones_in_the_sound_are_keys_only_where_they_are_to_be() {
    for codec in Codec::ALL {
        for tones in [false, true] {
            let mut b = Bench::new();
            let x = b.phone(1, codec, 0.0);
            let mut flow = b.flow(x);
            flow.tones = tones;
            b.command(MediaCommand::SetFlow { leg: x, flow });
            b.run(200);
            b.phones.get_mut(&x).unwrap().mouth = Mouth::Keys(DtmfTone::new("159D*#00", 80, 60));
            b.run(2000);
            assert_eq!(b.keys(x), if tones { "159D*#00" } else { "" }, "{codec:?}");
        }
    }
}

#[test]
fn a_key_in_the_sound_is_an_event_for_those_who_have_them_and_a_tone_for_the_others() {
    for third in [false, true] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 0.0));
        let z = b.phone(3, Codec::Pcmu, 0.0);
        for (id, tones) in [(x, true), (z, false)] {
            let mut flow = b.flow(id);
            (flow.tones, flow.event_payload_type) = (tones, None);
            b.command(MediaCommand::SetFlow { leg: id, flow });
        }
        match third {
            false => b.connect(&[(x, &[y]), (y, &[x])]),
            true => b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]),
        }
        b.run(200);
        b.phones.get_mut(&x).unwrap().mouth = Mouth::Keys(DtmfTone::new("42#", 100, 100));
        b.run(1500);
        assert_eq!(b.keys(x), "42#");
        assert_eq!(b.engine.stats(x).unwrap().digits, 3);
        assert_eq!(keys_heard(&b, y), "42#");
        b.phones[&y].assert_one_stream();
        if third {
            let mut keys = String::new();
            DtmfDetector::new().feed(&b.phones[&z].heard(0, b.ms), |k| keys.push(k));
            assert_eq!(keys, "42#");
        }
        // Kept: told, and pressed for nobody.
        b.command(MediaCommand::KeepKeys { leg: x, keep: true });
        b.phones.get_mut(&x).unwrap().mouth = Mouth::Keys(DtmfTone::new("*9", 100, 100));
        b.run(1000);
        assert_eq!(
            (b.keys(x).as_str(), keys_heard(&b, y).as_str()),
            ("42#*9", "42#")
        );
    }
}

#[test]
fn the_payload_type_of_events_is_the_negotiated_one() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcma, 0.0));
    let mut flow = b.flow(y);
    flow.event_payload_type = Some(96);
    b.command(MediaCommand::SetFlow { leg: y, flow });
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(200);
    b.phones.get_mut(&x).unwrap().keys.press("8");
    b.run(400);
    let events = b.phones[&y]
        .came
        .iter()
        .filter(|c| c.header.payload_type == 96)
        .count();
    assert_eq!(events, 7);
}
