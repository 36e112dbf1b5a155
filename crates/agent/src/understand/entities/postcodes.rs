//! UK postcodes.

use super::Found;

/// UK postcodes (BS 7666): `A9 9AA` to `AA9A 9AA`, in one piece, in two, or spelt out.
pub(super) fn postcodes(tokens: &[String], used: &mut [bool], out: &mut Vec<Found>) {
    let mut i = 0;
    while i < tokens.len() {
        let found = (i + 1..=tokens.len().min(i + 7)).rev().find_map(|end| {
            let joined = tokens[i..end].concat();
            let spelt = tokens[i..end].iter().all(|t| t.len() <= 4);
            let whole = spelt || end - i == 1;
            whole.then(|| postcode(&joined)).flatten().map(|p| (p, end))
        });
        match found {
            Some((value, end)) => {
                used[i..end].fill(true);
                out.push(Found::new("postcode", value, 950));
                i = end;
            }
            None => i += 1,
        }
    }
}

fn postcode(joined: &str) -> Option<String> {
    let upper = joined.to_ascii_uppercase();
    let b = upper.as_bytes();
    if !(5..=7).contains(&b.len()) || !b.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (outward, inward) = b.split_at(b.len() - 3);
    let inward_fits = inward[0].is_ascii_digit() && inward[1..].iter().all(u8::is_ascii_alphabetic);
    let letters = outward
        .iter()
        .take_while(|c| c.is_ascii_alphabetic())
        .count();
    let rest = &outward[letters.min(outward.len())..];
    let rest_fits = match rest {
        [d] => d.is_ascii_digit(),
        [d, e] => d.is_ascii_digit() && e.is_ascii_alphanumeric(),
        _ => false,
    };
    ((1..=2).contains(&letters) && rest_fits && inward_fits)
        .then(|| format!("{} {}", &upper[..outward.len()], &upper[outward.len()..]))
}
