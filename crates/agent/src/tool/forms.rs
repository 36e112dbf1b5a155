//! Forms of texts. Letters and digits of ASCII alone: one that looks like a digit is none.

use tandem_types::tool::ArgFormat;

pub(super) fn fits(format: ArgFormat, text: &str) -> bool {
    match format {
        ArgFormat::Date => date(text),
        ArgFormat::Time => time(text),
        ArgFormat::DateTime => date_time(text),
        ArgFormat::Email => email(text),
        ArgFormat::Phone => tandem_types::is_e164(text),
        ArgFormat::Digits => digits(text, 1..=usize::MAX).is_some(),
    }
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    // The value counts for short ones alone.
    plain.then(|| text.parse().unwrap_or(u32::MAX))
}

fn date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut part = |length| parts.next().and_then(|p| digits(p, length..=length));
    let (Some(year), Some(month), Some(day)) = (part(4), part(2), part(2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn time(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split(':').map(|p| digits(p, 2..=2)).collect();
    matches!(
        parts.as_slice(),
        [Some(0..24), Some(0..60)] | [Some(0..24), Some(0..60), Some(0..=60)]
    )
}

fn date_time(text: &str) -> bool {
    let Some((day, clock)) = text.split_once(['T', 't', ' ']) else {
        return false;
    };
    let clock = match clock.strip_suffix(['Z', 'z']) {
        Some(clock) => clock,
        None => match clock.rsplit_once(['+', '-']) {
            Some((clock, offset)) if time(offset) && offset.len() == 5 => clock,
            Some(_) => return false,
            None => clock,
        },
    };
    date(day) && time(clock)
}

/// What every mail server takes: no quotes, no comments, one `@`.
fn email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let labels = host
        .split('.')
        .all(|l| !l.is_empty() && !l.starts_with('-'));
    !user.is_empty()
        && user.chars().all(plain)
        && host.contains('.')
        && labels
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_from_what_looks_like_them() {
        for (format, good, bad) in [
            (
                ArgFormat::Date,
                &["2026-11-20", "2024-02-29"][..],
                &[
                    "2026-02-29",
                    "2026-13-01",
                    "20-11-2026",
                    "٢٠٢٦-١١-٢٠",
                    "2026-11-20T",
                    "",
                ][..],
            ),
            (
                ArgFormat::Time,
                &["00:00", "23:59:60"],
                &["24:00", "9:00", "10:00:00:00", "10"],
            ),
            (
                ArgFormat::DateTime,
                &[
                    "2026-11-20T14:30:00Z",
                    "2026-11-20T14:30",
                    "2026-11-20T14:30:00+01:00",
                ],
                &[
                    "2026-11-20",
                    "2026-11-20T25:00Z",
                    "2026-11-20T14:30:00+1",
                    "next Tuesday",
                ],
            ),
            (
                ArgFormat::Email,
                &["mary.jones+flat@example.co.uk"],
                &[
                    "mary",
                    "@example.com",
                    "a@b",
                    "a@b..c",
                    "a b@c.d",
                    "a@b.c\r\nX: y",
                    "a@-b.c",
                ],
            ),
            (
                ArgFormat::Phone,
                &["+447700900123"],
                &[
                    "07700900123",
                    "+44",
                    "+44770090012٣",
                    "+1234567890123456",
                    "sip:+447700900123",
                ],
            ),
            (
                ArgFormat::Digits,
                &["0", "42713"],
                &["", "42 7", "４２", "1.5", "-1"],
            ),
        ] {
            for text in good {
                assert!(fits(format, text), "{format:?} {text}");
            }
            for text in bad {
                assert!(!fits(format, text), "{format:?} {text}");
            }
        }
    }
}
