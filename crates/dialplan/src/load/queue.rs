//! Queues: who is rung, and how callers wait.

use super::{
    Load,
    destinations::Scope,
    people::{MODES, SECOND, spoken_name},
    read::{Section, Val},
    values::one_key,
};
use crate::{Destination, Dialplan, LINE_SAYS, LineRules, Queue, Strategy};
use std::{collections::BTreeMap, time::Duration};

const STRATEGIES: [(&str, Strategy); 4] = [
    ("in-order", Strategy::InOrder),
    ("ring-all", Strategy::RingAll),
    ("round-robin", Strategy::RoundRobin),
    ("longest-idle", Strategy::LongestIdle),
];

/// What means nothing where nobody waits.
const OF_A_LINE: [&str; 11] = [
    "within",
    "closed",
    "max_waiting",
    "announce_every",
    "overflow",
    "leave_key",
    "leave_to",
    "after_call",
    "ring_again",
    "pause_after",
    "says",
];

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `spoken` | the name, `-` read as a space |
    /// | `strategy` | `in-order` |
    /// | `ring` | `20s` |
    /// | `transfer` | `warm` |
    /// | `hold` | the built-in piece |
    /// | `otherwise` | nothing more |
    /// | `max_wait` | nobody waits |
    pub(super) fn queue(
        &mut self,
        v: &Val<'a>,
        s: &Section<'a>,
        plan: &Dialplan,
        scope: &Scope,
    ) -> Queue {
        s.later(&[("accept", "a queue's own accept")]);
        let members = self.members(v, s, scope);
        let hold = s.opt("hold").and_then(|v| v.words()).and_then(|t| {
            let there = (self.exists)(&t.value);
            if !there {
                t.spot.error(format!("there is no file {:?}", t.value)).help("a path from the configuration's directory; leave it out for the built-in piece");
            }
            there.then_some(t.value)
        });
        let otherwise = s.opt("otherwise");
        self.lines(scope, &otherwise);
        let otherwise = otherwise.map(|v| v.texts()).unwrap_or_default();
        let line = self.waiting(s, plan, scope);
        let waits = s.opt("max_wait").is_some();
        let strategy = s.opt("strategy").and_then(|v| {
            let strategy = v.choice(&STRATEGIES, &[])?;
            let remembers = matches!(strategy, Strategy::RoundRobin | Strategy::LongestIdle);
            if remembers && !waits {
                v.spot
                    .error("where nobody waits, members are rung in order, or all together")
                    .help("add max_wait = \"10m\", so that callers wait and it is remembered who was rung");
            }
            Some(strategy)
        });
        Queue {
            spoken: spoken_name(s, &v.key),
            members,
            strategy: strategy.unwrap_or_default(),
            ring: s
                .opt("ring")
                .and_then(|v| v.duration(SECOND))
                .unwrap_or(20 * SECOND),
            mode: s
                .opt("transfer")
                .and_then(|v| v.choice(&MODES, &[]))
                .unwrap_or_default(),
            hold,
            otherwise: otherwise
                .iter()
                .filter_map(|t| self.destination(scope, t))
                .collect(),
            line,
        }
    }

    fn members(&mut self, v: &Val<'a>, s: &Section<'a>, scope: &Scope) -> Vec<Destination> {
        let mut members = Vec::new();
        let Some(list) = s.need("members", "[\"ext:200\"]") else {
            return members;
        };
        if list.list().is_some_and(|l| l.is_empty()) {
            list.spot
                .error(format!(
                    "queue {:?} has no members: callers would wait for nobody",
                    v.key
                ))
                .help("members = [\"ext:200\"]");
        }
        for text in list.texts() {
            match self.destination(scope, &text) {
                Some(d @ (Destination::Ext(_) | Destination::Sip(_))) => members.push(d),
                Some(_) => drop(
                    text.spot
                        .error(format!("{:?} is no member of a queue", text.value))
                        .help("members are ext:NUMBER and sip:USER@HOST"),
                ),
                None => {}
            }
        }
        members
    }

    /// Only with `max_wait`.
    ///
    /// | key | default |
    /// |---|---|
    /// | `within` | at all times |
    /// | `closed` | as `overflow` |
    /// | `max_waiting` | no limit |
    /// | `announce_every` | `30s`; `0s`: never |
    /// | `overflow` | the agent that has the caller, else `otherwise` |
    /// | `leave_key` | `*` |
    /// | `leave_to` | the agent that has the caller, else as `overflow` |
    /// | `after_call` | `0s` |
    /// | `ring_again` | `15s` |
    /// | `pause_after` | 2 |
    fn waiting(&mut self, s: &Section<'a>, plan: &Dialplan, scope: &Scope) -> Option<LineRules> {
        let Some(max_wait) = s.opt("max_wait") else {
            for key in OF_A_LINE {
                if let Some(v) = s.opt(key) {
                    v.spot
                        .error(format!("`{key}` means nothing where nobody waits"))
                        .help(
                            "add max_wait = \"10m\", so that callers wait for somebody to be free",
                        );
                }
            }
            return None;
        };
        let span = |key, usual: Duration| {
            let given = s.opt(key).and_then(|v| v.duration(Duration::ZERO));
            given.unwrap_or(usual)
        };
        let mut leads = |key| {
            let to = s.opt(key);
            self.lines(scope, &to);
            let to = to.and_then(|v| v.words())?;
            self.destination(scope, &to)
        };
        let (overflow, leave_to) = (leads("overflow"), leads("leave_to"));
        let closed = leads("closed");
        let within = s.opt("within").and_then(|v| v.words());
        if let Some(text) = &within {
            self.known_hours(text, plan.hours.keys().collect());
        } else if let Some(v) = s.opt("closed") {
            v.spot
                .error("`closed` means nothing in a queue that is always open")
                .help("add within = \"NAME\", of [hours.NAME]");
        }
        let leave_key = match s.opt("leave_key").and_then(|v| v.text()) {
            Some(text) if text.value.is_empty() => None,
            Some(text) => one_key(&text),
            None => Some('*'),
        };
        Some(LineRules {
            max_wait: max_wait.duration(SECOND).unwrap_or(600 * SECOND),
            within: within.map(|t| t.value),
            closed,
            max_waiting: s.opt("max_waiting").and_then(|v| v.whole(1..=100_000)),
            announce_every: span("announce_every", 30 * SECOND),
            overflow,
            leave_key,
            leave_to,
            after_call: span("after_call", Duration::ZERO),
            ring_again: span("ring_again", 15 * SECOND),
            pause_after: s
                .opt("pause_after")
                .and_then(|v| v.whole(0..=100))
                .unwrap_or(2),
            says: line_says(s),
        })
    }
}

fn line_says(s: &Section<'_>) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    let Some(says) = s.section("says") else {
        return said;
    };
    for known in LINE_SAYS {
        if let Some(text) = says.opt(known.name).and_then(|v| v.spoken()) {
            text.placeholders(known.fills);
            said.insert(known.name.to_owned(), text.value);
        }
    }
    said
}
