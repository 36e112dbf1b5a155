//! The old ways, walked from a number to where they end; each becomes a destination of the new plan.
//!
//! ```text
//!   Playback ... Goto, Gosub, GotoIf (of constants) ...--+--> Background, WaitExten, Read --> menu: each key is walked, and silence
//!                                                        +--> Dial, Queue --> queue: what follows is `otherwise`
//!                                                        +--> Hangup, ConfBridge, Echo
//!   what was played before is an announcement that leads there
//! ```

use super::{
    draft::Draft,
    peers::Peers,
    read::{At, Dialplan, Left, Step, split},
    values::{holds, sample},
};
use crate::fresh::slug;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Where a way stands: context, extension, step.
pub(super) type Place = (String, String, usize);

/// Menus in menus, and subroutines in subroutines.
const DEPTH: usize = 40;
/// Steps in all: a plan that has more is one that goes round.
const STEPS: usize = 50_000;
/// Steps that a caller does not notice.
const SILENT: [&str; 12] = [
    "answer",
    "noop",
    "verbose",
    "log",
    "wait",
    "ringing",
    "progress",
    "proceeding",
    "resetcdr",
    "nocdr",
    "musiconhold",
    "stopmusiconhold",
];

/// A call on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) at: Place,
    /// What was dialled; `{to}` where a pattern took it.
    pub(super) number: String,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) said: Vec<String>,
    pub(super) back: Vec<Place>,
    pub(super) timeout: Option<u64>,
    pub(super) digit_timeout: Option<u64>,
    pub(super) depth: usize,
}

impl Way {
    /// It has come from a called number to here without anything in between: the number's pattern may stand for it.
    pub(super) fn is_route(&self) -> bool {
        self.depth == 1 && self.said.is_empty()
    }
}

/// Walks.
pub(super) struct Walker<'a> {
    pub(super) plan: &'a Dialplan,
    pub(super) peers: &'a Peers,
    pub(super) draft: Draft,
    pub(super) left: Vec<Left>,
    /// By number, what each registers as.
    pub(super) phones: BTreeMap<String, String>,
    pub(super) trunks: BTreeSet<String>,
    /// A way was walked by a pattern whose numbers lead to different ends.
    pub(super) by_number: bool,
    pub(super) menus: BTreeMap<Place, String>,
    /// Where people are rung and messages taken by ways that are being walked.
    open: Vec<(Place, String)>,
    /// Lines that some way has come by.
    pub(super) seen: BTreeSet<(Rc<str>, usize)>,
    steps: usize,
}

/// What one step leads to.
pub(super) enum Next {
    On,
    To(Place),
    End(String),
}

impl<'a> Walker<'a> {
    pub(super) fn new(plan: &'a Dialplan, peers: &'a Peers) -> Self {
        Self {
            plan,
            peers,
            draft: Draft::default(),
            left: Vec::new(),
            phones: BTreeMap::new(),
            trunks: BTreeSet::new(),
            by_number: false,
            open: Vec::new(),
            menus: BTreeMap::new(),
            seen: BTreeSet::new(),
            steps: 0,
        }
    }

    pub(super) fn leave(&mut self, at: &At, why: impl Into<String>) {
        let left = Left {
            at: at.clone(),
            why: why.into(),
        };
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    pub(super) fn come_by(&mut self, step: &Step) {
        self.seen.insert((step.at.file.clone(), step.at.line));
    }

    pub(super) fn step(&self, place: &Place) -> Option<Step> {
        let (context, exten, step) = place;
        let all = self.plan.extens(context);
        let exten = all.into_iter().find(|e| e.name == *exten)?;
        exten.steps.get(*step).cloned()
    }

    /// Where this call goes.
    pub(super) fn lead(&mut self, mut way: Way) -> String {
        let mut been = BTreeSet::new();
        way.depth += 1;
        loop {
            let Some(step) = self.step(&way.at) else {
                match way.back.pop() {
                    Some(back) => way.at = back,
                    None => return self.draft.announce(&way.said, "hangup".to_owned()),
                }
                continue;
            };
            self.steps += 1;
            self.come_by(&step);
            let round = !been.insert((way.at.clone(), way.vars.clone(), way.back.len()));
            if round || way.depth > DEPTH || self.steps > STEPS {
                self.leave(
                    &step.at,
                    "this goes round without an end: the call ends here",
                );
                return self.draft.announce(&way.said, "hangup".to_owned());
            }
            match self.take(&mut way, &step) {
                Next::On => way.at.2 += 1,
                Next::To(place) => way.at = place,
                Next::End(to) => return to,
            }
        }
    }

    fn take(&mut self, way: &mut Way, step: &Step) -> Next {
        let args: Vec<String> = step.args.iter().map(|a| self.filled(a, way)).collect();
        let arg = |n: usize| args.get(n).cloned().unwrap_or_default();
        match step.app.as_str() {
            app if SILENT.contains(&app) => Next::On,
            "set" => {
                self.set(way, step);
                Next::On
            }
            "playback" => {
                way.said.extend(split(&arg(0), '&'));
                Next::On
            }
            "background" | "waitexten" => Next::End(self.menu(way, step)),
            "read" => self.read(way, step, &args),
            "goto" => self.go(way, step, &args),
            "gotoif" => self.go_if(way, step, &args),
            "gosub" | "macro" => self.subroutine(way, step, &args),
            "return" | "macroexit" => match way.back.pop() {
                Some(back) => Next::To(back),
                None => Next::End(self.ends(way, "hangup")),
            },
            "dial" => self.dial(way, step, &args),
            "queue" => self.queue(way, step, &args),
            "voicemail" => self.voicemail(way, step, &args),
            "confbridge" | "meetme" => {
                let room = match arg(0).as_str() {
                    "{to}" if way.is_route() => "conference:{to}".to_owned(),
                    "{to}" => {
                        self.leave(&step.at, "a room that the dialled number names: left out");
                        "hangup".to_owned()
                    }
                    name => format!("conference:{}", slug(name)),
                };
                Next::End(self.ends(way, &room))
            }
            "echo" => Next::End(self.ends(way, "echo")),
            "hangup" | "busy" | "congestion" => Next::End(self.ends(way, "hangup")),
            "gotoiftime" => {
                self.leave(&step.at, "times after the beginning of a call: taken as outside of them; [[when]] chooses where calls start");
                Next::On
            }
            "voicemailmain" => {
                self.leave(&step.at, "messages are heard by phones that register here");
                Next::On
            }
            app => {
                self.leave(&step.at, format!("{app}: left out"));
                Next::On
            }
        }
    }

    /// Walks what follows a step that rings or records; a way that comes to itself again ends.
    pub(super) fn follow(&mut self, way: &Way, step: &Step, next: Way) -> String {
        let here = (way.at.clone(), way.number.clone());
        if self.open.contains(&here) {
            self.leave(
                &step.at,
                "this goes round without an end: the call ends here",
            );
            return "hangup".to_owned();
        }
        self.open.push(here);
        let to = self.lead(next);
        self.open.pop();
        to
    }

    pub(super) fn ends(&mut self, way: &Way, to: &str) -> String {
        self.draft.announce(&way.said, to.to_owned())
    }

    pub(super) fn set(&mut self, way: &mut Way, step: &Step) {
        let args: Vec<String> = step.args.iter().map(|a| self.filled(a, way)).collect();
        for arg in &args {
            let Some((name, value)) = arg.split_once('=') else {
                continue;
            };
            let name = name.trim().trim_start_matches('_').to_ascii_lowercase();
            let local = name
                .strip_prefix("local(")
                .and_then(|n| n.strip_suffix(')'));
            let name = local.map_or(name.clone(), str::to_owned);
            let value = value.trim().trim_matches('"');
            if name == "timeout(response)" {
                way.timeout = value.parse().ok();
            } else if name == "timeout(digit)" {
                way.digit_timeout = value.parse().ok().filter(|s| *s > 0);
            } else if name.starts_with("timeout(") || name.starts_with("cdr") {
                // Nothing that a caller notices.
            } else if name.contains('(') || value.contains("${") {
                self.leave(
                    &step.at,
                    "a function or a variable that is known in the call alone",
                );
            } else {
                way.vars.insert(name, value.to_owned());
            }
        }
    }

    /// `[[context,]extension,]priority`.
    pub(super) fn place(&self, way: &Way, target: &[String]) -> Option<(Place, String)> {
        let (context, exten, _) = &way.at;
        let (context, number, priority) = match target {
            [priority] => (context.as_str(), exten.as_str(), priority),
            [exten, priority] => (context.as_str(), exten.as_str(), priority),
            [context, exten, priority] => (context.as_str(), exten.as_str(), priority),
            _ => return None,
        };
        if number.contains("${") {
            return None;
        }
        // The same number goes on under the pattern that took it.
        let sought = match number {
            "{to}" => sample(exten),
            number if number.starts_with('_') => sample(number),
            number => number.to_owned(),
        };
        let found = match target.len() {
            1 => self
                .plan
                .extens(context)
                .into_iter()
                .find(|e| e.name == number)?,
            _ => self.plan.find(context, &sought)?,
        };
        let step = found.step(priority)?;
        let by_pattern = found.name.starts_with('_');
        let number = match (by_pattern, target.len()) {
            (_, 1) => way.number.clone(),
            (true, _) if number == "{to}" => "{to}".to_owned(),
            (true, _) => number.to_owned(),
            (false, _) => found.name.clone(),
        };
        Some(((context.to_owned(), found.name.clone(), step), number))
    }

    pub(super) fn go(&mut self, way: &mut Way, step: &Step, target: &[String]) -> Next {
        match self.place(way, target) {
            Some((place, number)) => {
                way.number = number;
                Next::To(place)
            }
            None => {
                self.leave(
                    &step.at,
                    "it goes where a variable says, or nowhere: the call ends here",
                );
                Next::End(self.ends(way, "hangup"))
            }
        }
    }

    fn go_if(&mut self, way: &mut Way, step: &Step, args: &[String]) -> Next {
        let whole = args.join(",");
        let mut parts = split(&whole, '?').into_iter();
        let (condition, labels) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let labels = split(&labels, ':');
        let holds = holds(&condition);
        if holds.is_none() {
            self.leave(
                &step.at,
                "a condition that is known in the call alone: taken as not so",
            );
        }
        let chosen = labels.get(usize::from(holds != Some(true)));
        match chosen.filter(|label| !label.is_empty()) {
            Some(label) => self.go(way, step, &split(label, ',')),
            None => Next::On,
        }
    }

    fn subroutine(&mut self, way: &mut Way, step: &Step, args: &[String]) -> Next {
        let back = (way.at.0.clone(), way.at.1.clone(), way.at.2 + 1);
        let (target, given): (Vec<String>, Vec<String>) = match step.app.as_str() {
            "macro" => {
                let name = args.first().cloned().unwrap_or_default();
                let place = [format!("macro-{name}"), "s".to_owned(), "1".to_owned()];
                (place.into(), args.iter().skip(1).cloned().collect())
            }
            _ => {
                let mut target = args.to_vec();
                let last = target.pop().unwrap_or_default();
                let (priority, given) = last.split_once('(').unwrap_or((last.as_str(), ""));
                target.push(priority.to_owned());
                (target, split(given.trim_end_matches(')'), ','))
            }
        };
        let Some((place, _)) = self.place(way, &target) else {
            self.leave(&step.at, "a subroutine that is not there: left out");
            return Next::On;
        };
        for (n, value) in (1..).zip(given) {
            way.vars.insert(format!("arg{n}"), value);
        }
        way.back.push(back);
        Next::To(place)
    }
}
