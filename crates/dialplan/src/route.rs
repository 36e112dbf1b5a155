//! Where a call goes, and which line decided.

use crate::{
    Destination, DialTarget, Dialplan, Extension, Moment, Plan, Trunk, Who, dialplans::Line, lot,
    pattern::normalise,
};
use std::net::IpAddr;
use tandem_types::Attested;

/// How a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via<'a> {
    /// By a trunk, by its name.
    Trunk(&'a str),
    /// From a phone that is registered here, by the user name that it registers with.
    Phone(&'a str),
}

/// A call that wants a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// How it came in.
    pub via: Via<'a>,
    /// The called number, read where the trunk's `called_from` says.
    pub called: &'a str,
    /// The caller's number; empty when withheld.
    pub caller: &'a str,
    /// What is known of that number.
    pub attested: Attested,
    /// What tells this call from others, for those who withhold their number: its Call-ID.
    pub id: &'a str,
    /// The time, and what was set by hand.
    pub now: Moment<'a>,
}

impl Arrival<'_> {
    /// What rules ask of the caller.
    fn who(&self) -> Who<'_> {
        let drawn = if self.caller.is_empty() {
            self.id
        } else {
            self.caller
        };
        Who {
            caller: self.caller,
            lot: lot(drawn),
            attested: self.attested,
        }
    }
}

/// The way of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The dialplan that took it; empty for a phone that calls a phone or out by a trunk.
    pub dialplan: String,
    /// Where it goes, captures filled in.
    pub destination: Destination,
    /// What decided, e.g. `called number 2000 is "2000" in [routes] (dialplans/reception.toml:9)`.
    pub why: String,
}

/// Why a call has no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRouteKind {
    /// No such trunk, or it may not call in: 403.
    NotAccepted,
    /// No file knows the number: 404.
    UnknownNumber,
    /// The number is known to be dialled out, and that is not allowed: 403.
    Forbidden,
}

/// A call has no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NoRoute {
    /// For the answer on the wire.
    pub kind: NoRouteKind,
    /// For the admin; names the number.
    pub reason: String,
}

impl Plan {
    /// Where a call goes. A trunk's call: the dialplans that take this trunk, a number written out
    /// in full before a pattern, `[routes]` before `numbers`, else plans by name. A phone's call:
    /// a call for help, an extension, a number of any dialplan, or out by the first trunk (by name) that
    /// allows it.
    pub fn route(&self, arrival: &Arrival<'_>) -> Result<Route, NoRoute> {
        let no = |kind, reason: String| Err(NoRoute { kind, reason });
        let Some(called) = normalise(arrival.called) else {
            return no(
                NoRouteKind::UnknownNumber,
                "the called number is empty, or no number".to_owned(),
            );
        };
        match arrival.via {
            Via::Trunk(name) => {
                match self.trunks.get(name) {
                    None => {
                        return no(
                            NoRouteKind::NotAccepted,
                            format!("there is no trunk `{name}`"),
                        );
                    }
                    Some(t) if !t.inbound => {
                        return no(
                            NoRouteKind::NotAccepted,
                            format!("trunk `{name}` has direction = \"out\""),
                        );
                    }
                    Some(_) => {}
                }
                let takes =
                    |d: &Dialplan| d.trunks.is_empty() || d.trunks.iter().any(|t| t == name);
                self.by_number(arrival, &called, takes).map_or_else(
                    || {
                        no(
                            NoRouteKind::UnknownNumber,
                            format!("no dialplan that takes calls of trunk `{name}` has {called}"),
                        )
                    },
                    Ok,
                )
            }
            Via::Phone(user) => self.of_phone(arrival, user, called),
        }
    }

    fn of_phone(
        &self,
        arrival: &Arrival<'_>,
        user: &str,
        called: String,
    ) -> Result<Route, NoRoute> {
        if let Some((phone, site)) = self.help_for(user, &called) {
            let at = self.place(&format!("emergency.{}", site.site));
            return Ok(Route {
                dialplan: String::new(),
                why: format!("phones of {} call for help by {called}{at}", site.site),
                destination: Destination::Emergency {
                    phone: phone.pattern.to_string(),
                    number: called,
                },
            });
        }
        if let Some(destination) = self.phones.features.find(&called) {
            let at = self.place(&format!("features.{destination}"));
            return Ok(Route {
                dialplan: String::new(),
                why: format!("phones dial {called} to {destination}{at}"),
                destination,
            });
        }
        let extension = self.phones.extensions.of_user(user);
        let extension = extension.map_or(user, |e| e.pattern.as_str());
        let (mut refused, mut known) = (String::new(), false);
        if let Some((i, ext)) = self.extension_at(&called) {
            known = true;
            match self.phone_may_dial(extension, DialTarget::Ext(&called)) {
                Ok(()) => {
                    let at = self.place(&format!("extensions.{i}"));
                    let why = format!("{called} is extension {:?}{at}", ext.pattern.as_str());
                    return Ok(Route {
                        dialplan: String::new(),
                        destination: Destination::Ext(called),
                        why,
                    });
                }
                Err(f) => refused = f.rule,
            }
        }
        if !known && let Some(route) = self.by_number(arrival, &called, |_| true) {
            return Ok(route);
        }
        for (name, trunk) in self.trunks.iter().filter(|(_, t)| t.outbound && !known) {
            match self.phone_may_dial(
                extension,
                DialTarget::Trunk {
                    trunk: name,
                    number: &called,
                },
            ) {
                Ok(()) => {
                    let rule = trunk.may_dial.find(&called);
                    let at = rule.map_or_else(String::new, |i| {
                        self.place(&format!("trunks.{name}.may_dial.{i}"))
                    });
                    let why = format!("phones may dial {called}, and so may trunk `{name}`{at}");
                    let destination = Destination::Trunk(name.clone(), Some(called));
                    return Ok(Route {
                        dialplan: String::new(),
                        destination,
                        why,
                    });
                }
                Err(f) => refused = f.rule,
            }
        }
        if refused.is_empty() {
            let reason = format!(
                "{called} is no extension, in no dialplan, and there is no trunk to call out by"
            );
            return Err(NoRoute {
                kind: NoRouteKind::UnknownNumber,
                reason,
            });
        }
        Err(NoRoute {
            kind: NoRouteKind::Forbidden,
            reason: refused,
        })
    }

    /// Which line would let in a call that has no way; `trunk`: the one that it came by.
    pub fn cure(&self, no: &NoRoute, trunk: Option<&str>) -> Option<String> {
        let Some(name) = trunk else {
            return (no.kind == NoRouteKind::UnknownNumber).then(|| {
                "see [extensions] in phones.toml, numbers in dialplans/, and the trunks' direction"
                    .to_owned()
            });
        };
        match no.kind {
            NoRouteKind::NotAccepted => {
                Some(format!("write direction = \"both\" in trunks/{name}.toml"))
            }
            // Its reason names the line.
            NoRouteKind::Forbidden => None,
            NoRouteKind::UnknownNumber => {
                let takes =
                    |d: &&Dialplan| d.trunks.is_empty() || d.trunks.iter().any(|t| t == name);
                let lines = self.dialplans.values().filter(takes).map(|d| {
                    let at = self.place(&format!("dialplans.{}.numbers.0", d.name));
                    format!("numbers of dialplans/{}.toml{at}", d.name)
                });
                let lines: Vec<String> = lines.take(3).collect();
                Some(match lines.as_slice() {
                    [] => format!(
                        "no dialplan takes calls of trunk `{name}`: see trunks in dialplans/"
                    ),
                    lines => format!("add it to {}", lines.join(" or ")),
                })
            }
        }
    }

    fn by_number(
        &self,
        arrival: &Arrival<'_>,
        called: &str,
        takes: impl Fn(&Dialplan) -> bool,
    ) -> Option<Route> {
        let (plan, line) = self.dialplans.with_number(called, takes)?;
        match line {
            Line::Route(i) => self.by_route(plan, i, called),
            Line::Number(i) => self.by_start(arrival, plan, i, called),
        }
    }

    /// A line of `[routes]`.
    fn by_route(&self, plan: &Dialplan, i: usize, called: &str) -> Option<Route> {
        let name = &plan.name;
        let (pattern, destination) = plan.routes.get(i)?;
        let at = self.place(&format!("dialplans.{name}.routes.{i}"));
        let why = format!(
            "called number {called} is {:?} in [routes]{at}",
            pattern.as_str()
        );
        Some(Route {
            dialplan: name.clone(),
            destination: destination.filled(called),
            why,
        })
    }

    /// A line of `numbers`: the call starts where the first rule says that holds, or at `start`.
    fn by_start(
        &self,
        arrival: &Arrival<'_>,
        plan: &Dialplan,
        i: usize,
        called: &str,
    ) -> Option<Route> {
        let name = &plan.name;
        let (pattern, start) = (plan.numbers.get(i)?, plan.start.as_ref()?);
        let at = self.place(&format!("dialplans.{name}.numbers.{i}"));
        let (start, rule) = match plan.when(&arrival.who(), &arrival.now) {
            Some(matched) => {
                let then = self.place(&format!("dialplans.{name}.when.{}", matched.index));
                let start = &matched.rule.start;
                (
                    start,
                    format!("{matched}: start = {:?}{then}", start.to_string()),
                )
            }
            None => {
                let then = self.place(&format!("dialplans.{name}.start"));
                (start, format!("start = {:?}{then}", start.to_string()))
            }
        };
        let why = format!(
            "called number {called} is {:?} in numbers{at}; {rule}",
            pattern.as_str()
        );
        Some(Route {
            dialplan: name.clone(),
            destination: start.filled(called),
            why,
        })
    }

    /// The first extension that matches.
    pub fn extension(&self, number: &str) -> Option<&Extension> {
        self.extension_at(number).map(|(_, e)| e)
    }

    pub(crate) fn extension_at(&self, number: &str) -> Option<(usize, &Extension)> {
        self.phones.extensions.find(number)
    }

    /// The trunks whose calls come from this address, by name. More than one: the called number,
    /// or the host in From and To, tells them apart (field note 2).
    pub fn trunk_by_source(&self, ip: IpAddr) -> Vec<&Trunk> {
        let ip = ip.to_canonical();
        self.trunks
            .values()
            .filter(|t| t.inbound && t.allow_from.iter().any(|net| net.contains(&ip)))
            .collect()
    }

    /// ` (FILE:LINE)` of a rule, or nothing where it has no line.
    pub(crate) fn place(&self, key: &str) -> String {
        self.places
            .get(key)
            .map_or_else(String::new, |p| format!(" ({p})"))
    }
}
