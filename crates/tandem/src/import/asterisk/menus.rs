//! Menus: Background and WaitExten with the extensions of one key, and Read with what asks for its digit.

use super::{
    draft::{Menu, prompt},
    read::{Step, matches, split},
    walk::{Walker, Way},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const KEYS: &str = "0123456789*#";
/// WaitExten without a time.
const USUAL: u64 = 10;
/// Of a menu that is none.
const NO_KEY: &str = "no key leads anywhere here: the text is said, and then";
/// How often a menu that repeated itself without end is said again.
const AGAIN: u32 = 2;

impl Walker<'_> {
    /// The menu that begins here.
    pub(super) fn menu(&mut self, way: &Way, step: &Step) -> String {
        let here = way.at.clone();
        if let Some(name) = self.menus.get(&here) {
            let to = format!("menu:{name}");
            return self.ends(way, &to);
        }
        let like = match way.at.1.as_str() {
            "s" => way.at.0.clone(),
            exten => format!("{}-{exten}", way.at.0),
        };
        let name = self.draft.menu_name(&like);
        let to = format!("menu:{name}");
        self.menus.insert(here, name.clone());
        let mut menu = Menu {
            prompt: String::new(),
            keys: BTreeMap::new(),
            direct: Vec::new(),
            digit_timeout: None,
            timeout: Duration::from_secs(1),
            retries: 0,
            otherwise: "hangup".to_owned(),
        };
        // Its name is taken while its keys are walked.
        self.draft.menus.insert(name.clone(), menu.clone());

        let (sounds, wait, after) = self.prompted(way);
        menu.prompt = prompt(&sounds);
        if let Some(seconds) = wait {
            menu.timeout = Duration::from_secs(seconds.max(1));
        }
        menu.keys = self.keys(way);
        menu.direct = self.direct(way, step);
        menu.digit_timeout = after.digit_timeout;
        if menu.keys.is_empty() && !menu.direct.is_empty() {
            // A menu has a key.
            menu.keys.insert('*', to.clone());
        }
        let invalid = self.special(way, "i");
        let silence = match self.step(&after.at) {
            Some(_) => Some(self.lead(after)),
            None => self.special(way, "t"),
        };
        menu.otherwise = silence.unwrap_or_else(|| "hangup".to_owned());
        if self.draft.leads_back(&menu.otherwise, &to) {
            menu.retries = AGAIN;
            menu.otherwise = "hangup".to_owned();
            self.leave(
                &step.at,
                "it repeated itself without end: now three times, then the call ends",
            );
        } else if invalid
            .as_ref()
            .is_some_and(|from| self.draft.leads_back(from, &to))
        {
            menu.retries = AGAIN;
            self.leave(
                &step.at,
                "whoever presses nothing is asked as often as whoever presses a wrong key: three times before it goes on",
            );
        } else if invalid.is_some_and(|to| to != menu.otherwise) {
            self.leave(
                &step.at,
                "another key than those of the menu leads where silence leads",
            );
        }
        if menu.keys.is_empty() && self.draft.mentions(&to) {
            menu.keys.insert('*', to.clone());
        }
        if menu.keys.is_empty() {
            self.leave(&step.at, NO_KEY);
            self.menus.retain(|_, known| *known != name);
            self.draft.menus.remove(&name);
            let said: Vec<String> = way.said.iter().chain(&sounds).cloned().collect();
            return self.draft.announce(&said, menu.otherwise);
        }
        self.draft.menus.insert(name, menu);
        self.ends(way, &to)
    }

    /// What is said, how long is waited, and where it goes on in silence.
    fn prompted(&mut self, way: &Way) -> (Vec<String>, Option<u64>, Way) {
        let (mut sounds, mut at) = (Vec::new(), way.clone());
        let mut timeout = way.timeout;
        loop {
            let Some(step) = self.step(&at.at) else {
                return (sounds, None, self.silent(at));
            };
            let arg = step
                .args
                .first()
                .map_or(String::new(), |a| self.filled(a, way));
            self.come_by(&step);
            match step.app.as_str() {
                "background" => sounds.extend(split(&arg, '&')),
                "waitexten" => {
                    let seconds = arg.parse().ok().or(timeout).unwrap_or(USUAL);
                    at.at.2 += 1;
                    return (sounds, Some(seconds), self.silent(at));
                }
                "set" if arg.to_ascii_lowercase().starts_with("timeout(response)=") => {
                    timeout = arg.split('=').nth(1).and_then(|t| t.trim().parse().ok());
                }
                "set" if arg.to_ascii_lowercase().starts_with("timeout(digit)=") => {
                    let seconds = arg.split('=').nth(1).and_then(|t| t.trim().parse().ok());
                    at.digit_timeout = seconds.filter(|s| *s > 0);
                }
                "noop" | "verbose" | "set" | "wait" => {}
                _ => return (sounds, None, self.silent(at)),
            }
            at.at.2 += 1;
        }
    }

    fn silent(&self, mut way: Way) -> Way {
        way.said.clear();
        way
    }

    /// Where each key leads: extensions of one digit, and patterns of one.
    fn keys(&mut self, way: &Way) -> BTreeMap<char, String> {
        let mut keys = BTreeMap::new();
        let context = way.at.0.clone();
        for key in KEYS.chars() {
            let Some(exten) = self.plan.find(&context, &key.to_string()) else {
                continue;
            };
            let mut pressed = way.clone();
            pressed.said.clear();
            pressed.at = (context.clone(), exten.name.clone(), 0);
            pressed.number = key.to_string();
            let to = self.lead(pressed);
            let hangs_up = |s: &Step| matches!(s.app.as_str(), "hangup" | "busy" | "congestion");
            let meant = exten.steps.iter().any(hangs_up);
            match exten.steps.first().map(|s| s.at.clone()) {
                Some(first) if to == "hangup" && !meant => {
                    self.leave(
                        &first,
                        format!("key {key} leads nowhere now, and counts as a wrong one"),
                    );
                }
                _ => drop(keys.insert(key, to)),
            }
        }
        keys
    }

    /// What may be dialled besides the keys, by this context and those that it includes.
    fn longer(&self, way: &Way) -> Vec<String> {
        let all = self.plan.extens(&way.at.0).into_iter();
        all.map(|e| e.name.clone())
            .filter(|n| {
                let digits = n.trim_start_matches('_');
                let first = digits
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_ascii_digit() || "XZN[".contains(c));
                first
                    && *n != way.at.1
                    && digits.len() > 1
                    && !super::read::matches(n, "1")
                    && !one_digit(n)
            })
            .collect()
    }

    /// Extensions that ring the phone that has their number, one by one.
    fn direct(&mut self, way: &Way, step: &Step) -> Vec<String> {
        let (mut direct, mut left, mut unanswered) = (BTreeSet::new(), Vec::new(), false);
        for name in self.longer(way) {
            let known = match name.ends_with(['.', '!']) {
                true => BTreeSet::new(),
                false => self.numbers_of(&name),
            };
            if known.is_empty() {
                left.push(name.clone());
            }
            for number in known {
                let Some(otherwise) = self.rings(way, &name, &number) else {
                    left.push(number);
                    continue;
                };
                unanswered |= otherwise != "hangup";
                let registers = self.phones.entry(number.clone());
                registers.or_insert_with(|| number.clone());
                direct.insert(number);
            }
        }
        if !left.is_empty() {
            let names = left.join(", ");
            self.leave(
                &step.at,
                format!("dialling an extension in the menu ({names})"),
            );
        }
        if unanswered {
            self.leave(
                &step.at,
                "whoever is not answered at an extension that they dialled goes where silence leads",
            );
        }
        self.draft.may_dial.extend(direct.iter().cloned());
        direct.into_iter().collect()
    }

    /// The numbers of a pattern that some phone or extension has.
    fn numbers_of(&self, pattern: &str) -> BTreeSet<String> {
        let contexts = self.plan.contexts.values();
        let extens = contexts.flat_map(|c| c.extens.iter().map(|e| &e.name));
        let fits = |n: &&String| {
            (2..=8).contains(&n.len())
                && n.chars().all(|c| c.is_ascii_digit())
                && matches(pattern, n)
        };
        let all = self.peers.endpoints.iter().chain(extens);
        all.filter(fits).cloned().collect()
    }

    /// Where a caller goes on who dials this number in a menu and is not answered; `None`: it rings somebody else, or nobody.
    fn rings(&mut self, way: &Way, name: &str, number: &str) -> Option<String> {
        let mut dialled = way.clone();
        dialled.said.clear();
        dialled.at = (way.at.0.clone(), name.to_owned(), 0);
        dialled.number = number.to_owned();
        let to = self.lead(dialled);
        let ext = format!("ext:{number}");
        if to == ext {
            return Some("hangup".to_owned());
        }
        let queue = self.draft.queues.get(to.strip_prefix("queue:")?)?;
        (queue.members == [ext]).then(|| queue.otherwise.clone())
    }

    fn special(&mut self, way: &Way, name: &str) -> Option<String> {
        let context = &way.at.0;
        let all = self.plan.extens(context);
        all.iter().find(|e| e.name == name)?;
        let mut led = way.clone();
        led.said.clear();
        led.at = (context.clone(), name.to_owned(), 0);
        Some(self.lead(led))
    }

    /// Read(VAR,sound,1,,attempts,timeout): each digit is walked as if it had been pressed.
    pub(super) fn read(
        &mut self,
        way: &mut Way,
        step: &Step,
        args: &[String],
    ) -> super::walk::Next {
        use super::walk::Next;
        let arg = |n: usize| args.get(n).map_or("", String::as_str);
        if arg(2) != "1" {
            self.leave(&step.at, "digits that are read: left out");
            return Next::On;
        }
        if let Some(name) = self.menus.get(&way.at) {
            let to = format!("menu:{name}");
            return Next::End(self.ends(way, &to));
        }
        let name = self.draft.menu_name(&format!("{}-{}", way.at.0, arg(0)));
        let to = format!("menu:{name}");
        self.menus.insert(way.at.clone(), name.clone());
        let sounds = split(arg(1), '&');
        let attempts: u32 = arg(4).parse().unwrap_or(1);
        let mut menu = Menu {
            prompt: prompt(&sounds),
            keys: BTreeMap::new(),
            direct: Vec::new(),
            digit_timeout: None,
            timeout: Duration::from_secs(arg(5).parse().unwrap_or(USUAL).max(1)),
            retries: attempts.saturating_sub(1),
            otherwise: "hangup".to_owned(),
        };
        self.draft.menus.insert(name.clone(), menu.clone());
        let variable = arg(0).to_ascii_lowercase();
        let pressed = |value: &str, walker: &mut Self| {
            let mut next = way.clone();
            next.said.clear();
            next.at.2 += 1;
            next.vars.insert(variable.clone(), value.to_owned());
            walker.lead(next)
        };
        menu.otherwise = pressed("", self);
        // What nobody asks for: where a wrong digit leads.
        let wrong = pressed("A", self);
        for key in KEYS.chars().filter(|k| *k != '#') {
            let to = pressed(&key.to_string(), self);
            // A wrong one is asked again.
            let again = self.draft.leads_back(&to, &format!("menu:{name}"));
            if !again && (to != wrong || to != menu.otherwise) {
                menu.keys.insert(key, to);
            }
        }
        if self.draft.leads_back(&menu.otherwise, &to) {
            menu.retries = AGAIN;
            menu.otherwise = "hangup".to_owned();
        }
        if menu.keys.is_empty() && self.draft.mentions(&to) {
            menu.keys.insert('*', to.clone());
        }
        if menu.keys.is_empty() {
            self.leave(&step.at, NO_KEY);
            self.menus.retain(|_, known| *known != name);
            self.draft.menus.remove(&name);
            way.said.extend(sounds);
            return Next::End(self.ends(way, &menu.otherwise));
        }
        self.draft.menus.insert(name, menu);
        Next::End(self.ends(way, &to))
    }
}

fn one_digit(pattern: &str) -> bool {
    KEYS.chars()
        .any(|k| super::read::matches(pattern, &k.to_string()))
}
