//! What may be dialled, and which line says so.

use crate::{Patterns, Plan, Trunk};

/// What somebody wants to dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialTarget<'a> {
    /// An extension.
    Ext(&'a str),
    /// A number through a trunk.
    Trunk {
        /// The trunk's name.
        trunk: &'a str,
        /// The number.
        number: &'a str,
    },
    /// A SIP address.
    Sip(&'a str),
}

/// It may not be dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct Forbidden {
    /// The rule that says so, with its place, e.g. `never_dial "_00X." (dialplans/reception.toml:80)`.
    pub rule: String,
}

/// Why a target may not be dialled, for the loader: which list, and is it one of `never`?
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) rule: String,
    /// `dialplans.NAME`, `trunks.NAME` or `phones`; empty: no list.
    pub(crate) list: String,
    pub(crate) never: bool,
}

/// Whose limits hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose<'a> {
    /// A dialplan's.
    Plan(&'a str),
    /// Those of the phone with this extension.
    Phone(&'a str),
    /// Those of phones without a class.
    Phones,
}

/// The two lists of one place.
struct List<'a> {
    key: String,
    may: &'a Patterns,
    /// Empty where there is none.
    never: Option<&'a Patterns>,
}

impl<'a> List<'a> {
    fn new(key: String, may: &'a Patterns, never: Option<&'a Patterns>) -> Self {
        Self { key, may, never }
    }

    fn of_trunk(t: &'a Trunk) -> Self {
        Self::new(
            format!("trunks.{}", t.name),
            &t.may_dial,
            Some(&t.never_dial),
        )
    }

    fn title(&self) -> String {
        match self.key.split_once('.') {
            Some(("dialplans", name)) => format!("dialplan `{name}`"),
            Some(("classes", name)) => format!("class `{name}`"),
            Some((_, name)) => format!("trunk `{name}`"),
            None => "phones.toml".to_owned(),
        }
    }
}

impl Plan {
    /// May it be dialled? For a call of a dialplan its `[limits]` say so, for a phone's own call
    /// (`None`) `may_dial` of `[phones]`; a trunk's own lists apply as well. `never` beats `may`,
    /// and an empty list allows nothing. An extension that `phones.toml` puts behind a trunk needs
    /// no entry in that trunk's `may_dial`.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn may_dial(
        &self,
        dialplan: Option<&str>,
        target: DialTarget<'_>,
    ) -> Result<(), Forbidden> {
        self.refusal(dialplan.map_or(Whose::Phones, Whose::Plan), target)
            .map_or(Ok(()), |r| Err(Forbidden { rule: r.rule }))
    }

    /// As [`Plan::may_dial`], for the phone with this extension: what its class says, where it has one.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn phone_may_dial(&self, extension: &str, target: DialTarget<'_>) -> Result<(), Forbidden> {
        self.refusal(Whose::Phone(extension), target)
            .map_or(Ok(()), |r| Err(Forbidden { rule: r.rule }))
    }

    fn list_of(&self, whose: Whose<'_>) -> Result<List<'_>, String> {
        let class = match whose {
            Whose::Plan(name) => {
                let plan = self.dialplans.get(name);
                let limits = plan.map(|d| &d.limits);
                let limits = limits.ok_or_else(|| format!("there is no dialplan `{name}`"))?;
                let key = format!("dialplans.{name}");
                return Ok(List::new(key, &limits.may_dial, Some(&limits.never_dial)));
            }
            Whose::Phone(number) => self.extension(number).and_then(|e| e.class.as_ref()),
            Whose::Phones => None,
        };
        let named = class.and_then(|name| self.phones.classes.get_key_value(name));
        Ok(match named {
            Some((name, class)) => {
                let key = format!("classes.{name}");
                List::new(key, &class.may_dial, Some(&class.never_dial))
            }
            None => List::new("phones".to_owned(), &self.phones.may_dial, None),
        })
    }

    /// Why it may not be dialled.
    pub(crate) fn refusal(&self, whose: Whose<'_>, target: DialTarget<'_>) -> Option<Refusal> {
        let none = |rule: String| {
            Some(Refusal {
                rule,
                list: String::new(),
                never: true,
            })
        };
        let list = match self.list_of(whose) {
            Ok(list) => list,
            Err(why) => return none(why),
        };
        // A phone's own call for help does not come here.
        let dialled = match target {
            DialTarget::Ext(number) | DialTarget::Trunk { number, .. } => number,
            DialTarget::Sip(uri) => uri.strip_prefix("sip:").unwrap_or(uri),
        };
        let number = dialled.split('@').next().unwrap_or(dialled);
        if self.is_emergency_number(number) {
            return none(format!(
                "{number} is an emergency number: only a phone dials it, for its own site"
            ));
        }
        match target {
            DialTarget::Sip(uri) => {
                let matches = Patterns::find_uri;
                self.forbids(&list, uri, matches)
                    .or_else(|| self.not_allowing(&list, uri, matches))
            }
            DialTarget::Ext(number) => {
                let Some((_, ext)) = self.extension_at(number) else {
                    return none(format!("there is no extension {number}"));
                };
                let behind = ext
                    .via
                    .as_ref()
                    .and_then(|t| self.trunks.get(t))
                    .map(List::of_trunk);
                self.forbids(&list, number, Patterns::find_loosely)
                    .or_else(|| self.not_allowing(&list, number, Patterns::find))
                    .or_else(|| {
                        behind.and_then(|t| self.forbids(&t, number, Patterns::find_loosely))
                    })
            }
            DialTarget::Trunk { trunk, number } => {
                let Some(t) = self.trunks.get(trunk) else {
                    return none(format!("there is no trunk `{trunk}`"));
                };
                if !t.outbound {
                    return none(format!("trunk `{trunk}` has direction = \"in\""));
                }
                let lists = [list, List::of_trunk(t)];
                let forbids = |l| self.forbids(l, number, Patterns::find_loosely);
                let lacks = |l| self.not_allowing(l, number, Patterns::find);
                lists
                    .iter()
                    .find_map(forbids)
                    .or_else(|| lists.iter().find_map(lacks))
            }
        }
    }

    fn forbids(
        &self,
        list: &List<'_>,
        what: &str,
        find: fn(&Patterns, &str) -> Option<usize>,
    ) -> Option<Refusal> {
        let never = list.never?;
        let i = find(never, what)?;
        let pattern = &never[i];
        let at = self.place(&format!("{}.never_dial.{i}", list.key));
        let rule = format!(
            "{:?} in never_dial of {} forbids {what}{at}",
            pattern.as_str(),
            list.title()
        );
        Some(Refusal {
            rule,
            list: list.key.clone(),
            never: true,
        })
    }

    fn not_allowing(
        &self,
        list: &List<'_>,
        what: &str,
        find: fn(&Patterns, &str) -> Option<usize>,
    ) -> Option<Refusal> {
        if find(list.may, what).is_some() {
            return None;
        }
        let at = self.place(&format!("{}.may_dial", list.key));
        let rule = format!("nothing in may_dial of {} allows {what}{at}", list.title());
        Some(Refusal {
            rule,
            list: list.key.clone(),
            never: false,
        })
    }
}
