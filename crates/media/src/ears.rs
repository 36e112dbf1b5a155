//! Voice activity: where speech begins and ends on a leg, and its sound.

use crate::{engine::Output, graph::Context, mix::FRAME};
use std::time::Duration;
use tandem_codec::meter::level_dbov;
use tandem_types::{LegId, SegmentId, media::MediaEvent};

/// A leg's ears.
pub(crate) struct Ears {
    end_silence: Duration,
}

impl Ears {
    pub(crate) fn new(end_silence: Duration) -> Self {
        Self { end_silence }
    }
    pub(crate) fn set_end_silence(&mut self, end_silence: Duration) {
        self.end_silence = end_silence;
    }
    pub(crate) fn hear(
        &mut self,
        _leg: LegId,
        frame: &[i16; FRAME],
        _in_key: bool,
        _next_segment: &mut u32,
        _context: &mut Context<'_>,
    ) {
        let _ = level_dbov(frame);
        let _ = |segment: SegmentId| {
            (
                Output::Segment {
                    segment,
                    pcm: Vec::new(),
                },
                MediaEvent::SpeechStarted { leg: _leg, segment },
            )
        };
    }
}
