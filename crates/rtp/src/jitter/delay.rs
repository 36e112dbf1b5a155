//! How much delay a stream needs: as little as lets the packet that comes last before its turn still have it, and a little more.
//!
//! Sound is taken in frames of 10 ms, so what matters is the frame in which a packet's first octet lies: to have it lie a little
//! further on in the same frame costs delay and gains nothing.
//!
//! ```text
//!            a packet comes    the frame of its first octet is taken
//!                 |<-- slack -->|
//!    |-----------------|-----------------|-----------------|  frames
//!                               |<------>| within: where in the frame the packet begins
//! ```

use super::{JitterConfig, PER_MS};
use serde::{Deserialize, Serialize};

/// Packets are judged over this window and the one before: 3 s each.
const WINDOW: u32 = 24_000;
/// Fewer packets than this tell nothing.
const ENOUGH: u32 = 10;
/// Sound is taken in frames of so many ticks.
const FRAME: i32 = 80;
/// The slack that the last of the packets is given, 2 ms, besides an eighth of the jitter that was seen: what comes may be worse.
const SPARE: i32 = 16;
const OF_JITTER: i32 = 8;
/// So much too many is left alone, 2.5 ms: no period of a sound is shorter.
const TOO_MANY: i32 = 20;

/// What is to be done about the delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// Ticks to leave out (positive: at least 20, 2.5 ms, and at most so many), or to put in (negative; up to 80 always do no
    /// harm). 0: the delay is as it should be.
    pub ticks: i32,
    /// Of the last seconds' packets some came after their turn, or much more waits than is needed.
    pub urgent: bool,
}

/// So much too many is heard as delay: 60 ms.
const FAR: i32 = 480;

/// What was seen of the packets of the current window, and of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delay {
    windows: [Margins; 2],
    left: u32,
}

/// How long before its sound would be played a packet came, frames apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Margins {
    least: i32,
    most: i32,
    /// Where in a frame a packet began, at the furthest. All of them begin there where packets last whole frames.
    within: i32,
    packets: u32,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            windows: [Margins::default(); 2],
            left: WINDOW,
        }
    }
}

impl Delay {
    /// A packet came that begins so many ticks after what is to be heard next, and that is taken in so many.
    pub(super) fn note(&mut self, ahead: i32, until_taken: u32) {
        let margin = ahead + until_taken as i32;
        let within = ahead.rem_euclid(FRAME);
        let now = &mut self.windows[0];
        if now.packets == 0 {
            (now.least, now.most, now.within) = (margin, margin, within);
        }
        now.least = now.least.min(margin);
        now.most = now.most.max(margin);
        now.within = now.within.max(within);
        now.packets += 1;
    }

    /// The play-out point was moved: all margins would have been so much larger.
    pub(super) fn shift(&mut self, by: i32) {
        for window in &mut self.windows {
            window.least += by;
            window.most += by;
            window.within = (window.within + by).rem_euclid(FRAME);
        }
    }

    /// Time goes by.
    pub(super) fn pass(&mut self, ticks: u32) {
        self.left = self.left.saturating_sub(ticks);
        if self.left == 0 {
            *self = Self {
                windows: [Margins::default(), self.windows[0]],
                left: WINDOW,
            };
        }
    }

    /// How far the delay is from what is wanted.
    pub(super) fn correction(&self, config: &JitterConfig) -> Correction {
        let known = || self.windows.iter().filter(|m| m.packets > 0);
        if known().map(|m| m.packets).sum::<u32>() < ENOUGH {
            return Correction::default();
        }
        let most = known().map(|m| m.most).max().unwrap_or(0);
        let least = known().map(|m| m.least).min().unwrap_or(0);
        let within = known().map(|m| m.within).max().unwrap_or(0);
        let slack = least - within;
        let spare = SPARE + (most - least) / OF_JITTER;
        // As it is, but for what begins within a frame.
        let wanted = most - least + slack_of(slack, spare);
        let (min, max) = (config.min_ms * PER_MS, config.max_ms * PER_MS);
        let ticks = most - wanted.clamp(min as i32, max as i32);
        if (0..TOO_MANY).contains(&ticks) {
            return Correction::default();
        }
        Correction {
            ticks,
            urgent: (ticks < 0 && slack < 0) || ticks > FAR,
        }
    }
}

/// The slack that is wanted where it is this: whole frames more or less, and no less than is to be spared.
fn slack_of(slack: i32, spare: i32) -> i32 {
    // Little enough, and not so little that it had to change.
    if (spare / 2..FRAME).contains(&slack) {
        return slack;
    }
    let least = slack.rem_euclid(FRAME);
    let frames = (spare - least).max(0).unsigned_abs().div_ceil(FRAME as u32);
    least + frames as i32 * FRAME
}
