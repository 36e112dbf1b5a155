//! What is played to legs: speech and files from the driver, music, ringback.
//!
//! ```text
//!              fail, nothing there: PlayFailed          stop: PlayFinished { whole: false }
//!            .---------------------------------.      .----------------------------------->
//!            |                                 |      | (from every state)
//! [Waiting: asked for, 60 ms or the end not yet here; an earlier voice player in front]
//!            |
//!            | its turn                    nothing there: waits, silent
//!            v                            .---.
//!     [Playing] --PlayStarted             |   v
//!            |------------------------> [Starved]
//!            | end reached: PlayFinished { whole: true }, or PlayFailed after a failure
//!            v    (background: from the start again)
//!          gone
//! ```

use crate::{mix::FRAME, output::Output};
use std::sync::Arc;
use tandem_codec::{PER_MS, ToneSource, tone::Mix};
use tandem_types::{
    LegId, PlayerId,
    media::{Lane, MediaEvent, Sound},
};

/// Enough to start with, though the end is not known: 60 ms.
const ENOUGH: usize = 60 * PER_MS;
/// More sound than this is not taken: 10 minutes.
const LONGEST: usize = 600_000 * PER_MS;
/// The tone of a recording: as loud as speech is soft, and no tone of a network.
const RECORDING_HZ: f64 = 1400.0;
const RECORDING_LEVEL: f64 = 2800.0;
const RECORDING_LASTS: usize = 200 * PER_MS;
/// After it callers speak: what answering machines have everywhere.
const BEEP_HZ: f64 = 1000.0;
const BEEP_LASTS: usize = 400 * PER_MS;
/// What is cut off falls to nothing over so many samples (4 ms).
const EDGE: usize = 32;

enum Source {
    /// Handed in by the driver.
    Given {
        pcm: Vec<i16>,
        at: usize,
        ended: bool,
        failed: bool,
    },
    /// The built-in music, or comfort noise.
    Piece { pcm: Arc<[i16]>, at: usize },
    /// A tone, made as it goes.
    Tone(ToneSource),
    /// A tone that ends after so many samples, and that the call has not asked for.
    Once { tone: ToneSource, left: usize },
}

/// What is made once and played to many.
pub(crate) struct Pieces {
    music: Arc<[i16]>,
    comfort: Arc<[i16]>,
}

impl Pieces {
    pub(crate) fn new() -> Self {
        Self {
            music: tandem_codec::music::built_in().into(),
            comfort: tandem_codec::comfort::noise().into(),
        }
    }
}

/// One player.
pub(crate) struct Player {
    pub(crate) id: PlayerId,
    pub(crate) to: Vec<LegId>,
    pub(crate) lane: Lane,
    pub(crate) paused: bool,
    source: Source,
    started: bool,
    /// Samples that were played.
    played: u64,
    last: i16,
    /// This tick's sound.
    pub(crate) frame: [i16; FRAME],
    /// Whether there is any in this tick.
    pub(crate) sounding: bool,
}

impl Player {
    /// A player, and what the driver must bring for it.
    pub(crate) fn new(
        id: PlayerId,
        to: Vec<LegId>,
        sound: Sound,
        lane: Lane,
        pieces: &Pieces,
    ) -> (Self, Option<Output>) {
        let given = || Source::Given {
            pcm: Vec::new(),
            at: 0,
            ended: false,
            failed: false,
        };
        let (source, request) = match sound {
            Sound::Speech {
                text,
                voice,
                language,
                profile,
            } => (
                given(),
                Some(Output::NeedSpeech {
                    player: id,
                    text,
                    voice,
                    language,
                    profile,
                }),
            ),
            Sound::File { path } | Sound::Music { file: Some(path) } => {
                (given(), Some(Output::NeedFile { player: id, path }))
            }
            Sound::Message { file } => (given(), Some(Output::NeedMessage { player: id, file })),
            Sound::Beep => (
                Source::Given {
                    pcm: beep(),
                    at: 0,
                    ended: true,
                    failed: false,
                },
                None,
            ),
            Sound::Music { file: None } => (
                Source::Piece {
                    pcm: pieces.music.clone(),
                    at: 0,
                },
                None,
            ),
            Sound::Comfort => (
                Source::Piece {
                    pcm: pieces.comfort.clone(),
                    at: 0,
                },
                None,
            ),
            Sound::Ringback { country } => (Source::Tone(ToneSource::ringback(&country)), None),
            Sound::Beeps => (Source::Tone(ToneSource::beeps()), None),
        };
        (Self::of(id, to, lane, source), request)
    }

    /// The short tone of those that are recorded.
    pub(crate) fn recording_tone(id: PlayerId, to: Vec<LegId>) -> Self {
        let tone = ToneSource::steady(Mix::One(RECORDING_HZ), RECORDING_LEVEL);
        let left = RECORDING_LASTS;
        Self::of(id, to, Lane::Background, Source::Once { tone, left })
    }

    fn of(id: PlayerId, to: Vec<LegId>, lane: Lane, source: Source) -> Self {
        Self {
            id,
            to,
            lane,
            paused: false,
            source,
            started: false,
            played: 0,
            last: 0,
            frame: [0; FRAME],
            sounding: false,
        }
    }

    /// The call knows of it.
    pub(crate) fn is_asked_for(&self) -> bool {
        !matches!(self.source, Source::Once { .. })
    }

    pub(crate) fn push(&mut self, sound: &[i16]) -> bool {
        match &mut self.source {
            Source::Given {
                pcm, ended: false, ..
            } if pcm.len() < LONGEST => {
                pcm.extend_from_slice(sound);
                true
            }
            Source::Given { .. } | Source::Piece { .. } | Source::Tone(_) | Source::Once { .. } => {
                false
            }
        }
    }

    pub(crate) fn end(&mut self) {
        if let Source::Given { ended, .. } = &mut self.source {
            *ended = true;
        }
    }

    /// The sound cannot be made. Says whether the player is over at once.
    pub(crate) fn fail(&mut self) -> bool {
        match &mut self.source {
            Source::Given {
                pcm,
                at,
                ended: ended @ false,
                failed,
            } => {
                (*ended, *failed) = (true, true);
                *at >= pcm.len()
            }
            Source::Given { .. } | Source::Piece { .. } | Source::Tone(_) | Source::Once { .. } => {
                false
            }
        }
    }

    pub(crate) fn buffered_ms(&self) -> u32 {
        match &self.source {
            Source::Given { pcm, at, .. } => ((pcm.len() - at) / PER_MS) as u32,
            Source::Piece { .. } | Source::Tone(_) | Source::Once { .. } => 0,
        }
    }

    /// It has begun and is not halted: background players are silent meanwhile.
    pub(crate) fn speaking(&self) -> bool {
        self.started && !self.paused
    }

    /// Could begin, or go on.
    pub(crate) fn ready(&self) -> bool {
        match &self.source {
            Source::Given { pcm, ended, .. } => self.started || *ended || pcm.len() >= ENOUGH,
            Source::Piece { .. } | Source::Tone(_) | Source::Once { .. } => true,
        }
    }

    /// Whether the driver still works for it.
    pub(crate) fn wants_more(&self) -> bool {
        matches!(self.source, Source::Given { ended: false, .. })
    }

    /// Nothing in this tick.
    pub(crate) fn rest(&mut self) {
        self.sounding = false;
    }

    /// Makes this tick's sound. Says whether the player is over with it.
    pub(crate) fn render(&mut self, events: &mut impl Extend<Output>) -> bool {
        let filled = match &mut self.source {
            Source::Tone(tone) => {
                tone.fill(&mut self.frame);
                FRAME
            }
            Source::Once { tone, left } => {
                let n = (*left).min(FRAME);
                tone.fill(&mut self.frame[..n]);
                *left -= n;
                n
            }
            Source::Piece { pcm, at } => loop_into(pcm, at, &mut self.frame),
            Source::Given {
                pcm,
                at,
                ended: true,
                ..
            } if self.lane == Lane::Background => loop_into(pcm, at, &mut self.frame),
            Source::Given { pcm, at, .. } => {
                let n = (pcm.len() - *at).min(FRAME);
                self.frame[..n].copy_from_slice(&pcm[*at..*at + n]);
                *at += n;
                n
            }
        };
        self.fade_rest(filled);
        self.played += filled as u64;
        if filled > 0 && !self.started {
            self.started = true;
            if !self.is_asked_for() {
                return self.exhausted();
            }
            events.extend([Output::Event(MediaEvent::PlayStarted { player: self.id })]);
        }
        self.exhausted()
    }

    /// Where the sound stops short, its last sample falls to nothing instead of breaking off.
    fn fade_rest(&mut self, filled: usize) {
        if let Some(last) = filled.checked_sub(1) {
            self.last = self.frame[last];
        }
        let last = i32::from(self.last);
        for (i, s) in self.frame[filled..].iter_mut().enumerate() {
            *s = (last * (EDGE.saturating_sub(i + 1)) as i32 / EDGE as i32) as i16;
        }
        if filled < FRAME {
            self.last = self.frame[FRAME - 1];
        }
        self.sounding = filled > 0 || last != 0;
    }

    pub(crate) fn exhausted(&self) -> bool {
        match &self.source {
            Source::Given {
                pcm,
                at,
                ended,
                failed,
            } => {
                let looped = self.lane == Lane::Background && !pcm.is_empty() && !failed;
                *ended && *at >= pcm.len() && !looped
            }
            Source::Once { left, .. } => *left == 0,
            Source::Piece { .. } | Source::Tone(_) => false,
        }
    }

    /// Its last event.
    pub(crate) fn epilogue(&self, whole: bool) -> MediaEvent {
        let total = match &self.source {
            Source::Given { failed: true, .. } if whole => {
                return MediaEvent::PlayFailed { player: self.id };
            }
            Source::Given {
                pcm, ended: true, ..
            } => pcm.len(),
            Source::Piece { pcm, .. } => pcm.len(),
            Source::Given { .. } | Source::Tone(_) | Source::Once { .. } => 0,
        };
        MediaEvent::PlayFinished {
            player: self.id,
            played_ms: (self.played / PER_MS as u64) as u32,
            total_ms: (total / PER_MS) as u32,
            whole,
        }
    }
}

fn beep() -> Vec<i16> {
    let mut pcm = vec![0; BEEP_LASTS];
    ToneSource::steady(Mix::One(BEEP_HZ), RECORDING_LEVEL).fill(&mut pcm);
    pcm
}

fn loop_into(pcm: &[i16], at: &mut usize, frame: &mut [i16]) -> usize {
    if pcm.is_empty() {
        return 0;
    }
    for s in frame.iter_mut() {
        *at %= pcm.len();
        *s = pcm[*at];
        *at += 1;
    }
    frame.len()
}
