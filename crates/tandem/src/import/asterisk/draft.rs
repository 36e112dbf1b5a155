//! The new plan while it is made: what the old one's ways have led to.

use super::mailboxes::Limits;
use crate::fresh::slug;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Menu {
    pub(super) prompt: String,
    pub(super) keys: BTreeMap<char, String>,
    /// Patterns of extensions that may be dialled.
    pub(super) direct: Vec<String>,
    /// From one digit of them to the next.
    pub(super) digit_timeout: Option<u64>,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) otherwise: String,
}

/// A mailbox that callers come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub(super) greeting: String,
    /// What the phones that show its messages registered as in the old plan.
    pub(super) watched_by: Vec<String>,
    pub(super) mail_to: Vec<String>,
    pub(super) pin: Option<String>,
    pub(super) limits: Limits,
    pub(super) then: String,
}

impl Mailbox {
    /// `phones`: those that register here. `pin`: where its PIN is.
    fn text(&self, pin: &str, phones: &BTreeMap<String, String>) -> String {
        let list = |all: Vec<&String>| format!("{all:?}");
        let mut out = format!("greeting = {:?}\n", self.greeting);
        let here = self.phones(phones);
        if !here.is_empty() {
            let _ = writeln!(out, "phones = {}", list(here));
        }
        if self.pin.is_some() {
            let _ = writeln!(out, "pin = \"file:secrets/{pin}\"");
        }
        if !self.mail_to.is_empty() {
            let _ = writeln!(out, "mail_to = {}", list(self.mail_to.iter().collect()));
        }
        if self.limits.bare {
            out.push_str("attach = false\n");
        }
        let spans = [
            ("max_length", self.limits.longest),
            ("min_length", self.limits.shortest),
            ("silence", self.limits.silence),
        ];
        for (key, seconds) in spans {
            let _ = seconds.map(|s| writeln!(out, "{key} = \"{s}s\""));
        }
        let _ = writeln!(out, "then = {:?}", self.then);
        out
    }

    /// The numbers of the phones that show its messages.
    pub(super) fn phones<'p>(&self, phones: &'p BTreeMap<String, String>) -> Vec<&'p String> {
        let shows = |user: &String| self.watched_by.contains(user);
        let all = phones.iter().filter(|(_, user)| shows(user));
        all.map(|(number, _)| number).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) members: Vec<String>,
    pub(super) strategy: &'static str,
    pub(super) ring: Duration,
    pub(super) otherwise: String,
    /// Callers wait.
    pub(super) line: Option<Line>,
}

/// How they do: seconds, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) max_wait: u32,
    /// 0: no limit.
    pub(super) max_waiting: u32,
    /// 0: never.
    pub(super) announce_every: u32,
    pub(super) after_call: u32,
    pub(super) ring_again: u32,
    /// 0: nobody is paused.
    pub(super) pause_after: u32,
}

impl Line {
    fn text(self) -> String {
        let mut out = format!(
            "max_wait = \"{}s\"\nleave_key = \"\"\nannounce_every = \"{}s\"\nring_again = \"{}s\"\npause_after = {}\n",
            self.max_wait, self.announce_every, self.ring_again, self.pause_after
        );
        if self.after_call > 0 {
            out += &format!("after_call = \"{}s\"\n", self.after_call);
        }
        if self.max_waiting > 0 {
            out += &format!("max_waiting = {}\n", self.max_waiting);
        }
        out
    }
}

/// One dialplan file.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// Called numbers that start by the hours.
    pub(super) numbers: Vec<String>,
    /// Opening hours, and where a call starts within.
    pub(super) when: Vec<(String, String)>,
    pub(super) start: Option<String>,
    pub(super) routes: Vec<(String, String)>,
    pub(super) menus: BTreeMap<String, Menu>,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) voicemail: BTreeMap<String, Mailbox>,
    /// Trunk and number.
    pub(super) outside: BTreeMap<String, (String, String)>,
    /// Text, and then.
    pub(super) announcements: BTreeMap<String, (String, String)>,
    pub(super) may_dial: BTreeSet<String>,
}

impl Draft {
    /// A name that nothing in this map has.
    fn fresh<T>(map: &BTreeMap<String, T>, like: &str) -> String {
        let like = slug(like);
        let other = (2..).map(|n| format!("{like}-{n}"));
        let mut names = std::iter::once(like.clone()).chain(other);
        names
            .find(|n| !map.contains_key(n))
            .unwrap_or_else(|| like.clone())
    }

    pub(super) fn menu_name(&self, like: &str) -> String {
        Self::fresh(&self.menus, like)
    }

    /// The announcement of this text, and then; nothing to say is where it leads.
    pub(super) fn announce(&mut self, text: &[String], then: String) -> String {
        if text.is_empty() {
            return then;
        }
        let new = (sentence(text), then);
        let known = self.announcements.iter().find(|(_, old)| **old == new);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let words: Vec<&str> = new.0.split_whitespace().take(4).collect();
                let name = Self::fresh(&self.announcements, &words.join("-"));
                self.announcements.insert(name.clone(), new);
                name
            }
        };
        format!("announce:{name}")
    }

    pub(super) fn queue(&mut self, like: &str, queue: Queue) -> String {
        self.may_dial.extend(
            queue
                .members
                .iter()
                .filter_map(|m| m.strip_prefix("ext:").map(str::to_owned)),
        );
        let known = self.queues.iter().find(|(_, old)| **old == queue);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let name = Self::fresh(&self.queues, like);
                self.queues.insert(name.clone(), queue);
                name
            }
        };
        format!("queue:{name}")
    }

    pub(super) fn mailbox(&mut self, like: &str, mailbox: Mailbox) -> String {
        let known = self.voicemail.iter().find(|(_, old)| **old == mailbox);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let name = Self::fresh(&self.voicemail, like);
                self.voicemail.insert(name.clone(), mailbox);
                name
            }
        };
        format!("voicemail:{name}")
    }

    pub(super) fn outside(&mut self, trunk: &str, number: &str) -> String {
        let name = slug(&format!("{trunk}-{number}"));
        self.may_dial.insert(number.to_owned());
        self.outside
            .insert(name.clone(), (trunk.to_owned(), number.to_owned()));
        format!("outside:{name}")
    }

    /// Where a caller is led who does nothing.
    pub(super) fn leads_back(&self, from: &str, to: &str) -> bool {
        let mut at = from;
        for _ in 0..self.announcements.len() + 1 {
            if at == to {
                return true;
            }
            match at
                .strip_prefix("announce:")
                .and_then(|n| self.announcements.get(n))
            {
                Some((_, then)) => at = then,
                None => return false,
            }
        }
        false
    }

    /// Something leads there.
    pub(super) fn mentions(&self, to: &str) -> bool {
        let routes = self.routes.iter().map(|(_, to)| to);
        let when = self.when.iter().map(|(_, to)| to);
        let menus = self
            .menus
            .values()
            .flat_map(|m| m.keys.values().chain([&m.otherwise]));
        let queues = self.queues.values().map(|q| &q.otherwise);
        let boxes = self.voicemail.values().map(|m| &m.then);
        let said = self.announcements.values().map(|(_, then)| then);
        let all = routes
            .chain(when)
            .chain(menus)
            .chain(queues)
            .chain(boxes)
            .chain(said);
        all.into_iter().any(|other| other == to)
    }

    /// What no call can reach is left out. The menus that lead to nobody and to no end, which end now for whoever does nothing.
    pub(super) fn prune(&mut self) -> Vec<String> {
        let names: Vec<String> = self.menus.keys().cloned().collect();
        let is_end = |to: &String| match to.split_once(':') {
            Some((kind, _)) => !matches!(kind, "menu" | "announce" | "voicemail"),
            None => true,
        };
        let mut endless = Vec::new();
        for name in names {
            let reached = self.reached(vec![format!("menu:{name}")]);
            if let (false, Some(menu)) = (reached.iter().any(is_end), self.menus.get_mut(&name)) {
                "hangup".clone_into(&mut menu.otherwise);
                endless.push(name);
            }
        }
        let mut open: Vec<String> = self.routes.iter().map(|(_, to)| to.clone()).collect();
        open.extend(self.when.iter().map(|(_, to)| to.clone()));
        open.extend(self.start.clone());
        let reached = self.reached(open);
        let is = |kind: &str, name: &String| reached.contains(&format!("{kind}:{name}"));
        self.menus.retain(|name, _| is("menu", name));
        self.queues.retain(|name, _| is("queue", name));
        self.voicemail.retain(|name, _| is("voicemail", name));
        self.outside.retain(|name, _| is("outside", name));
        self.announcements.retain(|name, _| is("announce", name));
        endless.retain(|name| self.menus.contains_key(name));
        endless
    }

    /// Everything that somebody may come to from there.
    fn reached(&self, mut open: Vec<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !reached.insert(at.clone()) {
                continue;
            }
            let Some((kind, name)) = at.split_once(':') else {
                continue;
            };
            match kind {
                "menu" => open.extend(
                    self.menus
                        .get(name)
                        .into_iter()
                        .flat_map(|m| m.keys.values().chain([&m.otherwise]).cloned()),
                ),
                "voicemail" => open.extend(self.voicemail.get(name).map(|m| m.then.clone())),
                "queue" => open.extend(self.queues.get(name).map(|q| q.otherwise.clone())),
                "announce" => {
                    open.extend(self.announcements.get(name).map(|(_, then)| then.clone()));
                }
                _ => {}
            }
        }
        reached
    }

    /// The file, with the phones that register here by number. `agents` says what could be, in comments.
    pub(super) fn toml(
        &self,
        plan: &str,
        head: &str,
        trunks: &[&str],
        timezone: &str,
        phones: &BTreeMap<String, String>,
        agents: bool,
    ) -> String {
        let mut out = format!("#:schema ../schema/dialplan.json\n{head}version = 1\n");
        let list = |all: &[String]| {
            let all: Vec<String> = all.iter().map(|t| format!("{t:?}")).collect();
            format!("[{}]", all.join(", "))
        };
        if !self.numbers.is_empty() {
            let _ = writeln!(out, "numbers = {}", list(&self.numbers));
        }
        let _ = writeln!(out, "trunks = {trunks:?}\ntimezone = {timezone:?}");
        if let Some(start) = &self.start {
            let _ = writeln!(out, "start = {start:?}");
        }
        if !self.routes.is_empty() {
            out.push_str(
                "\n[routes]                                            # the first match wins\n",
            );
            // A number beats every pattern.
            let (patterns, numbers): (Vec<_>, Vec<_>) =
                self.routes.iter().partition(|(n, _)| n.starts_with('_'));
            for (number, to) in numbers.into_iter().chain(patterns) {
                let _ = writeln!(out, "{number:?} = {to:?}");
            }
        }
        for (n, (hours, start)) in (1..).zip(&self.when) {
            let _ = write!(
                out,
                "\n[hours.h{n}]\nopen = {hours:?}\n[[when]]\nwithin = \"h{n}\"\nstart = {start:?}\n"
            );
        }
        for (name, m) in &self.menus {
            let keys: Vec<String> = m
                .keys
                .iter()
                .map(|(k, to)| format!("{:?} = {to:?}", k.to_string()))
                .collect();
            let direct = match (m.direct.is_empty(), m.digit_timeout) {
                (true, _) => String::new(),
                (false, None) => format!("direct_dial = {}\n", list(&m.direct)),
                (false, Some(s)) => {
                    format!(
                        "direct_dial = {}\ndigit_timeout = \"{s}s\"\n",
                        list(&m.direct)
                    )
                }
            };
            let _ = write!(
                out,
                "\n[menus.{name}]\nprompt = {:?}\nkeys = {{ {} }}\n{direct}timeout = \"{}s\"\nretries = {}\notherwise = {:?}\n",
                m.prompt,
                keys.join(", "),
                m.timeout.as_secs(),
                m.retries,
                m.otherwise
            );
        }
        for (name, q) in &self.queues {
            let strategy = q.strategy;
            let line = q.line.map_or_else(String::new, Line::text);
            let _ = write!(
                out,
                "\n[queues.{name}]\nmembers = {}\nstrategy = {strategy:?}\n{line}ring = \"{}s\"\ntransfer = \"cold\"                                  # as it was: nobody is briefed\notherwise = [{:?}]\n",
                list(&q.members),
                q.ring.as_secs(),
                q.otherwise
            );
        }
        for (name, mailbox) in &self.voicemail {
            let _ = write!(
                out,
                "\n[voicemail.{name}]\n{}",
                mailbox.text(&pin_of(plan, name), phones)
            );
        }
        for (name, (trunk, number)) in &self.outside {
            let _ = write!(
                out,
                "\n[outside.{name}]\nvia = [{trunk:?}]\ndial = {number:?}\ntransfer = \"cold\"\n"
            );
        }
        for (name, (text, then)) in &self.announcements {
            let _ = write!(
                out,
                "\n[announcements.{name}]\ntext = {text:?}\nthen = {then:?}\n"
            );
        }
        out.push_str("\n[transfers.cold]\nmethod = \"bridge\"\n");
        let may: Vec<String> = self.may_dial.iter().cloned().collect();
        let _ = write!(out, "\n[limits]\nmay_dial = {}\n", list(&may));
        if agents {
            out.push_str(&self.agents());
        }
        out
    }

    /// An agent for the first menu, as a beginning.
    fn agents(&self) -> String {
        let people_in = |m: &Menu| m.keys.values().filter(|to| is_people(to)).count();
        let most = self.menus.iter().max_by_key(|(_, menu)| people_in(menu));
        let Some((name, menu)) = most else {
            return String::new();
        };
        let mut text = format!(
            "\n# An assistant instead of the menu: take the `# ` away, write what your callers really say, and lead a number or a key to\n\
             # agent:triage (or a careful start: [[when]] share = 10). The menu stays as the way of whoever prefers keys.\n#\n\
             # [notice.disclosure]\n# en-GB = \"You are speaking with our automated assistant. Press zero at any time for a person.\"\n\
             # [agents.triage]\n# spoken = \"the front desk\"\n# greeting = \"Good {{daypart}}. How can I help you?\"\n# hands_off_to = [\"menu:{name}\""
        );
        let people: BTreeSet<&String> = menu.keys.values().filter(|to| is_people(to)).collect();
        for to in &people {
            let _ = write!(text, ", {to:?}");
        }
        text.push_str("]\n# [agents.triage.intents]\n");
        for to in &people {
            let topic = slug(to.split(':').nth(1).unwrap_or_default());
            let _ = writeln!(
                text,
                "# {topic} = [\"...\", \"...\", \"...\"]                     # five to ten examples"
            );
        }
        text.push_str("# [agents.triage.routes]\n");
        for to in &people {
            let topic = slug(to.split(':').nth(1).unwrap_or_default());
            let _ = writeln!(text, "# {topic} = {to:?}");
        }
        let _ = writeln!(
            text,
            "# [[escalate]]\n# on = \"provider-down\"\n# to = \"menu:{name}\""
        );
        text
    }
}

/// The file in `secrets/` that has a mailbox's PIN.
pub(super) fn pin_of(plan: &str, mailbox: &str) -> String {
    format!("mailbox-{plan}-{mailbox}")
}

fn is_people(to: &str) -> bool {
    to.starts_with("queue:") || to.starts_with("ext:")
}

/// Names of sounds as words: `vm-goodbye`, `custom/main-menu`.
fn sentence(sounds: &[String]) -> String {
    let words = |sound: &String| {
        let name = sound.rsplit('/').next().unwrap_or(sound);
        let words: Vec<&str> = name.split(['-', '_']).filter(|w| !w.is_empty()).collect();
        let text = words.join(" ");
        let mut chars = text.chars();
        let first = chars.next().map(|c| c.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), chars.as_str())
    };
    sounds.iter().map(words).collect::<Vec<_>>().join(" ")
}

/// The text of a menu, by the same rule.
pub(super) fn prompt(sounds: &[String]) -> String {
    match sounds {
        [] => "Please press a key.".to_owned(),
        sounds => sentence(sounds),
    }
}
