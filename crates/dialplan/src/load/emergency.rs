//! `[[emergency]]` of `phones.toml`.

use super::{
    Load,
    read::{Section, Text, Val},
    spot::{Spot, did_you_mean, listed},
};
use crate::{Emergency, Phones, Trunk, emergency::CIVIC};
use std::time::Duration;

/// So long the services may call back.
const CALL_BACK: Duration = Duration::from_secs(60 * 60);

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `site` | `the office` |
    /// | `extensions` | every phone that no other site has |
    /// | `via` | every trunk that calls out |
    /// | `location` | none |
    /// | `tell` | nobody |
    /// | `call_back` | `1h` |
    /// | `test` | none |
    pub(super) fn emergencies(&mut self, root: &Section<'a>, phones: &mut Phones) {
        let list = root.opt("emergency");
        let mut everyone: Option<Spot<'a>> = None;
        for s in list.iter().flat_map(Val::sections) {
            if let Some(site) = self.site(&s, phones) {
                if site.extensions.is_empty()
                    && let Some(first) = everyone.replace(s.spot)
                {
                    s.spot
                        .error("another [[emergency]] has all the phones already")
                        .label(format!("the first is at {}", first.place()))
                        .help("say which are of this site: extensions = [\"_2XX\"]");
                }
                self.place(format!("emergency.{}", site.site), s.spot);
                phones.emergency.push(site);
            }
        }
        let told = list.is_some();
        let registering = |e: &&crate::Extension| e.registers.is_some();
        let left: Vec<String> = (phones.extensions.iter().filter(registering))
            .map(|e| e.pattern.to_string())
            .filter(|n| !told || !covered(phones, n))
            .collect();
        if left.is_empty() || self.has_errors(root) {
            return; // what is missing may be what could not be read
        }
        let who = match left.as_slice() {
            [one] => format!("phone {one} registers here, and nothing says what happens when it"),
            few if few.len() <= 4 => format!(
                "phones {} register here, and nothing says what happens when one of them",
                few.join(", ")
            ),
            many => format!(
                "{} phones register here, and nothing says what happens when one of them",
                many.len()
            ),
        };
        root.spot
            .warning(format!("{who} calls for help: the call is refused"))
            .help("add: [[emergency]] with numbers = [\"112\"] and caller_id = \"+44...\"; README, \"Calls for help\"");
    }

    fn site(&self, s: &Section<'a>, phones: &Phones) -> Option<Emergency> {
        let site = s.opt("site").and_then(|v| v.words());
        let extensions = s
            .opt("extensions")
            .map(|v| v.patterns())
            .unwrap_or_default();
        for (pattern, text) in &extensions {
            let known = phones
                .extensions
                .iter()
                .any(|e| e.pattern.overlaps(pattern));
            if !known {
                text.spot
                    .error(format!("no phone of this file is {pattern}"))
                    .help("list extensions of phones.toml, or patterns of them");
            }
        }
        let numbers = s
            .need("numbers", "[\"999\", \"112\"]")
            .map(|v| (v.spot, v.texts()));
        let found: Vec<String> = (numbers.iter().flat_map(|(_, all)| all))
            .filter_map(short_number)
            .collect();
        if let Some((spot, all)) = &numbers
            && all.is_empty()
        {
            spot.error("there is no number to call for help by: `numbers` is empty");
        }
        let via = s.opt("via").map(|v| v.texts()).unwrap_or_default();
        let via: Vec<String> = (via.into_iter())
            .filter(|t| self.known_trunk(t.spot, &t.value))
            .map(|t| t.value)
            .collect();
        if !self.plan.trunks.values().any(|t| t.outbound) && !self.unreadable_trunk() {
            s.spot
                .error("no trunk calls out: a call for help would go nowhere")
                .help("write trunks/NAME.toml for a carrier, with `peers`");
        }
        let caller_id = s
            .need("caller_id", "\"+442079460100\"")
            .and_then(|v| v.words())
            .and_then(|t| t.number());
        let location = s.section("location").map(|l| civic(&l)).unwrap_or_default();
        self.unlocated(s, &via, location.is_empty());
        let tell = s.opt("tell").map(|v| v.texts()).unwrap_or_default();
        let tell = tell.iter().filter_map(|t| told(t, phones)).collect();
        let call_back = s.opt("call_back").and_then(|v| v.duration(Duration::ZERO));
        let test = s.section("test").and_then(|t| test(&t, &found));
        Some(Emergency {
            site: site.map_or_else(|| "the office".to_owned(), |t| t.value),
            extensions: extensions.into_iter().map(|(p, _)| p).collect(),
            numbers: found,
            via,
            caller_id: caller_id?,
            location,
            tell,
            call_back: call_back.unwrap_or(CALL_BACK),
            test,
        })
    }

    /// A trunk that wants to be told where the caller is, and nobody has written that.
    fn unlocated(&self, s: &Section<'a>, via: &[String], nowhere: bool) {
        let wants = |t: &&Trunk| {
            t.outbound && t.conveys_location && (via.is_empty() || via.contains(&t.name))
        };
        let trunk = self.plan.trunks.values().find(wants).filter(|_| nowhere);
        if let Some(trunk) = trunk {
            s.spot
                .warning(format!(
                    "trunk {:?} is to be told where the caller is, and this site has no `location`",
                    trunk.name
                ))
                .help("location = { country = \"GB\", A3 = \"London\", RD = \"Harbour Street\", HNO = \"12\", PC = \"SE1 0AA\" }");
        }
    }

    fn unreadable_trunk(&self) -> bool {
        self.stems("trunks/").len() != self.plan.trunks.len()
    }
}

fn covered(phones: &Phones, number: &str) -> bool {
    let has = |e: &Emergency| e.extensions.is_empty() || e.extensions.find(number).is_some();
    phones.emergency.iter().any(has)
}

/// `999`, `112`, `18000`: a short code, never a subscriber's number.
fn short_number(text: &Text<'_>) -> Option<String> {
    let digits = text
        .value
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    if digits && (2..=6).contains(&text.value.len()) {
        return Some(text.value.clone());
    }
    text.spot
        .error(format!("{:?} is no number to call for help by", text.value))
        .help("as it is dialled, two to six digits: \"112\"; `test` is for trying it with another number");
    None
}

fn told(text: &Text<'_>, phones: &Phones) -> Option<String> {
    let number = text.value.strip_prefix("ext:").unwrap_or(&text.value);
    if phones.extensions.find(number).is_some() {
        return Some(number.to_owned());
    }
    let known: Vec<String> = phones
        .extensions
        .iter()
        .map(|e| format!("ext:{}", e.pattern))
        .collect();
    text.spot
        .error(format!("there is no extension {number}"))
        .help(
            did_you_mean(&text.value, &known)
                .unwrap_or_else(|| format!("phones.toml has {}", listed(&known))),
        );
    None
}

/// The elements of an address, each known to RFC 5139.
fn civic(s: &Section<'_>) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for name in CIVIC {
        if let Some(v) = s.opt(name) {
            let value = if name == "country" {
                v.country()
            } else {
                v.words().map(|t| t.value)
            };
            found.extend(value.map(|value| (name, value)));
        }
    }
    found
}

fn test(s: &Section<'_>, numbers: &[String]) -> Option<(String, String)> {
    let number = s.need("number", "\"*999\"").and_then(|v| v.words());
    let dials = s.need("dials", "\"+441632960999\"").and_then(|v| v.words());
    let (number, dials) = (number?, dials?);
    for text in [&number, &dials] {
        if numbers.contains(&text.value) {
            text.spot
                .error(format!("{} is no test: it calls for help", text.value))
                .help("dial another number, and let it ring a test line of the carrier's, or a phone of yours");
            return None;
        }
    }
    Some((number.number()?, dials.number()?))
}
