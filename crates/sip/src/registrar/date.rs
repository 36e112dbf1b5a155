//! The Date header (RFC 3261 section 20.17, in the form of RFC 1123): phones set their clocks by it.

use std::fmt;
use tandem_types::Wall;

/// `Sat, 21 Nov 2026 02:09:16 GMT`.
pub(super) struct Rfc1123(pub(super) Wall);

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl fmt::Display for Rfc1123 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 is `YYYY-MM-DDThh:mm:ss.mmmZ`; its parts in another order, with the day of the week.
        let iso = self.0.to_string();
        let part = |from: usize, to: usize| iso.get(from..to).unwrap_or_default();
        let days = self.0.millis().div_euclid(86_400_000);
        let day = usize::try_from(days.rem_euclid(7)).unwrap_or(0);
        let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
        let (day, month) = (DAYS.get(day), MONTHS.get(month));
        let (day, month) = (day.unwrap_or(&"Thu"), month.unwrap_or(&"Jan"));
        write!(
            f,
            "{day}, {} {month} {} {} GMT",
            part(8, 10),
            part(0, 4),
            part(11, 19)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_3261_is_written_so() {
        assert_eq!(
            Rfc1123(Wall(1_289_690_940_000_000)).to_string(),
            "Sat, 13 Nov 2010 23:29:00 GMT"
        );
        assert_eq!(
            Rfc1123(Wall(0)).to_string(),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }
}
