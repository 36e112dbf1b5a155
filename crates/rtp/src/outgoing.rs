//! Our own stream towards a leg. Whatever feeds it (a relayed leg, the mixer, keys), SSRC stays, sequence numbers
//! have no gaps of ours, and timestamps follow the clock.

use crate::packet::Header;
use serde::{Deserialize, Serialize};
use tandem_types::{Mono, Rng, media::Clock};

/// The state of one sent stream. Lengths are in units of its clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    ssrc: u32,
    clock: Clock,
    /// The next packet's.
    sequence: u16,
    /// Of the next sound to be sent.
    timestamp: u32,
    /// When `timestamp` was due; `None` before the first packet.
    due: Option<Mono>,
    packets: u64,
    octets: u64,
}

impl Outgoing {
    /// A stream of 8000 with random SSRC, sequence and timestamp (RFC 3550 section 5.1).
    pub fn new(rng: &mut Rng) -> Self {
        Self {
            ssrc: rng.u32(),
            clock: Clock::Hz8000,
            sequence: (rng.u32() & 0x7fff) as u16,
            timestamp: rng.u32(),
            due: None,
            packets: 0,
            octets: 0,
        }
    }

    /// What follows is counted by this clock: another stream, where the clock is another (RFC 7160 section 4.1).
    pub fn set_clock(&mut self, clock: Clock, rng: &mut Rng) {
        if self.clock != clock {
            *self = Self {
                clock,
                packets: self.packets,
                octets: self.octets,
                ..Self::new(rng)
            };
        }
    }

    /// What its timestamps count.
    pub fn clock(&self) -> Clock {
        self.clock
    }
    /// The SSRC.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }
    /// The sequence number that the next packet will have.
    pub fn sequence(&self) -> u16 {
        self.sequence
    }
    /// The timestamp that follows the last sample sent.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }
    /// Packets sent.
    pub fn packets(&self) -> u64 {
        self.packets
    }
    /// Octets of payload sent.
    pub fn octets(&self) -> u64 {
        self.octets
    }
    /// The timestamp of this very moment, for sender reports.
    pub fn timestamp_at(&self, now: Mono) -> u32 {
        let since = self.due.map_or(0, |due| now.0 as i64 - due.0 as i64);
        let units = self.clock.in_ns(since);
        self.timestamp.wrapping_add(units as u32)
    }

    /// After a pause, moves the timestamp on by the time that nothing was sent. Says whether there was a
    /// pause (the next packet then carries the marker). Less than 40 ms behind is unevenness, not a pause.
    pub fn catch_up(&mut self, now: Mono) -> bool {
        const SLACK: u64 = 40_000_000;
        let Some(due) = self.due else {
            self.due = Some(now);
            return true;
        };
        let behind = now.0.saturating_sub(due.0);
        if behind <= SLACK {
            return false;
        }
        self.advance(self.clock.in_ns(behind as i64) as u32);
        true
    }

    /// Moves the timestamp on by sound that is not sent.
    pub fn advance(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
        if let Some(due) = &mut self.due {
            due.0 += self.clock.ns(units);
        }
    }

    /// The header of the next packet, which lasts `units`; counts it as sent.
    pub fn next(
        &mut self,
        now: Mono,
        payload_type: u8,
        marker: bool,
        units: u32,
        octets: usize,
    ) -> Header {
        self.due.get_or_insert(now);
        let header = Header {
            payload_type,
            marker,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.advance(units);
        self.count(octets);
        header
    }

    /// The header of the next packet of an event, whose timestamp stands still; counts it as sent.
    pub fn next_event(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        octets: usize,
    ) -> Header {
        let header = Header {
            payload_type,
            marker,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.count(octets);
        header
    }

    /// A relayed packet went out with its own sequence and timestamp: goes on after it, if it was the newest.
    pub fn relayed(&mut self, now: Mono, sequence: u16, timestamp: u32, units: u32, octets: usize) {
        if (sequence.wrapping_sub(self.sequence) as i16) >= 0 {
            self.sequence = sequence.wrapping_add(1);
        }
        let end = timestamp.wrapping_add(units);
        if (end.wrapping_sub(self.timestamp) as i32) >= 0 {
            self.timestamp = end;
            self.due = Some(Mono(now.0 + self.clock.ns(units)));
        }
        self.count(octets);
    }

    fn count(&mut self, octets: usize) {
        self.packets += 1;
        self.octets += octets as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_pause_moves_the_timestamp_but_not_the_sequence() {
        let mut out = Outgoing::new(&mut Rng::seeded(1));
        let t0 = Mono(1_000_000_000);
        assert!(out.catch_up(t0), "the first packet carries the marker");
        let a = out.next(t0, 0, true, 160, 160);
        assert!(
            !out.catch_up(t0 + Duration::from_millis(25)),
            "a little late is no pause"
        );
        let b = out.next(t0 + Duration::from_millis(25), 0, false, 160, 160);
        assert_eq!(b.timestamp.wrapping_sub(a.timestamp), 160);
        let later = t0 + Duration::from_millis(1040);
        assert!(out.catch_up(later));
        assert_eq!(out.timestamp_at(later), out.timestamp());
        let c = out.next(later, 0, true, 160, 160);
        assert_eq!(
            (c.sequence, c.timestamp),
            (
                b.sequence.wrapping_add(1),
                a.timestamp.wrapping_add(8 * 1040)
            )
        );
        assert_eq!((out.packets(), out.octets()), (3, 480));
    }

    #[test]
    fn it_goes_on_after_what_was_relayed() {
        let mut out = Outgoing::new(&mut Rng::seeded(2));
        let t0 = Mono(5);
        let a = out.next(t0, 0, true, 160, 160);
        let (s, t) = (a.sequence.wrapping_add(3), a.timestamp.wrapping_add(480));
        out.relayed(t0, s, t, 160, 160);
        out.relayed(t0, s.wrapping_sub(1), t.wrapping_sub(160), 160, 160); // one that was overtaken
        let b = out.next(t0, 0, false, 160, 160);
        assert_eq!(
            (b.sequence, b.timestamp),
            (s.wrapping_add(1), t.wrapping_add(160))
        );
    }
}
