//! How much delay a stream needs: the spread of its margins over the last seconds, and a little more.

use super::{JitterConfig, PER_MS};
use serde::{Deserialize, Serialize};

/// Margins are judged over this window and the one before: 3 s each.
const WINDOW: u32 = 24_000;
/// Fewer packets than this tell nothing.
const ENOUGH: u32 = 10;
/// What is kept beyond the jitter that was seen: 5 ms.
const SPARE: i32 = 40;

/// So much too many (10 ms) or too few (2.5 ms) is left alone. It takes a period of the sound to change anything, so that the
/// sum has to be more than one, or it goes to and fro.
const TOO_MANY: i32 = 80;
const TOO_FEW: i32 = -20;

/// What is to be done about the delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// Ticks to leave out (positive: at least 80, 10 ms, and at most so many), or to put in (negative; up to 80 always do no
    /// harm). 0: the delay is as it should be.
    pub ticks: i32,
    /// Of the last seconds' packets some came after their turn, or much more waits than is needed.
    pub urgent: bool,
}

/// So much too many is heard as delay: 60 ms.
const FAR: i32 = 480;

/// The margins of the current window and of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delay {
    windows: [Margins; 2],
    left: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Margins {
    least: i32,
    most: i32,
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
    /// A packet came so many ticks before its sound is heard.
    pub(super) fn note(&mut self, margin: i32) {
        let now = &mut self.windows[0];
        if now.packets == 0 {
            (now.least, now.most) = (margin, margin);
        }
        now.least = now.least.min(margin);
        now.most = now.most.max(margin);
        now.packets += 1;
    }

    /// The play-out point was moved: all margins would have been so much larger.
    pub(super) fn shift(&mut self, by: i32) {
        for window in &mut self.windows {
            window.least += by;
            window.most += by;
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
        let (min, max) = (config.min_ms * PER_MS, config.max_ms * PER_MS);
        let wanted = (most - least + SPARE).clamp(min as i32, max as i32);
        let ticks = most - wanted;
        if (TOO_FEW + 1..TOO_MANY).contains(&ticks) {
            return Correction::default();
        }
        let late = ticks < 0 && least < 0;
        Correction {
            ticks,
            urgent: late || ticks > FAR,
        }
    }
}
