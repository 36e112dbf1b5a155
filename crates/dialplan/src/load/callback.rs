//! Callers who are called back.

use super::{
    Load,
    checks::Need,
    destinations::Scope,
    people::{SECOND, named, spoken_name},
    read::{Section, Text},
    spot::{did_you_mean, listed},
};
use crate::{CALLBACK_SAYS, Callback, Destination, Dialplan, Pattern};
use std::{collections::BTreeMap, time::Duration};
use tandem_types::agent::{AgentRules, Target};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl<'a> Load<'a> {
    pub(super) fn callbacks(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        for (v, s) in root.each("callbacks") {
            named(&v);
            self.spots
                .insert(format!("{} callback:{}", plan.name, v.key), v.key_spot);
            self.line(scope, &v);
            let spoken = s.opt("spoken").map(|_| spoken_name(&s, &v.key));
            let spoken = spoken.unwrap_or_else(|| "being called back".to_owned());
            rules
                .spoken
                .insert(Target(format!("callback:{}", v.key)), spoken.clone());
            let callback = self.callback(&s, spoken, plan, scope);
            plan.callbacks.extend(callback.map(|c| (v.key.clone(), c)));
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `queue` | needed: one with `max_wait` |
    /// | `within` | as the queue |
    /// | `via` | the trunk by which the caller came |
    /// | `may_call` | needed |
    /// | `attempts` | 3 |
    /// | `every` | `20m` |
    /// | `keep` | `1d` |
    /// | `minutes_a_day` | 120 |
    /// | `otherwise` | `hangup` |
    fn callback(
        &mut self,
        s: &Section<'a>,
        spoken: String,
        plan: &Dialplan,
        scope: &Scope,
    ) -> Option<Callback> {
        let queue = s.need("queue", "\"NAME\"").and_then(|v| v.words());
        let queue = queue.filter(|t| waits(t, plan));
        let within = s.opt("within").and_then(|v| v.words());
        if let Some(text) = &within {
            self.known_hours(text, plan.hours.keys().collect());
        }
        let via = s.opt("via").and_then(|v| v.words());
        let via = via.filter(|t| self.known_trunk(t.spot, &t.value));
        let via = via.map(|t| t.value);
        let may_call = self.may_call(s, via.as_ref(), scope);
        let span = |key, least, usual| {
            let given = s.opt(key).and_then(|v| v.duration(least));
            given.unwrap_or(usual)
        };
        let (every, keep) = (
            span("every", SECOND, 20 * MINUTE),
            span("keep", MINUTE, 24 * HOUR),
        );
        let attempts = s.opt("attempts").and_then(|v| v.whole(1..=20));
        let minutes = s.opt("minutes_a_day").and_then(|v| v.whole(0..=100_000));
        let otherwise = s.opt("otherwise");
        self.lines(scope, &otherwise);
        let otherwise = otherwise.and_then(|v| v.words());
        let otherwise = otherwise.map(|t| self.destination(scope, &t));
        let says = callback_says(s);
        Some(Callback {
            spoken,
            queue: queue?.value,
            within: within.map(|t| t.value),
            via,
            may_call: may_call?,
            attempts: attempts.unwrap_or(3),
            every,
            keep,
            minutes_a_day: minutes.unwrap_or(120),
            otherwise: otherwise.unwrap_or(Some(Destination::Hangup))?,
            says,
        })
    }

    /// What the limits forbid is told: nobody would be called back.
    fn may_call(
        &mut self,
        s: &Section<'a>,
        via: Option<&String>,
        scope: &Scope,
    ) -> Option<Vec<Pattern>> {
        let all = s.need("may_call", "[\"_+44[1-37]XXXXXXXXX\"]")?.patterns();
        for (pattern, text) in &all {
            let trunk = |name: &String| Need {
                plan: scope.plan.clone(),
                spot: text.spot,
                destination: Destination::Trunk(name.clone(), Some(pattern.example())),
                pattern: Some(pattern.clone()),
            };
            self.needs.extend(via.map(trunk));
        }
        Some(all.into_iter().map(|(p, _)| p).collect())
    }
}

/// Whether callers wait in this queue.
fn waits(text: &Text<'_>, plan: &Dialplan) -> bool {
    let lines: Vec<&String> = (plan.queues.iter())
        .filter(|(_, q)| q.line.is_some())
        .map(|(name, _)| name)
        .collect();
    let found = plan.queues.get(&text.value);
    match found {
        Some(q) if q.line.is_some() => return true,
        Some(_) => {
            text.spot
                .error(format!("nobody waits in queue {:?}", text.value))
                .help("people call back whose queue has max_wait = \"10m\": the caller keeps their place in it");
        }
        None => {
            let known = match lines.is_empty() {
                true => "this dialplan has no queue with max_wait".to_owned(),
                false => format!("callers wait in {}", listed(&lines)),
            };
            text.spot
                .error(format!("there is no queue {:?}", text.value))
                .label("not defined in this dialplan")
                .help(did_you_mean(&text.value, &lines).unwrap_or(known));
        }
    }
    false
}

fn callback_says(s: &Section<'_>) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    let Some(says) = s.section("says") else {
        return said;
    };
    for known in CALLBACK_SAYS {
        if let Some(text) = says.opt(known.name).and_then(|v| v.spoken()) {
            text.placeholders(known.fills);
            said.insert(known.name.to_owned(), text.value);
        }
    }
    said
}
