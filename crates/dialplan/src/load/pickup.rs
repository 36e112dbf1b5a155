//! Who may pick up whose calls: groups of phones.

use super::{read::Section, spot::Spot};
use crate::Phones;

/// The groups of an extension.
pub(super) fn groups(s: &Section<'_>, registers: bool) -> Vec<String> {
    let Some(v) = s.opt("pickup") else {
        return Vec::new();
    };
    if !registers {
        v.key_spot
            .error(
                "a phone that does not register here picks nothing up, and nobody else its calls",
            )
            .help("take `pickup` out");
        return Vec::new();
    }
    let texts = v.texts().into_iter();
    let mut all: Vec<String> = texts.map(|t| t.value.trim().to_owned()).collect();
    all.sort();
    all.dedup();
    all
}

/// Tells of groups that are of one phone.
pub(super) fn alone(phones: &Phones, spots: &[Spot<'_>]) {
    for (ext, spot) in phones.extensions.iter().zip(spots) {
        for group in &ext.pickup {
            let of = phones
                .extensions
                .iter()
                .filter(|e| e.pickup.contains(group));
            if of.count() == 1 {
                spot.warning(format!(
                    "extension {} alone is in the pickup group {group:?}",
                    ext.pattern
                ))
                .help("a group is of two phones or more, which pick up each other's calls");
            }
        }
    }
}
