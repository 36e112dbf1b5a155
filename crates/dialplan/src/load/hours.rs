//! `timezone`, `[hours.NAME]` and `[[when]]`.

use super::{
    Load,
    destinations::Scope,
    node::set,
    people::named,
    read::{Section, Text, Val},
    spot::{Spot, did_you_mean, listed},
};
use crate::{Dialplan, Hours, When, Zone, calendar};
use opening_hours::{ContextHolidays, OpeningHours, localization::Country};
use std::sync::Arc;

/// Where calendars stand.
const FOLDER: &str = "holidays/";

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `timezone` | that of the first `[hours.NAME]`, else UTC |
    /// | `hours.NAME.timezone` | the dialplan's |
    /// | `hours.NAME.holidays` | none: `PH` never matches |
    pub(super) fn hours(&mut self, root: &Section<'a>, plan: &mut Dialplan) {
        let sections = root.each("hours");
        let own = root.opt("timezone").and_then(|v| zone(&v));
        let first = own.or_else(|| {
            let mut zones = sections.iter().filter_map(|(_, s)| s.opt("timezone"));
            zones.find_map(|v| v.words()?.value.parse().ok())
        });
        plan.timezone = first.unwrap_or_default();
        for (v, s) in sections {
            named(&v);
            let mut by = plan.timezone;
            match s.opt("timezone") {
                Some(t) => set(&mut by, zone(&t)),
                None if own.is_none() => drop(
                    v.key_spot
                        .error(format!("hours {:?} have no time zone", v.key))
                        .help("add here, or at the top of the file: timezone = \"Europe/London\""),
                ),
                None => {}
            }
            let holidays = self.holidays(&s);
            let Some(written) = s
                .need("open", "\"Mo-Fr 09:00-17:00\"")
                .and_then(|v| v.words())
            else {
                continue;
            };
            if let Some(open) = opening_hours(&written) {
                let hours = Hours::new(by, open, holidays.clone());
                self.odd_hours(&v.key, &written, &hours, &holidays);
                plan.hours.insert(v.key.clone(), hours);
            }
        }
    }

    /// Hours that are always the same, and holidays that are not known.
    fn odd_hours(&self, name: &str, text: &Text<'a>, hours: &Hours, holidays: &ContextHolidays) {
        let year = hours.year(self.host.now);
        if year.unknown {
            text.spot
                .warning(format!(
                    "hours {name:?} are `unknown` at times; callers are told that it is closed then"
                ))
                .help("write open or off");
        }
        match (year.open, year.closed || year.unknown) {
            (false, _) => drop(
                text.spot
                    .warning(format!("hours {name:?} are never open in the year to come"))
                    .help("a later rule beats an earlier one: put `off` before what is open"),
            ),
            (true, false) => drop(
                text.spot
                    .warning(format!(
                        "hours {name:?} are always open in the year to come"
                    ))
                    .help("then nothing needs to ask for them"),
            ),
            (true, true) => {}
        }
        let asks = text
            .value
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| w == "PH");
        if asks && holidays.get_public().count() == 0 {
            text.spot
                .warning(format!(
                    "hours {name:?} speak of PH, and no holidays are known"
                ))
                .help("add: holidays = [\"country:GB\"]");
        }
    }

    /// `holidays = ["country:GB", "holidays/wales.ics"]`, together.
    fn holidays(&self, s: &Section<'a>) -> ContextHolidays {
        let mut all = ContextHolidays::default();
        for text in s.opt("holidays").map(|v| v.texts()).unwrap_or_default() {
            let mut public = all.get_public().clone();
            let mut school = all.get_school().clone();
            match text.value.strip_prefix("country:") {
                Some(code) => {
                    let Ok(country) = code.parse::<Country>() else {
                        text.spot
                            .error(format!("no holidays are known of a country {code:?}"))
                            .help("ISO 3166 in two capitals, like \"country:GB\"; regional days come from a file in holidays/");
                        continue;
                    };
                    let known = country.holidays();
                    for day in known.get_public().iter() {
                        public.insert(day);
                    }
                    for day in known.get_school().iter() {
                        school.insert(day);
                    }
                }
                None => {
                    for day in self.calendar(&text).unwrap_or_default() {
                        public.insert(day);
                    }
                }
            }
            all = ContextHolidays::new(Arc::new(public), Arc::new(school));
        }
        all
    }

    fn calendar(&self, text: &Text<'a>) -> Option<Vec<chrono::NaiveDate>> {
        let path = &text.value;
        let calendars: Vec<&str> = self
            .files
            .iter()
            .filter(|f| f.path.starts_with(FOLDER))
            .map(|f| f.path.as_str())
            .collect();
        let Some(file) = self
            .files
            .iter()
            .find(|f| f.path == *path && path.starts_with(FOLDER))
        else {
            let known = match calendars.is_empty() {
                true => "write country:GB, or put an iCalendar file into holidays/".to_owned(),
                false => format!("known are {}", listed(&calendars)),
            };
            text.spot
                .error(format!("there is no calendar {path:?}"))
                .help(did_you_mean(path, &calendars).unwrap_or(known));
            return None;
        };
        calendar::days(&file.text)
            .map_err(|why| drop(text.spot.error(format!("{path} cannot be read: {why}"))))
            .ok()
    }

    /// The rules, in the file's order.
    pub(super) fn when(&mut self, root: &Section<'a>, plan: &mut Dialplan, scope: &Scope) {
        let list = root.opt("when");
        let mut beaten: Option<(String, Spot<'a>)> = None;
        for s in list.iter().flat_map(Val::sections) {
            let place = s.spot;
            let Some(rule) = self.rule(&s, plan, scope) else {
                continue;
            };
            if let Some((always, at)) = &beaten {
                place
                    .error(format!(
                        "rule {:?} is never asked: {always:?} before it always holds",
                        rule.name
                    ))
                    .help(format!(
                        "the first match wins; {always:?} is at {}",
                        at.place()
                    ));
            }
            if rule.always() && beaten.is_none() {
                place
                    .warning(format!("rule {:?} asks nothing, so it always holds", rule.name))
                    .help("add `within`, `outside`, `override`, `callers`, `attestation` or `share`; or write its `start` at the top of the file");
                beaten = Some((rule.name.clone(), place));
            }
            self.place(
                format!("dialplans.{}.when.{}", plan.name, plan.when.len()),
                place,
            );
            plan.when.push(rule);
        }
        if let (false, true, Some(v)) = (plan.when.is_empty(), plan.numbers.is_empty(), &list) {
            v.key_spot
                .error("these rules are never asked: there are no `numbers`")
                .help("[[when]] chooses where a call to one of `numbers` starts; [routes] go their own way");
        }
    }

    fn rule(&mut self, s: &Section<'a>, plan: &Dialplan, scope: &Scope) -> Option<When> {
        s.later(&[("languages", "rules by language")]);
        let name = s.opt("name").and_then(|v| v.words()).map(|t| t.value);
        let known = |v: Val<'a>| {
            let text = v.words()?;
            self.known_hours(&text, root_hours(plan));
            Some(text.value)
        };
        let within = s.opt("within").and_then(known);
        let outside = s.opt("outside").and_then(known);
        let manual = s.opt("override").and_then(|v| v.words());
        if let Some(text) = manual.as_ref().filter(|t| t.value == "auto") {
            text.spot
                .error("\"auto\" is what takes an override back")
                .help("name it after what it stands for: override = \"night\"");
        }
        let callers = s.opt("callers").map(|v| v.patterns()).unwrap_or_default();
        let attestation = s.opt("attestation").map(|v| self.attestation(&v));
        let share = s.opt("share").and_then(|v| v.whole(1..=99));
        let captured = plan.numbers.first().cloned();
        let to = s
            .need("start", "\"announce:closed\"")
            .and_then(|v| v.words());
        let start = to.and_then(|t| self.target(scope, &t, captured.as_ref()));
        Some(When {
            name: name.unwrap_or_else(|| format!("rule {}", plan.when.len() + 1)),
            within,
            outside,
            manual: manual.map(|t| t.value),
            callers: callers.into_iter().map(|(p, _)| p).collect(),
            attestation: attestation.unwrap_or_default(),
            share: share.and_then(|n| u8::try_from(n).ok()),
            start: start?,
        })
    }

    pub(super) fn known_hours(&self, text: &Text<'a>, hours: Vec<&String>) {
        if hours.contains(&&text.value) {
            return;
        }
        let known = match hours.is_empty() {
            true => format!("add [hours.{}]", text.value),
            false => format!("known are {}", listed(&hours)),
        };
        text.spot
            .error(format!("there are no hours {:?}", text.value))
            .label("no such [hours.NAME] in this file")
            .help(did_you_mean(&text.value, &hours).unwrap_or(known));
    }
}

fn root_hours(plan: &Dialplan) -> Vec<&String> {
    plan.hours.keys().collect()
}

fn zone(v: &Val<'_>) -> Option<Zone> {
    let text = v.words()?;
    let found: Result<Zone, _> = text.value.parse();
    if found.is_err() {
        text.spot
            .error(format!("there is no time zone {:?}", text.value))
            .help(
                did_you_mean(&text.value, Zone::names())
                    .unwrap_or_else(|| "write it like \"Europe/London\" (IANA)".to_owned()),
            );
    }
    found.ok()
}

/// The rule that is wrong is marked, not all of them.
fn opening_hours(text: &Text<'_>) -> Option<OpeningHours> {
    let e = match text.value.parse::<OpeningHours>() {
        Ok(open) => return Some(open),
        Err(e) => e,
    };
    let mut at = 0;
    let wrong = text.value.split(';').find_map(|part| {
        let from = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        let part = part.trim();
        part.parse::<OpeningHours>()
            .is_err()
            .then_some((from, part))
    });
    let (from, part) = wrong.unwrap_or((0, text.value.as_str()));
    let said = e.to_string();
    let finding = text
        .spot
        .inside(&text.value, from, part.len())
        .error(format!("{part:?} is no opening hours"));
    let _ = match said.contains('\n') {
        // The parser's own drawing of the place says less than ours.
        true => finding
            .help("OpenStreetMap's opening_hours: \"Mo-Fr 08:30-17:30; Sa 09:00-12:30; PH off\""),
        false => finding.help(said),
    };
    None
}
