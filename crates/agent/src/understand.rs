//! Words to facts, without a model: numbers, names, dates, wishes, mood. English; another language
//! passes through untouched and keeps its keys.

mod entities;
mod mood;
mod tokens;
mod wishes;

pub use entities::is_secret;
pub use entities::{Found, from_keys, from_words};
pub use mood::mood;
pub use tokens::words;
pub use wishes::{YesNo, is_backchannel, is_farewell, wants_person, yes_or_no};
pub(crate) use wishes::{asks_to_be_moved, changes_mind, only_answers};

use std::collections::BTreeSet;
use tandem_types::agent::{AgentRules, AgentSpec, Target};

/// The rule of the dialplan that these words set off, with the phrase that did: whole words, the longest
/// phrase of the first rule that fits.
pub fn phrase_rule<'a>(rules: &'a AgentRules, said: &str) -> Option<(&'a str, &'a Target)> {
    let said = words(said);
    rules.phrases.iter().find_map(|(phrases, target)| {
        phrases
            .iter()
            .filter(|p| contains(&said, &words(p)))
            .max_by_key(|p| p.len())
            .map(|p| (p.as_str(), target))
    })
}

/// Whether `inner` stands in `outer` as it is.
pub(crate) fn contains(outer: &[String], inner: &[String]) -> bool {
    !inner.is_empty() && outer.windows(inner.len()).any(|w| w == inner)
}

/// The only choice that these words name, each by phrases of whole words; the longest phrase counts.
pub fn choice<'a, K: Copy + PartialEq>(
    choices: impl IntoIterator<Item = (K, &'a [String])>,
    said: &str,
) -> Option<K> {
    let said = words(said);
    let mut best: Option<(usize, K)> = None;
    let mut alike = false;
    for (key, phrases) in choices {
        for phrase in phrases.iter().map(|p| words(p)) {
            if !contains(&said, &phrase) {
                continue;
            }
            match best {
                Some((long, _)) if long > phrase.len() => {}
                Some((long, other)) if long == phrase.len() => alike |= other != key,
                _ => (best, alike) = (Some((phrase.len(), key)), false),
            }
        }
    }
    best.filter(|_| !alike).map(|(_, key)| key)
}

/// The digits of an utterance, in order: "four two, double seven" is 4277. `None`: there are none.
pub fn digits(said: &str) -> Option<String> {
    let all = words(said).into_iter();
    let digits: String = all
        .filter(|w| w.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    (!digits.is_empty()).then_some(digits)
}

/// Words that a number is read out with, for a recogniser in grammar mode.
pub fn digit_words() -> Vec<String> {
    let words = tokens::DIGITS.iter().map(|(word, _)| (*word).to_owned());
    words.chain(["double".to_owned()]).collect()
}

/// What callers of this agent may say, for a recogniser in grammar mode: its examples, its intents and
/// destinations by name, the phrases of the rules, wishes for a person, yes and no, digits. Lower case,
/// sorted, no punctuation.
pub fn hints(rules: &AgentRules, agent: &AgentSpec) -> Vec<String> {
    let mut out = BTreeSet::new();
    let mut add = |phrase: &str| {
        let plain = tokens::plain(phrase);
        if !plain.is_empty() {
            out.insert(plain);
        }
    };
    agent.intents.values().flatten().for_each(|s| add(s));
    agent.intents.keys().for_each(|s| add(&spoken_label(s)));
    for target in agent.hands_off_to.iter().chain(agent.routes.values()) {
        if let Some(name) = spoken_of(rules, target) {
            add(&name);
        }
    }
    rules.phrases.iter().flat_map(|p| &p.0).for_each(|s| add(s));
    wishes::HINTS.iter().for_each(|s| add(s));
    tokens::DIGITS.iter().for_each(|(word, _)| add(word));
    out.into_iter().collect()
}

/// A label of the dialplan as a caller would say it: `rent_due` is "rent due".
pub fn spoken_label(label: &str) -> String {
    label
        .replace(['_', '-', '.', ':'], " ")
        .trim()
        .to_lowercase()
}

/// How a destination is called when it is spoken about, where the dialplan says so.
pub fn spoken_of(rules: &AgentRules, target: &Target) -> Option<String> {
    let by_rule = rules.spoken.get(target).cloned();
    by_rule.filter(|s| !s.is_empty()).or_else(|| {
        let agent = rules.agents.get(target.0.strip_prefix("agent:")?)?;
        Some(agent.spoken_name.clone()).filter(|s| !s.is_empty())
    })
}
