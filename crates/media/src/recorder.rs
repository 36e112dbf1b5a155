//! The recording of a call: a tap that takes 10 ms of both sides in each tick, and hands half a second at a time to the driver. Of a
//! message that a caller leaves it takes what they say alone.
//!
//! ```text
//!   what the recorded leg says --(its jitter buffer, concealment)--> left  \
//!                                                                           half seconds --> driver --> file
//!   what it is sent: the mix, or the one leg that is relayed to it -> right /
//! ```
//!
//! "What it is sent" is all that the caller may hear, so what others say in private is in no recording of theirs. The tap holds
//! nothing up: a relayed leg's packets go out when they come, and what they say is recorded when its turn comes in the buffer.
//!
//! The place of a sample is its time: ticks that were left out (a worker that was held up) are silence, and both sides stay
//! together however long the call is. While it is paused, silence is written, and nothing else is kept.

use crate::{engine::TICK, graph::Graph, leg::Role, mix::FRAME, output::Output};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{LegId, MessageId, Mono, PlayerId, recording::Track};

/// Ticks in a piece: half a second.
const PIECE: usize = 50;
/// The tone's player; those of calls count up from 1.
const TONE: u32 = u32::MAX;

/// What a driver is to do about a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Make a file of this name.
    Begin(String),
    /// Sound, to be written after all before it: at 8 kHz left, right, left, right; of a message one channel.
    Sound(Vec<i16>),
    /// Close the file.
    End,
}

/// The tap of a call.
pub(crate) struct Recorder {
    track: Track,
    /// Whose ears are recorded.
    pub(crate) leg: LegId,
    pub(crate) paused: bool,
    /// The time of its first sample.
    from: Option<Mono>,
    ticks: u64,
    /// What the leg was sent by the mixer in this tick.
    pub(crate) sent: [i16; FRAME],
    piece: Vec<i16>,
    tone: Option<Duration>,
    tone_at: Option<Mono>,
}

impl Recorder {
    pub(crate) fn new(track: Track, leg: LegId, tone: Option<Duration>) -> Self {
        Self {
            track,
            leg,
            paused: false,
            from: None,
            ticks: 0,
            sent: [0; FRAME],
            piece: Vec::with_capacity(samples(track)),
            tone,
            tone_at: None,
        }
    }

    /// Takes the tick that began at `at`.
    fn take(
        &mut self,
        at: Mono,
        (left, right): (&[i16; FRAME], &[i16; FRAME]),
        mut put: impl FnMut(Vec<i16>),
    ) {
        let from = *self.from.get_or_insert(at);
        let due = (at.since(from).as_nanos() / TICK.as_nanos()) as u64;
        while self.ticks < due {
            self.add(&[0; FRAME], &[0; FRAME], &mut put);
        }
        if self.paused {
            self.add(&[0; FRAME], &[0; FRAME], &mut put);
        } else {
            self.add(left, right, &mut put);
        }
    }

    fn add(&mut self, left: &[i16; FRAME], right: &[i16; FRAME], mut put: impl FnMut(Vec<i16>)) {
        self.ticks += 1;
        match self.track {
            Track::Call(_) => left
                .iter()
                .zip(right)
                .for_each(|(l, r)| self.piece.extend([*l, *r])),
            Track::Message(_) => self.piece.extend(left),
        }
        if self.piece.len() >= samples(self.track) {
            let next = Vec::with_capacity(samples(self.track));
            put(std::mem::replace(&mut self.piece, next));
        }
    }

    /// Whether the tone is due now.
    fn tone_is_due(&mut self, now: Mono) -> bool {
        let Some(every) = self.tone.filter(|_| !self.paused) else {
            return false;
        };
        let due = self.tone_at.is_none_or(|at| now >= at);
        if due {
            self.tone_at = Some(now + every);
        }
        due
    }
}

/// In a piece.
fn samples(track: Track) -> usize {
    usize::from(track.channels()) * FRAME * PIECE
}

impl Graph {
    /// Begins a recording, or goes on with another leg.
    pub(crate) fn record(
        &mut self,
        leg: LegId,
        (file, tone): (String, Option<Duration>),
        outputs: &mut VecDeque<Output>,
    ) {
        match &mut self.recorder {
            Some(recorder) => recorder.leg = leg,
            None => {
                let track = Track::Call(leg.call);
                self.recorder = Some(Box::new(Recorder::new(track, leg, tone)));
                outputs.push_back(recorded(track, Recorded::Begin(file)));
            }
        }
    }

    /// Begins a message. `false`: another is being left.
    pub(crate) fn record_message(
        &mut self,
        message: MessageId,
        leg: LegId,
        file: String,
        outputs: &mut VecDeque<Output>,
    ) -> bool {
        let track = Track::Message(message);
        if self.message.is_some() {
            return false;
        }
        self.message = Some(Box::new(Recorder::new(track, leg, None)));
        outputs.push_back(recorded(track, Recorded::Begin(file)));
        true
    }

    /// The recording is over.
    pub(crate) fn end_recording(&mut self, outputs: &mut VecDeque<Output>) {
        close(self.recorder.take(), outputs);
    }

    /// The message is complete, if it is this one; `None`: whichever it is.
    pub(crate) fn end_message(
        &mut self,
        message: Option<MessageId>,
        outputs: &mut VecDeque<Output>,
    ) {
        let is_it = |r: &Recorder| message.is_none_or(|m| r.track == Track::Message(m));
        if self.message.as_deref().is_some_and(is_it) {
            close(self.message.take(), outputs);
        }
    }

    /// The recording needs this leg's sound, decoded.
    pub(crate) fn is_recorded(&self, id: LegId) -> bool {
        if self.message.as_ref().is_some_and(|m| m.leg == id) {
            return true;
        }
        let Some(recorder) = &self.recorder else {
            return false;
        };
        let relayed = self
            .legs
            .get(&recorder.leg)
            .is_some_and(|l| l.role == Role::Relayed(id));
        recorder.leg == id || relayed
    }

    /// Takes this tick, after all have been mixed. Says whether the tone is to be heard from here on.
    pub(crate) fn record_tick(&mut self, now: Mono, outputs: &mut VecDeque<Output>) -> bool {
        let nothing = [0; FRAME];
        let of = |leg: LegId| {
            let heard = self.legs.get(&leg).filter(|l| l.pulled());
            heard.map_or(&nothing, |l| l.frame())
        };
        if let Some(message) = &mut self.message {
            let (track, left) = (message.track, of(message.leg));
            message.take(now, (left, &nothing), |pcm| {
                outputs.push_back(recorded(track, Recorded::Sound(pcm)));
            });
        }
        let Some(recorder) = &mut self.recorder else {
            return false;
        };
        let sent = recorder.sent;
        let right = match self.legs.get(&recorder.leg).map(|l| l.role) {
            Some(Role::Mixed) => &sent,
            Some(Role::Relayed(source)) => of(source),
            Some(Role::Closed) | None => &nothing,
        };
        let (leg, left, track) = (recorder.leg, of(recorder.leg), recorder.track);
        recorder.take(now, (left, right), |pcm| {
            outputs.push_back(recorded(track, Recorded::Sound(pcm)));
        });
        recorder.tone_is_due(now) && self.play_tone(leg)
    }

    /// Lets the recorded leg, whom it hears and who hears it, hear that they are recorded.
    fn play_tone(&mut self, leg: LegId) -> bool {
        let hears_it = self.hears.iter().filter(|(_, heard)| heard.contains(&leg));
        let mut to: Vec<LegId> = hears_it.map(|(listener, _)| *listener).collect();
        to.extend(self.heard_by(leg));
        to.push(leg);
        to.sort_unstable();
        to.dedup();
        let id = PlayerId {
            call: leg.call,
            index: TONE,
        };
        self.play(crate::player::Player::recording_tone(id, to))
    }
}

fn recorded(track: Track, what: Recorded) -> Output {
    Output::Recorded { track, what }
}

fn close(recorder: Option<Box<Recorder>>, outputs: &mut VecDeque<Output>) {
    let Some(Recorder { track, piece, .. }) = recorder.map(|r| *r) else {
        return;
    };
    if !piece.is_empty() {
        outputs.push_back(recorded(track, Recorded::Sound(piece)));
    }
    outputs.push_back(recorded(track, Recorded::End));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::CallId;

    fn frames(levels: &[i16]) -> Vec<[i16; FRAME]> {
        levels.iter().map(|l| [*l; FRAME]).collect()
    }

    /// What a recorder makes of ticks at these times (ms): the first of each frame's samples.
    fn taken(recorder: &mut Recorder, ticks: &[(u64, i16)]) -> Vec<(i16, i16)> {
        let mut all = Vec::new();
        for (ms, level) in ticks {
            let at = Mono(ms * 1_000_000);
            let [left, right] = [*level, -*level].map(|l| frames(&[l])[0]);
            recorder.take(at, (&left, &right), |pcm| all.extend(pcm));
        }
        all.extend(&recorder.piece);
        let pairs = all.chunks_exact(2 * FRAME);
        pairs.map(|f| (f[0], f[1])).collect()
    }

    fn new() -> Recorder {
        let leg = LegId {
            call: CallId(1),
            index: 1,
        };
        Recorder::new(Track::Call(leg.call), leg, Some(Duration::from_secs(15)))
    }

    #[test]
    fn ticks_that_were_left_out_are_silence() {
        let mut r = new();
        let ticks = [(100, 5), (110, 6), (150, 7), (160, 8)];
        assert_eq!(
            taken(&mut r, &ticks),
            [(5, -5), (6, -6), (0, 0), (0, 0), (0, 0), (7, -7), (8, -8)]
        );
    }

    #[test]
    fn a_pause_is_silence_of_the_same_length_and_without_the_tone() {
        let mut r = new();
        let _ = taken(&mut r, &[(0, 5)]);
        assert!(r.tone_is_due(Mono(0)));
        r.piece.clear();
        r.paused = true;
        assert_eq!(taken(&mut r, &[(10, 6), (20, 7)]), [(0, 0), (0, 0)]);
        assert!(!r.tone_is_due(Mono(20_000_000_000)));
        r.piece.clear();
        r.paused = false;
        assert_eq!(taken(&mut r, &[(30, 8)]), [(8, -8)]);
        assert!(r.tone_is_due(Mono(20_000_000_000)));
        assert!(!r.tone_is_due(Mono(34_000_000_000)));
    }

    #[test]
    fn a_message_is_what_its_caller_says_alone() {
        let leg = LegId {
            call: CallId(1),
            index: 1,
        };
        let message = MessageId {
            call: CallId(1),
            index: 1,
        };
        let mut r = Recorder::new(Track::Message(message), leg, None);
        let mut pieces = Vec::new();
        for tick in 0..60 {
            let (says, hears) = ([3; FRAME], [7; FRAME]);
            r.take(Mono(tick * 10_000_000), (&says, &hears), |p| pieces.push(p));
        }
        assert_eq!(pieces, [vec![3; 4000]]);
        assert_eq!(r.piece, vec![3; 800]);
    }

    #[test]
    fn sound_is_handed_on_by_half_seconds() {
        let mut r = new();
        let mut pieces = Vec::new();
        for tick in 0..125 {
            let frame = [3; FRAME];
            r.take(Mono(tick * 10_000_000), (&frame, &frame), |p| {
                pieces.push(p.len())
            });
        }
        assert_eq!(pieces, [8000, 8000]);
        assert_eq!(r.piece.len(), 4000);
    }
}
