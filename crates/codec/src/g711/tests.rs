use super::*;

/// G.711 table 2a: the 128 decision values of one polarity in 14-bit units, from the definition: segment s has
/// 16 steps of 2^(s+1), the first segment begins with half a step.
fn mu_decisions() -> Vec<i32> {
    let mut edges = vec![0];
    for segment in 0..8 {
        for step in 0..16 {
            if segment == 0 && step == 0 {
                edges.push(1);
            } else {
                edges.push(edges.last().unwrap() + (2 << segment));
            }
        }
    }
    edges
}

/// G.711 table 1a in 12-bit magnitude units of 1/2048: two segments of step 1, then doubling.
fn a_decisions() -> Vec<i32> {
    let mut edges = vec![0];
    for segment in 0..8i32 {
        for _ in 0..16 {
            edges.push(edges.last().unwrap() + (1 << (segment - 1).max(0)));
        }
    }
    edges
}

fn interval(edges: &[i32], magnitude: i32) -> u8 {
    (edges.iter().take_while(|e| **e <= magnitude).count() - 1).min(127) as u8
}

#[test]
fn the_tables_of_the_recommendation_have_their_known_corners() {
    let mu = mu_decisions();
    assert_eq!(
        (mu[1], mu[16], mu[17], mu[127], mu[128]),
        (1, 31, 35, 7903, 8159)
    );
    let a = a_decisions();
    assert_eq!((a[16], a[32], a[127], a[128]), (16, 32, 1984, 2048));
}

#[test]
fn every_sample_gets_the_code_of_its_interval() {
    let (mu, a) = (mu_decisions(), a_decisions());
    for sample in i16::MIN..=i16::MAX {
        let negative = sample < 0;
        let magnitude = if negative {
            !i32::from(sample)
        } else {
            i32::from(sample)
        };
        let sign = if negative { 0 } else { 0x80 };
        let want = (!interval(&mu, magnitude >> 2) & 0x7f) | sign;
        assert_eq!(Law::Mu.encode(sample), want, "mu-law of {sample}");
        let want = (interval(&a, magnitude >> 4) | sign) ^ 0x55;
        assert_eq!(Law::A.encode(sample), want, "A-law of {sample}");
    }
}

#[test]
fn every_code_gets_the_middle_of_its_interval() {
    let (mu, a) = (mu_decisions(), a_decisions());
    for code in 0..=255u8 {
        let sign = |v: i32| if code & 0x80 == 0 { -v } else { v };
        let i = usize::from(!code & 0x7f);
        let middle = if i == 0 { 0 } else { (mu[i] + mu[i + 1]) / 2 };
        assert_eq!(
            i32::from(Law::Mu.decode(code)),
            sign(middle * 4),
            "mu-law code {code:#x}"
        );
        let i = usize::from((code ^ 0x55) & 0x7f);
        let twice = a[i] + a[i + 1];
        assert_eq!(
            i32::from(Law::A.decode(code)),
            sign(twice * 8),
            "A-law code {code:#x}"
        );
    }
}

#[test]
fn a_code_that_is_decoded_and_encoded_is_itself() {
    for law in [Law::Mu, Law::A] {
        for code in 0..=255u8 {
            let back = law.encode(law.decode(code));
            // mu-law has two zeros; linear PCM has one.
            let want = if law == Law::Mu && code == 0x7f {
                0xff
            } else {
                code
            };
            assert_eq!(back, want, "{law:?} {code:#x}");
        }
        assert!(law.decode(law.silence()).abs() <= 8);
    }
}

#[test]
fn the_change_of_law_is_decoding_and_encoding() {
    let codes: Vec<u8> = (0..=255).collect();
    for (from, to) in [
        (Law::Mu, Law::A),
        (Law::A, Law::Mu),
        (Law::Mu, Law::Mu),
        (Law::A, Law::A),
    ] {
        let mut out = [0; 256];
        assert_eq!(from.convert_into(to, &codes, &mut out), 256);
        for (c, o) in codes.iter().zip(out) {
            if from == to {
                assert_eq!(*c, o);
            } else {
                assert_eq!(o, to.encode(from.decode(*c)));
                let (x, y) = (i32::from(from.decode(*c)), i32::from(to.decode(o)));
                assert!(
                    (x - y).abs() <= 16 + x.abs() / 16,
                    "{from:?} {c:#x}: {x} became {y}"
                );
            }
        }
    }
}

#[test]
fn slices_of_unequal_length_are_taken_as_far_as_both_go() {
    let mut three = [0u8; 3];
    assert_eq!(Law::A.encode_into(&[0; 5], &mut three), 3);
    let mut samples = [1i16; 4];
    assert_eq!(Law::Mu.decode_into(&[0xff, 0xff], &mut samples), 2);
    assert_eq!(samples, [0, 0, 1, 1]);
    assert_eq!(Law::Mu.convert_into(Law::A, &[0xff], &mut []), 0);
}
