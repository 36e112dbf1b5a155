//! Who heard what: from the recordings of the phones, never from what the gateway says about itself.

use super::{PhoneId, World};
use crate::hear;
use std::collections::BTreeSet;
use std::time::Duration;
use tandem_phone::Voice;
use tandem_types::{CallId, LegId, Mono, Wall, context::Speaker, journal::What, recording::Track};

/// Whoever presses a key is not spoken to before it is clear that it was the last (2 s), and several take some time to go out.
const TYPING: Duration = Duration::from_secs(3);
/// From the join on; somebody who says nothing for longer is answered with comfort noise.
const BREATH: Duration = Duration::from_millis(2500);
/// What an agent says while it thinks: the turn is not the caller's after it.
const FILLER: &str = "One moment";

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

    /// From now on there is no room for recordings.
    pub fn disk_is_full(&mut self) {
        self.graph.full = true;
    }

    /// The recordings in the order of their calls: what is on the left, and on the right.
    pub fn recordings(&self) -> Vec<[Vec<i16>; 2]> {
        let side = |pcm: &[i16], n| pcm.iter().skip(n).step_by(2).copied().collect();
        let all = self.graph.recordings.iter();
        let calls = all.filter(|(track, _)| matches!(track, Track::Call(_)));
        calls.map(|(_, pcm)| [side(pcm, 0), side(pcm, 1)]).collect()
    }

    /// The messages that are in files, in the order in which they were left.
    pub fn messages(&self) -> Vec<Vec<i16>> {
        let all = self.graph.recordings.iter();
        let left = all.filter(|(track, _)| matches!(track, Track::Message(_)));
        left.map(|(_, pcm)| pcm.clone()).collect()
    }

    /// Milliseconds, from the beginning on, in which `listener` heard this, perhaps among other sounds.
    pub fn heard_ms(&self, listener: PhoneId, who: &Who<'_>) -> u64 {
        self.sounds_ms(self.phone(listener).heard().pcm(), who)
    }

    /// Milliseconds of a sound in which this is to be heard, perhaps among other sounds.
    pub fn sounds_ms(&self, pcm: &[i16], who: &Who<'_>) -> u64 {
        let Some(hz) = self.hz(who) else { return 0 };
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

    /// The longest time that a phone heard nothing at all in a call. Left out: while it held the call, while its user spoke
    /// or pressed keys (whoever does expects silence), and while it was its user's turn to speak.
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
        let own: Vec<(Mono, Mono)> = own.map(|u| (u.from, u.to)).collect();
        let turns = self.turns_of(id).into_iter().map(|(from, to)| {
            let begins = own.iter().map(|o| o.0).find(|begin| *begin >= from);
            (from, begins.map_or(to, |begin| begin.min(to)))
        });
        let mut excused: Vec<(Mono, Mono)> = holds.chain(turns).chain(own.clone()).collect();
        excused.extend(station.pressed.iter().map(|at| (*at, *at + TYPING)));
        excused.extend(self.deaf_or_in_still_company(id));
        excused.extend(self.first_breaths());
        let at = station.phone.config().local_sip.ip();
        let there = self.excused.iter().filter(|(address, ..)| *address == at);
        excused.extend(there.map(|(_, from, to)| (*from, *to)));
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

    /// When this phone was dead, or with somebody whose voice is silence.
    fn deaf_or_in_still_company(&self, id: PhoneId) -> Vec<(Mono, Mono)> {
        let end = self.now.mono;
        let legs = || self.leg_remotes.keys();
        let is_its = |leg: &&LegId| self.phone_of(**leg) == Some(id.0);
        let calls: BTreeSet<CallId> = legs().filter(is_its).map(|l| l.call).collect();
        let others = legs().filter(|l| calls.contains(&l.call));
        let still = others
            .filter_map(|l| self.phone_of(*l))
            .filter(|other| *other != id.0)
            .filter_map(|other| self.stations.get(other))
            .filter(|s| s.phone.config().voice == Voice::Silence)
            .flat_map(|s| &s.up);
        let dead = self.stations.get(id.0).map(|s| &s.dead);
        let all = dead.into_iter().flatten().chain(still);
        all.copied()
            .map(|(from, to)| (from, to.unwrap_or(end)))
            .collect()
    }

    /// Whoever answers takes a breath before the first word, and the ringback before it ends with a pause as often as not; after
    /// music there is no such pause.
    fn first_breaths(&self) -> Vec<(Mono, Mono)> {
        let is_join = |what: &What| matches!(what, What::Bridged { .. });
        let joins = self.journal.iter().filter(|e| is_join(&e.what));
        joins
            .map(|e| (self.mono(e.at), self.mono(e.at) + BREATH))
            .collect()
    }

    /// The monotonic time of an event.
    fn mono(&self, at: Wall) -> Mono {
        let ago = Duration::from_micros((self.now.wall.0 - at.0).max(0) as u64);
        Mono(self.now.mono.0.saturating_sub(ago.as_nanos() as u64))
    }

    /// When an agent had finished and waited for this phone's user: until the next thing that the gateway decided.
    fn turns_of(&self, id: PhoneId) -> Vec<(Mono, Mono)> {
        let is_its = |leg: LegId| self.phone_of(leg) == Some(id.0);
        let calls = self.leg_remotes.keys().filter(|leg| is_its(**leg));
        let calls: BTreeSet<CallId> = calls.map(|leg| leg.call).collect();
        let mut out = Vec::new();
        for call in calls {
            let mut since = None;
            for event in self.journal.iter().filter(|e| e.call == call) {
                if let What::LegProved { .. }
                | What::LegHeld { .. }
                | What::LegEnded { .. }
                | What::LegMeasured { .. }
                | What::RecordingStarted { .. }
                | What::RecordingPaused { .. }
                | What::RecordingResumed { .. }
                | What::RecordingEnded { .. }
                | What::MessageEnded { .. }
                | What::Alarm { .. } = event.what
                {
                    continue; // nothing that was decided: a person may have heard their last word only now
                }
                let at = self.mono(event.at);
                out.extend(since.take().map(|since| (since, at)));
                since = matches!(&event.what, What::TurnEnded { speaker: Speaker::Agent(_), text, .. } if !text.contains(FILLER))
                    .then_some(at);
            }
        }
        out
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
