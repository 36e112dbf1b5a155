//! What a phone heard, laid out on the clock: a sample's place is the time it was due, so two
//! phones' recordings can be laid side by side, and where nothing came there is silence.

use std::time::Duration;
use tandem_types::Mono;

/// Sound whose timestamp is this far from the clock begins a new run: the sender jumped.
const JUMP: i64 = 200 * 8;
/// Nothing longer is kept: a phone that was forgotten does not eat the machine.
const MOST: usize = 8000 * 60 * 60;

/// 8 kHz samples from the beginning of the first call.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    start: Option<Mono>,
    pcm: Vec<i16>,
    run: Option<Run>,
}

/// Where the timestamps of one stream lie.
#[derive(Clone, Copy, Debug)]
struct Run {
    ssrc: u32,
    timestamp: u32,
    place: i64,
}

impl Recording {
    /// Starts the clock, if it does not run.
    pub fn begin(&mut self, now: Mono) {
        self.start.get_or_insert(now);
    }

    /// Lays a packet's sound where it belongs. Late, doubled and reordered packets find their place.
    pub(crate) fn put(&mut self, now: Mono, ssrc: u32, timestamp: u32, samples: &[i16]) {
        self.begin(now);
        let arrived = self.place(now) as i64;
        let expected = self
            .run
            .filter(|r| r.ssrc == ssrc)
            .map(|r| r.place + i64::from(timestamp.wrapping_sub(r.timestamp) as i32))
            .filter(|p| (p - arrived).abs() <= JUMP);
        let place = expected.unwrap_or(arrived);
        self.run = Some(Run {
            ssrc,
            timestamp,
            place,
        });
        let at = usize::try_from(place.max(0)).unwrap_or(0);
        let end = at + samples.len();
        if end > MOST {
            return;
        }
        if self.pcm.len() < end {
            self.pcm.resize(end, 0);
        }
        if let Some(room) = self.pcm.get_mut(at..end) {
            room.copy_from_slice(samples);
        }
    }

    /// When sample 0 was due; `None` before the first call.
    pub fn start(&self) -> Option<Mono> {
        self.start
    }

    /// All of it. Ends with the last packet.
    pub fn pcm(&self) -> &[i16] {
        &self.pcm
    }

    /// What was heard between two times, silence where nothing came: always as long as the time.
    pub fn between(&self, from: Mono, to: Mono) -> Vec<i16> {
        let n = samples(to.since(from));
        let Some(start) = self.start else {
            return vec![0; n];
        };
        let lead = samples(start.since(from)).min(n);
        let at = samples(from.since(start));
        let mut out = vec![0; lead];
        out.extend(self.pcm.iter().skip(at).take(n - lead));
        out.resize(n, 0);
        out
    }

    fn place(&self, now: Mono) -> usize {
        self.start.map_or(0, |s| samples(now.since(s)))
    }
}

fn samples(d: Duration) -> usize {
    usize::try_from(d.as_micros() / 125).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Mono {
        Mono(1_000_000_000 + n * 1_000_000)
    }

    #[test]
    fn packets_find_their_place_by_timestamp() {
        let mut r = Recording::default();
        r.begin(ms(0));
        r.put(ms(100), 1, 5000, &[1; 160]);
        r.put(ms(160), 1, 5000 + 320, &[3; 160]);
        r.put(ms(165), 1, 5000 + 160, &[2; 160]);
        r.put(ms(166), 1, 5000 + 160, &[2; 160]);
        assert_eq!(
            r.between(ms(100), ms(160)),
            [[1; 160], [2; 160], [3; 160]].concat()
        );
        assert_eq!(r.between(ms(0), ms(100)), [0; 800]);
        assert_eq!(r.between(ms(150), ms(170)), [[3; 80], [0; 80]].concat());
    }

    #[test]
    fn a_new_stream_or_a_jump_starts_at_the_clock() {
        let mut r = Recording::default();
        r.put(ms(0), 1, 0, &[1; 160]);
        r.put(ms(20), 2, 99_999, &[2; 160]);
        r.put(ms(40), 2, 5, &[3; 160]);
        assert_eq!(r.pcm(), [[1; 160], [2; 160], [3; 160]].concat());
    }

    #[test]
    fn before_the_first_call_there_is_silence() {
        assert_eq!(Recording::default().between(ms(0), ms(10)), [0; 80]);
        let mut r = Recording::default();
        r.put(ms(50), 1, 0, &[7; 80]);
        assert_eq!(r.between(ms(40), ms(60)), [[0; 80], [7; 80]].concat());
    }
}
