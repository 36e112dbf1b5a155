//! When an office is open, and what its clock says. The moment is handed in, as everywhere.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use opening_hours::{Context, ContextHolidays, OpeningHours, RuleKind};
use std::{fmt, str::FromStr};
use tandem_types::Wall;

/// Intervals longer than this are as good as endless: nobody plans a phone further ahead.
const FAR: TimeDelta = TimeDelta::days(400);

/// How a local time is written on the command line, with or without seconds.
const WRITTEN: [&str; 4] = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
];

/// A time zone of the IANA database: `Europe/London`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// There is no such time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone of the IANA database has this name")]
pub struct NoZone;

impl FromStr for Zone {
    type Err = NoZone;

    fn from_str(name: &str) -> Result<Self, NoZone> {
        name.parse().map(Self).map_err(|_| NoZone)
    }
}

impl Zone {
    /// The names of all, in the order of the alphabet.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|z| z.name())
    }

    /// What clocks there show; the epoch for a moment beyond any calendar.
    pub fn local(self, at: Wall) -> NaiveDateTime {
        self.moment(at).naive_local()
    }

    /// Minutes east of UTC, summer time included.
    pub fn offset_minutes(self, at: Wall) -> i16 {
        let seconds = self.moment(at).offset().fix().local_minus_utc();
        i16::try_from(seconds / 60).unwrap_or_default()
    }

    /// The moment when clocks there show this. Where they show it twice, the first; where they jump over it,
    /// the moment when an hour would have been missing.
    pub fn at(self, local: NaiveDateTime) -> Wall {
        let found = self.0.from_local_datetime(&local);
        let found = found.earliest().or_else(|| {
            let before = local.checked_sub_signed(TimeDelta::hours(1))?;
            let before = self.0.from_local_datetime(&before).earliest()?;
            before.checked_add_signed(TimeDelta::hours(1))
        });
        Wall(found.map_or(0, |t| t.timestamp_micros()))
    }

    /// The moment of a written local time: `2026-12-25 10:00`.
    pub fn read(self, text: &str) -> Option<Wall> {
        let read = |form: &&str| NaiveDateTime::parse_from_str(text.trim(), form).ok();
        WRITTEN.iter().find_map(read).map(|t| self.at(t))
    }

    fn moment(self, at: Wall) -> DateTime<Tz> {
        let utc = DateTime::from_timestamp_micros(at.0).unwrap_or_default();
        utc.with_timezone(&self.0)
    }
}

/// `[hours.NAME]`: opening_hours of OpenStreetMap, by the clock of one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    zone: Zone,
    open: OpeningHours,
}

/// Open or closed, and how long still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Open. What the rules leave unknown is closed: a caller at a closed door who is told so is better off than
    /// one who waits for nobody.
    pub open: bool,
    /// The comment of the rule that says so; often empty.
    pub comment: String,
    /// Local time of the next change; `None`: not within a year.
    pub until: Option<NaiveDateTime>,
}

/// What a year holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct YearOfHours {
    /// Ever open.
    pub open: bool,
    /// Ever closed.
    pub closed: bool,
    /// Ever `unknown`.
    pub unknown: bool,
}

/// Why a text is no opening hours; `None`: it is.
pub fn hours_complaint(text: &str) -> Option<String> {
    text.parse::<OpeningHours>()
        .err()
        .map(|_| format!("{text:?} is no opening hours"))
}

impl Hours {
    /// Hours by this clock; `PH` and `SH` in them are `holidays`.
    pub(crate) fn new(zone: Zone, open: OpeningHours, holidays: ContextHolidays) -> Self {
        let context = Context::default()
            .with_holidays(holidays)
            .approx_bound_interval_size(FAR);
        Self {
            zone,
            open: open.with_context(context),
        }
    }

    /// By whose clock.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Whether it is open then.
    pub fn is_open(&self, at: Wall) -> bool {
        self.open.is_open(self.zone.local(at))
    }

    /// As above, with how long still.
    pub fn opening(&self, at: Wall) -> Opening {
        let local = self.zone.local(at);
        let (kind, comment) = self.open.state(local);
        let far = local.checked_add_signed(FAR);
        Opening {
            open: kind == RuleKind::Open,
            comment: comment.to_string(),
            until: self
                .open
                .next_change(local)
                .filter(|next| far.is_some_and(|far| *next < far)),
        }
    }

    /// What the year from then on holds.
    pub(crate) fn year(&self, from: Wall) -> YearOfHours {
        let from = self.zone.local(from);
        let to = from.checked_add_signed(TimeDelta::days(366));
        let mut out = YearOfHours::default();
        for part in self.open.iter_range(from, to.unwrap_or(from)) {
            match part.kind {
                RuleKind::Open => out.open = true,
                RuleKind::Closed => out.closed = true,
                RuleKind::Unknown => out.unknown = true,
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().expect("a zone")
    }

    fn hours(zone_name: &str, open: &str) -> Hours {
        let open = open.parse().expect("hours");
        Hours::new(zone(zone_name), open, ContextHolidays::default())
    }

    /// Wall time of a moment in UTC.
    fn utc(text: &str) -> Wall {
        Zone::default().read(text).expect("a time")
    }

    #[test]
    fn a_clock_that_goes_forward() {
        // 29 March 2026, 01:00 UTC: London's clocks jump from 01:00 to 02:00.
        let h = hours("Europe/London", "Mo-Su 02:00-03:00");
        assert!(!h.is_open(utc("2026-03-29 00:59:59")));
        assert!(h.is_open(utc("2026-03-29 01:00")));
        assert!(h.is_open(utc("2026-03-29 01:59:59")));
        assert!(!h.is_open(utc("2026-03-29 02:00")));
        // The hour that does not exist opens nothing, and the next one is not late.
        let h = hours("Europe/London", "Mo-Su 01:00-02:00");
        for minute in 0..180 {
            let at = utc("2026-03-29 00:00") + std::time::Duration::from_secs(minute * 60);
            assert!(!h.is_open(at), "minute {minute}");
        }
        assert_eq!(
            zone("Europe/London").offset_minutes(utc("2026-03-29 00:59")),
            0
        );
        assert_eq!(
            zone("Europe/London").offset_minutes(utc("2026-03-29 01:00")),
            60
        );
    }

    #[test]
    fn a_clock_that_goes_back() {
        // 25 October 2026, 01:00 UTC: London's clocks show 01:00 to 02:00 a second time.
        let h = hours("Europe/London", "Mo-Su 01:30-02:00");
        assert!(h.is_open(utc("2026-10-25 00:45")));
        assert!(!h.is_open(utc("2026-10-25 01:15")));
        assert!(h.is_open(utc("2026-10-25 01:45")));
        assert!(!h.is_open(utc("2026-10-25 02:00")));
        // Written without a zone it means the first of the two.
        assert_eq!(
            zone("Europe/London").read("2026-10-25 01:45"),
            Some(utc("2026-10-25 00:45"))
        );
        // And a time that was jumped over is an hour on.
        assert_eq!(
            zone("Europe/London").read("2026-03-29 01:30"),
            Some(utc("2026-03-29 01:30"))
        );
    }

    #[test]
    fn half_hours_and_the_other_half_of_the_world() {
        let india = hours("Asia/Kolkata", "Mo-Fr 09:30-18:00");
        assert!(india.is_open(utc("2026-11-20 04:00")));
        assert!(!india.is_open(utc("2026-11-20 03:59")));
        // Saturday morning there is Friday evening in UTC.
        assert!(!hours("Pacific/Auckland", "Mo-Fr 08:00-17:00").is_open(utc("2026-11-20 20:00")));
        assert_eq!(
            zone("Asia/Kolkata").offset_minutes(utc("2026-11-20 04:00")),
            330
        );
        assert_eq!(
            zone("America/New_York").offset_minutes(utc("2026-07-01 04:00")),
            -240
        );
    }

    #[test]
    fn leap_days() {
        let h = hours("Europe/London", "Mo-Su 09:00-17:00; Feb 29 off");
        assert!(h.is_open(utc("2028-02-28 12:00")));
        assert!(!h.is_open(utc("2028-02-29 12:00")));
        assert!(h.is_open(utc("2028-03-01 12:00")));
        assert!(h.is_open(utc("2027-03-01 12:00")));
        let leap = hours("UTC", "Feb 29 10:00-11:00");
        assert!(leap.is_open(utc("2028-02-29 10:30")));
        assert!(!leap.is_open(utc("2027-02-28 10:30")) && !leap.is_open(utc("2027-03-01 10:30")));
        // 2100 is none.
        assert!(!leap.is_open(utc("2100-03-01 10:30")));
    }

    #[test]
    fn past_midnight_and_the_next_change() {
        let h = hours("Europe/London", "Fr 18:00-26:00");
        assert!(h.is_open(utc("2026-11-21 01:59")));
        assert!(!h.is_open(utc("2026-11-21 02:00")));
        let opening = h.opening(utc("2026-11-20 23:00"));
        assert!(opening.open);
        assert_eq!(
            opening.until.map(|t| t.to_string()),
            Some("2026-11-21 02:00:00".into())
        );
        assert_eq!(
            hours("UTC", "24/7").opening(utc("2026-11-20 23:00")).until,
            None
        );
    }

    #[test]
    fn a_clock_that_is_wrong_harms_nobody() {
        let h = hours("Europe/London", "Mo-Fr 09:00-17:00");
        for at in [i64::MIN, -1, 0, 1, i64::MAX] {
            let _ = h.opening(Wall(at));
            let _ = h.is_open(Wall(at));
        }
        assert!(!h.is_open(utc("1970-01-01 07:59")));
    }

    #[test]
    fn unknown_is_closed() {
        let h = hours("UTC", "Mo-Fr 09:00-17:00; Sa unknown \"by appointment\"");
        let opening = h.opening(utc("2026-11-21 12:00"));
        assert!(!opening.open);
        assert_eq!(opening.comment, "by appointment");
        assert!(h.year(utc("2026-11-21 12:00")).unknown);
    }
}
