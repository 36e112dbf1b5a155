//! `[recording]` of a dialplan, and `[recordings]` of the machine.

use super::{
    Load,
    destinations::Scope,
    node::set,
    read::Section,
    spot::{did_you_mean, listed},
};
use crate::{Destination, Dialplan, RecordFrom, RecordingRules, Recordings};
use std::time::Duration;

/// The tone may not be the call.
const TONE_AT_LEAST: Duration = Duration::from_secs(5);
const MB: u64 = 1 << 20;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `calls` | `never`; also `from-answer`, `after-notice`, `on-transfer` |
    /// | `numbers` | all that come here |
    /// | `tone` | none |
    /// | `pause_code` | none |
    /// | `not_in` | nowhere |
    pub(super) fn recording(&mut self, root: &Section<'a>, plan: &mut Dialplan, scope: &Scope) {
        let Some(s) = root.section("recording") else {
            return;
        };
        let kinds = [
            ("never", RecordFrom::Never),
            ("from-answer", RecordFrom::Answer),
            ("after-notice", RecordFrom::Notice),
            ("on-transfer", RecordFrom::Transfer),
        ];
        let mut rules = RecordingRules::default();
        let calls = s.need("calls", "\"from-answer\"");
        set(
            &mut rules.from,
            calls.as_ref().and_then(|v| v.choice(&kinds, &[])),
        );
        if let Some(v) = calls.filter(|_| rules.from == RecordFrom::Notice && !scope.has_agents()) {
            v.spot
                .error("no notice is ever told here: agents tell it, and there are none")
                .help("write \"from-answer\" (the announcement or menu at the start is the notice), or \"on-transfer\"");
        }
        let numbers = s.opt("numbers");
        rules.numbers = numbers
            .iter()
            .flat_map(|v| v.patterns())
            .map(|(pattern, _)| pattern)
            .collect();
        rules.tone = s.opt("tone").and_then(|v| v.duration(TONE_AT_LEAST));
        set(
            &mut rules.pause_code,
            s.opt("pause_code")
                .and_then(|v| v.words())
                .and_then(|t| t.code()),
        );
        self.code_is_free(&s, &rules.pause_code, &plan.warm.back_to_ai);
        for text in s.opt("not_in").iter().flat_map(|v| v.texts()) {
            match self.destination(scope, &text) {
                Some(to @ (Destination::Agent(_) | Destination::Menu(_) | Destination::Ask(_))) => {
                    rules.not_in.push(to);
                }
                Some(_) => {
                    text.spot
                        .error("a recording rests with agents, in menus and at questions, which are ours")
                        .help("with a person there is pause_code, which they key");
                }
                None => {}
            }
        }
        plan.recording = rules;
    }

    /// Two codes, of which one ends the other, cannot both be keyed.
    fn code_is_free(&self, s: &Section<'a>, pause: &str, back: &str) {
        let apart = pause.is_empty()
            || back.is_empty()
            || !(pause.starts_with(back) || back.starts_with(pause));
        if let Some(v) = s.opt("pause_code").filter(|_| !apart) {
            v.spot
                .error(format!(
                    "pause_code {pause:?} and back_to_ai_key {back:?} cannot be told apart"
                ))
                .help("neither may begin with the other: \"*7\" goes with \"*9\"");
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `dir` | `recordings` in data_dir |
    /// | `min_free_mb` | 1024 |
    /// | `key` | none: not encrypted; else a name of `[recordings.keys]` |
    pub(super) fn recordings(&self, root: &Section<'a>) -> Recordings {
        let mut at = Recordings::default();
        let Some(s) = root.section("recordings") else {
            return at;
        };
        set(
            &mut at.dir,
            s.opt("dir").and_then(|v| v.words()).map(|t| t.value),
        );
        set(
            &mut at.min_free,
            s.opt("min_free_mb")
                .and_then(|v| v.whole(0..=u32::MAX))
                .map(|mb| u64::from(mb) * MB),
        );
        for v in s.section("keys").iter().flat_map(Section::all) {
            let Some(secret) = v.secret(self.secrets) else {
                continue;
            };
            if secret.key().is_none() {
                v.spot
                    .error("this is no key of 256 bits")
                    .help("64 hexadecimal digits; `openssl rand -hex 32` makes one");
            }
            if v.key.len() > 64 {
                v.key_spot
                    .error("the name of a key stands in each file: 64 letters are enough");
            }
            at.keys.insert(v.key.clone(), secret);
        }
        if let Some(text) = s.opt("key").and_then(|v| v.words()) {
            let known: Vec<&String> = at.keys.keys().collect();
            if !at.keys.contains_key(&text.value) && !s.names("keys").contains(&text.value) {
                let near = did_you_mean(&text.value, &known);
                text.spot
                    .error(format!("there is no key {:?}", text.value))
                    .help(near.unwrap_or_else(|| match known.is_empty() {
                        true => format!(
                            "name it: [recordings.keys] {:?} = \"file:secrets/recordings\"",
                            text.value
                        ),
                        false => format!("known are {}", listed(&known)),
                    }));
            }
            at.key = Some(text.value);
        }
        at
    }
}
