//! Numbers outside and announcements; menus and queues are beside ([`super::menu`], [`super::queue`]).

use super::{
    Load,
    destinations::Scope,
    node::set,
    read::{Section, Text, Val},
};
use crate::{Announcement, Destination, Dialplan, Outside, TransferMode};
use std::time::Duration;
use tandem_types::agent::{AgentRules, Target};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MODES: [(&str, TransferMode); 2] =
    [("warm", TransferMode::Warm), ("cold", TransferMode::Cold)];
/// Numbers that an agent never dials (field note 1).
const EMERGENCY: [&str; 12] = [
    "000", "061", "101", "102", "108", "110", "111", "112", "118", "119", "911", "999",
];

impl<'a> Load<'a> {
    pub(super) fn people(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        let spoken = &mut rules.spoken;
        for (v, s) in root.each("menus") {
            named(&v);
            spoken.insert(Target(format!("menu:{}", v.key)), spoken_name(&s, &v.key));
            self.spots
                .insert(format!("{} menu:{}", plan.name, v.key), s.spot);
            self.line(scope, &v);
            let menu = self.menu(&s, scope);
            plan.menus.extend(menu.map(|m| (v.key.clone(), m)));
        }
        for (v, s) in root.each("queues") {
            named(&v);
            self.spots
                .insert(format!("{} queue:{}", plan.name, v.key), v.key_spot);
            self.line(scope, &v);
            let queue = self.queue(&v, &s, plan, scope);
            spoken.insert(Target(format!("queue:{}", v.key)), queue.spoken.clone());
            plan.queues.insert(v.key.clone(), queue);
        }
        for (v, s) in root.each("outside") {
            named(&v);
            self.spots
                .insert(format!("{} outside:{}", plan.name, v.key), v.key_spot);
            self.line(scope, &v);
            let name = spoken_name(&s, &v.key);
            spoken.insert(Target(format!("outside:{}", v.key)), name.clone());
            let outside = self.outside(&s, name, scope);
            plan.outside.extend(outside.map(|o| (v.key.clone(), o)));
        }
        for (v, s) in root.each("announcements") {
            named(&v);
            let text = s.need("text", "\"...\"").and_then(|v| v.spoken());
            let then = s.need("then", "\"hangup\"");
            self.line(scope, &v);
            self.lines(scope, &then);
            let then = then.and_then(|v| v.words());
            let then = then.and_then(|t| self.destination(scope, &t).map(|d| (d, t.spot)));
            if let (Some(text), Some((then, spot))) = (text, then) {
                text.placeholders(&[]);
                self.spots
                    .insert(format!("{} announce:{}", plan.name, v.key), spot);
                plan.announcements.insert(
                    v.key.clone(),
                    Announcement {
                        text: text.value,
                        then,
                    },
                );
            }
        }
        for ext in self
            .plan
            .phones
            .extensions
            .iter()
            .filter(|e| e.pattern.is_exact())
        {
            spoken.insert(Target(format!("ext:{}", ext.pattern)), ext.name.clone());
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `transfer` | `warm` |
    /// | `ring` | `30s`: a mobile takes seconds to ring at all |
    fn outside(&mut self, s: &Section<'a>, spoken: String, scope: &Scope) -> Option<Outside> {
        if let Some(v) = s.opt("caller_id") {
            v.choice(&[("own", ())], &["caller"]);
        }
        let mode = s
            .opt("transfer")
            .and_then(|v| v.choice(&MODES, &[]))
            .unwrap_or_default();
        let ring = s
            .opt("ring")
            .and_then(|v| v.duration(SECOND))
            .unwrap_or(30 * SECOND);
        let via = s.need("via", "[\"TRUNK\"]");
        let dial = s.need("dial", "\"+44...\"").and_then(|v| v.words());
        let number = dial.as_ref().and_then(Text::number);
        if let Some(t) = dial
            .as_ref()
            .filter(|t| EMERGENCY.contains(&t.value.as_str()))
        {
            t.spot
                .error(format!(
                    "{} is an emergency number: no agent and no menu dials it",
                    t.value
                ))
                .help("tell callers to dial it themselves");
            return None;
        }
        let mut trunks = Vec::new();
        if let Some(v) = &via {
            if v.list().is_some_and(|l| l.is_empty()) {
                v.spot
                    .error("a number outside is called by a trunk, and `via` is empty");
            }
            for t in v.texts() {
                if !self.known_trunk(t.spot, &t.value) {
                    continue;
                }
                trunks.push(t.value.clone());
                if let (Some(number), Some(dial)) = (&number, &dial) {
                    let destination = Destination::Trunk(t.value.clone(), Some(number.clone()));
                    self.needs.push(super::checks::Need {
                        plan: scope.plan.clone(),
                        spot: dial.spot,
                        destination,
                        pattern: None,
                    });
                }
            }
        }
        Some(Outside {
            spoken,
            via: trunks,
            dial: number?,
            mode,
            ring,
        })
    }
}

/// What a thing is called when spoken of.
pub(super) fn spoken_name(s: &Section<'_>, name: &str) -> String {
    let mut spoken = name.replace(['-', '_'], " ");
    set(
        &mut spoken,
        s.opt("spoken").and_then(|v| v.words()).map(|t| t.value),
    );
    spoken
}

/// Names stand behind a colon in destinations.
pub(super) fn named(v: &Val<'_>) {
    if v.key.is_empty()
        || !v
            .key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        v.key_spot
            .error(format!("{:?} is no name", v.key))
            .help("letters, digits, - and _");
    }
}
