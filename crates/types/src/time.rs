//! Time as an argument: pure machines are told what time it is.

use serde::{Deserialize, Serialize};
use std::{fmt, ops, str::FromStr, time::Duration};

/// Monotonic time in nanoseconds since an origin that only the driver knows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Mono(pub u64);

/// Wall-clock time in microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Wall(pub i64);

/// Both clocks at one moment. Handed to every `handle_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// For deadlines and intervals.
    pub mono: Mono,
    /// For records that people read.
    pub wall: Wall,
}

impl Mono {
    /// The time since `earlier`, or zero if that lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl ops::Add<Duration> for Mono {
    type Output = Self;
    fn add(self, d: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl Wall {
    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl ops::Add<Duration> for Wall {
    type Output = Self;
    fn add(self, d: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(d.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl ops::Add<Duration> for Now {
    type Output = Self;
    fn add(self, d: Duration) -> Self {
        Self {
            mono: self.mono + d,
            wall: self.wall + d,
        }
    }
}

/// RFC 3339 in UTC with milliseconds, e.g. `2026-11-21T02:09:16.042Z`.
impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.millis();
        let (secs, ms) = (ms.div_euclid(1000), ms.rem_euclid(1000));
        let (days, sod) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        let (y, m, d) = civil(days);
        write!(
            f,
            "{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}.{ms:03}Z",
            sod / 3600,
            sod / 60 % 60,
            sod % 60
        )
    }
}

/// A text that is no time as [`Wall`] is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTime;

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no time like 2026-11-21T02:09:16.042Z")
    }
}

impl std::error::Error for NoTime {}

/// What is printed, read again.
impl FromStr for Wall {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let part = |at: ops::Range<usize>| -> Result<i64, NoTime> {
            let digits = text.get(at).ok_or(NoTime)?;
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or(NoTime)
        };
        let days = days_of(part(0..4)?, part(5..7)?, part(8..10)?);
        let (hour, minute) = (part(11..13)?, part(14..16)?);
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + part(17..19)?;
        let read = Self((seconds * 1000 + part(20..23)?) * 1000);
        // Whatever is another day, or has another mark between, is not what was printed.
        (read.to_string() == text).then_some(read).ok_or(NoTime)
    }
}

/// The inverse of [`civil`].
fn days_of(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (m + 9) % 12;
    let doy = (153 * mp + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Days since 1970-01-01 to (year, month, day) in the proleptic Gregorian calendar
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_was_printed_is_read_again() {
        for ms in [
            0,
            1,
            1_709_164_799_999,
            1_709_164_800_000,
            4_102_444_799_123,
        ] {
            let at = Wall(ms * 1000);
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        for none in [
            "",
            "noon",
            "2026-02-30T00:00:00.000Z",
            "2026-02-28 00:00:00.000Z",
            "2026-02-28T24:00:00.000Z",
            "2026-02-28T00:00:00.000+1",
            "2026-02-+1T00:00:00.000Z",
        ] {
            assert_eq!(none.parse::<Wall>(), Err(NoTime), "{none:?}");
        }
    }

    #[test]
    fn wall_prints_rfc3339() {
        assert_eq!(Wall(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Wall(1_709_164_799_999_000).to_string(),
            "2024-02-28T23:59:59.999Z"
        );
        assert_eq!(
            Wall(1_709_164_800_000_000).to_string(),
            "2024-02-29T00:00:00.000Z"
        );
    }
}
