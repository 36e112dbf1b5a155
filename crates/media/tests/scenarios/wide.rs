use crate::bench::{Bench, Mouth, slope};
use tandem_codec::{ToneMeter, ToneSource, tone::Mix};
use tandem_types::media::Codec;

/// A tone at 16 kHz: the source counts in samples of 8 kHz.
fn wide(hz: f64) -> Mouth {
    Mouth::Wide(ToneSource::steady(Mix::One(hz / 2.0), 8000.0))
}

#[test]
fn wide_band_is_kept_where_both_ends_have_it() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::G722, 0.0), b.phone(2, Codec::G722, 0.0));
    b.phones.get_mut(&x).unwrap().mouth = wide(5400.0);
    b.phones.get_mut(&y).unwrap().mouth = wide(6200.0);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(2000);
    let meter = ToneMeter::new(16_000);
    for (ear, hz) in [(x, 6200.0), (y, 5400.0)] {
        let phone = &b.phones[&ear];
        let share = meter.share(&phone.heard_at(16_000, 300, 2000), hz);
        assert!(share > 0.7, "{hz} Hz: {share}");
        phone.assert_one_stream();
    }
    let last = b.phones[&y].came.last().unwrap();
    assert_eq!((last.payload.len(), last.header.payload_type), (160, 9));
}

#[test]
fn g722_and_g711_are_transcoded_in_the_same_step() {
    for narrow in [Codec::Pcma, Codec::Pcmu] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Codec::G722, 523.0), b.phone(2, narrow, 1319.0));
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(1500);
        for (ear, hz) in [(x, 1319.0), (y, 523.0)] {
            let share = b.phones[&ear].share(200, 1500, hz);
            assert!(share > 0.97, "{narrow:?}: {hz} Hz: {share}");
            b.phones[&ear].assert_one_stream();
        }
        // No packet waits for another.
        let (spoken, came) = (b.phones[&x].spoken, b.phones[&y].came.len() as u64);
        assert!(came >= spoken - 2, "{came} of {spoken}");
        assert!(b.engine.census().ticking == 0);
    }
}

#[test]
fn three_with_three_codecs_hear_each_other() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::G722, 523.0);
    let y = b.phone(2, Codec::Pcma, 1319.0);
    let z = b.phone(3, Codec::Pcmu, 2093.0);
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(2000);
    for (ear, others) in [
        (x, [1319.0, 2093.0]),
        (y, [523.0, 2093.0]),
        (z, [523.0, 1319.0]),
    ] {
        for hz in others {
            let share = b.phones[&ear].share(500, 2000, hz);
            assert!((0.4..0.6).contains(&share), "{ear:?} {hz} Hz: {share}");
        }
    }
}

#[test]
fn changes_of_role_are_soft_under_g722() {
    let mut b = Bench::new();
    let (x, y) = (
        b.phone(1, Codec::G722, 523.0),
        b.phone(2, Codec::G722, 784.0),
    );
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
    assert!(steepest < slope(&[784.0, 330.0]), "{steepest}");
    let missing = phone
        .heard(200, 4000)
        .chunks(160)
        .filter(|c| c.iter().all(|s| s.abs() < 400))
        .count();
    assert_eq!(missing, 0, "no gap of 20 ms");
}
