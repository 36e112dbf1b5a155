//! What SRTP costs: a packet of 20 ms of G.711, encrypted, and another authenticated and decrypted, by each suite.

use criterion::Criterion;
use std::hint::black_box;
use tandem_rtp::{Header, Srtp, srtp::OVERHEAD};
use tandem_types::{SrtpKey, SrtpKeys, SrtpSuite};

const PLAIN: usize = 12 + 160;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    for suite in SrtpSuite::ALL {
        let key = SrtpKey::derived(suite, &[1; 32], b"bench");
        let keys = || SrtpKeys {
            suite,
            ours: key.clone(),
            theirs: key.clone(),
        };
        let (mut sender, mut receiver) = (Srtp::new(keys()), Srtp::new(keys()));
        let mut sequence = 0u16;
        let mut next = |sender: &mut Srtp| {
            sequence = sequence.wrapping_add(1);
            let header = Header {
                sequence,
                ..Header::default()
            };
            let mut packet = [0x55; PLAIN + OVERHEAD];
            let n = header.write(&[0x55; 160], &mut packet).unwrap_or(0);
            let n = sender.protect(&mut packet, n).unwrap_or(0);
            (packet, n)
        };
        c.bench_function(&format!("{}: out", suite.name()), |b| {
            b.iter(|| black_box(next(&mut sender)));
        });
        c.bench_function(&format!("{}: out and in", suite.name()), |b| {
            b.iter(|| {
                let (mut packet, n) = next(&mut sender);
                receiver.unprotect(&mut packet[..n])
            });
        });
    }
    c.final_summary();
}
