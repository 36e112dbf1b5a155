//! Encrypted legs: beside plain ones, under a new key, from another address, and with what an attacker sends.

use crate::bench::{Bench, leg};
use std::net::SocketAddr;
use tandem_rtp::{Header, Rtcp, Srtp};
use tandem_types::{
    LegId, SrtpKey, SrtpKeys, SrtpSuite,
    media::{Codec, MediaCommand},
};

/// Gives a phone and its leg keys of a suite.
fn encrypt(b: &mut Bench, id: LegId, suite: SrtpSuite, generation: u32) {
    let key =
        |who: &str| SrtpKey::derived(suite, &[5; 32], format!("{who} {generation}").as_bytes());
    // The gateway keeps its own as long as the suite is the same.
    let ours = SrtpKey::derived(suite, &[5; 32], b"gateway");
    let keys = SrtpKeys {
        suite,
        ours: ours.clone(),
        theirs: key("phone"),
    };
    let theirs = SrtpKeys {
        suite,
        ours: keys.theirs.clone(),
        theirs: ours,
    };
    let mut flow = b.flow(id);
    flow.srtp = Some(keys);
    flow.generation = generation;
    b.command(MediaCommand::SetFlow { leg: id, flow });
    let phone = b.phones.get_mut(&id).unwrap();
    match &mut phone.srtp {
        Some(srtp) => srtp.set(theirs),
        none => *none = Some(Srtp::new(theirs)),
    }
}

#[test]
fn an_encrypted_phone_and_a_plain_one_hear_each_other() {
    for suite in SrtpSuite::ALL {
        let mut b = Bench::new();
        let (x, y) = (
            b.phone(1, Codec::Pcmu, 400.0),
            b.phone(2, Codec::Pcma, 900.0),
        );
        encrypt(&mut b, x, suite, 1);
        b.connect(&[(x, &[y]), (y, &[x])]);
        b.run(1500);
        // And in the mixer.
        let z = b.phone(3, Codec::G722, 1400.0);
        encrypt(&mut b, z, suite, 1);
        b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
        b.run(9000);
        assert!(b.phones[&x].share(500, 1500, 900.0) > 0.98, "{suite:?}");
        assert!(b.phones[&y].share(500, 1500, 400.0) > 0.98, "{suite:?}");
        for (id, hears) in [
            (x, [900.0, 1400.0]),
            (y, [400.0, 1400.0]),
            (z, [400.0, 900.0]),
        ] {
            let phone = &b.phones[&id];
            phone.assert_one_stream();
            assert_eq!(phone.unreadable, 0, "{suite:?}");
            for hz in hears {
                let share = phone.share(2500, 10_000, hz);
                assert!((share - 0.5).abs() < 0.08, "{suite:?}, {id}: {hz} {share}");
            }
            let told =
                |r: &Rtcp| matches!(r, Rtcp::Report { sender: Some(s), .. } if s.packets > 0);
            assert!(
                phone.reports.iter().any(told),
                "{suite:?}, {id}: reports too"
            );
            assert_eq!(b.engine.stats(id).unwrap().refused, 0);
        }
        b.command(MediaCommand::CloseLeg { leg: z });
        let bye = |r: &Rtcp| matches!(r, Rtcp::Bye { .. });
        assert!(b.phones[&z].reports.iter().any(bye), "{suite:?}");
    }
}

#[test]
fn a_new_key_in_the_middle_is_not_heard() {
    let mut b = Bench::new();
    let (x, y) = (
        b.phone(1, Codec::Pcmu, 400.0),
        b.phone(2, Codec::Pcma, 900.0),
    );
    encrypt(&mut b, x, SrtpSuite::AesCm128Sha1_80, 1);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.net.jitter_ms = 15;
    b.run(1000);
    encrypt(&mut b, x, SrtpSuite::AesCm128Sha1_80, 2);
    b.run(1000);
    for (listener, hz) in [(x, 900.0), (y, 400.0)] {
        let share = b.phones[&listener].share(300, 2000, hz);
        assert!(share > 0.95, "{listener}: {share}");
    }
    let stats = b.engine.stats(x).unwrap();
    assert_eq!((stats.refused, b.phones[&x].unreadable), (0, 0));
}

#[test]
fn whoever_has_no_key_is_not_heard_from_anywhere() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 900.0));
    encrypt(&mut b, x, SrtpSuite::AeadAes128Gcm, 1);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(500);
    // From the phone's own address, as whoever is behind the same NAT can: plain, and under another key.
    let address = b.phones[&x].address;
    let other = SrtpKeys {
        suite: SrtpSuite::AeadAes128Gcm,
        ours: SrtpKey::derived(SrtpSuite::AeadAes128Gcm, &[6; 32], b""),
        theirs: SrtpKey::derived(SrtpSuite::AeadAes128Gcm, &[6; 32], b""),
    };
    let mut attacker = Srtp::new(other);
    let heard = b.phones[&y].came.len();
    for sequence in 0..50 {
        let header = Header {
            payload_type: 0,
            sequence,
            ssrc: 666,
            ..Header::default()
        };
        let mut bytes = vec![0; 12 + 160 + 20];
        let n = header.write(&[0x55; 160], &mut bytes).unwrap();
        b.packet(x, address, &bytes[..n], false);
        let n = attacker.protect(&mut bytes, n).unwrap();
        b.packet(x, address, &bytes[..n], false);
        b.run(20);
    }
    assert_eq!(
        b.phones[&y].came.len(),
        heard,
        "nothing reached the other side"
    );
    assert_eq!(b.engine.stats(x).unwrap().refused, 100);
}

#[test]
fn a_phone_whose_nat_moved_is_heard_and_answered_where_it_is_now_and_a_replay_from_elsewhere_is_not()
 {
    let mut b = Bench::new();
    let (x, y) = (
        b.phone(1, Codec::Pcmu, 400.0),
        b.phone(2, Codec::Pcma, 900.0),
    );
    encrypt(&mut b, x, SrtpSuite::AeadAes256Gcm, 1);
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(500);
    let moved = SocketAddr::from(([203, 0, 113, 9], 61_000));
    b.phones.get_mut(&x).unwrap().address = moved;
    b.run(1000);
    assert!(b.phones[&y].share(600, 1500, 400.0) > 0.98);
    assert!(
        b.phones[&x].share(600, 1500, 900.0) > 0.98,
        "sent where it is now"
    );
    // What went over the wire before, sent again from elsewhere, moves nothing.
    let mut replayed = b.phones[&x].last_packet.clone();
    b.packet(
        leg(1),
        SocketAddr::from(([198, 51, 100, 1], 4000)),
        &replayed,
        false,
    );
    replayed[20] ^= 1;
    b.packet(
        leg(1),
        SocketAddr::from(([198, 51, 100, 1], 4000)),
        &replayed,
        false,
    );
    b.run(500);
    assert!(b.phones[&x].share(1600, 2000, 900.0) > 0.98);
    assert_eq!(b.phones[&x].unreadable, 0);
}
