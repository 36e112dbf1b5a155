//! The days of an iCalendar file (RFC 5545): what a region or an office adds to a country's holidays.

use chrono::{Datelike, NaiveDate};

/// Yearly events are told until then.
const LAST_YEAR: i32 = 2100;

/// No holiday lasts longer.
const LONGEST: i64 = 400;

/// Every day of every event, a day once or more. An event that lasts from one clock time to another takes all
/// days that it touches.
///
/// # Errors
/// In a few words, what cannot be read: nothing is left out in silence.
pub(crate) fn days(text: &str) -> Result<Vec<NaiveDate>, String> {
    let mut out = Vec::new();
    for event in events(text)? {
        if value(&event, "STATUS").is_some_and(|s| s.eq_ignore_ascii_case("CANCELLED")) {
            continue;
        }
        of_event(&event, &mut out).map_err(|why| match value(&event, "SUMMARY") {
            Some(name) => format!("{name:?}: {why}"),
            None => why,
        })?;
    }
    if out.is_empty() {
        return Err("it has no event".to_owned());
    }
    Ok(out)
}

/// Names and values of an event's properties, parameters left away.
type Event = Vec<(String, String)>;

/// The events of the file, or what keeps it from being one.
fn events(text: &str) -> Result<Vec<Event>, String> {
    // Long lines are folded: the rest begins with a blank (section 3.1).
    let text = text
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    if first.trim_start_matches('\u{feff}').trim() != "BEGIN:VCALENDAR" {
        return Err("it is no iCalendar file".to_owned());
    }
    let mut open = vec!["VCALENDAR".to_owned()];
    let mut event = Event::new();
    let mut out = Vec::new();
    for line in lines {
        let (name, value) = property(line).ok_or_else(|| format!("{line:?} is no property"))?;
        match name.as_str() {
            "BEGIN" => open.push(value.to_ascii_uppercase()),
            "END" if open.pop() != Some(value.to_ascii_uppercase()) => {
                return Err(format!("END:{value} ends nothing"));
            }
            "END" if value.eq_ignore_ascii_case("VEVENT") => out.push(std::mem::take(&mut event)),
            // An alarm within an event has properties of its own.
            _ if open.last().is_some_and(|o| o == "VEVENT") => event.push((name, value)),
            _ => {}
        }
    }
    match open.is_empty() {
        true => Ok(out),
        false => Err("it breaks off".to_owned()),
    }
}

/// `NAME;PARAMETER="a:b":VALUE`, without the parameters.
fn property(line: &str) -> Option<(String, String)> {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = line.split_at(colon);
    let name = head.split(';').next().unwrap_or_default();
    Some((name.to_ascii_uppercase(), value[1..].trim_end().to_owned()))
}

fn value<'e>(event: &'e [(String, String)], name: &str) -> Option<&'e str> {
    event.iter().find(|p| p.0 == name).map(|p| p.1.as_str())
}

fn of_event(event: &[(String, String)], out: &mut Vec<NaiveDate>) -> Result<(), String> {
    let start = value(event, "DTSTART").ok_or("it has no DTSTART")?;
    let (first, _) = date(start)?;
    let length = match (value(event, "DTEND"), value(event, "DURATION")) {
        (Some(end), _) => {
            let (last, midnight) = date(end)?;
            // The end is not part of it; a clock time within a day is.
            (last - first).num_days() + i64::from(!midnight)
        }
        (None, Some(lasts)) => lasts
            .strip_prefix('P')
            .and_then(|d| d.strip_suffix('D'))
            .and_then(|d| d.parse().ok())
            .ok_or_else(|| format!("DURATION:{lasts} is not read, only whole days (P1D)"))?,
        (None, None) => 1,
    };
    if !(0..=LONGEST).contains(&length) {
        return Err(format!("it lasts {length} days"));
    }
    if let Some(other) = ["RDATE", "EXDATE", "EXRULE"]
        .iter()
        .find(|n| value(event, n).is_some())
    {
        return Err(format!("{other} is not read"));
    }
    for first in starts(first, value(event, "RRULE"))? {
        out.extend(
            first
                .iter_days()
                .take(usize::try_from(length.max(1)).unwrap_or(1)),
        );
    }
    Ok(())
}

/// The event's first days, year by year where it comes back every year.
fn starts(first: NaiveDate, rule: Option<&str>) -> Result<Vec<NaiveDate>, String> {
    let Some(rule) = rule else {
        return Ok(vec![first]);
    };
    let unread = || format!("RRULE:{rule} is not read, only FREQ=YEARLY with COUNT or UNTIL");
    let (mut yearly, mut count, mut until) = (false, usize::MAX, NaiveDate::MAX);
    for part in rule.split(';') {
        match part.split_once('=').ok_or_else(unread)? {
            ("FREQ", "YEARLY") => yearly = true,
            ("INTERVAL", "1") => {}
            ("COUNT", n) => count = n.parse().map_err(|_| unread())?,
            ("UNTIL", day) => until = date(day)?.0,
            _ => return Err(unread()),
        }
    }
    if !yearly {
        return Err(unread());
    }
    // 29 February comes back in leap years alone.
    let years = (first.year()..=LAST_YEAR).filter_map(|year| first.with_year(year));
    Ok(years.take(count).take_while(|day| *day <= until).collect())
}

/// `20261225` or `20261225T093000Z`, and whether it is the beginning of its day.
fn date(text: &str) -> Result<(NaiveDate, bool), String> {
    let (day, time) = text.split_once('T').unwrap_or((text, "000000"));
    NaiveDate::parse_from_str(day, "%Y%m%d")
        .map(|day| (day, time.trim_end_matches('Z') == "000000"))
        .map_err(|_| format!("{text:?} is no date"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &[&str]) -> String {
        let events: String = events
            .iter()
            .map(|e| {
                format!(
                    "BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n",
                    e.replace('\n', "\r\n")
                )
            })
            .collect();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn read(events: &[&str]) -> Result<Vec<String>, String> {
        days(&calendar(events)).map(|d| d.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn single_days_several_days_and_folded_lines() {
        // As gov.uk publishes them: an end that is the next day.
        let found = read(&[
            "DTEND;VALUE=DATE:20261226\nDTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas\n  Day\nUID:a@x\nDTSTAMP:20260101T000000Z",
            "DTSTART;VALUE=DATE:20261228\nDTEND;VALUE=DATE:20261231\nSUMMARY:Between the years",
            "DTSTART;VALUE=DATE:20270101\nSUMMARY;ALTREP=\"https://a.example\":New Year\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM",
            "DTSTART;VALUE=DATE:20270401\nDURATION:P2D",
        ]);
        assert_eq!(
            found,
            Ok([
                "2026-12-25",
                "2026-12-28",
                "2026-12-29",
                "2026-12-30",
                "2027-01-01",
                "2027-04-01",
                "2027-04-02"
            ]
            .map(str::to_owned)
            .to_vec())
        );
    }

    #[test]
    fn events_with_clock_times_take_the_days_they_touch() {
        assert_eq!(
            read(&["DTSTART:20261224T120000\nDTEND:20261225T000000"]),
            Ok(vec!["2026-12-24".into()])
        );
        assert_eq!(
            read(&["DTSTART:20261224T120000Z\nDTEND:20261225T100000Z"]).map(|d| d.len()),
            Ok(2)
        );
    }

    #[test]
    fn what_comes_back_every_year() {
        let found = read(&["DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;COUNT=3"]);
        assert_eq!(
            found,
            Ok(["2026-05-01", "2027-05-01", "2028-05-01"]
                .map(str::to_owned)
                .to_vec())
        );
        let leap = read(&["DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20330101"]);
        assert_eq!(
            leap,
            Ok(["2024-02-29", "2028-02-29", "2032-02-29"]
                .map(str::to_owned)
                .to_vec())
        );
    }

    #[test]
    fn nothing_is_left_out_in_silence() {
        let error = |events: &[&str]| read(events).expect_err("this cannot be read");
        assert!(
            error(&["DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=WEEKLY\nSUMMARY:x"])
                .contains("FREQ=WEEKLY")
        );
        assert!(error(&["DTSTART;VALUE=DATE:tomorrow"]).contains("no date"));
        assert!(error(&["SUMMARY:never"]).contains("DTSTART"));
        assert!(
            error(&["DTSTART;VALUE=DATE:20261225\nEXDATE;VALUE=DATE:20261225"]).contains("EXDATE")
        );
        assert!(
            error(&["DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20251225"]).contains("days")
        );
        assert!(error(&[]).contains("no event"));
        assert!(days("<html>not found</html>").is_err());
        assert!(
            days("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261225\r\n")
                .is_err_and(|e| e.contains("breaks off"))
        );
        assert!(days("BEGIN:VCALENDAR\nEND:VEVENT\n").is_err_and(|e| e.contains("END:VEVENT")));
        assert!(days("").is_err());
        assert_eq!(
            read(&[
                "DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED",
                "DTSTART;VALUE=DATE:20261226"
            ]),
            Ok(vec!["2026-12-26".into()])
        );
    }
}
