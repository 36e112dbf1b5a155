//! `[agents.NAME]`: data for the conversation, whole even where little is written.

use super::{
    Load,
    destinations::Scope,
    dialplan::language,
    node::set,
    people::{named, spoken_name},
    read::{Section, Val},
    rules::plain_words,
    spot::{did_you_mean, listed},
    templates,
    tools::kept,
};
use crate::{Destination, Dialplan, Door};
use std::{collections::BTreeMap, sync::Arc};
use tandem_types::agent::{AgentRules, AgentSpec, Target};

/// Below it the agent asks once more.
const MIN_CONFIDENCE: u16 = 600;
/// Turns of the caller before the operator.
const MAX_TURNS: u32 = 20;
/// Fewer examples than this and the classifier guesses.
const FEW_EXAMPLES: usize = 3;

impl<'a> Load<'a> {
    pub(super) fn agents(
        &mut self,
        root: &Section<'a>,
        plan: &Dialplan,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        for (v, s) in root.each("agents") {
            named(&v);
            self.spots
                .insert(format!("{} agent:{}", plan.name, v.key), s.spot);
            self.line(scope, &v);
            let spec = self.agent(&v, &s, plan, scope, rules);
            rules
                .spoken
                .insert(Target(format!("agent:{}", v.key)), spec.spoken_name.clone());
            rules.agents.insert(v.key.clone(), Arc::new(spec));
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `spoken` | the name, `-` read as a space |
    /// | `greeting` | none: it says how it can help |
    /// | `instructions_file`, `instructions` | none |
    /// | `providers`, `voice`, `language` | the dialplan's |
    /// | `min_confidence` | 0.6 |
    /// | `max_turns` | 20; 0 for no limit |
    /// | `says.*` | see `templates` |
    fn agent(
        &mut self,
        v: &Val<'a>,
        s: &Section<'a>,
        plan: &Dialplan,
        scope: &Scope,
        rules: &AgentRules,
    ) -> AgentSpec {
        s.later(&[("redact", "redaction by kind")]);
        let mut spec = AgentSpec {
            name: v.key.clone(),
            spoken_name: spoken_name(s, &v.key),
            providers: plan.providers.clone(),
            voice: plan.voice.clone(),
            language: plan.languages.first().cloned().unwrap_or_default(),
            min_confidence: MIN_CONFIDENCE,
            max_turns: MAX_TURNS,
            ..AgentSpec::default()
        };
        if let Some(text) = s.opt("greeting").and_then(|v| v.spoken()) {
            text.placeholders(&[&templates::GREETING[..], &kept(rules)].concat());
            spec.greeting = Some(text.value);
        }
        spec.instructions = self.instructions(s);
        set(
            &mut spec.providers,
            s.opt("providers")
                .and_then(|v| self.profile_name(&v))
                .map(Some),
        );
        let profile = spec
            .providers
            .as_ref()
            .and_then(|p| self.plan.node.providers.get(p));
        spec.has_model = profile.is_some_and(|p| p.llm != Door::None);
        set(
            &mut spec.voice,
            s.opt("voice").and_then(|v| v.words()).map(|t| t.value),
        );
        if let Some(t) = s.opt("language").and_then(|v| v.words())
            && let Some(l) = language(&t)
        {
            if !plan.languages.contains(&l) {
                t.spot
                    .error(format!("{l:?} is not among `languages`"))
                    .help(did_you_mean(&l, &plan.languages).unwrap_or_else(|| {
                        format!("the dialplan has {}", listed(&plan.languages))
                    }));
            }
            spec.language = l;
        }
        set(
            &mut spec.min_confidence,
            s.opt("min_confidence").and_then(|v| v.share()),
        );
        set(
            &mut spec.max_turns,
            s.opt("max_turns").and_then(|v| v.whole(0..=1000)),
        );
        let targets = s.opt("hands_off_to").map(|v| v.texts()).unwrap_or_default();
        for text in targets {
            if text.value == format!("agent:{}", v.key) {
                text.spot.error("an agent cannot hand a caller to itself");
                continue;
            }
            spec.hands_off_to.extend(
                self.destination(scope, &text)
                    .map(|d| Target(d.to_string())),
            );
        }
        self.understanding(s, scope, &mut spec, rules);
        self.tools_of(s, rules, &mut spec);
        templates::says(s, &mut spec);
        spec
    }

    fn instructions(&self, s: &Section<'a>) -> String {
        let inline = s
            .opt("instructions")
            .and_then(|v| v.words().map(|t| (v, t)));
        let Some(v) = s.opt("instructions_file") else {
            return inline.map_or_else(String::new, |(_, t)| t.value);
        };
        if inline.is_some() {
            v.key_spot
                .error("instructions stand in a file or here, not both")
                .help("take one of `instructions` and `instructions_file` out");
        }
        let Some(text) = v.words() else {
            return String::new();
        };
        let path = text.value.strip_prefix("./").unwrap_or(&text.value);
        match self.files.iter().find(|f| f.path == path) {
            Some(f) if f.text.trim().is_empty() => {
                text.spot.error(format!("{path} is empty"));
                String::new()
            }
            Some(f) => f.text.trim().to_owned(),
            None => {
                let known: Vec<&String> = self
                    .files
                    .iter()
                    .map(|f| &f.path)
                    .filter(|p| p.ends_with(".md"))
                    .collect();
                let elsewhere = (self.exists)(path)
                    .then(|| "it is there, but only prompts/*.md are read: move it".to_owned());
                let help = elsewhere.or_else(|| did_you_mean(path, known));
                text.spot
                    .error(format!("there is no file {path}"))
                    .label("from the configuration's directory")
                    .help(help.unwrap_or_else(|| {
                        "prompts stand in prompts/*.md beside tandem.toml".to_owned()
                    }));
                String::new()
            }
        }
    }

    /// Intents, and what follows from each.
    fn understanding(
        &mut self,
        s: &Section<'a>,
        scope: &Scope,
        spec: &mut AgentSpec,
        rules: &AgentRules,
    ) {
        let intents: Vec<Val<'a>> = s.section("intents").iter().flat_map(Section::all).collect();
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        for v in &intents {
            let examples = v.texts();
            if examples.len() < FEW_EXAMPLES && v.list().is_some() {
                v.spot
                    .warning(format!(
                        "intent {:?} has too few examples ({}): the classifier will guess",
                        v.key,
                        examples.len()
                    ))
                    .help("five to ten, as callers really say it");
            }
            for text in &examples {
                let words = plain_words(&text.value);
                match owners.get(&words) {
                    Some(other) if *other != v.key => {
                        text.spot.error(format!(
                            "{:?} is an example of {other:?} and of {:?}",
                            text.value, v.key
                        ));
                    }
                    _ => drop(owners.insert(words, v.key.clone())),
                }
            }
            spec.intents.insert(
                v.key.clone(),
                examples.into_iter().map(|t| t.value).collect(),
            );
        }
        for v in s.section("routes").iter().flat_map(Section::all) {
            known_intent(&v, spec);
            let Some(text) = v.words() else { continue };
            let Some(to) = self.destination(scope, &text) else {
                continue;
            };
            self.line(scope, &v);
            let target = Target(to.to_string());
            if to != Destination::Hangup && !spec.hands_off_to.contains(&target) {
                text.spot
                    .error(format!(
                        "agent {:?} may not hand callers to {:?}",
                        spec.name, text.value
                    ))
                    .label("not in hands_off_to")
                    .help(format!(
                        "add it: hands_off_to = [{}]",
                        spec.hands_off_to
                            .iter()
                            .chain([&target])
                            .map(|t| format!("{:?}", t.0))
                            .collect::<Vec<_>>()
                            .join(", ")
                    ));
            }
            spec.routes.insert(v.key.clone(), target);
        }
        for v in s.section("answers").iter().flat_map(Section::all) {
            known_intent(&v, spec);
            if let Some(text) = v.spoken() {
                text.placeholders(&[templates::of_answers(), kept(rules)].concat());
                spec.answers.insert(v.key.clone(), text.value);
            }
        }
        for v in intents
            .iter()
            .filter(|v| !spec.routes.contains_key(&v.key) && !spec.answers.contains_key(&v.key))
        {
            v.key_spot
                .error(format!("intent {:?} leads nowhere", v.key))
                .help(format!("add it to [agents.{0}.routes] ({1} = \"queue:NAME\") or [agents.{0}.answers] ({1} = \"...\")", spec.name, v.key));
        }
    }
}

fn known_intent(v: &Val<'_>, spec: &AgentSpec) {
    if !spec.intents.contains_key(&v.key) {
        let known: Vec<&String> = spec.intents.keys().collect();
        let help = if known.is_empty() {
            format!("add [agents.{}.intents]", spec.name)
        } else {
            format!("known are {}", listed(&known))
        };
        v.key_spot
            .error(format!("agent {:?} has no intent {:?}", spec.name, v.key))
            .help(did_you_mean(&v.key, &known).unwrap_or(help));
    }
}
