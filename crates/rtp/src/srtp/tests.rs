use super::*;
use tandem_types::Rng;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |p: &[u8]| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn key(suite: SrtpSuite, text: &str) -> SrtpKey {
    SrtpKey::new(suite, hex(text)).unwrap()
}

/// RFC 3711 appendix B.3, and RFC 6188 section 7.4: session keys out of a master key. They are told apart by what they make of a
/// packet, so each is compared with a cipher of the keys that the RFC names.
#[test]
fn session_keys_are_those_of_the_rfcs() {
    let cases = [
        (
            SrtpSuite::AesCm128Sha1_80,
            "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6",
            "C61E7A93744F39EE10734AFE3FF7A087",
            "30CBBC08863D8C85D49DB34A9AE1",
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4",
        ),
        (
            SrtpSuite::Aes256CmSha1_80,
            "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2",
            "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
            "fa31791685ca444a9e07c6c64e93",
            "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05",
        ),
    ];
    for (suite, master, session, salt, auth) in cases {
        let derived = Cipher::derived(suite, &key(suite, master), Label::Rtp);
        let named = Cipher::cm(
            &hex(session),
            hex(salt).try_into().unwrap(),
            &hex(auth).try_into().unwrap(),
            10,
        );
        let number = Number {
            ssrc: 0xcafe_babe,
            index: 0x1_1234,
        };
        let mut packets = [[0xab; 60]; 2];
        derived.seal_rtp(&mut packets[0], 12, number);
        named.seal_rtp(&mut packets[1], 12, number);
        assert_eq!(packets[0], packets[1], "{suite:?}");
    }
}

/// RFC 3711 appendix B.2: the first and the last blocks of the key stream.
#[test]
fn the_key_stream_is_that_of_the_rfc() {
    let block = cipher::Block::new(&hex("2B7E151628AED2A6ABF7158809CF4F3C"));
    let iv: [u8; 16] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
    let mut stream = vec![0; 0xff02 * 16];
    block.apply(iv, &mut stream);
    assert_eq!(
        stream[..48],
        hex(
            "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
        )
    );
    assert_eq!(
        stream[0xfeff * 16..],
        hex(
            "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"
        )
    );
}

/// The packets by which libsrtp, the implementation of the RFC's authors, tests itself.
#[test]
fn packets_under_aes_cm_are_those_of_libsrtp() {
    let suite = SrtpSuite::AesCm128Sha1_80;
    let key = key(
        suite,
        "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6",
    );
    let mut context = Context::new(suite, &key);
    let plain = hex("800f1234decafbadcafebabe abababababababababababababababab");
    let mut packet = [&plain[..], &[0; OVERHEAD]].concat();
    let n = context.protect(&mut packet, plain.len()).unwrap();
    let sealed =
        hex("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb");
    assert_eq!(packet[..n], sealed);
    let plain = hex("81c8000bcafebabe abababababababababababababababab");
    let mut packet = [&plain[..], &[0; OVERHEAD]].concat();
    let n = context.protect_rtcp(&mut packet, plain.len()).unwrap();
    let sealed =
        hex("81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798");
    assert_eq!(packet[..n], sealed);
}

/// RFC 7714 sections 16.1.1, 16.2.1 and 17.1: session key and salt are given as they are.
#[test]
fn packets_under_gcm_are_those_of_the_rfc() {
    let salt: [u8; 12] = hex("517569642070726f2071756f").try_into().unwrap();
    let plain = hex(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
    );
    let short = hex("000102030405060708090a0b0c0d0e0f");
    let long = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let cases = [
        (
            &short,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf \
             8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        (
            &long,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 \
             b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ];
    for (session, sealed) in cases {
        let cipher = Cipher::Gcm {
            gcm: cipher::Gcm::new(session),
            salt,
        };
        let number = Number {
            ssrc: 0x5501_a0b2,
            index: 0xf17b,
        };
        let mut packet = [&plain[..], &[0; 16]].concat();
        cipher.seal_rtp(&mut packet, 12, number);
        assert_eq!(packet, hex(sealed));
        assert!(cipher.open_rtp(&mut packet, 12, number));
        assert_eq!(packet[..plain.len()], plain);
    }
    let cipher = Cipher::Gcm {
        gcm: cipher::Gcm::new(&short),
        salt,
    };
    let plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
    );
    let mut packet = [&plain[..], &[0; 20]].concat();
    let number = Number {
        ssrc: 0x4d61_7273,
        index: 0x5d4,
    };
    cipher.seal_rtcp(&mut packet, 8, number, 0x8000_05d4);
    assert_eq!(
        packet,
        hex(
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded \
             0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"
        )
    );
}

/// Both ends of a leg.
fn pair(suite: SrtpSuite, generation: u8) -> (SrtpKeys, SrtpKeys) {
    let make = |purpose: &[u8]| SrtpKey::derived(suite, &[generation; 32], purpose);
    let (ours, theirs) = (make(b"a"), make(b"b"));
    let swapped = SrtpKeys {
        suite,
        ours: theirs.clone(),
        theirs: ours.clone(),
    };
    (
        SrtpKeys {
            suite,
            ours,
            theirs,
        },
        swapped,
    )
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let header = crate::Header {
        payload_type: 8,
        marker: false,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc,
    };
    let mut bytes = vec![0; 12 + payload.len()];
    header.write(payload, &mut bytes).unwrap();
    bytes
}

fn sealed(sender: &mut Srtp, plain: &[u8]) -> Vec<u8> {
    let mut packet = [plain, &[0; OVERHEAD]].concat();
    let n = sender
        .protect(&mut packet, plain.len())
        .expect("a new number");
    packet.truncate(n);
    packet
}

fn opened(receiver: &mut Srtp, packet: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut packet = packet.to_vec();
    let n = receiver.unprotect(&mut packet)?;
    Ok(packet[..n].to_vec())
}

#[test]
fn each_suite_carries_sound_and_reports_and_takes_nothing_that_was_changed() {
    for suite in SrtpSuite::ALL {
        let (a, b) = pair(suite, 1);
        let (mut a, mut b) = (Srtp::new(a), Srtp::new(b));
        let extended = [
            &hex("9188 0001 00000002 00000003 00000004 bede0001 01020304")[..],
            b"sound",
        ]
        .concat();
        for plain in [rtp(3, 0, b"some sound"), rtp(3, 7, &[]), extended] {
            let packet = sealed(&mut a, &plain);
            for at in 0..packet.len() {
                let mut changed = packet.clone();
                changed[at] ^= 0x10;
                assert!(opened(&mut b, &changed).is_err(), "{suite:?}: octet {at}");
            }
            assert_eq!(opened(&mut b, &packet), Ok(plain), "{suite:?}");
            assert_eq!(opened(&mut b, &packet), Err(Refused::Replayed), "{suite:?}");
        }
        let plain = hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a");
        for _ in 0..2 {
            let mut packet = [&plain[..], &[0; OVERHEAD]].concat();
            let n = b.protect_rtcp(&mut packet, plain.len()).unwrap();
            let mut twice = packet[..n].to_vec();
            for at in 0..n {
                let mut changed = packet[..n].to_vec();
                changed[at] ^= 1;
                assert!(
                    a.unprotect_rtcp(&mut changed).is_err(),
                    "{suite:?}: octet {at}"
                );
            }
            assert_eq!(a.unprotect_rtcp(&mut packet[..n]), Ok(plain.len()));
            assert_eq!(packet[..plain.len()], plain);
            assert_eq!(a.unprotect_rtcp(&mut twice), Err(Refused::Replayed));
        }
        assert!(opened(&mut b, &[0x80]).is_err() && opened(&mut b, &[]).is_err());
    }
}

#[test]
fn the_rollover_counter_goes_on_through_loss_disorder_and_other_streams() {
    let (a, b) = pair(SrtpSuite::AeadAes128Gcm, 1);
    let (mut a, mut b) = (Srtp::new(a), Srtp::new(b));
    let mut rng = Rng::seeded(1);
    let mut under_way: Vec<Vec<u8>> = Vec::new();
    let (mut sent, mut taken) = (0, 0);
    for i in 0..200_000u32 {
        let plain = rtp(7, (i + 65_000) as u16, &i.to_be_bytes());
        if rng.below(10) > 0 {
            under_way.push(sealed(&mut a, &plain));
            sent += 1;
        }
        if i == 100_000 {
            // Another stream of the same sender begins anywhere.
            assert!(opened(&mut b, &sealed(&mut a, &rtp(8, 40_000, b"x"))).is_ok());
        }
        if under_way.len() > 20 {
            let packet = under_way.swap_remove(rng.below(20) as usize);
            taken += u32::from(opened(&mut b, &packet).is_ok());
        }
    }
    assert!(
        sent - taken < 600,
        "{taken} of {sent}: some came after 127 newer ones"
    );
}

#[test]
fn a_stream_that_began_hours_ago_is_heard_by_who_comes_late() {
    for rolled in [1u64, 3, 15] {
        let (a, b) = pair(SrtpSuite::AeadAes256Gcm, 1);
        let (mut a, mut b) = (Srtp::new(a), Srtp::new(b));
        let (at, mut stream) = a.send.streams.of(7);
        stream.rtp.note(rolled << 16 | 9);
        a.send.streams.keep(at, stream);
        for sequence in 10..20 {
            let plain = rtp(7, sequence, b"x");
            assert_eq!(
                opened(&mut b, &sealed(&mut a, &plain)),
                Ok(plain),
                "{rolled}"
            );
        }
    }
}

#[test]
fn no_number_is_used_twice_for_sending() {
    let (a, _) = pair(SrtpSuite::AesCm128Sha1_80, 1);
    let mut a = Srtp::new(a);
    let first = rtp(7, 5, b"one");
    sealed(&mut a, &first);
    let mut again = [&rtp(7, 5, b"two")[..], &[0; OVERHEAD]].concat();
    assert_eq!(a.protect(&mut again, 15), None);
    let mut tight = rtp(7, 6, b"one");
    assert_eq!(a.protect(&mut tight, 15), None, "no room for the tag");
}

#[test]
fn a_new_key_is_taken_over_whether_or_not_its_sender_counts_from_0() {
    for counts_on in [false, true] {
        let (a1, b1) = pair(SrtpSuite::AesCm128Sha1_80, 1);
        let (a2, b2) = pair(SrtpSuite::AesCm128Sha1_80, 2);
        let (mut a, mut b) = (Srtp::new(a1), Srtp::new(b1));
        for i in 0..70_000u32 {
            let packet = sealed(&mut a, &rtp(7, i as u16, b"x"));
            opened(&mut b, &packet).unwrap();
        }
        let late = sealed(&mut a, &rtp(7, 70_000u32 as u16, b"late"));
        b.set(b2.clone());
        assert!(
            opened(&mut b, &late).is_ok(),
            "under the old key, still under way"
        );
        let last = a.send.streams.of(7);
        a.set(a2);
        if counts_on {
            a.send.streams.keep(None, last.1);
        }
        for i in 70_001..70_100u32 {
            let plain = rtp(7, i as u16, b"new");
            assert_eq!(
                opened(&mut b, &sealed(&mut a, &plain)),
                Ok(plain),
                "{counts_on}"
            );
        }
        // The same keys said again change nothing.
        b.set(b2);
        assert!(opened(&mut b, &sealed(&mut a, &rtp(7, 4600, b"x"))).is_ok());
        assert!(opened(&mut b, &late).is_err(), "the old key is gone");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_comes_does_no_harm(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
        for suite in SrtpSuite::ALL {
            let mut srtp = Srtp::new(pair(suite, 3).0);
            proptest::prop_assert!(srtp.unprotect(&mut bytes).is_err());
            proptest::prop_assert!(srtp.unprotect_rtcp(&mut bytes).is_err());
            let n = bytes.len().saturating_sub(OVERHEAD);
            let _ = srtp.protect(&mut bytes, n);
            let _ = srtp.protect_rtcp(&mut bytes, n);
        }
    }
}
