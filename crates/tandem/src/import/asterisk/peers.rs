//! What is known besides the dialplan: queues.conf, pjsip.conf, sip.conf.

use super::read::{Left, Section, sections, split};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A queue of queues.conf.
#[derive(Clone, Debug, Default)]
pub(super) struct OldQueue {
    /// As they are dialled: `PJSIP/201`.
    pub(super) members: Vec<String>,
    pub(super) ring_all: bool,
    /// How long a member rings.
    pub(super) ring: Option<Duration>,
}

/// All that the other files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    pub(super) queues: BTreeMap<String, OldQueue>,
    /// Endpoints of pjsip.conf, friends and peers of sip.conf.
    pub(super) endpoints: BTreeSet<String>,
    pub(super) left: Vec<Left>,
}

impl Peers {
    /// Adds a file, by its name; `false`: it is none of these.
    pub(super) fn read(&mut self, file: &str, text: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        if name.starts_with("queues") {
            self.queues(file, text);
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
                        queue.ring_all = value == "ringall";
                        if !matches!(value.as_str(), "ringall" | "linear") {
                            let why = format!(
                                "strategy {value}: members are rung one after the other, in this order"
                            );
                            self.left.push(Left { at, why });
                        }
                    }
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
            let parent = |p: &&Section| section.parents.contains(&p.name);
            let inherits = all.iter().filter(parent).any(typed);
            let is_template = section.parents.iter().any(|p| p == "!");
            if (typed(section) || inherits) && !is_template {
                self.endpoints.insert(section.name.clone());
            }
        }
    }
}
