//! The one place that reads the clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tandem_types::{Mono, Now, Wall};

/// The drivers' clock. Copies share an origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose [`Mono`] begins now.
    #[expect(clippy::disallowed_methods, reason = "the drivers' clock")]
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// Both clocks.
    #[expect(clippy::disallowed_methods, reason = "the drivers' clock")]
    pub fn now(self) -> Now {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            mono: Mono(u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)),
            wall: Wall(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
        }
    }
}
