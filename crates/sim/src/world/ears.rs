//! Who heard what: from the recordings of the phones, never from what the gateway says about itself.

use super::{PhoneId, World};
use crate::hear;
use std::time::Duration;
use tandem_phone::Voice;
use tandem_types::Mono;

/// Sound that can be told from every other: a phone's voice (if it is a tone), or words of the gateway.
#[derive(Clone, Debug)]
pub enum Who<'a> {
    /// The tone of this phone.
    Phone(PhoneId),
    /// These words, whole, as the gateway said them.
    Words(&'a str),
}

impl World {
    /// What a phone heard in the last so many milliseconds (less the network's delay).
    pub fn last_heard(&self, id: PhoneId, ms: u64) -> Vec<i16> {
        let span = Duration::from_millis(ms);
        let from = Mono(self.now.mono.0.saturating_sub(span.as_nanos() as u64));
        self.phone(id).heard().between(from, self.now.mono)
    }

    /// Whether `listener` heard `whom` as the main sound for most of the last second.
    pub fn hears(&self, listener: PhoneId, whom: PhoneId) -> bool {
        self.hz(&Who::Phone(whom))
            .is_some_and(|hz| hear::mostly(&self.last_heard(listener, 1000), hz) > 0.7)
    }

    /// Lets two seconds pass and fails unless each hears the other.
    ///
    /// # Panics
    /// With the ladder, if one does not.
    pub fn talk(&mut self, a: PhoneId, b: PhoneId) {
        self.run(Duration::from_secs(2));
        for (x, y) in [(a, b), (b, a)] {
            let (one, other) = (&self.phone(x).config().name, &self.phone(y).config().name);
            assert!(
                self.hears(x, y),
                "{one} does not hear {other}\n{}",
                self.ladder()
            );
        }
    }

    /// Milliseconds, from the beginning on, in which `listener` heard this, perhaps among other sounds.
    pub fn heard_ms(&self, listener: PhoneId, who: &Who<'_>) -> u64 {
        let Some(hz) = self.hz(who) else { return 0 };
        let pcm = self.phone(listener).heard().pcm();
        let windows = pcm.chunks_exact(hear::WINDOW / 5);
        let n = windows
            .filter(|w| hear::loudness(w) > 100.0 && hear::share(w, hz) > 0.5)
            .count();
        n as u64 * 20
    }

    /// Whether `listener` heard these words of the gateway at least half through.
    pub fn heard_words(&self, listener: PhoneId, words: &str) -> bool {
        let whole = crate::sound::spoken(words).as_millis() as u64;
        self.heard_ms(listener, &Who::Words(words)) * 2 >= whole.min(1000)
    }

    /// The first text that the gateway said and that contains this.
    pub fn text_with(&self, part: &str) -> Option<&str> {
        self.said
            .iter()
            .map(|s| s.text.as_str())
            .find(|t| t.contains(part))
    }

    /// The longest time that a phone heard nothing at all in a call. Left out: while it held the call, and while its
    /// user spoke (whoever speaks expects silence).
    pub fn longest_silence(&self, id: PhoneId) -> Duration {
        let Some(station) = self.stations.get(id.0) else {
            return Duration::ZERO;
        };
        let end = self.now.mono;
        let holds = station
            .on_hold
            .iter()
            .map(|(from, to)| (*from, to.unwrap_or(end)));
        let own = self.script.utterances.iter().filter(|u| u.phone == id.0);
        let mut excused: Vec<(Mono, Mono)> = holds.chain(own.map(|u| (u.from, u.to))).collect();
        excused.sort_unstable();
        let mut longest = Duration::ZERO;
        for (from, to) in &station.up {
            let mut from = *from;
            let to = to.unwrap_or(end);
            for (begin, over) in &excused {
                if *over > from {
                    longest = longest.max(self.nothing(id, from, (*begin).min(to)));
                    from = *over;
                }
            }
            longest = longest.max(self.nothing(id, from, to));
        }
        longest
    }

    fn nothing(&self, id: PhoneId, from: Mono, to: Mono) -> Duration {
        if to <= from {
            return Duration::ZERO;
        }
        hear::longest_nothing(&self.phone(id).heard().between(from, to)).0
    }

    fn hz(&self, who: &Who<'_>) -> Option<f64> {
        match who {
            Who::Words(text) => self.tones.known(text),
            Who::Phone(id) => match self.phone(*id).config().voice {
                Voice::Tone { hz } => Some(hz),
                Voice::Silence | Voice::Pcm(_) => None,
            },
        }
    }
}
