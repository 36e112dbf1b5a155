//! How a trunk writes numbers, and the one way in which everything else does: E.164 (ITU-T E.164, with its `+`).

/// How numbers stand in what a trunk sends, or wants to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberFormat {
    /// As they are written; nothing is made of them.
    #[default]
    AsIs,
    /// `+442079460100`.
    E164,
    /// `442079460100`.
    E164NoPlus,
    /// `02079460100`, and `0033...` for another country's.
    National,
    /// `00442079460100`.
    International00,
}

/// How a country dials: its code, what goes before a national number, what before an international one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dialling {
    code: &'static str,
    national: &'static str,
    international: &'static str,
}

/// ITU-T E.164 Annex and the countries' numbering plans (ITU's Operational Bulletin). National numbers of those without a prefix
/// of their own are dialled as they are.
const COUNTRIES: [(&str, &str, &str, &str); 40] = [
    ("AT", "43", "0", "00"),
    ("AU", "61", "0", "0011"),
    ("BE", "32", "0", "00"),
    ("BG", "359", "0", "00"),
    ("BR", "55", "0", "00"),
    ("CA", "1", "1", "011"),
    ("CH", "41", "0", "00"),
    ("CN", "86", "0", "00"),
    ("CZ", "420", "", "00"),
    ("DE", "49", "0", "00"),
    ("DK", "45", "", "00"),
    ("EE", "372", "", "00"),
    ("ES", "34", "", "00"),
    ("FI", "358", "0", "00"),
    ("FR", "33", "0", "00"),
    ("GB", "44", "0", "00"),
    ("GR", "30", "", "00"),
    ("HR", "385", "0", "00"),
    ("IE", "353", "0", "00"),
    ("IL", "972", "0", "00"),
    ("IN", "91", "0", "00"),
    ("IS", "354", "", "00"),
    ("IT", "39", "", "00"),
    ("JP", "81", "0", "010"),
    ("LU", "352", "", "00"),
    ("LV", "371", "", "00"),
    ("MX", "52", "", "00"),
    ("NL", "31", "0", "00"),
    ("NO", "47", "", "00"),
    ("NZ", "64", "0", "00"),
    ("PL", "48", "", "00"),
    ("PT", "351", "", "00"),
    ("RO", "40", "0", "00"),
    ("SE", "46", "0", "00"),
    ("SI", "386", "0", "00"),
    ("SK", "421", "0", "00"),
    ("TR", "90", "0", "00"),
    ("UA", "380", "0", "00"),
    ("US", "1", "1", "011"),
    ("ZA", "27", "0", "00"),
];

/// Shorter ones are extensions and services, and nobody's subscriber number.
const SUBSCRIBER: usize = 7;

fn dialling(country: &str) -> Option<Dialling> {
    let row = COUNTRIES.iter().find(|(name, ..)| *name == country)?;
    Some(Dialling {
        code: row.1,
        national: row.2,
        international: row.3,
    })
}

/// The country of a number in E.164, of those whose way of dialling is known; `US` for all that share its code.
pub fn country_of(number: &str) -> Option<&'static str> {
    let digits = number.strip_prefix('+')?;
    let known = COUNTRIES.iter().filter(|(name, ..)| *name != "CA");
    let of = known.filter(|(_, code, ..)| digits.starts_with(code));
    of.max_by_key(|(_, code, ..)| code.len())
        .map(|(name, ..)| *name)
}

/// Numbers of this country can be turned from one format into another.
pub(crate) fn is_known(country: &str) -> bool {
    dialling(country).is_some()
}

impl NumberFormat {
    /// What came in this format, in E.164. Names, extensions, feature codes and services stay as they are.
    pub fn to_e164(self, number: &str, country: &str) -> String {
        let as_is = || number.to_owned();
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let (Some(d), true) = (dialling(country), digits) else {
            return as_is();
        };
        let abroad = |rest: &str| format!("+{rest}");
        let international = number.strip_prefix(d.international);
        let long = number.len() >= SUBSCRIBER;
        match self {
            Self::AsIs | Self::E164 => as_is(),
            Self::E164NoPlus => {
                if long {
                    abroad(number)
                } else {
                    as_is()
                }
            }
            Self::International00 => international
                .filter(|r| r.len() >= SUBSCRIBER)
                .map_or_else(as_is, abroad),
            Self::National => {
                if let Some(rest) = international.filter(|r| r.len() >= SUBSCRIBER) {
                    return abroad(rest);
                }
                let own = number
                    .strip_prefix(d.national)
                    .filter(|_| !d.national.is_empty());
                match own.filter(|r| r.len() + 1 >= SUBSCRIBER) {
                    Some(rest) => format!("+{}{rest}", d.code),
                    None if long => format!("+{}{number}", d.code),
                    None => as_is(),
                }
            }
        }
    }

    /// An E.164 number in this format. What has no `+` stays as it is.
    pub fn from_e164(self, number: &str, country: &str) -> String {
        let Some(digits) = number.strip_prefix('+') else {
            return number.to_owned();
        };
        let Some(d) = dialling(country) else {
            return number.to_owned();
        };
        match self {
            Self::AsIs | Self::E164 => number.to_owned(),
            Self::E164NoPlus => digits.to_owned(),
            Self::International00 => format!("{}{digits}", d.international),
            Self::National => match digits.strip_prefix(d.code) {
                Some(rest) => format!("{}{rest}", d.national),
                None => format!("{}{digits}", d.international),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberFormat::*, *};
    use proptest::prelude::*;

    #[test]
    fn what_comes_in_is_e164_and_what_is_no_subscriber_number_stays() {
        for (format, country, from, to) in [
            (National, "GB", "02079460100", "+442079460100"),
            (National, "GB", "2079460100", "+442079460100"),
            (National, "GB", "0033142685300", "+33142685300"),
            (National, "GB", "+442079460100", "+442079460100"),
            (National, "GB", "999", "999"),
            (National, "GB", "*100", "*100"),
            (National, "GB", "anonymous", "anonymous"),
            (National, "US", "12125550100", "+12125550100"),
            (National, "US", "2125550100", "+12125550100"),
            (National, "US", "011442079460100", "+442079460100"),
            (National, "IT", "0612345678", "+390612345678"),
            (National, "PL", "221234567", "+48221234567"),
            (E164NoPlus, "GB", "442079460100", "+442079460100"),
            (E164NoPlus, "GB", "2000", "2000"),
            (International00, "DE", "00442079460100", "+442079460100"),
            (AsIs, "GB", "02079460100", "02079460100"),
            (National, "XX", "02079460100", "02079460100"),
        ] {
            assert_eq!(
                format.to_e164(from, country),
                to,
                "{format:?} {country} {from}"
            );
        }
    }

    #[test]
    fn what_goes_out_is_as_the_trunk_writes_it() {
        for (format, country, from, to) in [
            (National, "GB", "+442079460100", "02079460100"),
            (National, "GB", "+33142685300", "0033142685300"),
            (National, "US", "+12125550100", "12125550100"),
            (National, "ES", "+34911234567", "911234567"),
            (E164NoPlus, "GB", "+442079460100", "442079460100"),
            (International00, "AU", "+442079460100", "0011442079460100"),
            (E164, "GB", "+442079460100", "+442079460100"),
            (National, "GB", "200", "200"),
            (National, "GB", "999", "999"),
        ] {
            assert_eq!(
                format.from_e164(from, country),
                to,
                "{format:?} {country} {from}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_back_the_same(row in 0usize..40, digits in "[1-9][0-9]{8,9}", at_home in any::<bool>()) {
            let (country, code, _, international) = COUNTRIES[row];
            let number = if at_home { format!("+{code}{digits}") } else { format!("+88{digits}") };
            for format in [E164, E164NoPlus, International00, National] {
                let out = format.from_e164(&number, country);
                // Nobody at home has a number that begins as those abroad are dialled.
                prop_assume!(!at_home || format != National || !out.starts_with(international));
                prop_assert_eq!(format.to_e164(&out, country), number.clone(), "{:?} {} {}", format, country, out);
            }
        }
    }
}
