use crate::bench::{Bench, slope};
use tandem_codec::{ToneMeter, meter::level_dbov};
use tandem_types::media::Codec;

/// A listener in the mixer (the third has no tone), and a talker whose packets suffer.
fn suffering(lose_percent: u64, jitter_ms: u64) -> Bench {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Codec::Pcmu, 0.0),
        b.phone(2, Codec::Pcmu, 440.0),
        b.phone(3, Codec::Pcmu, 0.0),
    );
    b.connect(&[(x, &[y, z])]);
    b.net.lose_percent = lose_percent;
    b.net.jitter_ms = jitter_ms;
    b.run(20_000);
    b
}

#[test]
fn lost_packets_are_made_up() {
    let b = suffering(5, 0);
    let (x, y) = (crate::bench::leg(1), crate::bench::leg(2));
    let stats = b.engine.stats(y).unwrap();
    assert!((20..90).contains(&stats.lost), "{stats:?}");
    assert!(
        stats.concealed >= stats.lost,
        "each lost packet is two frames: {stats:?}"
    );
    let sound = b.phones[&x].heard(1000, 20_000);
    for (i, window) in sound.chunks_exact(160).enumerate() {
        assert!(level_dbov(window) > -25.0, "a hole at {} ms", i * 20);
    }
    assert!(ToneMeter::default().share(&sound, 440.0) > 0.8);
    assert!(b.phones[&x].steepest(1000, 20_000) <= slope(&[440.0]));
}

#[test]
fn jitter_and_disorder_within_the_buffers_reach_are_not_heard() {
    for jitter in [15, 40, 80] {
        let b = suffering(0, jitter);
        let (x, y) = (crate::bench::leg(1), crate::bench::leg(2));
        let stats = b.engine.stats(y).unwrap();
        // While it learns how much delay it needs, a little is made up.
        assert!(stats.concealed < 60, "{jitter} ms: {stats:?}");
        assert!(b.phones[&x].share(5000, 20_000, 440.0) > 0.9, "{jitter} ms");
        assert!(stats.lost <= 5, "what is still under way: {stats:?}");
        b.phones[&x].assert_one_stream();
    }
}

#[test]
fn a_caller_who_falls_silent_is_silence_without_noise() {
    let mut b = suffering(0, 0);
    let (x, y) = (crate::bench::leg(1), crate::bench::leg(2));
    b.phones.get_mut(&y).unwrap().mouth = crate::bench::Mouth::Shut;
    b.run(2000);
    assert!(level_dbov(&b.phones[&x].heard(20_300, 22_000)) < -70.0);
    assert!(
        b.engine.stats(y).unwrap().concealed <= 8,
        "60 ms, and no more"
    );
    let came = &b.phones[&x].came;
    assert!(
        came.windows(2).all(|w| w[1].at - w[0].at <= 21),
        "packets go on"
    );
}
