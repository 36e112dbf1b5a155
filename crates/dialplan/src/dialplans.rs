//! All dialplans, and which of them has a number.

use crate::{Dialplan, Pattern, trie::Index};
use std::{collections::BTreeMap, ops::Deref};

/// Dialplans by file stem, in the order of names.
#[derive(Clone, Debug, Default)]
pub struct Dialplans {
    plans: BTreeMap<String, Dialplan>,
    index: Index,
    /// What the index knows, in the order in which a call would be matched: plan by plan, `[routes]` before `numbers`.
    claims: Vec<Claim>,
}

#[derive(Clone, Debug)]
struct Claim {
    plan: String,
    line: Line,
    exact: bool,
}

/// A line that has a number: which of the plan's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Route(usize),
    Number(usize),
}

impl Dialplans {
    /// The plan that takes a call to `called`, and its line: a number written out in full before a pattern, else plans by name;
    /// in a plan the first that matches.
    pub(crate) fn with_number(
        &self,
        called: &str,
        takes: impl Fn(&Dialplan) -> bool,
    ) -> Option<(&Dialplan, Line)> {
        let mut found = Vec::new();
        self.index.loosely(called, &mut |id| found.push(id));
        found.sort_unstable();
        let mut last = None;
        let mut patterned = None;
        for claim in found.into_iter().filter_map(|id| self.claims.get(id)) {
            if last.replace(&claim.plan) == Some(&claim.plan) {
                continue;
            }
            let Some(plan) = self.plans.get(&claim.plan).filter(|d| takes(d)) else {
                continue;
            };
            if claim.exact {
                return Some((plan, claim.line));
            }
            patterned.get_or_insert((plan, claim.line));
        }
        patterned
    }
}

impl From<BTreeMap<String, Dialplan>> for Dialplans {
    fn from(plans: BTreeMap<String, Dialplan>) -> Self {
        let mut this = Self {
            plans,
            ..Self::default()
        };
        for (name, plan) in &this.plans {
            let routes = plan
                .routes
                .iter()
                .enumerate()
                .map(|(i, (p, _))| (p, Line::Route(i)));
            let numbers = plan
                .numbers
                .iter()
                .enumerate()
                .map(|(i, p)| (p, Line::Number(i)));
            let lines: Vec<(&Pattern, Line)> = routes
                .chain(numbers.filter(|_| plan.start.is_some()))
                .collect();
            for (pattern, line) in lines {
                if let Some(pieces) = pattern.pieces() {
                    this.index.insert(pieces, this.claims.len());
                    this.claims.push(Claim {
                        plan: name.clone(),
                        line,
                        exact: pattern.is_exact(),
                    });
                }
            }
        }
        this
    }
}

impl<const N: usize> From<[(String, Dialplan); N]> for Dialplans {
    fn from(plans: [(String, Dialplan); N]) -> Self {
        BTreeMap::from(plans).into()
    }
}

impl Deref for Dialplans {
    type Target = BTreeMap<String, Dialplan>;
    fn deref(&self) -> &BTreeMap<String, Dialplan> {
        &self.plans
    }
}

impl PartialEq for Dialplans {
    fn eq(&self, other: &Self) -> bool {
        self.plans == other.plans
    }
}
