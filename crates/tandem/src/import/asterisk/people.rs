//! Who is rung: Dial and Queue.

use super::{
    draft::{Line, Queue},
    read::{Step, matches, split},
    walk::{Next, Walker, Way},
};
use crate::fresh::slug;
use std::time::Duration;

/// Seconds between two attempts where queues.conf says nothing.
const RETRY: u32 = 5;
/// Callers who may wait without end wait so many seconds here.
const LONG: u32 = 3600;

impl Walker<'_> {
    /// Where the call goes when nobody takes it.
    fn otherwise(&mut self, way: &Way, step: &Step, status: (&str, &str)) -> String {
        let mut next = way.clone();
        next.said.clear();
        next.at.2 += 1;
        next.vars.insert(status.0.to_owned(), status.1.to_owned());
        self.follow(way, step, next)
    }

    pub(super) fn queue(&mut self, way: &mut Way, step: &Step, args: &[String]) -> Next {
        let name = args.first().map_or("", String::as_str);
        let otherwise = self.otherwise(way, step, ("queuestatus", "TIMEOUT"));
        let old = self.peers.queues.get(name).cloned().unwrap_or_default();
        let dialled: Vec<String> = old.members.clone();
        let members = self.members(way, step, &dialled);
        if members.is_empty() {
            self.leave(
                &step.at,
                format!("queue {name} has no members that are known: give queues.conf, too"),
            );
            way.said
                .push("nobody-can-take-your-call-just-now".to_owned());
            return Next::End(self.ends(way, &otherwise));
        }
        let wait = args
            .get(4)
            .and_then(|t| t.parse().ok())
            .filter(|s: &u32| *s > 0);
        if wait.is_none() {
            self.leave(&step.at, "callers wait without end: an hour now".to_owned());
        }
        self.leave(
            &step.at,
            format!("whoever waits is led on when no phone of queue {name} is registered"),
        );
        let queue = Queue {
            members,
            strategy: match old.strategy {
                "" => "ring-all",
                known => known,
            },
            ring: old.ring.unwrap_or(Duration::from_secs(15)),
            otherwise,
            line: Some(Line {
                max_wait: wait.unwrap_or(LONG),
                max_waiting: old.max_waiting,
                announce_every: old.announce_every,
                after_call: old.after_call,
                ring_again: old.retry.unwrap_or(RETRY),
                pause_after: u32::from(old.pauses),
            }),
        };
        let to = self.draft.queue(name, queue);
        Next::End(self.ends(way, &to))
    }

    pub(super) fn dial(&mut self, way: &mut Way, step: &Step, args: &[String]) -> Next {
        let targets = split(args.first().map_or("", String::as_str), '&');
        let ring = args.get(1).and_then(|t| t.parse().ok());
        if let [one] = targets.as_slice()
            && let Some(local) = one.strip_prefix("Local/")
        {
            let local = local.trim_end_matches("/n");
            let (number, context) = local.split_once('@').unwrap_or((local, "default"));
            let target = [context.to_owned(), number.to_owned(), "1".to_owned()];
            return self.go(way, step, &target);
        }
        let otherwise = self.otherwise(way, step, ("dialstatus", "NOANSWER"));
        let nothing_follows = otherwise == "hangup";
        if let [one] = targets.as_slice()
            && let Some(to) = self.alone(way, step, one)
        {
            self.by_number |= to == "ext:{to}";
            if !nothing_follows {
                self.leave(&step.at, "what follows when nobody answers there");
            }
            return Next::End(self.ends(way, &to));
        }
        let members = self.members(way, step, &targets);
        if members.is_empty() {
            return Next::End(self.ends(way, &otherwise));
        }
        if let ([one], None, true) = (members.as_slice(), ring, nothing_follows) {
            self.draft
                .may_dial
                .extend(one.strip_prefix("ext:").map(str::to_owned));
            let to = one.clone();
            return Next::End(self.ends(way, &to));
        }
        let like = members.join("-").replace("ext:", "");
        let queue = Queue {
            strategy: if members.len() > 1 {
                "ring-all"
            } else {
                "in-order"
            },
            members,
            ring: Duration::from_secs(ring.unwrap_or(30).max(1)),
            otherwise,
            line: None,
        };
        let to = self.draft.queue(&format!("ring-{like}"), queue);
        Next::End(self.ends(way, &to))
    }

    /// A target that no queue can have: a number outside, or the phone that a pattern names.
    fn alone(&mut self, way: &Way, step: &Step, target: &str) -> Option<String> {
        let (user, trunk) = by_trunk(target);
        match (user, trunk) {
            ("{to}", None) => {
                let pattern = &way.at.1;
                let known: Vec<String> = self
                    .peers
                    .endpoints
                    .iter()
                    .filter(|e| matches(pattern, e))
                    .cloned()
                    .collect();
                if !known.is_empty() && !way.is_route() {
                    self.by_number = true;
                    self.leave(
                        &step.at,
                        "the phone that the dialled number names: left out",
                    );
                    return Some("hangup".to_owned());
                }
                if known.is_empty() {
                    self.leave(
                        &step.at,
                        "which phones there are is not known: give pjsip.conf or sip.conf, too",
                    );
                    return Some("hangup".to_owned());
                }
                for number in known {
                    self.draft.may_dial.insert(number.clone());
                    self.phones.insert(number.clone(), number);
                }
                Some("ext:{to}".to_owned())
            }
            (number, Some(_)) if number.contains(['{', '$']) => {
                self.leave(&step.at, "a caller from outside would dial outside: never carried over; `may_dial` under [phones] says what phones may");
                Some("hangup".to_owned())
            }
            (number, Some(trunk)) => {
                self.trunks.insert(slug(trunk));
                Some(self.draft.outside(&slug(trunk), number))
            }
            _ => None,
        }
    }

    fn members(&mut self, way: &Way, step: &Step, dialled: &[String]) -> Vec<String> {
        let mut members = Vec::new();
        for target in dialled {
            let (user, trunk) = by_trunk(target);
            let is_number =
                |t: &str| (2..=8).contains(&t.len()) && t.chars().all(|c| c.is_ascii_digit());
            let number = match trunk {
                None if is_number(user) => Some(user),
                // A name of its own, dialled under a number.
                None if is_number(&way.number) && !user.contains(['{', '$']) => {
                    Some(way.number.as_str())
                }
                _ => None,
            };
            // Whoever registers once has one number, and a number one phone.
            let known = self.phones.iter().find(|(_, by)| *by == user);
            let number = match known {
                Some((known, _)) => Some(known.clone()),
                None => number
                    .filter(|n| !self.phones.contains_key(*n))
                    .map(str::to_owned),
            };
            match number {
                Some(number) => {
                    let member = format!("ext:{number}");
                    self.phones.insert(number, user.to_owned());
                    if !members.contains(&member) {
                        members.push(member);
                    }
                }
                None => self.leave(&step.at, format!("{target} has no number of its own here")),
            }
        }
        members
    }
}

/// `PJSIP/201`, `PJSIP/NUMBER@TRUNK`, `SIP/TRUNK/NUMBER`: who, and by which trunk.
fn by_trunk(target: &str) -> (&str, Option<&str>) {
    let resource = target.split_once('/').map_or(target, |(_, r)| r);
    if let Some((number, trunk)) = resource.split_once('@') {
        return (number, Some(trunk));
    }
    match resource.split_once('/') {
        Some((trunk, number)) if !number.starts_with("sip:") => (number, Some(trunk)),
        Some((user, _)) => (user, None),
        None => (resource, None),
    }
}
