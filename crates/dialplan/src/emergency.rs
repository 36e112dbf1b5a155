//! Calls for help: who may make them, as whom and from where, and who is told (field note 1).

use crate::{Extension, Patterns, Plan};
use std::time::Duration;

/// A site: the phones that stand together, and what happens when one of them calls for help.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Emergency {
    /// What it is called, by people.
    pub site: String,
    /// Its phones; none: all that no other site has.
    pub extensions: Patterns,
    /// What they dial: `999`, `112`.
    pub numbers: Vec<String>,
    /// Trunks that are tried first; then all that call out.
    pub via: Vec<String>,
    /// The number that is shown, and called back.
    pub caller_id: String,
    /// The address: elements of RFC 5139 with their values, in that document's order.
    pub location: Vec<(&'static str, String)>,
    /// Extensions that are rung and told.
    pub tell: Vec<String>,
    /// For so long a call back reaches the phone.
    pub call_back: Duration,
    /// What is dialled to try it all, and the number that rings then.
    pub test: Option<(String, String)>,
}

impl Emergency {
    /// What is dialled by trunk for what a phone dialled; `None`: that is no call for help.
    pub fn dials(&self, called: &str) -> Option<&str> {
        let test = self.test.as_ref().filter(|(number, _)| number == called);
        let number = self.numbers.iter().find(|n| *n == called);
        number.or(test.map(|(_, dials)| dials)).map(String::as_str)
    }

    /// It is only tried.
    pub fn is_test(&self, called: &str) -> bool {
        self.test
            .as_ref()
            .is_some_and(|(number, _)| number == called)
    }
}

/// The elements of an address (RFC 5139 section 4), in the order of its schema.
pub(crate) const CIVIC: [&str; 31] = [
    "country", "A1", "A2", "A3", "A4", "A5", "A6", "PRM", "PRD", "RD", "STS", "POD", "POM",
    "RDSEC", "RDBR", "RDSUBBR", "HNO", "HNS", "LMK", "LOC", "FLR", "NAM", "PC", "BLD", "UNIT",
    "ROOM", "SEAT", "PLC", "PCN", "POBOX", "ADDCODE",
];

impl Plan {
    /// The site of a phone.
    pub fn site_of(&self, extension: &str) -> Option<&Emergency> {
        let all = &self.phones.emergency;
        let named = |e: &&Emergency| e.extensions.find(extension).is_some();
        all.iter()
            .find(named)
            .or_else(|| all.iter().find(|e| e.extensions.is_empty()))
    }

    /// The phone that registers as `user`, and what is dialled for it, if that is a call for help.
    pub fn help_for(&self, user: &str, called: &str) -> Option<(&Extension, &Emergency)> {
        let phone = self.phones.extensions.of_user(user)?;
        let site = self.site_of(phone.pattern.as_str())?;
        site.dials(called).map(|_| (phone, site))
    }

    /// Some site's phones call for help by this number. Nobody else ever dials it.
    pub fn is_emergency_number(&self, number: &str) -> bool {
        let bare = number.strip_prefix('+').unwrap_or(number);
        let mut all = self.phones.emergency.iter().flat_map(|e| &e.numbers);
        all.any(|n| n == bare)
    }
}
