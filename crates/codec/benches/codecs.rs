//! What 20 ms of sound cost: from each codec to each, as a relay does it, and from and to 8 kHz, as the mixer does. A call
//! of two legs is a hundred of these a second: 1 us of them is 0.01 % of a core.

use criterion::Criterion;
use std::hint::black_box;
use tandem_codec::{Decoder, Encoder, Hurry, RATE, Stretcher, ToneSource, tone::Mix};
use tandem_types::media::Codec;

const SAMPLES: usize = 160;

/// Packets of 20 ms.
fn packets(codec: Codec, sound: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec);
    let packet = |frame: &[i16]| {
        let mut octets = vec![0; 400];
        let n = encoder.encode_narrow(frame, &mut octets);
        octets.truncate(n);
        octets
    };
    sound.chunks(SAMPLES).map(packet).collect()
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut sound = [0; 100 * SAMPLES];
    ToneSource::steady(Mix::One(700.0), 9000.0).fill(&mut sound);
    for from in Codec::ALL {
        let frames = packets(from, &sound);
        let (mut decoder, mut at) = (Decoder::new(from, RATE), 0);
        c.bench_function(&format!("20 ms: {from:?} to 8 kHz"), |b| {
            b.iter(|| {
                at = (at + 1) % frames.len();
                black_box(decoder.decode(&frames[at]).len())
            });
        });
        let (mut encoder, mut out) = (Encoder::new(from), [0; 400]);
        c.bench_function(&format!("20 ms: 8 kHz to {from:?}"), |b| {
            b.iter(|| {
                at = (at + 1) % frames.len();
                let n = at * SAMPLES;
                encoder.encode_narrow(&sound[n..n + SAMPLES], &mut out)
            });
        });
        for to in Codec::ALL.into_iter().filter(|to| *to != from) {
            let mut encoder = Encoder::new(to);
            encoder.take_from(from);
            let mut decoder = Decoder::new(from, encoder.rate());
            c.bench_function(&format!("20 ms: {from:?} to {to:?}"), |b| {
                b.iter(|| {
                    at = (at + 1) % frames.len();
                    encoder.encode(decoder.decode(&frames[at]), &mut out)
                });
            });
        }
    }
    // Not per packet: where the delay is to be changed, at most every 10 ms, until it is.
    c.bench_function("a period is looked for and left out", |b| {
        b.iter(|| {
            let mut stretch = Stretcher::default();
            stretch.restart(&sound[..240]);
            stretch.push(&sound[240..480]);
            stretch.shorten(160, Hurry::Calm)
        });
    });
    c.final_summary();
}
