//! Destinations, and that they lead somewhere.

use super::{
    Load,
    checks::Need,
    read::{Section, Text},
    spot::{Spot, did_you_mean, listed},
};
use crate::{
    BadDestination, Destination, Pattern,
    destination::{CAPTURE, KINDS},
};

/// The names that a dialplan defines.
pub(super) struct Scope {
    /// The dialplan.
    pub(super) plan: String,
    agents: Vec<String>,
    menus: Vec<String>,
    asks: Vec<String>,
    queues: Vec<String>,
    outside: Vec<String>,
    announcements: Vec<String>,
    mailboxes: Vec<String>,
    callbacks: Vec<String>,
}

impl Scope {
    pub(super) fn of(plan: &str, root: &Section<'_>) -> Self {
        let names = |key| root.names(key);
        Self {
            plan: plan.to_owned(),
            agents: names("agents"),
            menus: names("menus"),
            asks: names("ask"),
            queues: names("queues"),
            outside: names("outside"),
            announcements: names("announcements"),
            mailboxes: names("voicemail"),
            callbacks: names("callbacks"),
        }
    }

    pub(super) fn has_agents(&self) -> bool {
        !self.agents.is_empty()
    }

    /// Every destination with a name, as it is written.
    fn all(&self) -> Vec<String> {
        let of = |kind: &str, names: &[String]| {
            names
                .iter()
                .map(|n| format!("{kind}:{n}"))
                .collect::<Vec<_>>()
        };
        [
            of("agent", &self.agents),
            of("menu", &self.menus),
            of("ask", &self.asks),
            of("queue", &self.queues),
            of("outside", &self.outside),
            of("announce", &self.announcements),
            of("voicemail", &self.mailboxes),
            of("callback", &self.callbacks),
        ]
        .concat()
    }
}

impl<'a> Load<'a> {
    /// A destination that exists. What it will dial is checked when all files are read.
    pub(super) fn destination(&mut self, scope: &Scope, text: &Text<'a>) -> Option<Destination> {
        self.target(scope, text, None)
    }

    /// As above, where `{to}` may stand for a number that `captured` matches.
    pub(super) fn target(
        &mut self,
        scope: &Scope,
        text: &Text<'a>,
        captured: Option<&Pattern>,
    ) -> Option<Destination> {
        let destination = match text.value.parse::<Destination>() {
            Ok(d) => d,
            Err(e) => {
                bad_destination(scope, text, &e);
                return None;
            }
        };
        if text.value.contains(CAPTURE) {
            let may = matches!(
                destination,
                Destination::Ext(_)
                    | Destination::Conference(_)
                    | Destination::Trunk(_, Some(_))
                    | Destination::Sip(_)
            );
            if captured.is_none() || !may {
                text.spot
                    .error("{to} cannot stand here")
                    .help("the called number is put into ext:, conference:, trunk:NAME/ and sip: of [routes] and `start`");
                return None;
            }
        }
        if matches!(destination, Destination::Trunk(_, None)) && captured.is_none() {
            text.spot
                .error(format!(
                    "{:?} passes the called number on, and none was called here",
                    text.value
                ))
                .help(format!("write the number: \"{}/NUMBER\"", text.value));
            return None;
        }
        let leads = self.leads_somewhere(scope, text, &destination);
        if leads {
            self.needs_of(scope, text.spot, &destination, captured);
        }
        leads.then_some(destination)
    }

    fn leads_somewhere(&self, scope: &Scope, text: &Text<'a>, destination: &Destination) -> bool {
        let among = |names: &[String], name: &String| names.contains(name);
        let found = match destination {
            Destination::Agent(n) => among(&scope.agents, n),
            Destination::Menu(n) => among(&scope.menus, n),
            Destination::Ask(n) => among(&scope.asks, n),
            Destination::Queue(n) => among(&scope.queues, n),
            Destination::Outside(n) => among(&scope.outside, n),
            Destination::Announce(n) => among(&scope.announcements, n),
            Destination::Voicemail(n) => among(&scope.mailboxes, n),
            Destination::Callback(n) => among(&scope.callbacks, n),
            Destination::Trunk(n, _) => return self.known_trunk(text.spot, n),
            Destination::Ext(n) => {
                return n.contains(CAPTURE) || self.known_extension(text.spot, n);
            }
            Destination::Conference(_)
            | Destination::Echo
            | Destination::Sip(_)
            | Destination::Phone(_)
            | Destination::Pause(_)
            | Destination::Messages
            | Destination::Emergency { .. }
            | Destination::Hangup => true,
        };
        if !found {
            let all = scope.all();
            let known = if all.is_empty() {
                "this dialplan defines none".to_owned()
            } else {
                format!("defined are {}", listed(&all))
            };
            text.spot
                .error(format!("there is no destination {:?}", text.value))
                .label("not defined in this dialplan")
                .help(
                    did_you_mean(&text.value, &all)
                        .or_else(|| same_name(&all, &text.value))
                        .unwrap_or(known),
                );
        }
        found
    }

    /// Is it a trunk that calls can go out by?
    pub(super) fn known_trunk(&self, spot: Spot<'a>, name: &str) -> bool {
        let trunks = self.stems("trunks/");
        if !trunks.iter().any(|t| t == name) {
            let all = if trunks.is_empty() {
                "there is no file in trunks/: write trunks/NAME.toml for a carrier or PBX, or take the name out".to_owned()
            } else {
                format!("known are {}", listed(&trunks))
            };
            spot.error(format!("there is no trunk {name:?}"))
                .label(format!("no trunks/{name}.toml"))
                .help(did_you_mean(name, &trunks).unwrap_or(all));
            return false;
        }
        if self.plan.trunks.get(name).is_some_and(|t| !t.outbound) {
            spot.error(format!(
                "trunk {name:?} has direction = \"in\": nobody can be called by it"
            ));
            return false;
        }
        true
    }

    pub(super) fn known_extension(&self, spot: Spot<'a>, number: &str) -> bool {
        if self.plan.extension(number).is_some() || self.unreadable("phones.toml") {
            return true;
        }
        let known: Vec<String> = self
            .plan
            .phones
            .extensions
            .iter()
            .map(|e| e.pattern.to_string())
            .collect();
        let help = match known.is_empty() {
            true => "phones.toml has no extensions".to_owned(),
            false => format!("phones.toml has {}", listed(&known)),
        };
        let named = |n: &String| format!("ext:{n}");
        let near = did_you_mean(&format!("ext:{number}"), known.iter().map(named));
        spot.error(format!("there is no extension {number}"))
            .label("not in phones.toml")
            .help(near.unwrap_or(help));
        false
    }

    fn needs_of(
        &mut self,
        scope: &Scope,
        spot: Spot<'a>,
        destination: &Destination,
        captured: Option<&Pattern>,
    ) {
        if matches!(
            destination,
            Destination::Ext(_) | Destination::Trunk(..) | Destination::Sip(_)
        ) {
            let filled =
                captured.map_or_else(|| destination.clone(), |p| destination.filled(&p.example()));
            self.needs.push(Need {
                plan: scope.plan.clone(),
                spot,
                destination: filled,
                pattern: captured.cloned(),
            });
        }
    }
}

fn bad_destination(scope: &Scope, text: &Text<'_>, e: &BadDestination) {
    let value = &text.value;
    match e {
        BadDestination::Later(kind) => {
            text.spot
                .error(format!("this version does not have {kind}: yet"))
                .label("not yet")
                .help(format!("known are {}", listed(KINDS)));
        }
        BadDestination::Kind(kind) => {
            let near = did_you_mean(kind, KINDS.iter().filter(|k| k.ends_with(':')));
            text.spot
                .error(format!("{value:?} is no destination: there is no {kind}"))
                .help(near.unwrap_or_else(|| format!("known are {}", listed(KINDS))));
        }
        BadDestination::Form(_) => {
            let near =
                same_name(&scope.all(), value).or_else(|| did_you_mean(value, ["echo", "hangup"]));
            let number = value
                .chars()
                .all(|c| c.is_ascii_digit())
                .then(|| format!("did you mean \"ext:{value}\"?"));
            text.spot
                .error(format!("{value:?} is no destination"))
                .help(
                    near.or(number)
                        .unwrap_or_else(|| format!("write KIND:NAME; known are {}", listed(KINDS))),
                );
        }
        BadDestination::Name(why) => drop(
            text.spot
                .error(format!("{value:?} is no destination: {why}")),
        ),
    }
}

/// `queue:repairs` for `repairs` and for `agent:repairs`.
fn same_name(all: &[String], text: &str) -> Option<String> {
    let name = text.rsplit(':').next().unwrap_or(text);
    let same: Vec<String> = all
        .iter()
        .filter(|a| a.split_once(':').is_some_and(|(_, n)| n == name))
        .map(|a| format!("{a:?}"))
        .collect();
    (!same.is_empty()).then(|| format!("did you mean {}?", listed(same)))
}
