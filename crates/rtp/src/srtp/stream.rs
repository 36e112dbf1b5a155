//! What is remembered of the streams under one key: how often their numbers rolled over, and what came already.

/// Streams that are told apart; the oldest gives way.
const STREAMS: usize = 4;
/// Rollovers that a stream may have behind it when it is first heard: more than five hours of 50 packets a second.
const ROLLED: u64 = 15;

/// The numbers that were used, up to 127 below the highest (RFC 3711 section 3.3.2 asks for 64).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    highest: u64,
    /// Bit n: the number n below the highest.
    used: u128,
}

impl Window {
    /// Whether it was not used, as far as can be told.
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            _ if self.used == 0 => true,
            None => true,
            Some(below) => below < 128 && self.used >> below & 1 == 0,
        }
    }

    pub(super) fn note(&mut self, index: u64) {
        if self.used == 0 {
            (self.highest, self.used) = (index, 1);
        } else if let Some(above) = index.checked_sub(self.highest) {
            self.used = self
                .used
                .checked_shl(above as u32)
                .filter(|_| above < 128)
                .unwrap_or(0)
                | 1;
            self.highest = index;
        } else {
            self.used |= 1 << (self.highest - index);
        }
    }
}

/// One SSRC.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    ssrc: u32,
    pub(super) rtp: Window,
    pub(super) rtcp: Window,
    /// Where it stood under the key before: whether a new key starts at 0 again is not agreed among phones.
    stood: Option<u64>,
}

impl Stream {
    /// The packet's number in 48 bits (RFC 3711 section 3.3.1).
    pub(super) fn guess(&self, sequence: u16) -> u64 {
        match self.rtp.used {
            0 => u64::from(sequence),
            _ => near(self.rtp.highest, sequence),
        }
    }

    /// All that it may be: one, except for the first packet of a stream. That may have begun long before it was heard here (a far
    /// end whose call was joined to another), so some rollovers are tried; a forged packet costs so many tags.
    pub(super) fn guesses(&self, sequence: u16) -> impl Iterator<Item = u64> + use<> {
        let first = self.guess(sequence);
        let new = self.rtp.used == 0;
        let stood = self.stood.filter(|_| new).map(|at| near(at, sequence));
        let rolled = (1..=if new { ROLLED } else { 0 }).map(move |n| n << 16 | first);
        let others = stood.into_iter().chain(rolled);
        std::iter::once(first).chain(others.filter(move |at| *at != first))
    }
}

/// The number with these last 16 bits that is nearest to another.
fn near(highest: u64, sequence: u16) -> u64 {
    let (rolled, last) = (highest >> 16, highest as u16);
    let rolled = match sequence.wrapping_sub(last) as i16 {
        0.. if sequence < last => rolled + 1,
        ..0 if sequence > last => rolled.saturating_sub(1),
        _ => rolled,
    };
    rolled << 16 | u64::from(sequence)
}

/// All streams under one key.
#[derive(Debug, Default)]
pub(super) struct Streams {
    kept: [Option<Stream>; STREAMS],
    oldest: usize,
}

impl Streams {
    /// A stream as it stands, and its place; one that is new has none yet.
    pub(super) fn of(&self, ssrc: u32) -> (Option<usize>, Stream) {
        let at = self
            .kept
            .iter()
            .position(|s| s.is_some_and(|s| s.ssrc == ssrc));
        let stream = at.and_then(|at| self.kept[at]).unwrap_or(Stream {
            ssrc,
            ..Stream::default()
        });
        (at, stream)
    }

    /// Remembers how it stands now.
    pub(super) fn keep(&mut self, at: Option<usize>, stream: Stream) {
        let at = at.unwrap_or_else(|| {
            let oldest = self.oldest;
            self.oldest = (oldest + 1) % STREAMS;
            oldest
        });
        self.kept[at] = Some(stream);
    }

    /// The same streams go on under another key.
    pub(super) fn follow(&mut self, before: &Self) {
        self.oldest = before.oldest;
        self.kept = before.kept.map(|stream| {
            stream.map(|s| Stream {
                ssrc: s.ssrc,
                stood: (s.rtp.used != 0).then_some(s.rtp.highest),
                ..Stream::default()
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_knows_what_was_used() {
        let mut window = Window::default();
        for index in [5, 7, 6, 200, 199, 73] {
            assert!(window.is_new(index), "{index}");
            window.note(index);
            assert!(!window.is_new(index), "{index}");
        }
        assert!(!window.is_new(72), "too old to be told");
        assert!(window.is_new(74) && window.is_new(201) && window.is_new(u64::MAX));
        window.note(100_000);
        assert!(!window.is_new(200) && window.is_new(99_999));
    }

    #[test]
    fn numbers_roll_over_both_ways() {
        assert_eq!(near(0x1_fffe, 0), 0x2_0000);
        assert_eq!(near(0x2_0003, 0xfff0), 0x1_fff0);
        assert_eq!(near(0x2_0003, 9), 0x2_0009);
        assert_eq!(near(3, 0xfff0), 0xfff0, "nothing is below 0");
        let mut stream = Stream::default();
        assert_eq!(stream.guess(65_535), 65_535);
        stream.rtp.note(65_535);
        assert_eq!(stream.guess(1), 65_537);
    }
}
