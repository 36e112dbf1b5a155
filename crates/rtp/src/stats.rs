//! What a receiver counts about one stream (RFC 3550 section 6.4.1 and appendix A.1, A.3, A.8).

use crate::{packet::Header, rtcp::ReportBlock};
use serde::{Deserialize, Serialize};
use tandem_types::{Mono, media::Clock};

/// A jump of the sequence number this far ahead, or this far back, is a restart (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3000;
const MAX_MISORDER: u16 = 100;

/// What a packet was to the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The next, or one after a gap of `lost`.
    InOrder {
        /// Sequence numbers that were jumped over.
        lost: u16,
    },
    /// One that had been overtaken, or came twice.
    Late,
    /// The first of a stream: a new SSRC, or a restart of the sequence.
    Restart,
    /// A lone stray: far off, so ignored unless the next one follows it.
    Stray,
}

/// The counters of one leg. They run on over a change of SSRC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveStats {
    source: Option<Source>,
    /// Of streams that are over.
    past_received: u64,
    past_lost: u64,
    restarts: u64,
    clock: Clock,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Source {
    ssrc: u32,
    base: u32,
    /// Extended highest sequence number.
    highest: u32,
    /// The sequence number that would make a restart of a stray.
    restart_at: Option<u16>,
    received: u64,
    /// Arrival minus timestamp of the last packet, in units.
    transit: Option<u32>,
    /// 16 times the jitter, in units.
    jitter: u32,
    expected_prior: u32,
    received_prior: u64,
    /// Middle 32 bits of the NTP time in the last sender report, and when it came.
    last_sr: Option<(u32, Mono)>,
}

impl Source {
    fn new(header: &Header) -> Self {
        let sequence = u32::from(header.sequence) + 0x1_0000; // room for one that comes late
        Self {
            ssrc: header.ssrc,
            base: sequence,
            highest: sequence,
            restart_at: None,
            received: 0,
            transit: None,
            jitter: 0,
            expected_prior: 0,
            received_prior: 0,
            last_sr: None,
        }
    }

    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }

    fn lost(&self) -> i64 {
        i64::from(self.expected()) - self.received as i64
    }
}

impl ReceiveStats {
    /// Nothing received.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the timestamps of packets count from here on; 8000 at first.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
        if let Some(source) = &mut self.source {
            (source.transit, source.jitter) = (None, 0);
        }
    }

    /// Counts a packet that arrived at `at`. Packets of events count; their timestamps stand
    /// still, so `timed` is false for them and they leave the jitter alone.
    pub fn receive(&mut self, at: Mono, header: &Header, timed: bool) -> Received {
        let clock = self.clock;
        let mut verdict = match &mut self.source {
            Some(source) if source.ssrc == header.ssrc => follow(source, header),
            _ => Received::Restart,
        };
        if verdict == Received::Stray {
            return verdict;
        }
        if verdict == Received::Restart {
            self.restart(header);
        }
        let Some(source) = &mut self.source else {
            return verdict;
        };
        source.received += 1;
        if source.received > u64::from(source.expected()) {
            // A duplicate: count it as having come, but never more than were expected.
            source.received = u64::from(source.expected());
            verdict = Received::Late;
        }
        if timed {
            time(source, clock, at, header.timestamp);
        }
        verdict
    }

    fn restart(&mut self, header: &Header) {
        if let Some(old) = self.source.take() {
            self.past_received += old.received;
            self.past_lost += old.lost().max(0) as u64;
            self.restarts += 1;
        }
        self.source = Some(Source::new(header));
    }

    /// The stream that is heard now.
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|s| s.ssrc)
    }
    /// Packets taken, duplicates left out.
    pub fn received(&self) -> u64 {
        self.past_received + self.source.as_ref().map_or(0, |s| s.received)
    }
    /// Sequence numbers that never came (so far).
    pub fn lost(&self) -> u64 {
        self.past_lost + self.source.as_ref().map_or(0, |s| s.lost().max(0) as u64)
    }
    /// How often the stream began anew.
    pub fn restarts(&self) -> u64 {
        self.restarts
    }
    /// Interarrival jitter in microseconds.
    pub fn jitter_us(&self) -> u32 {
        self.source
            .as_ref()
            .map_or(0, |s| (self.clock.ns(s.jitter / 16) / 1000) as u32)
    }

    /// A sender report of the heard stream came (its NTP timestamp).
    pub fn sender_report(&mut self, at: Mono, ssrc: u32, ntp: u64) {
        if let Some(source) = self.source.as_mut().filter(|s| s.ssrc == ssrc) {
            source.last_sr = Some(((ntp >> 16) as u32, at));
        }
    }

    /// The block for our next report, and the start of a new interval; `None` if nothing was received yet.
    pub fn report(&mut self, at: Mono) -> Option<ReportBlock> {
        let source = self.source.as_mut()?;
        let expected = source.expected();
        let expected_now = expected.wrapping_sub(source.expected_prior);
        let received_now = source.received.saturating_sub(source.received_prior);
        source.expected_prior = expected;
        source.received_prior = source.received;
        let lost_now = i64::from(expected_now) - received_now as i64;
        let fraction_lost = if expected_now == 0 || lost_now <= 0 {
            0
        } else {
            ((lost_now * 256) / i64::from(expected_now)).min(255) as u8
        };
        let (last_sr, delay) = source.last_sr.map_or((0, 0), |(ntp, came)| {
            let delay = at.since(came).as_micros() * 65_536 / 1_000_000;
            (ntp, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        Some(ReportBlock {
            ssrc: source.ssrc,
            fraction_lost,
            cumulative_lost: source.lost().clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: source.highest.wrapping_sub(0x1_0000),
            jitter: source.jitter / 16,
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}

/// Where a packet stands in the sequence (appendix A.1).
fn follow(source: &mut Source, header: &Header) -> Received {
    let ahead = header.sequence.wrapping_sub(source.highest as u16);
    if ahead == 0 || ahead > u16::MAX - MAX_MISORDER {
        // A late one from before the base belongs to the stream all the same.
        let at = source.highest.wrapping_sub(u32::from(ahead.wrapping_neg()));
        source.base = source.base.min(at);
        source.restart_at = None;
        Received::Late
    } else if ahead < MAX_DROPOUT {
        source.highest = source.highest.wrapping_add(u32::from(ahead));
        source.restart_at = None;
        Received::InOrder { lost: ahead - 1 }
    } else if source.restart_at == Some(header.sequence) {
        Received::Restart
    } else {
        source.restart_at = Some(header.sequence.wrapping_add(1));
        Received::Stray
    }
}

/// Appendix A.8.
fn time(source: &mut Source, clock: Clock, at: Mono, timestamp: u32) {
    let transit = (clock.in_ns(at.0 as i64) as u32).wrapping_sub(timestamp);
    if let Some(last) = source.transit.replace(transit) {
        let d = (transit.wrapping_sub(last) as i32).unsigned_abs();
        // A jump of the timestamps is not jitter.
        if d < clock.ms(1000) {
            source.jitter = source.jitter + d - ((source.jitter + 8) >> 4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header {
            ssrc,
            sequence,
            timestamp,
            ..Header::default()
        }
    }
    fn at(ms: u64) -> Mono {
        Mono(1_000_000_000) + Duration::from_millis(ms)
    }

    #[test]
    fn loss_is_what_never_came_and_lateness_is_not_loss() {
        let mut stats = ReceiveStats::new();
        for (i, seq) in [65534u16, 65535, 1, 0, 3, 3, 4].into_iter().enumerate() {
            stats.receive(
                at(i as u64 * 20),
                &header(1, seq, u32::from(seq) * 160),
                true,
            );
        }
        assert_eq!(
            (stats.received(), stats.lost()),
            (7, 0),
            "2 is missing, 3 came twice"
        );
        let mut stats = ReceiveStats::new();
        let verdicts: Vec<Received> = [10u16, 11, 14, 13, 14]
            .into_iter()
            .map(|seq| stats.receive(at(0), &header(1, seq, 0), false))
            .collect();
        assert_eq!(
            verdicts,
            [
                Received::Restart,
                Received::InOrder { lost: 0 },
                Received::InOrder { lost: 2 },
                Received::Late,
                Received::Late
            ]
        );
    }

    #[test]
    fn a_new_ssrc_and_a_jump_of_the_sequence_are_restarts_not_losses() {
        let mut stats = ReceiveStats::new();
        for seq in 0..10 {
            stats.receive(at(0), &header(1, seq, 0), true);
        }
        assert_eq!(
            stats.receive(at(0), &header(2, 40_000, 0), true),
            Received::Restart
        );
        assert_eq!(
            stats.receive(at(0), &header(2, 10_000, 0), true),
            Received::Stray
        );
        assert_eq!(
            stats.receive(at(0), &header(2, 40_001, 0), true),
            Received::InOrder { lost: 0 }
        );
        assert_eq!(
            stats.receive(at(0), &header(2, 10_000, 0), true),
            Received::Stray
        );
        assert_eq!(
            stats.receive(at(0), &header(2, 10_001, 0), true),
            Received::Restart
        );
        assert_eq!(
            (stats.received(), stats.lost(), stats.restarts()),
            (13, 0, 2)
        );
        assert_eq!(stats.ssrc(), Some(2));
    }

    #[test]
    fn jitter_follows_the_rfc() {
        let mut even = ReceiveStats::new();
        let mut uneven = ReceiveStats::new();
        for i in 0..500u64 {
            let h = header(1, i as u16, i as u32 * 160);
            even.receive(at(i * 20), &h, true);
            uneven.receive(at(i * 20 + (i % 2) * 10), &h, true);
        }
        assert_eq!(even.jitter_us(), 0);
        assert!(
            (9_000..=10_000).contains(&uneven.jitter_us()),
            "{}",
            uneven.jitter_us()
        );
    }

    #[test]
    fn a_report_tells_the_fraction_of_its_interval() {
        let mut stats = ReceiveStats::new();
        assert_eq!(stats.report(at(0)), None);
        for seq in (0..100u16).filter(|s| s % 4 != 1) {
            stats.receive(at(0), &header(9, seq, 0), false);
        }
        let block = stats.report(at(0)).unwrap();
        assert_eq!(
            (block.ssrc, block.fraction_lost, block.cumulative_lost),
            (9, 64, 25)
        );
        assert_eq!(block.highest_sequence, 99);
        for seq in 100..200u16 {
            stats.receive(at(0), &header(9, seq, 0), false);
        }
        stats.sender_report(at(1000), 9, 0x1111_2222_3333_4444);
        let block = stats.report(at(1500)).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 25));
        assert_eq!(
            (block.last_sr, block.delay_since_last_sr),
            (0x2222_3333, 32_768)
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_breaks_the_counters(packets in proptest::collection::vec((0u32..3, proptest::num::u16::ANY, proptest::num::u32::ANY), 0..200)) {
            let mut stats = ReceiveStats::new();
            for (i, (ssrc, seq, ts)) in packets.into_iter().enumerate() {
                stats.receive(at(i as u64), &header(ssrc, seq, ts), true);
                stats.report(at(i as u64));
                let _ = (stats.lost(), stats.jitter_us());
            }
        }
    }
}
