//! Menus.

use super::{
    Load,
    destinations::Scope,
    people::SECOND,
    read::{Section, Text},
    spot::listed,
    values::one_key,
};
use crate::{Destination, Menu, Pattern};
use std::collections::BTreeMap;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `timeout` | `6s` |
    /// | `retries` | 2 |
    /// | `digit_timeout` | `3s` |
    pub(super) fn menu(&mut self, s: &Section<'a>, scope: &Scope) -> Option<Menu> {
        let prompt = s
            .need("prompt", "\"For ... press 1.\"")
            .and_then(|v| v.spoken());
        if let Some(p) = &prompt {
            p.placeholders(&[]);
        }
        let span = |key, usual: u32| {
            s.opt(key)
                .and_then(|v| v.duration(SECOND))
                .unwrap_or(usual * SECOND)
        };
        let (timeout, digit_timeout) = (span("timeout", 6), span("digit_timeout", 3));
        let retries = s.opt("retries").and_then(|v| v.whole(0..=20)).unwrap_or(2);
        let direct_dial = self.direct_dial(s, scope);
        let otherwise = s.need("otherwise", "\"queue:reception\"");
        self.lines(scope, &otherwise);
        let otherwise = otherwise.and_then(|v| v.words());
        let otherwise = otherwise.and_then(|t| self.destination(scope, &t));
        let keys_at = s.need("keys", "{ 1 = \"queue:NAME\", 0 = \"queue:reception\" }");
        self.lines(scope, &keys_at);
        let mut keys = BTreeMap::new();
        if let Some(v) = &keys_at {
            let entries = v.section().map(|k| k.all()).unwrap_or_default();
            if entries.is_empty() {
                v.spot
                    .error("a menu without keys is no menu")
                    .help("for a text alone there is [announcements.NAME]");
            }
            for v in entries {
                let key = one_key(&Text {
                    value: v.key.clone(),
                    spot: v.key_spot,
                });
                self.line(scope, &v);
                let to = v.words().and_then(|t| self.destination(scope, &t));
                keys.extend(key.zip(to));
            }
        }
        let words = words(s, &keys);
        Some(Menu {
            prompt: prompt?.value,
            keys,
            words,
            direct_dial,
            digit_timeout,
            timeout,
            retries,
            otherwise: otherwise?,
        })
    }

    /// Extensions that callers may key: how many digits each has must be known, or nobody could say when one is complete.
    fn direct_dial(&mut self, s: &Section<'a>, scope: &Scope) -> Vec<Pattern> {
        let Some(v) = s.opt("direct_dial") else {
            return Vec::new();
        };
        self.line(scope, &v);
        let mut all = Vec::new();
        let texts = v.text_or_texts().into_iter();
        for (pattern, text) in texts.filter_map(|t| t.pattern().map(|p| (p, t))) {
            let digits = |p: &Pattern| p.example().bytes().all(|b| b.is_ascii_digit());
            if pattern.fixed_length().is_none_or(|n| n < 2) || !digits(&pattern) {
                text.spot
                    .error(format!("{:?} cannot be keyed in a menu", text.value))
                    .help("write extensions of two digits or more, or a pattern of a fixed number of them: \"_2XX\"; . and ! have no end");
                continue;
            }
            let ext = Text {
                value: "ext:{to}".to_owned(),
                spot: text.spot,
            };
            let known = self
                .plan
                .phones
                .extensions
                .iter()
                .any(|e| e.pattern.overlaps(&pattern));
            if !known && !self.unreadable("phones.toml") {
                text.spot
                    .error(format!("no extension matches {:?}", text.value))
                    .label("none of phones.toml");
                continue;
            }
            // What is dialled so is checked as a route to extensions is.
            self.target(scope, &ext, Some(&pattern));
            all.push(pattern);
        }
        all
    }
}

/// What is said instead of each key. Nobody can mean two keys by one phrase.
fn words(s: &Section<'_>, keys: &BTreeMap<char, Destination>) -> BTreeMap<char, Vec<String>> {
    let mut all: BTreeMap<char, Vec<String>> = BTreeMap::new();
    for v in s.section("words").iter().flat_map(Section::all) {
        let at = Text {
            value: v.key.clone(),
            spot: v.key_spot,
        };
        let Some(key) = one_key(&at) else { continue };
        if !keys.contains_key(&key) {
            let known: Vec<String> = keys.keys().map(char::to_string).collect();
            v.key_spot
                .error(format!("key {key} leads nowhere in this menu"))
                .help(format!("`keys` has {}", listed(&known)));
        }
        for text in v.text_or_texts() {
            let phrase = plain(&text.value);
            if phrase.is_empty() {
                text.spot.error(format!("nobody can say {:?}", text.value));
                continue;
            }
            let taken = all.iter().find(|(_, said)| said.contains(&phrase));
            if let Some((other, _)) = taken {
                text.spot
                    .error(format!("{phrase:?} is said for key {other} already"))
                    .help("each phrase means one key");
                continue;
            }
            all.entry(key).or_default().push(phrase);
        }
    }
    all
}

/// Lower case, without punctuation.
fn plain(text: &str) -> String {
    let letters = |c: char| c.is_alphanumeric() || c == '\'';
    let words = text.split(|c: char| !letters(c)).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
