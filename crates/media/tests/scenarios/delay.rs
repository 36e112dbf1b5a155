//! The delay of what is mixed: how much, and that nobody hears it change.

use crate::bench::{Bench, Mouth, leg, slope};
use std::f64::consts::TAU;
use tandem_codec::{ToneMeter, ToneSource, tone::Mix};
use tandem_types::{LegId, media::Codec};

/// Whole cycles in 20 ms, so that none is found in another.
const TONES: [f64; 3] = [450.0, 1250.0, 2250.0];

fn off(measured: f64, hz: f64) -> f64 {
    (measured / hz - 1.0).abs()
}

/// The amplitude of a frequency in a short window, under a cosine bell.
fn bell(window: &[i16], hz: f64) -> f64 {
    let step = TAU / window.len() as f64;
    let bell = |(n, s): (usize, &i16)| (f64::from(*s) * (1.0 - (n as f64 * step).cos())) as i16;
    let window: Vec<i16> = window.iter().enumerate().map(bell).collect();
    ToneMeter::default().amplitude(&window, hz)
}

#[test]
fn a_third_joins_two_and_no_tone_is_raised_interrupted_or_cracks() {
    // A steady tone is what Opus is worst at: its own changes of role are in `opus`.
    for codec in Codec::ALL.into_iter().filter(|c| *c != Codec::Opus) {
        let mut b = Bench::new();
        let ids: Vec<LegId> = (1..)
            .zip(TONES)
            .map(|(i, hz)| b.phone(i, codec, hz))
            .collect();
        let (x, y, z) = (ids[0], ids[1], ids[2]);
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(2000);
        b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
        b.run(4000);
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(2000);
        for (id, hears) in [(x, &[1, 2][..]), (y, &[0, 2]), (z, &[0, 1])] {
            let phone = &b.phones[&id];
            for i in hears {
                let hz = TONES[*i];
                let heard = phone.heard(2100, 6000);
                let measured = ToneMeter::default().frequency(&heard, hz);
                assert!(
                    off(measured, hz) < 0.001,
                    "{codec:?}, {id}: {hz} Hz is {measured}"
                );
            }
            phone.assert_one_stream();
        }
        // The two hear each other through both changes: no hole as long as 20 ms, no edge, and no crack, which is heard where
        // none of the tones is.
        for (id, hz, third) in [(x, TONES[1], TONES[2]), (y, TONES[0], TONES[2])] {
            let heard = b.phones[&id].heard(1000, 8000);
            let loud = |w: &[i16]| ToneMeter::default().amplitude(w, hz) > 4000.0;
            let holes = heard.chunks_exact(160).filter(|w| !loud(w)).count();
            assert!(holes <= 1, "{codec:?}, {id}: {holes} x 20 ms");
            // The moment when the third's tone breaks off is a crack of its own.
            for (from, to) in [(1000, 1990), (1990, 2500), (2500, 5980), (6060, 8000)] {
                let part = b.phones[&id].heard(from, to);
                let crack = part
                    .windows(160)
                    .step_by(40)
                    .flat_map(|w| [850.0, 1750.0, 2900.0].map(|far| bell(w, far)))
                    .fold(0.0, f64::max);
                assert!(crack < 8000.0 / 50.0, "{codec:?}, {id}, {from}: {crack}");
            }
            let steepest = b.phones[&id].steepest(1000, 8000);
            assert!(
                steepest <= slope(&[hz, third]),
                "{codec:?}, {id}: {steepest}"
            );
        }
    }
}

/// Bursts of 60 ms every half second, and what becomes of their times.
fn bursts(seconds: usize) -> Vec<i16> {
    let mut pcm = vec![0; seconds * 8000];
    for at in (0..pcm.len()).step_by(4000) {
        ToneSource::steady(Mix::One(1000.0), 9000.0).fill(&mut pcm[at..at + 480]);
    }
    pcm
}

/// The delays in milliseconds from a burst's first packet to its first sound in what a listener of the mixer gets, if each of
/// its packets is played when it comes.
fn delays(b: &Bench, listener: LegId, talker: LegId, from: u64) -> Vec<u64> {
    let came = &b.phones[&listener].came;
    let onsets = came.windows(2).filter_map(|w| {
        let sound = |i: usize| {
            let law = tandem_codec::Law::Mu;
            let loud = |c: &u8| law.decode(*c).unsigned_abs() > 2000;
            w[i].payload.iter().position(loud)
        };
        let first = sound(1)?;
        // 8 octets of a packet are 1 ms of what it holds.
        sound(0).is_none().then_some(w[1].at + first as u64 / 8)
    });
    let begun = u64::from(talker.index) * 3300 / 1000 + 1;
    onsets
        .filter(|at| *at >= from)
        .map(|at| (at - begun) % 500)
        .collect()
}

/// Jitter, loss, what is lost of bursts; the delay after ten seconds.
#[test]
fn the_delay_is_what_the_jitter_needs() {
    for (jitter_ms, lose_percent, most) in [(0, 0, 16), (10, 0, 30), (40, 0, 60), (40, 5, 60)] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcmu, 0.0));
        b.phone(3, Codec::Pcmu, 0.0);
        b.phones.get_mut(&y).unwrap().mouth = Mouth::Sound {
            pcm: bursts(60),
            at: 0,
        };
        b.connect(&[(x, &[y, leg(3)])]);
        (b.net.jitter_ms, b.net.lose_percent) = (jitter_ms, lose_percent);
        b.run(60_000);
        let mut delays = delays(&b, x, y, 10_000);
        delays.sort_unstable();
        let (n, median, worst) = (
            delays.len(),
            delays[delays.len() / 2],
            delays[delays.len() - 1],
        );
        eprintln!(
            "{jitter_ms} ms of jitter, {lose_percent} % lost: {median} ms, at most {worst} ms of {n}"
        );
        assert!(median <= most, "{jitter_ms} ms: {median} ms");
        // A burst whose first packet is lost begins later.
        assert!(
            lose_percent > 0 || (worst <= most + 10 && (98..=101).contains(&n)),
            "{jitter_ms} ms: {worst} ms, {n} bursts of 100"
        );
    }
}

#[test]
fn a_clock_that_is_off_is_not_heard() {
    for slow_ppm in [-100, 100] {
        let mut b = Bench::new();
        let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 440.0));
        b.phone(3, Codec::Pcmu, 0.0);
        b.phones.get_mut(&y).unwrap().slow_ppm = slow_ppm;
        b.connect(&[(x, &[y, leg(3)])]);
        b.net.jitter_ms = 5;
        // 30 ms in all: one period after the other.
        b.run(300_000);
        let heard = b.phones[&x].heard(1000, 300_000);
        let measured = ToneMeter::default().frequency(&heard, 440.0);
        assert!(off(measured, 440.0) < 0.001, "{slow_ppm}: {measured} Hz");
        let quiet = |w: &&[i16]| ToneMeter::default().amplitude(w, 440.0) < 6000.0;
        let holes = heard.chunks_exact(400).filter(quiet).count();
        assert_eq!(holes, 0, "{slow_ppm}: windows of 50 ms with a hole");
        assert!(b.phones[&x].steepest(1000, 300_000) <= slope(&[440.0]));
        assert!(b.engine.stats(y).unwrap().concealed <= 4, "{slow_ppm}");
    }
}
