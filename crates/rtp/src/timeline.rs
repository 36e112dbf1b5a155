//! A sender's timestamps on the one scale that sound is kept on here: ticks of 1/8000 s.

use serde::{Deserialize, Serialize};
use tandem_types::media::Clock;

/// Timestamps of one stream to ticks; both wrap, and ticks go on evenly where timestamps wrap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    clock: Clock,
    /// A timestamp and its tick, near the newest.
    base: Option<(u32, u32)>,
}

impl Timeline {
    /// Of a stream of this clock that begins.
    pub fn new(clock: Clock) -> Self {
        Self { clock, base: None }
    }

    /// The tick of a timestamp.
    pub fn tick(&mut self, timestamp: u32) -> u32 {
        let per = self.clock.per_tick() as i32;
        if per == 1 {
            return timestamp;
        }
        let (from, tick) = *self.base.get_or_insert((timestamp, timestamp / per as u32));
        let ticks = (timestamp.wrapping_sub(from) as i32).div_euclid(per);
        let tick = tick.wrapping_add_signed(ticks);
        if ticks > 0 {
            self.base = Some((from.wrapping_add_signed(ticks * per), tick));
        }
        tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_even_where_timestamps_wrap_and_where_packets_overtake() {
        let mut line = Timeline::new(Clock::Hz48000);
        let start = u32::MAX - 3000;
        let first = line.tick(start);
        let at = |n: u32| start.wrapping_add(n * 960);
        for n in [1, 3, 2, 4, 5, 5, 6] {
            assert_eq!(line.tick(at(n)).wrapping_sub(first), n * 160, "{n}");
        }
        // Odd steps add up to no drift.
        let mut line = Timeline::new(Clock::Hz48000);
        let first = line.tick(0);
        for n in 0..100_000u32 {
            assert_eq!(
                line.tick(n.wrapping_mul(961)).wrapping_sub(first),
                n * 961 / 6
            );
        }
        assert_eq!(Timeline::new(Clock::Hz8000).tick(77), 77);
    }
}
