//! What all calls of a dialplan share: its rules, and what was learnt from them.

use crate::intent::IntentModel;
use crate::tool::Patterns;
use crate::understand::{hints, spoken_label, spoken_of};
use std::{collections::BTreeMap, sync::Arc};
use tandem_types::agent::{AgentRules, AgentSpec};

/// Any number will do; this one never changes, so a dialplan is the same brain on every machine.
const SEED: u64 = 0x7a6e_64e6;

/// The rules of a dialplan and what was learnt from them. Shared by all calls of it.
#[derive(Debug, Default)]
pub struct Brain {
    rules: Arc<AgentRules>,
    learnt: BTreeMap<String, Learnt>,
    patterns: Patterns,
}

#[derive(Debug, Default)]
struct Learnt {
    model: IntentModel,
    hints: Arc<Vec<String>>,
}

impl Brain {
    /// Trains the classifiers of all agents. The same rules give the same brain on every machine.
    pub fn new(rules: Arc<AgentRules>) -> Self {
        let learnt = rules
            .agents
            .iter()
            .map(|(name, spec)| {
                let model = IntentModel::train(&examples(&rules, spec), SEED);
                let hints = Arc::new(hints(&rules, spec));
                (name.clone(), Learnt { model, hints })
            })
            .collect();
        let patterns = Patterns::of(&rules);
        Self {
            rules,
            learnt,
            patterns,
        }
    }

    /// The rules it was made from.
    pub fn rules(&self) -> &Arc<AgentRules> {
        &self.rules
    }

    /// The classifier of an agent, if there is such an agent.
    pub fn model(&self, agent: &str) -> Option<&IntentModel> {
        self.learnt.get(agent).map(|l| &l.model)
    }

    /// What callers of an agent may say, for a recogniser in grammar mode.
    pub fn hints(&self, agent: &str) -> Arc<Vec<String>> {
        self.learnt
            .get(agent)
            .map(|l| l.hints.clone())
            .unwrap_or_default()
    }

    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    pub(super) fn spec(&self, agent: &str) -> Arc<AgentSpec> {
        self.rules.agents.get(agent).cloned().unwrap_or_default()
    }
}

/// The examples, and the intent and its destination by name: "repairs" alone answers "is it about
/// lettings or repairs?".
fn examples(rules: &AgentRules, spec: &AgentSpec) -> BTreeMap<String, Vec<String>> {
    let mut out = spec.intents.clone();
    for label in spec.routes.keys().chain(spec.answers.keys()) {
        out.entry(label.clone()).or_default();
    }
    for (label, said) in &mut out {
        let mut names = vec![spoken_label(label)];
        names.extend(spec.routes.get(label).and_then(|t| spoken_of(rules, t)));
        for name in names {
            if !said.iter().any(|s| s.eq_ignore_ascii_case(&name)) {
                said.push(name);
            }
        }
    }
    out
}
