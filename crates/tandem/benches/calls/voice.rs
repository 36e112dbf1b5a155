//! Sound like speech, quiet, with a loud burst of 100 ms every 2 s: an encoder has real work, and where a burst begins can be
//! told after any transcoding and mixing.

use std::{collections::BTreeMap, f64::consts::TAU};
use tandem_codec::{Decoder, Encoder, RATE, stream};
use tandem_types::{Rng, media::Codec};

/// Packets of 20 ms until it repeats itself.
pub(crate) const LOOP: usize = 100;
/// Packets of a burst.
const BURST: usize = 5;
/// Mean of what a packet of it has at the least, and of none other.
const LOUD: u32 = 4500;

fn sound(rate: u32, phase: usize) -> Vec<i16> {
    let frame = rate as usize / 50;
    let mut rng = Rng::seeded(7);
    let sample = |i: usize| {
        let t = i as f64 / f64::from(rate);
        let noise = (rng.u64() >> 40) as f64 / f64::from(1 << 23) - 1.0;
        let in_burst = (i / frame + LOOP - phase) % LOOP < BURST;
        let value = if in_burst {
            0.6 * (TAU * 1000.0 * t).sin()
        } else {
            let pitch = 130.0 + 20.0 * (TAU * 0.7 * t).sin();
            let loud = 0.5 + 0.5 * (TAU * 4.0 * t).sin();
            let harmonics: f64 = (1..8)
                .map(|h| (TAU * pitch * f64::from(h) * t).sin() / f64::from(h))
                .sum();
            0.03 * loud * harmonics + 0.004 * noise
        };
        (value * 32767.0) as i16
    };
    (0..LOOP * frame).map(sample).collect()
}

/// What each side sends, by where its bursts are.
pub(crate) struct Packets(BTreeMap<(usize, usize), Vec<Vec<u8>>>);

impl Packets {
    /// Of the phases that a side uses.
    pub(crate) fn new(codecs: [Codec; 2], used: impl Fn(usize, usize) -> bool) -> Self {
        let mut all = BTreeMap::new();
        for (side, codec) in codecs.into_iter().enumerate() {
            for phase in (0..LOOP).filter(|p| used(side, *p)) {
                let mut encoder = Encoder::new(codec);
                let rate = stream::own_rate(codec);
                let packet = |frame: &[i16]| {
                    let mut octets = vec![0; 500];
                    let n = encoder.encode(frame, &mut octets);
                    octets.truncate(n);
                    octets
                };
                let sound = sound(rate, phase);
                all.insert(
                    (side, phase),
                    sound.chunks(rate as usize / 50).map(packet).collect(),
                );
            }
        }
        Self(all)
    }

    pub(crate) fn packet(&self, side: usize, phase: usize, frame: usize) -> &[u8] {
        &self.0[&(side, phase)][frame]
    }
}

/// Tells bursts in what comes.
pub(crate) struct Meter(Decoder);

impl Meter {
    pub(crate) fn new(codec: Codec) -> Self {
        Self(Decoder::new(codec, RATE))
    }

    pub(crate) fn is_loud(&mut self, payload: &[u8]) -> bool {
        let sound = self.0.decode(payload);
        let sum: u64 = sound.iter().map(|s| u64::from(s.unsigned_abs())).sum();
        sum > u64::from(LOUD) * sound.len().max(1) as u64
    }
}
