//! What an agent says when no model does: the templates of the dialplan, and the usual English where it has none.

use super::Conversation;
use crate::package::listed;
use crate::understand::{spoken_label, spoken_of};
use tandem_types::{Now, Reason, Wall, agent::Target, phrases::usual};

impl Conversation {
    /// A template of the agent's `says`, filled in. What is not known leaves no gap.
    pub(super) fn phrase(&self, now: Now, key: &str, fill: &[(&str, &str)]) -> String {
        let spec = self.brain.spec(&self.agent);
        let own = spec
            .says
            .get(key)
            .map(String::as_str)
            .filter(|t| !t.is_empty());
        self.fill(now, own.unwrap_or_else(|| usual(key)), fill)
    }

    /// Fills `{...}` in: `fill` first, then what is known of the caller.
    pub(super) fn fill(&self, now: Now, template: &str, fill: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let Some(close) = rest[open..].find('}') else {
                rest = &rest[open..];
                break;
            };
            let key = &rest[open + 1..open + close];
            let given = fill.iter().find(|f| f.0 == key).map(|f| f.1.to_owned());
            out.push_str(&given.or_else(|| self.known(now, key)).unwrap_or_default());
            rest = &rest[open + close + 1..];
        }
        out.push_str(rest);
        tidy(&out)
    }

    fn known(&self, now: Now, key: &str) -> Option<String> {
        match key {
            "caller_name" => self.memory.name(),
            "daypart" => Some(daypart(now.wall, self.utc_offset_minutes).to_owned()),
            "me" => Some(self.spoken(&Target(format!("agent:{}", self.agent)))),
            "goal" => self.memory.goal.clone(),
            "keys" => Some(self.keys_hint()),
            name => self.memory.value(name).map(crate::package::spelt),
        }
    }

    /// A destination as it is called in speech.
    pub(super) fn spoken(&self, target: &Target) -> String {
        spoken_of(self.brain.rules(), target).unwrap_or_else(|| match target.0.split_once(':') {
            Some(("ext", _)) => "a colleague".to_owned(),
            Some((_, name)) => spoken_label(name),
            None => spoken_label(&target.0),
        })
    }

    /// "Press 0 for reception."
    fn keys_hint(&self) -> String {
        let keys: Vec<String> = self
            .brain
            .rules()
            .keys
            .iter()
            .map(|(key, target)| format!("press {} for {}", key_name(*key), self.spoken(target)))
            .collect();
        let mut text = listed(&keys, "or");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
            text.push('.');
        }
        text
    }
}

pub(super) fn key_name(key: char) -> String {
    match key {
        '*' => "star".to_owned(),
        '#' => "hash".to_owned(),
        k => k.to_string(),
    }
}

/// No double blanks, none before a full stop, no stray comma where a name was not known.
fn tidy(text: &str) -> String {
    let mut out = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in [".", ",", "!", "?", ":"] {
        out = out.replace(&format!(" {mark}"), mark);
    }
    for (from, to) in [
        (",.", "."),
        (",,", ","),
        (", .", "."),
        ("?.", "?"),
        ("!.", "!"),
        ("..", "."),
    ] {
        out = out.replace(from, to);
    }
    out
}

fn daypart(at: Wall, utc_offset_minutes: i16) -> &'static str {
    let minutes = at.millis().div_euclid(60_000) + i64::from(utc_offset_minutes);
    match minutes.rem_euclid(1440) / 60 {
        0..12 => "morning",
        12..18 => "afternoon",
        _ => "evening",
    }
}

/// Why nobody has the caller, after "I'm sorry,".
pub(super) fn reason_in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Busy => "the line is busy",
        Reason::NoAnswer | Reason::Silent | Reason::Cancelled | Reason::ElsewhereAnswered => {
            "nobody answered"
        }
        Reason::Declined => "nobody can take the call right now",
        Reason::Capacity | Reason::Draining => "all lines are busy",
        Reason::Closed => "they are closed just now",
        Reason::Blocked | Reason::NotAllowed | Reason::Limit => "I cannot connect you there",
        Reason::Normal | Reason::Transferred | Reason::Lost | Reason::NoMedia => {
            "the connection was lost"
        }
        Reason::Unreachable
        | Reason::WrongNumber
        | Reason::NoCodec
        | Reason::Moved
        | Reason::Protocol
        | Reason::NoRoute
        | Reason::Internal => "I could not reach them",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_leave_no_trace() {
        assert_eq!(
            tidy("Good morning , Northgate ."),
            "Good morning, Northgate."
        );
        assert_eq!(tidy("Hello , . How are you?."), "Hello. How are you?");
    }

    #[test]
    fn the_day_has_parts() {
        let at = |hour: i64| Wall(hour * 3_600_000_000);
        assert_eq!(daypart(at(9), 0), "morning");
        assert_eq!(daypart(at(9), 240), "afternoon");
        assert_eq!(daypart(at(18), 0), "evening");
        assert_eq!(daypart(at(1), -120), "evening");
    }
}
