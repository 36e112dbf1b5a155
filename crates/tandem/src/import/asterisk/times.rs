//! GotoIfTime's times as opening hours: `9:00-17:59,mon-fri,*,*` is `Mo-Fr 09:00-18:00`.

/// What the four parts mean in OpenStreetMap's grammar; `None`: it has no words for that.
pub(super) fn opening_hours(parts: &[String]) -> Option<String> {
    let part = |n: usize| match parts.get(n).map(|p| p.trim()) {
        None | Some("" | "*") => None,
        Some(part) => Some(part),
    };
    let times = part(0)
        .map(times)
        .unwrap_or_else(|| Some("00:00-24:00".to_owned()))?;
    let days = match part(1) {
        Some(days) => Some(names(days, &DAYS)?),
        None => None,
    };
    let months = match part(3) {
        Some(months) => Some(names(months, &MONTHS)?),
        None => None,
    };
    let dates = match (months, part(2)) {
        (months, None) => months,
        // A day of every month.
        (None, Some(_)) => return None,
        (Some(months), Some(days)) => {
            let simple = |t: &str| t.chars().all(|c| c.is_ascii_digit() || c == '-');
            let alone = !months.contains(['-', ',']);
            if !simple(days) || !alone {
                return None;
            }
            Some(format!("{months} {}", two_digits(days)))
        }
    };
    let all = [dates, days, Some(times)];
    Some(all.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

const DAYS: [(&str, &str); 7] = [
    ("mon", "Mo"),
    ("tue", "Tu"),
    ("wed", "We"),
    ("thu", "Th"),
    ("fri", "Fr"),
    ("sat", "Sa"),
    ("sun", "Su"),
];

const MONTHS: [(&str, &str); 12] = [
    ("jan", "Jan"),
    ("feb", "Feb"),
    ("mar", "Mar"),
    ("apr", "Apr"),
    ("may", "May"),
    ("jun", "Jun"),
    ("jul", "Jul"),
    ("aug", "Aug"),
    ("sep", "Sep"),
    ("oct", "Oct"),
    ("nov", "Nov"),
    ("dec", "Dec"),
];

/// `mon-fri`, `mon&wed`.
fn names(text: &str, known: &[(&str, &str)]) -> Option<String> {
    let name = |t: &str| {
        let t = t.trim().to_ascii_lowercase();
        let found = known.iter().find(|(old, _)| t.starts_with(old));
        found.map(|(_, new)| (*new).to_owned())
    };
    let range = |t: &str| match t.split_once('-') {
        Some((from, to)) => Some(format!("{}-{}", name(from)?, name(to)?)),
        None => name(t),
    };
    let all: Option<Vec<String>> = text.split('&').map(range).collect();
    Some(all?.join(","))
}

/// `9:00-17:59`: the last minute counts, so that is 18:00.
fn times(text: &str) -> Option<String> {
    let range = |t: &str| {
        let (from, to) = t.split_once('-')?;
        let (from, to) = (minute(from)?, minute(to)?);
        let to = if to % 60 == 59 { to + 1 } else { to };
        let clock = |m: u32| format!("{:02}:{:02}", m / 60, m % 60);
        Some(format!("{}-{}", clock(from), clock(to)))
    };
    let all: Option<Vec<String>> = text.split('&').map(range).collect();
    Some(all?.join(","))
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn two_digits(days: &str) -> String {
    let day = |d: &str| format!("{d:0>2}");
    days.split('-').map(day).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_old_one_read_them() {
        let of = |text: &str| {
            let parts: Vec<String> = text.split(',').map(str::to_owned).collect();
            opening_hours(&parts)
        };
        assert_eq!(
            of("9:00-17:59,mon-fri,*,*").as_deref(),
            Some("Mo-Fr 09:00-18:00")
        );
        assert_eq!(of("*,sat&sun,*,*").as_deref(), Some("Sa,Su 00:00-24:00"));
        assert_eq!(of("*,*,25,dec").as_deref(), Some("Dec 25 00:00-24:00"));
        assert_eq!(
            of("*,*,24-26,dec").as_deref(),
            Some("Dec 24-26 00:00-24:00")
        );
        assert_eq!(of("*,*,*,jun-aug").as_deref(), Some("Jun-Aug 00:00-24:00"));
        assert_eq!(of("*,*,1,*"), None);
        assert_eq!(of("noon-18:00,*,*,*"), None);
    }
}
