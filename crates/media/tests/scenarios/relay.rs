use crate::bench::{Bench, Mouth, leg, slope};
use tandem_codec::{Law, meter::level_dbov};
use tandem_types::media::{Codec, Lane, MediaCommand, Sound};

#[test]
fn two_legs_of_different_laws_hear_each_other_without_a_tick() {
    let mut b = Bench::new();
    let (x, y) = (
        b.phone(1, Codec::Pcmu, 440.0),
        b.phone(2, Codec::Pcma, 1000.0),
    );
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(2000);
    assert!(b.phones[&x].share(500, 2000, 1000.0) > 0.98);
    assert!(b.phones[&y].share(500, 2000, 440.0) > 0.98);
    assert_eq!(b.engine.census().ticking, 0, "relaying needs no tick");
    for id in [x, y] {
        let phone = &b.phones[&id];
        phone.assert_one_stream();
        let sound = phone.came.iter().filter(|c| c.at > 100);
        assert!(
            sound
                .clone()
                .all(|c| c.header.payload_type == phone.codec.payload_type())
        );
        assert!(
            sound.clone().skip(1).all(|c| !c.header.marker),
            "marked once, at the start of the source"
        );
        assert!(sound.count() >= 90);
    }
    assert_ne!(
        b.phones[&x].came[0].header.ssrc, 102,
        "the other side's SSRC is never shown"
    );
}

#[test]
fn a_relayed_packet_goes_out_in_the_step_in_which_it_comes_bit_by_bit() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(50);
    b.phones.get_mut(&y).unwrap().came.clear();
    let codes: Vec<u8> = (0..160).map(|i| (i * 7) as u8).collect();
    let mut bytes = [0; 200];
    for sequence in 1..=3 {
        let header = tandem_rtp::Header {
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 5,
            ..Default::default()
        };
        let n = header.write(&codes, &mut bytes).unwrap();
        let from = b.phones[&x].address;
        b.packet(x, from, &bytes[..n], false);
    }
    let came = &b.phones[&y].came;
    assert_eq!(came.len(), 3);
    let want: Vec<u8> = codes
        .iter()
        .map(|c| Law::A.encode(Law::Mu.decode(*c)))
        .collect();
    assert_eq!(came[2].payload, want);
    assert!(came[0].header.marker && !came[1].header.marker);
    assert_eq!(
        came[2]
            .header
            .timestamp
            .wrapping_sub(came[0].header.timestamp),
        320
    );
}

#[test]
fn loss_and_disorder_are_handed_on_as_they_are() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcmu, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(200);
    b.net.lose_percent = 10;
    b.net.jitter_ms = 50;
    b.run(5000);
    let came = &b.phones[&y].came;
    let stats = b.engine.stats(x).unwrap();
    assert!(stats.lost > 10, "{stats:?}");
    let first = came[5].header;
    for c in &came[5..] {
        let ahead = c.header.sequence.wrapping_sub(first.sequence);
        // One timeline: the place in the sequence and the time agree for every packet, late or not.
        assert_eq!(
            c.header.timestamp.wrapping_sub(first.timestamp),
            u32::from(ahead) * 160
        );
    }
    assert!(
        came.windows(2)
            .any(|w| w[1].header.sequence.wrapping_sub(w[0].header.sequence) as i16 != 1)
    );
}

#[test]
fn a_source_that_starts_anew_is_followed_on_one_stream() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcmu, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(500);
    // Another SSRC, sequence and timestamp, as after a restart behind an SBC.
    let mut bytes = [0; 200];
    for i in 0..20u16 {
        let header = tandem_rtp::Header {
            ssrc: 999,
            sequence: 5000 + i,
            timestamp: 77 + u32::from(i) * 160,
            ..Default::default()
        };
        let n = header.write(&[0xff; 160], &mut bytes).unwrap();
        b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
        let from = b.phones[&x].address;
        b.packet(x, from, &bytes[..n], false);
        b.run(20);
    }
    let phone = &b.phones[&y];
    phone.assert_one_stream();
    assert_eq!(phone.came.iter().filter(|c| c.header.marker).count(), 2);
    phone.heard(0, 2000); // timestamps go forward
}

/// The change from relay to mixer and back is heard by nobody.
#[test]
fn a_third_joins_and_leaves_without_gap_click_or_new_stream() {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Codec::Pcmu, 0.0),
        b.phone(2, Codec::Pcma, 317.0),
        b.phone(3, Codec::Pcmu, 0.0),
    );
    let two: &[(_, &[_])] = &[(x, &[y]), (y, &[x])];
    let three: &[(_, &[_])] = &[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])];
    b.connect(two);
    b.run(500);
    for _ in 0..5 {
        b.connect(three);
        b.run(733);
        assert_eq!(b.engine.census().ticking, 1);
        b.connect(two);
        b.run(611);
        assert_eq!(
            b.engine.census().ticking,
            1,
            "the third is still sent silence"
        );
    }
    let phone = &b.phones[&x];
    phone.assert_one_stream();
    for w in phone.came.windows(2).filter(|w| w[0].at > 100) {
        assert!(
            w[1].at - w[0].at <= 40,
            "nothing from {} to {} ms",
            w[0].at,
            w[1].at
        );
        let gap = w[1].header.timestamp.wrapping_sub(
            w[0].header
                .timestamp
                .wrapping_add(w[0].payload.len() as u32),
        );
        assert!(gap < 160, "{gap} samples left out at {} ms", w[1].at);
    }
    let end = b.ms;
    assert!(
        phone.steepest(200, end) <= slope(&[317.0]),
        "{}",
        phone.steepest(200, end)
    );
    let sound = phone.heard(200, end);
    let (meter, mut clear) = (tandem_codec::ToneMeter::default(), 0);
    for (i, window) in sound.chunks_exact(240).enumerate() {
        // A joint may be stretched for 20 ms; there is no hole anywhere.
        assert!(level_dbov(window) > -18.0, "at {} ms", i * 30);
        clear += usize::from(meter.share(window, 317.0) > 0.7);
    }
    assert!(
        clear >= sound.len() / 240 - 12,
        "{clear} of {}",
        sound.len() / 240
    );
}

#[test]
fn the_partner_is_exchanged_softly() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let (y, z) = (
        b.phone(2, Codec::Pcma, 317.0),
        b.phone(3, Codec::Pcmu, 531.0),
    );
    for _ in 0..6 {
        b.connect(&[(x, &[y])]);
        b.run(401);
        b.connect(&[(x, &[z])]);
        b.run(403);
    }
    let phone = &b.phones[&x];
    phone.assert_one_stream();
    assert!(
        phone.steepest(100, b.ms) <= slope(&[531.0]),
        "{}",
        phone.steepest(100, b.ms)
    );
    assert!(phone.share(900, 1150, 317.0) > 0.9);
    assert!(phone.share(1300, 1550, 531.0) > 0.9);
}

#[test]
fn music_gives_way_to_the_partner_without_a_click() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 317.0));
    b.connect(&[(y, &[x])]);
    for i in 0..6 {
        let music = b.play(i + 1, &[x], Sound::Music { file: None }, Lane::Background);
        b.run(507);
        b.command(MediaCommand::Stop { player: music });
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(303);
        b.connect(&[(y, &[x])]);
    }
    let phone = &b.phones[&x];
    phone.assert_one_stream();
    assert!(
        phone.steepest(0, b.ms) <= slope(&[317.0]) + 3000,
        "{}",
        phone.steepest(0, b.ms)
    );
    assert!(phone.share(600, 750, 317.0) > 0.9);
}

#[test]
fn a_voice_that_paused_while_it_was_relayed_is_not_late_in_the_mixer() {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Codec::Pcmu, 0.0),
        b.phone(2, Codec::Pcma, 600.0),
        b.phone(3, Codec::Pcmu, 0.0),
    );
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(300);
    let voice = std::mem::replace(&mut b.phones.get_mut(&y).unwrap().mouth, Mouth::Shut);
    b.run(600);
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    b.run(30);
    b.phones.get_mut(&y).unwrap().mouth = voice;
    let from = b.ms;
    b.run(200);
    // 40 ms of buffer, 20 ms of packet.
    assert!(b.phones[&x].share(from + 90, from + 150, 600.0) > 0.9);
}

#[test]
fn an_echo_leg_hears_itself() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 700.0);
    b.connect(&[(x, &[x])]);
    b.run(1000);
    assert!(b.phones[&x].share(300, 1000, 700.0) > 0.98);
    assert_eq!(b.engine.census().ticking, 0);
    assert_eq!(leg(1), x);
}
