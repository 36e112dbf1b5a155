//! One listener's sound: the sum of what it hears, with soft edges where something begins or ends.

use crate::{leg::Leg, player::Player};
use std::collections::BTreeMap;
use tandem_types::LegId;

/// Samples in a tick.
pub(crate) const FRAME: usize = 80;
/// What begins or ends does so over 5 ms.
pub(crate) const EDGE: usize = 40;

/// Something that a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The leg of this index in its call.
    Leg(u32),
    /// The player of this index in its call.
    Player(u32),
}

/// The memory of a listener's mix: what was in the last frame, and what remains of voices that have gone.
#[derive(Debug, Default)]
pub(crate) struct Mixer {
    /// With its last sample.
    pub(crate) heard: Vec<(Voice, i16)>,
    now: Vec<(Voice, i16)>,
    /// What broke off: falls to nothing over [`EDGE`] samples of the next frame.
    pub(crate) residue: i32,
}

impl Mixer {
    /// Nothing is heard and nothing remains.
    pub(crate) fn clear(&mut self) {
        self.heard.clear();
        self.residue = 0;
    }

    /// Everything heard breaks off, except `kept`, which somebody else continues.
    pub(crate) fn break_off(&mut self, kept: Option<Voice>) {
        self.residue += self
            .heard
            .iter()
            .filter(|(v, _)| Some(*v) != kept)
            .map(|(_, s)| i32::from(*s))
            .sum::<i32>();
        self.heard.clear();
    }

    /// Adds a voice's frame to the sum.
    pub(crate) fn add(&mut self, sum: &mut [i32; FRAME], voice: Voice, frame: &[i16; FRAME]) {
        let known = self.heard.iter().any(|(v, _)| *v == voice);
        for (i, (sum, s)) in sum.iter_mut().zip(frame).enumerate() {
            let s = i32::from(*s);
            *sum += if known || i >= EDGE {
                s
            } else {
                s * (i as i32 + 1) / EDGE as i32
            };
        }
        self.now.push((voice, frame[FRAME - 1]));
    }

    /// The sum, limited to 16 bits, with what remains of voices that are gone.
    pub(crate) fn finish(&mut self, sum: &[i32; FRAME], out: &mut [i16]) {
        let (heard, now) = (&self.heard, &self.now);
        let gone = heard
            .iter()
            .filter(|(v, _)| !now.iter().any(|(n, _)| n == v));
        self.residue += gone.map(|(_, s)| i32::from(*s)).sum::<i32>();
        for (i, (o, sum)) in out.iter_mut().zip(sum).enumerate() {
            *o = saturate(sum + fading(self.residue, i));
        }
        self.residue = 0;
        std::mem::swap(&mut self.heard, &mut self.now);
        self.now.clear();
    }
}

/// What is left of a broken-off sample `i` samples later.
pub(crate) fn fading(residue: i32, i: usize) -> i32 {
    residue * EDGE.saturating_sub(i + 1) as i32 / EDGE as i32
}

pub(crate) fn saturate(v: i32) -> i16 {
    v.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Sums what `listener` hears in this tick.
pub(crate) fn sum(
    mixer: &mut Mixer,
    listener: LegId,
    hears: &[LegId],
    legs: &BTreeMap<LegId, Box<Leg>>,
    players: &[Player],
) -> [i32; FRAME] {
    let mut sum = [0; FRAME];
    for leg in hears {
        if let Some(l) = legs.get(leg).filter(|l| l.pulled()) {
            mixer.add(&mut sum, Voice::Leg(leg.index), l.frame());
        }
    }
    for player in players
        .iter()
        .filter(|p| p.sounding && p.to.contains(&listener))
    {
        mixer.add(&mut sum, Voice::Player(player.id.index), &player.frame);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(mixer: &mut Mixer, voices: &[(Voice, i16)]) -> Vec<i16> {
        let mut sum = [0; FRAME];
        for (voice, level) in voices {
            mixer.add(&mut sum, *voice, &[*level; FRAME]);
        }
        let mut out = vec![0; FRAME];
        mixer.finish(&sum, &mut out);
        out
    }

    #[test]
    fn voices_come_and_go_softly_and_never_wrap() {
        let (a, b) = (Voice::Leg(1), Voice::Player(1));
        let mut mixer = Mixer::default();
        let mut all = mix(&mut mixer, &[(a, 20_000)]);
        all.extend(mix(&mut mixer, &[(a, 20_000), (b, 20_000)]));
        assert_eq!(all[2 * FRAME - 1], i16::MAX, "limited");
        all.extend(mix(&mut mixer, &[(b, 20_000)]));
        all.extend(mix(&mut mixer, &[]));
        all.extend(mix(&mut mixer, &[]));
        assert_eq!(all[FRAME * 5 - 1], 0);
        let step = all
            .windows(2)
            .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
            .max();
        assert!(step <= Some(20_000 / 40 + 1), "{step:?}");
    }
}
