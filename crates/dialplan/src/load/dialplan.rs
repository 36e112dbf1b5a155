//! `dialplans/NAME.toml`: the frame; agents, people and rules have files of their own.

use super::{
    Load,
    checks::Claim,
    destinations::Scope,
    node::set,
    read::{Section, Text, Val},
    spot::{Spot, did_you_mean, listed},
};
use crate::{DEFAULT_COUNTRY, DEFAULT_LANGUAGE, DEFAULT_VOICE, Dialplan, Patterns};
use std::{collections::BTreeMap, sync::Arc};
use tandem_types::agent::AgentRules;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `numbers`, `trunks` | none; trunks: any |
    /// | `languages` | `["en-GB"]` |
    /// | `country` | `GB` |
    /// | `timezone` | that of the first `[hours.NAME]`, else UTC |
    /// | `voice` | the engine's own |
    /// | `providers` | `offline`, and no model |
    pub(super) fn dialplan(&mut self, name: &str, root: &Section<'a>) -> Dialplan {
        let scope = Scope::of(name, root);
        if let Some(v) = root.opt("version")
            && v.whole(0..=u32::MAX).is_some_and(|n| n != 1)
        {
            v.spot
                .error("this version reads dialplans of version 1")
                .help("version = 1");
        }
        let mut plan = Dialplan {
            name: name.to_owned(),
            languages: vec![DEFAULT_LANGUAGE.to_owned()],
            country: DEFAULT_COUNTRY.to_owned(),
            voice: DEFAULT_VOICE.to_owned(),
            ..Dialplan::default()
        };
        set(
            &mut plan.description,
            root.opt("description")
                .and_then(|v| v.text())
                .map(|t| t.value),
        );
        set(
            &mut plan.country,
            root.opt("country").and_then(|v| v.country()),
        );
        set(
            &mut plan.voice,
            root.opt("voice").and_then(|v| v.words()).map(|t| t.value),
        );
        plan.providers = root.opt("providers").and_then(|v| self.profile_name(&v));
        let languages = root.opt("languages");
        if let Some(v) = &languages {
            let found: Vec<String> = v.texts().iter().filter_map(language).collect();
            set(&mut plan.languages, (!found.is_empty()).then_some(found));
        }
        self.plan_trunks(root, &mut plan);
        self.hours(root, &mut plan);
        self.numbers(root, &mut plan, &scope);
        self.when(root, &mut plan, &scope);
        if root.opt("numbers").is_none() && root.opt("routes").is_none() {
            root.spot
                .warning("no call reaches this dialplan: it has neither `numbers` nor [routes]")
                .help("add: numbers = [\"+44...\"]");
        }
        let mut rules = AgentRules::default();
        self.notice(
            root,
            &plan,
            &mut rules,
            &scope,
            languages.map_or(root.spot, |v| v.spot),
        );
        self.people(root, &mut plan, &scope, &mut rules);
        self.voicemail(root, &mut plan, &scope, &mut rules);
        self.limits(root, &mut plan, &mut rules, &scope);
        self.callbacks(root, &mut plan, &scope, &mut rules);
        self.transfers(root, &mut plan, &scope);
        self.recording(root, &mut plan, &scope);
        rules.cancel_key = Some(plan.warm.cancel_key);
        self.caller_lookup(root, &mut plan, &mut rules);
        self.asks(root, &mut plan, &scope, &mut rules);
        self.tools(root, &mut plan, &mut rules);
        self.agents(root, &plan, &scope, &mut rules);
        self.escalations(root, &scope, &mut rules);
        plan.rules = Arc::new(rules);
        plan
    }

    fn plan_trunks(&self, root: &Section<'a>, plan: &mut Dialplan) {
        let Some(v) = root.opt("trunks") else { return };
        let known = self.stems("trunks/");
        for text in v.texts() {
            let name = &text.value;
            if !known.contains(name) {
                let all = if known.is_empty() {
                    "there is no file in trunks/: write trunks/NAME.toml for a carrier or PBX, or take the name out".to_owned()
                } else {
                    format!("known are {}", listed(&known))
                };
                text.spot
                    .error(format!("there is no trunk {name:?}"))
                    .label(format!("no trunks/{name}.toml"))
                    .help(did_you_mean(name, &known).unwrap_or(all));
            } else if self.plan.trunks.get(name).is_some_and(|t| !t.inbound) {
                text.spot.error(format!(
                    "trunk {name:?} has direction = \"out\": no call comes in by it"
                ));
            }
            plan.trunks.push(text.value);
        }
    }

    /// `numbers`, `start` and `[routes]`.
    fn numbers(&mut self, root: &Section<'a>, plan: &mut Dialplan, scope: &Scope) {
        let numbers = root.opt("numbers");
        for (i, (pattern, text)) in numbers.iter().flat_map(Val::patterns).enumerate() {
            self.place(format!("dialplans.{}.numbers.{i}", plan.name), text.spot);
            self.claims.push(Claim {
                plan: plan.name.clone(),
                trunks: plan.trunks.clone(),
                pattern: pattern.clone(),
                spot: text.spot,
            });
            plan.numbers.push(pattern);
        }
        let start = if plan.numbers.is_empty() {
            root.opt("start")
        } else {
            root.need("start", "\"agent:NAME\"")
        };
        if let Some(v) = start {
            self.place(format!("dialplans.{}.start", plan.name), v.key_spot);
            let captured = plan.numbers.first().cloned();
            plan.start = v
                .words()
                .and_then(|t| self.target(scope, &t, captured.as_ref()));
        }
        let mut earlier = Patterns::default();
        for v in root.section("routes").iter().flat_map(Section::all) {
            let key = Text {
                value: v.key.clone(),
                spot: v.key_spot,
            };
            let (Some(pattern), Some(text)) = (key.pattern(), v.words()) else {
                continue;
            };
            let hidden = pattern.is_exact().then(|| earlier.find(pattern.as_str()));
            if let Some(first) = hidden.flatten().and_then(|at| earlier.get(at)) {
                v.key_spot
                    .error(format!(
                        "route {} is never taken: {first} stands before it and matches it",
                        v.key
                    ))
                    .help("the first match wins: put it further up");
            }
            let Some(to) = self.target(scope, &text, Some(&pattern)) else {
                continue;
            };
            self.place(
                format!("dialplans.{}.routes.{}", plan.name, plan.routes.len()),
                v.key_spot,
            );
            self.claims.push(Claim {
                plan: plan.name.clone(),
                trunks: plan.trunks.clone(),
                pattern: pattern.clone(),
                spot: v.key_spot,
            });
            earlier.push(pattern.clone());
            plan.routes.push((pattern, to));
        }
    }

    /// What is said before an AI, or a person, speaks.
    fn notice(
        &self,
        root: &Section<'a>,
        plan: &Dialplan,
        rules: &mut AgentRules,
        scope: &Scope,
        languages: Spot<'a>,
    ) {
        let section = root.section("notice");
        let mut spot = languages;
        if let Some(s) = &section {
            rules.disclosure = by_language(s, "disclosure", &plan.languages);
            rules.disclosure_again = by_language(s, "disclosure_again", &plan.languages);
            s.later(&[
                ("record", "recording by [notice]; [recording] calls says when"),
                (
                    "recording",
                    "a notice of recording of its own; say it in `disclosure`, or in the announcement at the start",
                ),
            ]);
            spot = s.spot;
        }
        if !scope.has_agents() {
            return;
        }
        for language in plan.languages.iter().filter(|l| is_english(l)) {
            let again = rules.disclosure_again.entry(language.clone());
            again.or_insert_with(|| AGAIN.to_owned());
        }
        for language in plan
            .languages
            .iter()
            .filter(|l| !rules.disclosure.contains_key(*l))
        {
            spot.error(format!("callers who speak {language} are not told that they speak with a machine"))
                .help(format!("add to [notice.disclosure]: {language} = \"You are speaking with our automated assistant.\""));
        }
    }

    /// The name of a profile; one that does not exist is told.
    pub(super) fn profile_name(&self, v: &Val<'a>) -> Option<String> {
        let text = v.words()?;
        let known: Vec<&String> = self.plan.node.providers.keys().collect();
        if self.plan.node.providers.contains_key(&text.value) || self.unreadable("tandem.toml") {
            return Some(text.value);
        }
        text.spot
            .error(format!("there is no provider profile {:?}", text.value))
            .label("not in tandem.toml")
            .help(did_you_mean(&text.value, &known).unwrap_or_else(|| {
                format!(
                    "known are {}; add [providers.{}] to tandem.toml",
                    listed(&known),
                    text.value
                )
            }));
        Some(text.value)
    }
}

/// What English-speaking callers hear on their way back from a person, where the plan does not say.
const AGAIN: &str = "You are with the automated assistant again.";

fn is_english(language: &str) -> bool {
    language == "en" || language.starts_with("en-")
}

/// `[notice.disclosure] en-GB = "..."`.
fn by_language(
    s: &Section<'_>,
    key: &'static str,
    languages: &[String],
) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for v in s.section(key).iter().flat_map(Section::all) {
        if !languages.contains(&v.key) {
            v.key_spot
                .error(format!("{:?} is not among `languages`", v.key))
                .help(
                    did_you_mean(&v.key, languages)
                        .unwrap_or_else(|| format!("languages = [{}]", quoted(languages))),
                );
        }
        if let Some(text) = v.spoken() {
            text.placeholders(&[]);
            said.insert(v.key.clone(), text.value);
        }
    }
    said
}

pub(super) fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|n| format!("{n:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// BCP 47 in its plain form: `en`, `en-GB`, `zh-Hant-TW`.
pub(super) fn language(text: &Text<'_>) -> Option<String> {
    let mut parts = text.value.split('-');
    let first = parts
        .next()
        .is_some_and(|p| (2..=3).contains(&p.len()) && p.chars().all(|c| c.is_ascii_lowercase()));
    if first
        && parts.all(|p| (2..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        return Some(text.value.clone());
    }
    text.spot
        .error(format!("{:?} is no language", text.value))
        .help("write it like \"en-GB\" (BCP 47)");
    None
}
