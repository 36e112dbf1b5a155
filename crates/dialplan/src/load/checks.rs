//! What only shows when all files are read: numbers claimed twice, targets that may not be
//! dialled, rings that nobody gets out of.

use super::{Load, dialplan::quoted, nowhere, spot::Spot};
use crate::trie::{Trie, lower};
use crate::{
    Destination, DialTarget, Dialplan, Door, OFFLINE, Pattern, Severity,
    dial::{Refusal, Whose},
};
use std::collections::{BTreeMap, BTreeSet};

/// A dialplan claims a number.
pub(super) struct Claim<'a> {
    pub(super) plan: String,
    /// Empty: any.
    pub(super) trunks: Vec<String>,
    pub(super) pattern: Pattern,
    pub(super) spot: Spot<'a>,
}

/// A dialplan will want to dial something.
pub(super) struct Need<'a> {
    pub(super) plan: String,
    pub(super) spot: Spot<'a>,
    /// Captures filled in by an example.
    pub(super) destination: Destination,
    /// Where the example came from.
    pub(super) pattern: Option<Pattern>,
}

impl<'a> Load<'a> {
    pub(super) fn check(&self) {
        self.claimed_twice();
        self.not_allowed();
        for plan in self.plan.dialplans.values() {
            self.rings(plan);
            self.deaf(plan);
            self.ends(plan);
        }
        let any = self.stems("dialplans/").is_empty();
        if let (true, Some(source)) = (any, self.sources.first()) {
            let help = "add one: dialplans/NAME.toml with `numbers` and `start`";
            source.sink.borrow_mut().push(nowhere(
                "dialplans",
                "there is no dialplan: no call from a trunk will be answered",
                help,
                Severity::Warning,
            ));
        }
    }

    /// Two plans for one number, where one call could come to both. A number written out in full
    /// beside a pattern is no quarrel: it goes first.
    fn claimed_twice(&self) {
        let (mut exact, mut patterned) = (Trie::default(), Trie::default());
        for (i, b) in self.claims.iter().enumerate() {
            let Some(pieces) = b.pattern.pieces() else {
                continue;
            };
            let kind = if b.pattern.is_exact() {
                &mut exact
            } else {
                &mut patterned
            };
            let mut first = None;
            kind.meeting(pieces, &mut |id| {
                let Some(a) = self.claims.get(id) else { return };
                let meet = a.trunks.is_empty()
                    || b.trunks.is_empty()
                    || a.trunks.iter().any(|t| b.trunks.contains(t));
                if (a.plan != b.plan && meet) || (a.plan == b.plan && a.pattern == b.pattern) {
                    lower(&mut first, id);
                }
            });
            kind.insert(pieces, i);
            let quarrel = first.and_then(|id| self.claims.get(id));
            let Some(a) = quarrel else { continue };
            b.spot
                .error(match a.pattern == b.pattern {
                    true => format!("{} is claimed twice", b.pattern),
                    false => format!(
                        "some numbers are claimed twice: by {} and by {}",
                        a.pattern, b.pattern
                    ),
                })
                .label(format!("also at {}", a.spot.place()))
                .help("leave it in one place, or give the dialplans `trunks` of their own");
        }
    }

    /// `[limits]` and the trunks' lists against what the dialplans need.
    fn not_allowed(&self) {
        let mut refused: Vec<(&Need<'a>, Refusal)> = Vec::new();
        for need in &self.needs {
            let target = match &need.destination {
                Destination::Ext(n) => DialTarget::Ext(n),
                Destination::Sip(uri) => DialTarget::Sip(uri),
                Destination::Trunk(trunk, Some(number)) if self.plan.trunks.contains_key(trunk) => {
                    DialTarget::Trunk { trunk, number }
                }
                _ => continue, // a trunk whose file does not parse has been told
            };
            if matches!(target, DialTarget::Ext(n) if self.plan.extension(n).is_none()) {
                if !self.unreadable("phones.toml") {
                    need.spot.error(format!(
                        "{} is no extension of phones.toml",
                        need.destination
                    ));
                }
                continue;
            }
            let refusal = self.plan.refusal(Whose::Plan(&need.plan), target);
            if let Some(r) = refusal.filter(|r| r.never || !self.unsure.contains(&r.list)) {
                refused.push((need, r));
            }
        }
        for (need, refusal) in &refused {
            let message = format!("{} may not be dialled: {}", need.destination, refusal.rule);
            let finding = need.spot.error(message).label("not allowed");
            let _ = match refusal.never {
                true => finding.help("take it out of never_dial, or out of here"),
                false => {
                    let missing = refused
                        .iter()
                        .filter(|(_, r)| r.list == refusal.list && !r.never);
                    finding.help(self.line_to_add(&refusal.list, missing.map(|(n, _)| *n)))
                }
            };
        }
    }

    /// The `may_dial` line with all that it lacks.
    fn line_to_add<'n>(&self, list: &str, needs: impl Iterator<Item = &'n Need<'a>>) -> String
    where
        'a: 'n,
    {
        let (file, now): (String, &[Pattern]) = match list.split_once('.') {
            Some(("dialplans", name)) => (
                format!("dialplans/{name}.toml"),
                self.plan
                    .dialplans
                    .get(name)
                    .map_or(&[], |d| &d.limits.may_dial[..]),
            ),
            Some((_, name)) => (
                format!("trunks/{name}.toml"),
                self.plan.trunks.get(name).map_or(&[], |t| &t.may_dial[..]),
            ),
            None => ("phones.toml".to_owned(), &self.plan.phones.may_dial[..]),
        };
        let mut line: Vec<String> = now.iter().map(ToString::to_string).collect();
        for need in needs {
            let entry = entry_for(need);
            if !line.contains(&entry) {
                line.push(entry);
            }
        }
        format!("in {file} write: [limits] may_dial = [{}]", quoted(&line))
    }

    /// Agents with neither a model nor examples.
    fn deaf(&self, plan: &Dialplan) {
        for agent in plan.rules.agents.values().filter(|a| a.intents.is_empty()) {
            let profile = self
                .plan
                .node
                .providers
                .get(agent.providers.as_deref().unwrap_or(OFFLINE));
            let model = profile.is_none_or(|p| p.llm != Door::None); // no such profile: that has been told
            if let (false, Some(spot)) = (
                model,
                self.spots
                    .get(&format!("{} agent:{}", plan.name, agent.name)),
            ) {
                spot.warning(format!(
                    "agent {:?} understands nothing: it has no intents, and no language model",
                    agent.name
                ))
                .help(format!(
                    "add [agents.{}.intents], or `providers` with an llm",
                    agent.name
                ));
            }
        }
    }

    /// Announcements, mailboxes, menus and questions that only lead to each other.
    fn rings(&self, plan: &Dialplan) {
        let mut edges: BTreeMap<String, Vec<&Destination>> = BTreeMap::new();
        for (name, a) in &plan.announcements {
            edges.insert(format!("announce:{name}"), vec![&a.then]);
        }
        for (name, m) in &plan.voicemail {
            edges.insert(format!("voicemail:{name}"), vec![&m.then]);
        }
        for (name, c) in &plan.callbacks {
            edges.insert(format!("callback:{name}"), vec![&c.otherwise]);
        }
        for (name, m) in &plan.menus {
            edges.insert(
                format!("menu:{name}"),
                m.keys.values().chain([&m.otherwise]).collect(),
            );
        }
        for (name, ask) in &plan.asks {
            edges.insert(format!("ask:{name}"), ask.ways().collect());
        }
        let mut out: BTreeSet<&String> = BTreeSet::new();
        loop {
            let before = out.len();
            for (name, to) in &edges {
                // What is not in the graph (a queue, an agent, hangup, a name with errors) is an exit.
                if to.iter().any(|d| {
                    edges
                        .get_key_value(&d.to_string())
                        .is_none_or(|(k, _)| out.contains(k))
                }) {
                    out.insert(name);
                }
            }
            if out.len() == before {
                break;
            }
        }
        for name in edges.keys().filter(|n| !out.contains(n)) {
            if let Some(spot) = self.spots.get(&format!("{} {name}", plan.name)) {
                let next = edges
                    .get(name)
                    .and_then(|to| to.last())
                    .map_or_else(String::new, ToString::to_string);
                spot.error(format!(
                    "{name} goes round for ever: it only leads to {next}, and nothing leads out"
                ))
                .label("no way out")
                .help("lead it to a queue, an agent or hangup in the end");
            }
        }
        for (name, menu) in &plan.menus {
            let silent = matches!(&menu.otherwise, Destination::Menu(n) if n == name);
            if let (true, true, Some(spot)) = (
                silent,
                out.contains(&format!("menu:{name}")),
                self.spots.get(&format!("{} menu:{name}", plan.name)),
            ) {
                spot.warning(format!(
                    "a caller who presses nothing stays in menu:{name} for ever"
                ))
                .help("`otherwise` had better lead to a queue, or to hangup");
            }
        }
    }
}

/// How a target is written in a `may_dial` list.
fn entry_for(need: &Need<'_>) -> String {
    match (&need.destination, &need.pattern) {
        (Destination::Sip(uri), Some(p)) => match uri.split_once('@') {
            Some((user, host)) if user == format!("sip:{}", p.example()) => {
                format!("sip:{p}@{}", host.split(';').next().unwrap_or(host))
            }
            _ => uri.clone(),
        },
        (Destination::Sip(uri), None) => uri.split(';').next().unwrap_or(uri).to_owned(),
        (Destination::Ext(n) | Destination::Trunk(_, Some(n)), Some(p)) if *n == p.example() => {
            p.to_string()
        }
        (Destination::Ext(n) | Destination::Trunk(_, Some(n)), _) => n.clone(),
        (other, _) => other.to_string(),
    }
}
