use crate::bench::{Bench, slope};
use tandem_types::media::{Codec, MediaCommand};

const TONES: [f64; 3] = [400.0, 900.0, 1400.0];

#[test]
fn each_of_three_hears_the_others_and_not_itself() {
    let mut b = Bench::new();
    let ids = [
        b.phone(1, Codec::Pcmu, TONES[0]),
        b.phone(2, Codec::Pcma, TONES[1]),
        b.phone(3, Codec::Pcmu, TONES[2]),
    ];
    let [x, y, z] = ids;
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(3000);
    for (i, id) in ids.iter().enumerate() {
        let phone = &b.phones[id];
        phone.assert_one_stream();
        for (j, hz) in TONES.iter().enumerate() {
            let share = phone.share(1000, 3000, *hz);
            if i == j {
                assert!(share < 0.001, "{i} hears itself: {share}");
            } else {
                assert!((share - 0.5).abs() < 0.05, "{i} hears {j}: {share}");
            }
        }
        assert!(phone.steepest(1000, 3000) <= slope(&[900.0, 1400.0]));
    }
}

#[test]
fn a_supervisor_listens_unheard_and_a_loud_sum_is_limited_not_wrapped() {
    let mut b = Bench::new();
    let ids: Vec<_> = (1..=6).map(|i| b.phone(i, Codec::Pcmu, 300.0)).collect();
    let spy = b.phone(7, Codec::Pcma, 2000.0);
    b.connect(&[(spy, &ids), (ids[0], &[ids[1]]), (ids[1], &[ids[0]])]);
    b.run(2000);
    let sound = b.phones[&spy].heard(1000, 2000);
    assert!(
        sound.iter().any(|s| *s > 30_000),
        "six times 8000 is past the limit"
    );
    let step = b.phones[&spy].steepest(1000, 2000);
    assert!(step < 20_000, "a wrap would be a step of 65535: {step}");
    assert!(b.phones[&ids[0]].share(1000, 2000, 2000.0) < 0.01);
}

#[test]
fn packets_are_as_long_as_was_agreed() {
    let mut b = Bench::new();
    for (index, ptime) in [(1, 10), (2, 20), (3, 30), (4, 60)] {
        let id = b.phone(index, Codec::Pcmu, 0.0);
        let mut flow = b.flow(id);
        flow.ptime_ms = ptime;
        b.command(MediaCommand::SetFlow { leg: id, flow });
    }
    b.run(1200);
    for (id, phone) in &b.phones {
        let ms = [10, 20, 30, 60][id.index as usize - 1];
        assert!(phone.came.iter().all(|c| c.payload.len() == ms * 8), "{id}");
        assert!(phone.came.len() >= 1100 / ms, "{id}: {}", phone.came.len());
    }
}

#[test]
fn packets_of_any_length_are_mixed() {
    let mut b = Bench::new();
    for (index, samples) in [(1, 80), (2, 240), (3, 480)] {
        let id = b.phone(index, Codec::Pcma, 300.0 * f64::from(index));
        b.phones.get_mut(&id).unwrap().samples = samples;
    }
    let spy = b.phone(4, Codec::Pcmu, 0.0);
    let ids: Vec<_> = b.phones.keys().copied().filter(|id| *id != spy).collect();
    b.connect(&[(spy, &ids)]);
    b.run(3000);
    for hz in [300.0, 600.0, 900.0] {
        let share = b.phones[&spy].share(1000, 3000, hz);
        assert!((share - 0.333).abs() < 0.05, "{hz}: {share}");
    }
}

#[test]
fn whoever_leaves_is_gone_and_the_rest_goes_on() {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Codec::Pcmu, 400.0),
        b.phone(2, Codec::Pcma, 900.0),
        b.phone(3, Codec::Pcmu, 1400.0),
    );
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(1000);
    b.command(MediaCommand::CloseLeg { leg: z });
    b.run(1000);
    assert!(b.phones[&x].share(1200, 2000, 900.0) > 0.98);
    assert_eq!(b.engine.census().ticking, 0, "two are relayed");
    b.phones[&x].assert_one_stream();
    assert_eq!(b.released, [z]);
}
