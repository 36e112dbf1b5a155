//! `[[when]]`: rules that send a call elsewhere than `start`, by hours, by a manual override, by who calls, or a
//! share of the calls. The first that matches wins.

use crate::{Destination, Dialplan, Hours, Patterns, pattern::normalise};
use std::fmt;
use tandem_types::{Attested, Wall};

/// What a rule asks that is not in the call itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment<'a> {
    /// Now.
    pub at: Wall,
    /// The override that somebody set by hand, if any: `night`.
    pub manual: Option<&'a str>,
}

/// What a rule asks of the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// The caller's number; empty when withheld.
    pub caller: &'a str,
    /// What [`lot`] gives for the call.
    pub lot: u8,
    /// What is known of the number.
    pub attested: Attested,
}

/// One rule. All that it asks must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// What it is called.
    pub name: String,
    /// While these hours are open.
    pub within: Option<String>,
    /// While these hours are closed.
    pub outside: Option<String>,
    /// While this override is set.
    pub manual: Option<String>,
    /// For these callers.
    pub callers: Patterns,
    /// For callers whose number is attested so; empty: for all.
    pub attestation: Vec<Attested>,
    /// For this many in a hundred calls; a caller who is known by a number always gets the same.
    pub share: Option<u8>,
    /// Then the call starts here.
    pub start: Destination,
}

impl When {
    /// Does it hold? If so, says why in a few words.
    fn holds(&self, plan: &Dialplan, who: &Who<'_>, now: &Moment<'_>) -> Option<String> {
        let mut why = Vec::new();
        if let Some(manual) = &self.manual {
            if now.manual != Some(manual.as_str()) {
                return None;
            }
            why.push(format!("{manual:?} is set"));
        }
        for (name, wanted) in [(&self.within, true), (&self.outside, false)] {
            let Some(name) = name else { continue };
            let open = plan.hours.get(name).is_some_and(|h| h.is_open(now.at));
            if open != wanted {
                return None;
            }
            why.push(format!(
                "{name} is {}",
                if open { "open" } else { "closed" }
            ));
        }
        if !self.callers.is_empty() {
            let caller = normalise(who.caller)?;
            let known = &self.callers[self.callers.find_loosely(&caller)?];
            why.push(format!("the caller is {:?}", known.as_str()));
        }
        if !self.attestation.is_empty() {
            if !self.attestation.contains(&who.attested) {
                return None;
            }
            why.push(format!("the caller's number is {}", in_words(who.attested)));
        }
        if let Some(share) = self.share {
            if who.lot >= share {
                return None;
            }
            why.push(format!("the call is among {share} in a hundred"));
        }
        Some(why.join(", "))
    }

    /// Nothing is asked.
    pub(crate) fn always(&self) -> bool {
        self.within.is_none()
            && self.outside.is_none()
            && self.manual.is_none()
            && self.callers.is_empty()
            && self.attestation.is_empty()
            && self.share.is_none()
    }
}

fn in_words(attested: Attested) -> &'static str {
    match attested {
        Attested::Full => "attested A",
        Attested::Partial => "attested B",
        Attested::Gateway => "attested C",
        Attested::Passed => "signed",
        Attested::Failed => "signed, and that is not to be believed",
        Attested::Unsigned => "not signed",
    }
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched<'p> {
    /// Which of the plan's.
    pub index: usize,
    /// The rule.
    pub rule: &'p When,
    /// Why, in a few words.
    pub why: String,
}

impl fmt::Display for Matched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[when]] {:?}: {}", self.rule.name, self.why)
    }
}

impl Dialplan {
    /// The first rule that holds.
    pub fn when(&self, who: &Who<'_>, now: &Moment<'_>) -> Option<Matched<'_>> {
        self.when.iter().enumerate().find_map(|(index, rule)| {
            rule.holds(self, who, now)
                .map(|why| Matched { index, rule, why })
        })
    }

    /// The overrides that its rules know.
    pub fn overrides(&self) -> impl Iterator<Item = &str> {
        self.when.iter().filter_map(|w| w.manual.as_deref())
    }

    /// The hours by name, with what they say then.
    pub fn hours(&self) -> impl Iterator<Item = (&String, &Hours)> {
        self.hours.iter()
    }
}

/// 0 to 99, even over many calls and always the same for one text (FNV-1a): a caller's number, or the call's own
/// id where that is withheld.
pub fn lot(text: &str) -> u8 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    for byte in text.bytes() {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The last digits of FNV's low bits follow those of the text; the high ones do not.
    (((h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) % 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_are_even_and_stay() {
        let mut drawn = [0u32; 100];
        for n in 0..100_000u32 {
            drawn[usize::from(lot(&format!("+4477009{n:05}")))] += 1;
        }
        assert!(drawn.iter().all(|n| (800..1200).contains(n)), "{drawn:?}");
        assert_eq!(lot("+447700900123"), lot("+447700900123"));
    }
}
