//! Voice activity: where speech begins and ends on a leg, and its sound.
//!
//! ```text
//!                 20 s of it: SpeechEnded at once
//!               .--------------------------------.
//!               v                                |
//!          [Silent] --5 of the last 8 frames--> [Speaking: 200 ms, 500 ms: SpeechGoesOn]
//!               ^        SpeechStarted           |
//!               '-- end_silence without speech --'
//!                    Segment, SpeechEnded
//! ```
//!
//! A frame of 10 ms is speech if it stands out of the noise floor and the neural detector (earshot, fed at 16 kHz)
//! agrees, or if it stands out by so much that nobody needs asking: the detector takes 50 ms to make up its mind, and
//! knows no tones. What is much softer than the one who speaks is somebody else behind, and no speech either.
//!
//! Three things about the detector were measured, and are what keeps a noisy line from talking:
//! * Its score for noise depends on the level: white, pink noise and hum score 0.5 to 0.8 above -35 dBov, and under
//!   0.3 below -45 dBov, while speech scores the same from -20 to -50 dBov. So it is shown everything 17 dB softer.
//! * Any sound that appears out of digital silence scores as speech at first, and every call begins with digital
//!   silence, before the first packet. So it is not shown any; nor does digital silence say where the floor is.
//! * In the first second its scores are up to 0.48 for noise, later up to 0.3. So it is trusted less at first.
//!
//! The table of false starts and misses is printed by `tests/noisy_lines.rs`, which asserts it.

use crate::{graph::Context, mix::FRAME, output::Output};
use earshot::Detector;
use std::time::Duration;
use tandem_codec::{RATE, Resampler};
use tandem_types::{LegId, SegmentId, media::MediaEvent};

/// What came before speech is kept for as long: 300 ms, and the frames that it takes to notice.
const PREROLL: usize = (30 + NOTICED_IN as usize) * FRAME;
/// Speech begins with so many frames of speech among the last so many.
const NEEDED: u32 = 5;
const NOTICED_IN: u32 = 8;
/// A segment is ended when it has lasted so long: 20 s.
const LONGEST: usize = 20 * RATE as usize;
/// The detector's frame at 16 kHz.
const WIDE_FRAME: usize = 256;
/// What the detector is shown: 17 dB less, as a share of full scale.
const DETECTOR_GAIN: f32 = 0.14 / 32768.0;
/// The detector's score from which on it is speech, while the line is new and later; less is enough to go on.
const SCORE_AT_FIRST: f32 = 0.5;
const SCORE: f32 = 0.42;
const SCORE_ON: f32 = 0.35;
/// dB above the floor: the least, and what needs no second opinion.
const OVER_FLOOR: f32 = 6.0;
const FAR_OVER_FLOOR: f32 = 20.0;
/// dB below the loudest frame of a segment, or of the one before it: softer than that is not who speaks there.
const FOREGROUND: f32 = 18.0;
const FOREGROUND_AGAIN: f32 = 20.0;
/// How fast the last speaker's level is forgotten: 2 dB a second, so that the next may be as soft as they like.
const FORGET: f32 = 0.02;
/// Nothing below this is speech (dBov).
const FAINTEST: f32 = -55.0;

/// A leg's ears.
pub(crate) struct Ears {
    end_silence: Duration,
    detector: Box<Detector>,
    widen: Resampler,
    wide: Vec<i16>,
    score: f32,
    floor: Floor,
    high_pass: HighPass,
    /// How loud the last segment was, fading (dBov).
    talker: f32,
    /// A bit per frame, the newest lowest: it was speech.
    recent: u32,
    before: Vec<i16>,
    segment: Option<Segment>,
}

struct Segment {
    id: SegmentId,
    pcm: Vec<i16>,
    /// Frames since the first of speech, and the last of speech among them.
    frames: u32,
    last: u32,
    /// The next length that is told.
    tell: Option<u32>,
    /// The level of its loudest frame (dBov).
    loudest: f32,
}

impl Ears {
    pub(crate) fn new(end_silence: Duration) -> Self {
        Self {
            end_silence,
            detector: Detector::default_boxed(),
            widen: Resampler::new(RATE, 2 * RATE),
            wide: Vec::with_capacity(WIDE_FRAME + 4 * FRAME),
            score: 0.0,
            floor: Floor::new(),
            high_pass: HighPass::default(),
            talker: FAINTEST,
            recent: 0,
            before: Vec::with_capacity(PREROLL + FRAME),
            segment: None,
        }
    }

    pub(crate) fn set_end_silence(&mut self, end_silence: Duration) {
        self.end_silence = end_silence;
    }

    /// Takes a frame. `in_key`: a key is pressed, so whatever sounds is no speech.
    pub(crate) fn hear(
        &mut self,
        leg: LegId,
        frame: &[i16; FRAME],
        in_key: bool,
        next_segment: &mut u32,
        context: &mut Context<'_>,
    ) {
        let speech = !in_key && self.is_speech(frame);
        self.recent = (self.recent << 1) | u32::from(speech);
        match &mut self.segment {
            None => {
                self.keep_before(frame);
                let window = self.recent & ((1 << NOTICED_IN) - 1);
                if window.count_ones() >= NEEDED {
                    *next_segment += 1;
                    self.begin(
                        SegmentId {
                            call: leg.call,
                            index: *next_segment,
                        },
                        window,
                    );
                    if let Some(s) = &self.segment {
                        context.event(MediaEvent::SpeechStarted { leg, segment: s.id });
                    }
                }
            }
            Some(segment) => {
                segment.pcm.extend_from_slice(frame);
                segment.frames += 1;
                if speech {
                    segment.last = segment.frames;
                }
                let ms = segment.last * 10;
                if let Some(mark) = segment.tell.filter(|mark| speech && ms >= *mark) {
                    segment.tell = (mark == 200).then_some(500);
                    context.event(MediaEvent::SpeechGoesOn {
                        leg,
                        segment: segment.id,
                        ms,
                    });
                }
                let silent = Duration::from_millis(u64::from(segment.frames - segment.last) * 10);
                if silent >= self.end_silence.max(Duration::from_millis(10))
                    || segment.pcm.len() >= LONGEST
                {
                    self.finish(leg, context);
                }
            }
        }
    }

    fn begin(&mut self, id: SegmentId, window: u32) {
        let frames = 32 - window.leading_zeros();
        let mut pcm = Vec::with_capacity(4 * RATE as usize);
        pcm.append(&mut self.before);
        self.segment = Some(Segment {
            id,
            pcm,
            frames,
            last: frames,
            tell: Some(200),
            loudest: FAINTEST,
        });
    }

    fn finish(&mut self, leg: LegId, context: &mut Context<'_>) {
        let Some(segment) = self.segment.take() else {
            return;
        };
        self.recent = 0;
        self.talker = segment.loudest;
        let ms = segment.last * 10;
        context.outputs.push_back(Output::Segment {
            segment: segment.id,
            pcm: segment.pcm,
        });
        context.event(MediaEvent::SpeechEnded {
            leg,
            segment: segment.id,
            ms,
        });
    }

    fn keep_before(&mut self, frame: &[i16]) {
        if self.before.len() >= PREROLL {
            self.before.drain(..frame.len());
        }
        self.before.extend_from_slice(frame);
    }

    fn is_speech(&mut self, frame: &[i16; FRAME]) -> bool {
        let level = self.high_pass.level(frame);
        let floor = self.floor.follow(level);
        if level > DIGITAL_SILENCE {
            self.score(frame);
        }
        self.talker -= FORGET;
        if level <= FAINTEST {
            return false;
        }
        let (score, far) = match &mut self.segment {
            Some(segment) => {
                segment.loudest = segment.loudest.max(level);
                if level < segment.loudest - FOREGROUND {
                    return false;
                }
                (SCORE_ON, FAR_OVER_FLOOR - 5.0)
            }
            None if level < self.talker - FOREGROUND_AGAIN => return false,
            None if !self.floor.is_known() => (SCORE_AT_FIRST, FAR_OVER_FLOOR),
            None => (SCORE, FAR_OVER_FLOOR),
        };
        level >= floor.most + far || (level >= floor.least + OVER_FLOOR && self.score >= score)
    }

    /// Asks the detector as often as there is enough for it.
    fn score(&mut self, frame: &[i16; FRAME]) {
        self.widen.process(frame, &mut self.wide);
        while let Some(whole) = self.wide.get(..WIDE_FRAME) {
            let mut quieter = [0.0; WIDE_FRAME];
            for (q, s) in quieter.iter_mut().zip(whole) {
                *q = f32::from(*s) * DETECTOR_GAIN;
            }
            self.score = self.detector.predict_f32(&quieter);
            self.wide.drain(..WIDE_FRAME);
        }
    }
}

/// Takes away what is below 150 Hz or so (mains hum, handling), and measures the rest.
#[derive(Default)]
struct HighPass {
    x: f32,
    y: f32,
    /// Energy of the frame before: two together are a period of mains hum, or the levels would see-saw.
    before: f32,
}

impl HighPass {
    fn level(&mut self, frame: &[i16]) -> f32 {
        let mut sum = 0.0f32;
        for s in frame {
            let x = f32::from(*s) / 32768.0;
            self.y = 0.89 * (self.y + x - self.x);
            self.x = x;
            sum += self.y * self.y;
        }
        let both = sum + std::mem::replace(&mut self.before, sum);
        10.0 * (both / 2.0 / frame.len() as f32).max(1e-13).log10()
    }
}

/// The noise floor: the least of the smoothed level over the last 3 to 6 s of sound. Digital silence (nothing came yet,
/// a muted phone, a pause that was announced) tells nothing about the line behind it.
struct Floor {
    smooth: f32,
    now: f32,
    before: f32,
    left: u32,
    /// Frames that told something, up to [`ACQUAINTED`].
    heard: u32,
}

/// Where the floor is, as far as it is known (dBov).
#[derive(Clone, Copy)]
struct Bounds {
    least: f32,
    most: f32,
}

const FLOOR_WINDOW: u32 = 300;
/// A floor lower than this makes every breath stand out.
const LOWEST_FLOOR: f32 = -70.0;
/// Assumed before anything was heard: a noisy line.
const FIRST_FLOOR: f32 = -42.0;
/// What is below this is no line but digital silence (dBov).
const DIGITAL_SILENCE: f32 = -75.0;
/// So many frames make the line known: 1 s.
const ACQUAINTED: u32 = 100;

impl Floor {
    fn new() -> Self {
        Self {
            smooth: FIRST_FLOOR,
            now: FIRST_FLOOR,
            before: FIRST_FLOOR,
            left: FLOOR_WINDOW,
            heard: 0,
        }
    }

    /// Takes a frame's level and returns where the floor is.
    fn follow(&mut self, level: f32) -> Bounds {
        if level > DIGITAL_SILENCE {
            self.heard = ACQUAINTED.min(self.heard + 1);
            self.smooth += (level - self.smooth) * 0.2;
            self.now = self.now.min(self.smooth);
            self.left -= 1;
            if self.left == 0 {
                (self.before, self.now, self.left) = (self.now, self.smooth, FLOOR_WINDOW);
            }
        }
        let most = self.now.min(self.before).max(LOWEST_FLOOR);
        let least = if self.is_known() { most } else { LOWEST_FLOOR };
        Bounds { least, most }
    }

    fn is_known(&self) -> bool {
        self.heard >= ACQUAINTED
    }
}

#[cfg(test)]
mod tests;
