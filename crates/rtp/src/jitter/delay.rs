//! How much delay a stream needs: the spread of its margins over the last seconds, and a little more.

use super::{JitterConfig, PER_MS};
use serde::{Deserialize, Serialize};

/// Margins are judged over this window and the one before: 2 s each.
const WINDOW: u32 = 16_000;
/// Fewer packets than this tell nothing.
const ENOUGH: u32 = 10;
/// What is kept beyond the jitter that was seen.
const SPARE: i32 = 160;
/// Deviation from the wanted delay that is left alone, and that is hurried over.
const TOLERANCE: i32 = 80;
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
    /// A packet came so many ticks before its turn.
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

    /// Octets to leave out (positive) or to repeat (negative) in 80, to come nearer to the wanted delay.
    pub(super) fn slip(&self, config: &JitterConfig) -> i32 {
        let known = || self.windows.iter().filter(|m| m.packets > 0);
        if known().map(|m| m.packets).sum::<u32>() < ENOUGH {
            return 0;
        }
        let most = known().map(|m| m.most).max().unwrap_or(0);
        let least = known().map(|m| m.least).min().unwrap_or(0);
        let (min, max) = (config.min_ms * PER_MS, config.max_ms * PER_MS);
        let wanted = (most - least + SPARE).clamp(min as i32, max as i32);
        match most - wanted {
            excess if excess > FAR => 4,
            excess if excess > TOLERANCE => 1,
            excess if excess < -FAR => -4,
            excess if excess < -TOLERANCE => -1,
            _ => 0,
        }
    }
}
