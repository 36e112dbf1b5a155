//! What is known besides the dialplan: queues.conf, pjsip.conf, sip.conf.

use super::{
    mailboxes::OldVoicemail,
    read::{Left, Section, sections, split},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A queue of queues.conf.
#[derive(Clone, Debug, Default)]
pub(super) struct OldQueue {
    /// As they are dialled: `PJSIP/201`.
    pub(super) members: Vec<String>,
    /// As a dialplan of ours has it; empty: ring-all, which is Asterisk's default.
    pub(super) strategy: &'static str,
    /// How long a member rings.
    pub(super) ring: Option<Duration>,
    /// Seconds: `wrapuptime`, `retry`, `announce-frequency`; and `maxlen`.
    pub(super) after_call: u32,
    pub(super) retry: Option<u32>,
    pub(super) announce_every: u32,
    pub(super) max_waiting: u32,
    /// `autopause`.
    pub(super) pauses: bool,
}

/// All that the other files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    pub(super) queues: BTreeMap<String, OldQueue>,
    /// Endpoints of pjsip.conf, friends and peers of sip.conf.
    pub(super) endpoints: BTreeSet<String>,
    /// By endpoint, the mailboxes whose messages its lamp shows: `201@office`.
    lamps: BTreeMap<String, Vec<String>>,
    pub(super) voicemail: OldVoicemail,
    pub(super) left: Vec<Left>,
}

impl Peers {
    /// Adds a file, by its name; `false`: it is none of these.
    pub(super) fn read(&mut self, file: &str, text: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        if name.starts_with("queues") {
            self.queues(file, text);
        } else if name.starts_with("voicemail") {
            self.voicemail.read(file, text, &mut self.left);
        } else if name.starts_with("pjsip") {
            self.endpoints(file, text, &["endpoint"]);
        } else if name.starts_with("sip") {
            self.endpoints(file, text, &["friend", "peer"]);
        } else {
            return false;
        }
        true
    }

    fn queues(&mut self, file: &str, text: &str) {
        for section in sections(file, text) {
            if section.name == "general" {
                continue;
            }
            let mut queue = OldQueue::default();
            for (key, value, at) in section.lines {
                match key.as_str() {
                    "member" => queue.members.extend(split(&value, ',').into_iter().next()),
                    "strategy" => {
                        let known = match value.as_str() {
                            "ringall" => Some("ring-all"),
                            "linear" => Some("in-order"),
                            "leastrecent" => Some("longest-idle"),
                            "rrmemory" | "rrordered" | "roundrobin" => Some("round-robin"),
                            _ => None,
                        };
                        queue.strategy = known.unwrap_or("round-robin");
                        if known.is_none() {
                            let why = format!("strategy {value}: members are rung in turn");
                            self.left.push(Left { at, why });
                        }
                    }
                    "wrapuptime" => queue.after_call = value.parse().unwrap_or(0),
                    "retry" => queue.retry = value.parse().ok(),
                    "announce-frequency" => queue.announce_every = value.parse().unwrap_or(0),
                    "maxlen" => queue.max_waiting = value.parse().unwrap_or(0),
                    "autopause" => queue.pauses = matches!(value.as_str(), "yes" | "all"),
                    "timeout" => queue.ring = value.parse().ok().map(Duration::from_secs),
                    "musicclass" | "musiconhold" => {
                        let why = "music of one's own: `hold` of the queue names a file".to_owned();
                        self.left.push(Left { at, why });
                    }
                    _ => {}
                }
            }
            self.queues.insert(section.name, queue);
        }
    }

    fn endpoints(&mut self, file: &str, text: &str, types: &[&str]) {
        let all = sections(file, text);
        let typed = |s: &Section| {
            let mut lines = s.lines.iter();
            lines.any(|(key, value, _)| key == "type" && types.contains(&value.as_str()))
        };
        for section in &all {
            let shown = section.lines.iter();
            let shown = shown.filter(|(key, ..)| matches!(key.as_str(), "mailbox" | "mailboxes"));
            let shown: Vec<String> = shown.flat_map(|(_, value, _)| split(value, ',')).collect();
            if !shown.is_empty() {
                self.lamps
                    .entry(section.name.clone())
                    .or_default()
                    .extend(shown);
            }
            let parent = |p: &&Section| section.parents.contains(&p.name);
            let inherits = all.iter().filter(parent).any(typed);
            let is_template = section.parents.iter().any(|p| p == "!");
            if (typed(section) || inherits) && !is_template {
                self.endpoints.insert(section.name.clone());
            }
        }
    }

    /// The endpoints whose lamps show a mailbox, and the one of its number where that shows no other.
    pub(super) fn watched_by(&self, number: &str, context: &str) -> Vec<String> {
        let named = |shown: &String| {
            let (box_, of) = shown.split_once('@').unwrap_or((shown, context));
            (box_, of) == (number, context)
        };
        let of = self
            .lamps
            .iter()
            .filter(|(_, shown)| shown.iter().any(named));
        let mut all: Vec<String> = of.map(|(endpoint, _)| endpoint.clone()).collect();
        if !self.lamps.contains_key(number) {
            all.push(number.to_owned());
        }
        all
    }
}
