//! Where callers end who do nothing, and whom nobody takes; and what no caller ever reaches.

use super::Load;
use crate::{Destination, Diagnostic, Dialplan, Extensions, Severity};
use std::collections::{BTreeSet, VecDeque};
use tandem_types::agent::Target;

/// Destinations in a row that nobody chose, after which a call is ended with an apology. The switch counts the same.
pub const MAX_HOPS: u32 = 12;

/// How it goes for a caller who presses and says nothing while nobody picks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// An agent, an echo, a conference or `hangup` has the call.
    Well,
    /// Nobody took it, and nothing more is tried: the call ends with an apology.
    WithNobody,
    /// It comes back to where it was: these, the first of them again after the last.
    Round(Vec<Destination>),
    /// It is led on for longer than a call lasts.
    TooFar,
}

/// The way from there, as the switch goes it: what is left to be tried when nobody takes a call is forgotten once a
/// menu, a question or an announcement has it.
pub(super) fn alone(plan: &Dialplan, phones: &Extensions, from: &Destination) -> Ends {
    let mut way: Vec<(Destination, VecDeque<Destination>)> = Vec::new();
    let mut next = Some((from.clone(), VecDeque::new()));
    while let Some((at, left)) = next.take() {
        if let Some(i) = way.iter().position(|w| *w == (at.clone(), left.clone())) {
            return Ends::Round(way.split_off(i).into_iter().map(|w| w.0).collect());
        }
        if way.len() == MAX_HOPS as usize {
            // A list that grows with every round is a round too.
            let again = way.iter().position(|w| w.0 == at);
            return again.map_or(Ends::TooFar, |i| {
                Ends::Round(way.split_off(i).into_iter().map(|w| w.0).collect())
            });
        }
        way.push((at.clone(), left.clone()));
        next = match &at {
            Destination::Menu(n) => match plan.menus.get(n) {
                Some(m) => Some((m.otherwise.clone(), VecDeque::new())),
                None => return Ends::Well, // it has errors, and they are told
            },
            Destination::Ask(n) => match plan.asks.get(n) {
                Some(a) => Some((a.otherwise.clone(), VecDeque::new())),
                None => return Ends::Well,
            },
            Destination::Announce(n) => match plan.announcements.get(n) {
                Some(a) => Some((a.then.clone(), VecDeque::new())),
                None => return Ends::Well,
            },
            Destination::Voicemail(n) => match plan.voicemail.get(n) {
                Some(m) => Some((m.then.clone(), VecDeque::new())),
                None => return Ends::Well,
            },
            // Whoever can be called back has been told so.
            Destination::Callback(n) => match plan.callbacks.get(n) {
                Some(c) => Some((c.otherwise.clone(), VecDeque::new())),
                None => return Ends::Well,
            },
            Destination::Queue(_)
            | Destination::Ext(_)
            | Destination::Outside(_)
            | Destination::Trunk(..)
            | Destination::Sip(_) => {
                let mut then: VecDeque<Destination> = match &at {
                    Destination::Queue(n) => plan
                        .queues
                        .get(n)
                        .map(|q| q.ways_out().cloned().collect())
                        .unwrap_or_default(),
                    other => mailbox_of(plan, phones, other).into_iter().collect(),
                };
                then.extend(left);
                match then.pop_front() {
                    Some(to) => Some((to, then)),
                    None => return Ends::WithNobody,
                }
            }
            Destination::Agent(_)
            | Destination::Conference(_)
            | Destination::Echo
            | Destination::Phone(_)
            | Destination::Pause(_)
            | Destination::Messages
            | Destination::Emergency { .. }
            | Destination::Hangup => return Ends::Well,
        };
    }
    Ends::Well
}

/// The mailbox that answers where nobody does.
fn mailbox_of(plan: &Dialplan, phones: &Extensions, at: &Destination) -> Option<Destination> {
    let Destination::Ext(number) = at else {
        return None;
    };
    let (_, extension) = phones.find(number)?;
    let name = plan.mailbox_of(extension)?;
    Some(Destination::Voicemail(name.to_owned()))
}

/// Where calls may start.
fn starts(plan: &Dialplan) -> impl Iterator<Item = &Destination> {
    let rules = plan.when.iter().map(|w| &w.start);
    let routes = plan.routes.iter().map(|(_, to)| to);
    plan.start.iter().chain(rules).chain(routes)
}

/// What an agent may lead to.
fn of_agent(plan: &Dialplan, name: &str) -> Vec<Destination> {
    let rules = &plan.rules;
    let Some(agent) = rules.agents.get(name) else {
        return Vec::new();
    };
    let fixed = [&rules.on_human, &rules.operator, &rules.on_provider_down];
    let targets = agent
        .hands_off_to
        .iter()
        .chain(agent.routes.values())
        .chain(fixed.into_iter().flatten())
        .chain(rules.keys.values())
        .chain(rules.phrases.iter().map(|(_, to)| to));
    targets.filter_map(|Target(to)| to.parse().ok()).collect()
}

/// Everything that calls may come to, with what they come to without an agent.
fn reached(plan: &Dialplan) -> (BTreeSet<Destination>, BTreeSet<Destination>) {
    let direct = |to: &Destination| -> Vec<Destination> {
        match to {
            Destination::Menu(n) => plan.menus.get(n).map_or(Vec::new(), |m| {
                m.keys.values().chain([&m.otherwise]).cloned().collect()
            }),
            Destination::Ask(n) => {
                let ask = plan.asks.get(n);
                ask.map_or(Vec::new(), |a| a.ways().cloned().collect())
            }
            Destination::Announce(n) => plan
                .announcements
                .get(n)
                .map_or(Vec::new(), |a| vec![a.then.clone()]),
            Destination::Voicemail(n) => plan
                .voicemail
                .get(n)
                .map_or(Vec::new(), |m| vec![m.then.clone()]),
            Destination::Callback(n) => plan.callbacks.get(n).map_or(Vec::new(), |c| {
                vec![c.otherwise.clone(), Destination::Queue(c.queue.clone())]
            }),
            Destination::Queue(n) => plan.queues.get(n).map_or(Vec::new(), |q| {
                let line = q.line.iter();
                let others = line.flat_map(|l| l.leave_to.iter().chain(&l.closed));
                q.ways_out().chain(others).cloned().collect()
            }),
            _ => Vec::new(),
        }
    };
    let mut all = BTreeSet::new();
    let mut alone = BTreeSet::new();
    // A mailbox that answers for an extension is led to by any call to that.
    let answering = plan.voicemail.iter();
    let answering = answering.filter(|(_, m)| !m.answers_for.is_empty());
    let answering = answering.map(|(name, _)| Destination::Voicemail(name.clone()));
    let mut next: Vec<(Destination, bool)> = starts(plan)
        .cloned()
        .chain(answering)
        .map(|to| (to, true))
        .collect();
    while let Some((to, without)) = next.pop() {
        let news = all.insert(to.clone());
        let news = (without && alone.insert(to.clone())) || news;
        if !news {
            continue;
        }
        next.extend(direct(&to).into_iter().map(|to| (to, without)));
        if let Destination::Agent(n) = &to {
            next.extend(of_agent(plan, n).into_iter().map(|to| {
                // A menu, a question, an announcement or a mailbox that an agent leads to goes on by itself; people give back to the agent.
                let itself = matches!(
                    to,
                    Destination::Menu(_)
                        | Destination::Ask(_)
                        | Destination::Announce(_)
                        | Destination::Voicemail(_)
                        | Destination::Callback(_)
                );
                (to, itself)
            }));
        }
    }
    (all, alone)
}

impl Load<'_> {
    /// Warns of what no call reaches, of callers who go round, and of those who are left with nobody.
    pub(super) fn ends(&self, plan: &Dialplan) {
        let file = format!("dialplans/{}.toml", plan.name);
        let wrong = |d: &Diagnostic| d.file == file && d.severity == Severity::Error;
        let errors = self
            .sources
            .iter()
            .any(|s| s.sink.borrow().iter().any(wrong));
        if errors || starts(plan).next().is_none() {
            return; // what is missing may be what could not be read
        }
        let phones = &self.plan.phones.extensions;
        let (all, without) = reached(plan);
        let spot = |to: &Destination| self.spots.get(&format!("{} {to}", plan.name));
        let mut told: BTreeSet<BTreeSet<Destination>> = BTreeSet::new();
        for to in &without {
            let Some(spot) = spot(to) else { continue };
            match alone(plan, phones, to) {
                Ends::Well => {}
                Ends::Round(ring) if !ring.contains(to) => {} // told where the ring is
                Ends::Round(ring) => {
                    let menu = matches!(&ring[..], [Destination::Menu(_)]);
                    if told.insert(ring.iter().cloned().collect()) && !menu {
                        let mut names: Vec<String> = ring.iter().map(ToString::to_string).collect();
                        names.push(ring[0].to_string());
                        spot.warning(format!(
                            "a caller who does nothing, and whom nobody takes, goes round: {}",
                            names.join(" -> ")
                        ))
                        .help("lead it to an announcement and `hangup`, or to an agent, in the end");
                    }
                }
                Ends::TooFar => drop(
                    spot.error(format!(
                        "from {to} a caller who does nothing is led on more than {MAX_HOPS} times: the call is ended before that"
                    ))
                    .help("make the way shorter"),
                ),
                Ends::WithNobody if matches!(to, Destination::Queue(_)) => drop(
                    spot.warning(format!("when nobody of {to} takes a caller, nothing more is tried: the call ends"))
                        .help("let `otherwise` end with what cannot fail: an announcement, a menu or an agent"),
                ),
                Ends::WithNobody => {}
            }
        }
        let named = (plan.menus.keys().map(|n| Destination::Menu(n.clone())))
            .chain(plan.asks.keys().map(|n| Destination::Ask(n.clone())))
            .chain(
                plan.announcements
                    .keys()
                    .map(|n| Destination::Announce(n.clone())),
            )
            .chain(plan.queues.keys().map(|n| Destination::Queue(n.clone())))
            .chain(
                plan.voicemail
                    .keys()
                    .map(|n| Destination::Voicemail(n.clone())),
            )
            .chain(
                plan.callbacks
                    .keys()
                    .map(|n| Destination::Callback(n.clone())),
            )
            .chain(plan.outside.keys().map(|n| Destination::Outside(n.clone())))
            .chain(
                plan.rules
                    .agents
                    .keys()
                    .map(|n| Destination::Agent(n.clone())),
            );
        for to in named.filter(|to| !all.contains(to)) {
            if let Some(spot) = spot(&to) {
                spot.warning(format!("nothing leads to {to}"))
                    .help("lead to it by `start`, [routes], [[when]], a key, an agent or `otherwise`; or take it out");
            }
        }
    }
}
