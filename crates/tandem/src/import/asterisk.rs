//! Asterisk's files to ours.

mod draft;
mod mailboxes;
mod menus;
mod peers;
mod people;
mod read;
mod times;
mod values;
mod walk;
mod written;

use crate::fresh::slug;
use draft::Draft;
use peers::Peers;
use read::{Dialplan, split};
use std::collections::BTreeSet;
use walk::{Walker, Way};
use written::written;

/// Parts of names of contexts that callers from outside come into.
const OUTSIDE: [&str; 8] = [
    "incoming",
    "inbound",
    "from-trunk",
    "from-pstn",
    "from-sip-external",
    "from-outside",
    "from-external",
    "did",
];

/// What the admin says.
pub(super) struct Wishes {
    pub(super) from_outside: Vec<String>,
    pub(super) numbers: Vec<String>,
    pub(super) timezone: String,
}

/// The old files.
#[derive(Default)]
pub(super) struct Old {
    plan: Dialplan,
    peers: Peers,
}

/// The new ones.
pub(super) struct New {
    /// By path.
    pub(super) files: Vec<(String, String)>,
    /// Phones that need a password.
    pub(super) secrets: Vec<String>,
    /// Numbers that lead somewhere.
    pub(super) ways: usize,
    /// PINs of mailboxes, by the name of their file in `secrets/`.
    pub(super) pins: Vec<(String, String)>,
    /// Lines that could not be carried over.
    pub(super) left: usize,
    /// A number to try.
    pub(super) first: String,
}

impl Old {
    pub(super) fn read(&mut self, name: &str, text: &str) {
        if !self.peers.read(name, text) {
            self.plan.read(name, text);
        }
    }

    /// # Errors
    /// Which context callers come into is not to be seen.
    pub(super) fn convert(self, wishes: &Wishes) -> Result<New, String> {
        let contexts = self.outside(wishes)?;
        let mut walker = Walker::new(&self.plan, &self.peers);
        let mut all: Vec<(String, Draft)> = Vec::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for context in &contexts {
            let mut names: Vec<String> = self
                .plan
                .extens(context)
                .iter()
                .map(|e| e.name.clone())
                .collect();
            // A number beats a pattern, and a pattern of few numbers one of many.
            names.sort_by_key(|n| {
                (
                    n.starts_with('_'),
                    n.ends_with(['.', '!']),
                    n.matches(['X', 'Z', 'N', '[']).count(),
                )
            });
            for name in names {
                let numbers = match name.as_str() {
                    "s" => wishes.numbers.clone(),
                    name if is_number(name) => vec![name.to_owned()],
                    _ => continue,
                };
                if name == "s" && numbers.is_empty() {
                    let step = walker.step(&(context.clone(), name.clone(), 0));
                    if let Some(step) = step.filter(|_| is_start(&self.plan, context)) {
                        walker.leave(
                            &step.at,
                            "`s` takes calls to no number: say which with --number",
                        );
                    }
                    continue;
                }
                // Keys of a menu of the same context are no numbers of ours.
                if (name.len() == 1 && name != "s") || one_key(&name) {
                    continue;
                }
                let fresh: Vec<String> = numbers
                    .into_iter()
                    .filter(|n| taken.insert(n.clone()))
                    .collect();
                let known = walker.left.len();
                for number in fresh {
                    walker.by_number = false;
                    let led = start(&mut walker, context, &name, &number, &mut all);
                    let routed = all
                        .iter()
                        .any(|(_, d)| d.routes.iter().any(|r| r.0 == name));
                    let lost = !led || (routed && walker.by_number);
                    if !lost || !name.starts_with('_') {
                        continue;
                    }
                    // What depends on the number is walked for each phone that it can mean.
                    let each: Vec<String> = self
                        .each(&name)
                        .into_iter()
                        .filter(|n| taken.insert(n.clone()))
                        .collect();
                    if each.is_empty() {
                        continue;
                    }
                    walker.left.truncate(known);
                    // Numbers that no phone has rang nobody.
                    for (_, draft) in &mut all {
                        draft
                            .routes
                            .retain(|(n, to)| *n != name || to != "ext:{to}");
                    }
                    for number in &each {
                        start(&mut walker, context, &name, number, &mut all);
                    }
                }
            }
        }
        Ok(written(&self, walker, all, wishes, &contexts))
    }

    /// The numbers of a pattern that some phone has, else those that end like one.
    fn each(&self, pattern: &str) -> Vec<String> {
        let own = self.peers.endpoints.iter();
        let own: Vec<String> = own
            .filter(|e| is_number(e) && read::matches(pattern, e))
            .cloned()
            .collect();
        if !own.is_empty() {
            return own;
        }
        let fixed = pattern.trim_start_matches('_');
        let open = fixed.len() - fixed.trim_end_matches('X').len();
        let fixed = &fixed[..fixed.len() - open];
        if open == 0 || !fixed.chars().all(|c| c.is_ascii_digit() || c == '+') {
            return Vec::new();
        }
        let phones = self.peers.endpoints.iter();
        let numeric = phones.filter(|p| p.len() >= open && p.chars().all(|c| c.is_ascii_digit()));
        numeric
            .map(|p| format!("{fixed}{}", &p[p.len() - open..]))
            .collect()
    }

    fn outside(&self, wishes: &Wishes) -> Result<Vec<String>, String> {
        let known = &self.plan.names;
        if let Some(unknown) = wishes.from_outside.iter().find(|c| !known.contains(c)) {
            return Err(format!(
                "there is no context {unknown:?}; there are {}",
                known.join(", ")
            ));
        }
        if !wishes.from_outside.is_empty() {
            return Ok(wishes.from_outside.clone());
        }
        let says = |name: &&String| {
            let name = name.to_ascii_lowercase();
            OUTSIDE.iter().any(|part| name.contains(part))
        };
        let found: Vec<String> = known.iter().filter(says).cloned().collect();
        match found.is_empty() {
            false => Ok(found),
            true => Err(format!(
                "which context do callers from outside come into? Say it with --from-outside; there are {}",
                known.join(", ")
            )),
        }
    }
}

/// A number, or a pattern of numbers.
fn is_number(name: &str) -> bool {
    let digits = name.trim_start_matches('_').trim_start_matches('+');
    let fits = |c: char| c.is_ascii_digit() || "XZNxzn[]-.!*#".contains(c);
    !digits.is_empty() && digits.chars().all(fits)
}

fn one_key(name: &str) -> bool {
    name.starts_with('_')
        && (0..10).any(|d| read::matches(name, &d.to_string()))
        && !name.ends_with(['.', '!'])
}

/// It has no number at all besides `s`.
fn is_start(plan: &Dialplan, context: &str) -> bool {
    let all = plan.extens(context);
    !all.iter()
        .any(|e| e.name.len() > 1 && is_number(&e.name) && !one_key(&e.name))
}

/// One number of the old plan: by the hours where it begins with them, else a route. `false`: it leads nowhere, and has none.
fn start(
    walker: &mut Walker<'_>,
    context: &str,
    name: &str,
    number: &str,
    all: &mut Vec<(String, Draft)>,
) -> bool {
    let mut way = Way {
        at: (context.to_owned(), name.to_owned(), 0),
        number: if number.starts_with('_') {
            "{to}".to_owned()
        } else {
            number.to_owned()
        },
        ..Way::default()
    };
    let timed = begins_with_hours(walker, &mut way);
    let file = if timed {
        slug(&format!("{context}-{name}"))
    } else {
        "main".to_owned()
    };
    if let Some((_, known)) = all.iter_mut().find(|(known, _)| timed && *known == file) {
        // The same beginning under another number.
        known.numbers.push(number.to_owned());
        return true;
    }
    let at = match all.iter().position(|(known, _)| *known == file) {
        Some(at) => at,
        None => {
            all.push((file, Draft::default()));
            all.len() - 1
        }
    };
    walker.draft = std::mem::take(&mut all[at].1);
    // The menus of one file are not those of another.
    let menus = timed.then(|| std::mem::take(&mut walker.menus));
    if timed {
        hours(walker, &mut way);
    }
    let to = walker.lead(way);
    let leads = timed || to != "hangup";
    if let Some(menus) = menus {
        walker.menus = menus;
        walker.draft.start = Some(to);
        walker.draft.numbers.push(number.to_owned());
    } else if leads {
        walker.draft.routes.push((number.to_owned(), to));
    }
    all[at].1 = std::mem::take(&mut walker.draft);
    leads
}

/// Goes on to the first GotoIfTime, if nothing is heard before it.
fn begins_with_hours(walker: &mut Walker<'_>, way: &mut Way) -> bool {
    let mut at = way.clone();
    for _ in 0..100 {
        let Some(step) = walker.step(&at.at) else {
            return false;
        };
        walker.come_by(&step);
        match step.app.as_str() {
            "gotoiftime" => {
                *way = at;
                return true;
            }
            "noop" | "verbose" | "log" | "answer" | "wait" | "ringing" => at.at.2 += 1,
            "set" => {
                walker.set(&mut at, &step);
                at.at.2 += 1;
            }
            "goto" => {
                let target: Vec<String> = step.args.iter().map(|a| walker.filled(a, &at)).collect();
                let Some((place, number)) = walker.place(&at, &target) else {
                    return false;
                };
                at.at = place;
                at.number = number;
            }
            _ => return false,
        }
    }
    false
}

/// Each GotoIfTime is a rule, until something else comes.
fn hours(walker: &mut Walker<'_>, way: &mut Way) {
    for _ in 0..100 {
        let Some(step) = walker.step(&way.at) else {
            return;
        };
        walker.come_by(&step);
        match step.app.as_str() {
            "noop" | "verbose" | "log" | "answer" | "wait" | "ringing" => way.at.2 += 1,
            "set" => {
                walker.set(way, &step);
                way.at.2 += 1;
            }
            "gotoiftime" => {
                let args: Vec<String> = step.args.iter().map(|a| walker.filled(a, way)).collect();
                let whole = args.join(",");
                let (when, labels) = whole.split_once('?').unwrap_or((whole.as_str(), ""));
                let labels = split(labels, ':');
                let label = |n: usize| labels.get(n).filter(|l| !l.is_empty());
                let open = times::opening_hours(&split(when, ','));
                let target = label(0).and_then(|l| walker.place(way, &split(l, ',')));
                match (open, target) {
                    (Some(open), Some((place, number))) => {
                        let to = walker.lead(Way {
                            at: place,
                            number,
                            ..way.clone()
                        });
                        walker.draft.when.push((open, to));
                    }
                    _ => walker.leave(
                        &step.at,
                        "these times cannot be written as opening hours: the rule is left out",
                    ),
                }
                match label(1).and_then(|l| walker.place(way, &split(l, ','))) {
                    Some((place, number)) => (way.at, way.number) = (place, number),
                    None => way.at.2 += 1,
                }
            }
            _ => return,
        }
    }
}
