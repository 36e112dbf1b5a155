//! The context package of a handoff, and what of it is spoken, shown and sent.

pub(crate) mod views;

pub(crate) use views::spelt;
pub use views::{Brief, brief, show_on_phone, user_to_user};

use crate::conversation::Memory;
use crate::understand::spoken_label;
use serde::{Deserialize, Serialize};
use tandem_types::{
    CallId, HandoffId, Wall,
    agent::Target,
    context::{ActionTaken, CONTEXT_VERSION, ContextPackage, Entity, HandoffReason, Holder},
};

/// Turns that are handed on verbatim; all are in the store.
pub const LAST_TURNS: usize = 12;

/// Below this mean of the last turns a caller sounds upset (-1000 to 1000).
pub(crate) const UPSET: i32 = -300;

/// A handoff that is about to be offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) handoff: HandoffId,
    pub(crate) call: CallId,
    pub(crate) from: Holder,
    pub(crate) to: Holder,
    pub(crate) reason: HandoffReason,
    pub(crate) trigger: String,
    pub(crate) at: Wall,
}

/// The package: everything that the caller gave, within what this recipient may see.
pub(crate) fn build(memory: &Memory, offer: Offer) -> ContextPackage {
    let mut redacted = Vec::new();
    let outside = matches!(offer.to, Holder::Outside(_) | Holder::Other(_));
    let mut entities = memory.entities.clone();
    if outside {
        for e in entities.iter_mut().filter(|e| e.sensitive) {
            e.value = masked(&e.value);
            redacted.push(e.name.clone());
        }
    }
    let mut do_not_ask: Vec<String> = Vec::new();
    for e in &entities {
        if !do_not_ask.contains(&e.name) {
            do_not_ask.push(e.name.clone());
        }
    }
    let turns = &memory.turns;
    let mut package = ContextPackage {
        version: CONTEXT_VERSION.to_owned(),
        handoff: offer.handoff,
        call: offer.call,
        from: offer.from,
        to: offer.to,
        reason: offer.reason,
        trigger: offer.trigger,
        caller_number: memory.caller_number.clone(),
        caller_name: memory.name(),
        goal: memory.goal.clone(),
        goal_turn: memory.goal_turn.clone(),
        intent: memory.intent.clone(),
        intent_confidence: memory.intent_confidence,
        entities,
        sentiment: memory.sentiment.clone(),
        summary: String::new(),
        last_turns: turns[turns.len().saturating_sub(LAST_TURNS)..].to_vec(),
        turns: memory.turn_count + memory.elsewhere,
        actions: memory.actions.clone(),
        promises: memory.promises.clone(),
        do_not_ask,
        verified: match memory.caller_number.is_empty() {
            true => "none".to_owned(),
            false => "caller-id".to_owned(),
        },
        language: memory.language.clone(),
        hops: memory.hops.clone(),
        redacted: Vec::new(),
        disclosed_at: memory.disclosed_at,
        created_at: offer.at,
    };
    if outside {
        // What is masked in one place must not stand in another in clear.
        redact_words(&mut package, memory);
    }
    package.redacted = redacted;
    package.summary = summary(&package);
    package
}

/// Turns and goal in which a sensitive value was said are masked too.
fn redact_words(package: &mut ContextPackage, memory: &Memory) {
    for secret in memory.entities.iter().filter(|e| e.sensitive) {
        for turn in package
            .last_turns
            .iter_mut()
            .filter(|t| t.id == secret.turn)
        {
            turn.text = "[withheld]".to_owned();
        }
        if package.goal_turn.as_ref() == Some(&secret.turn) {
            package.goal = package.intent.as_deref().map(spoken_label);
        }
        if package.trigger.contains(&secret.value) {
            package.trigger = "[withheld]".to_owned();
        }
    }
}

/// Two or three sentences from what is known.
fn summary(p: &ContextPackage) -> String {
    let who = p.caller_name.as_deref().unwrap_or("The caller");
    let mut out = match (&p.goal, &p.intent) {
        (Some(goal), _) => format!(
            "{who} said: \"{}\".",
            goal.trim_end_matches(['.', '!', '?'])
        ),
        (None, Some(intent)) => format!("{who} called about {}.", spoken_label(intent)),
        (None, None) => format!("{who} has not said what it is about."),
    };
    for (source, known) in by_source(&p.entities) {
        out.push_str(&format!(" {source} {known}."));
    }
    for done in p.actions.iter().filter_map(so_far) {
        out.push_str(&format!(" {done}"));
    }
    if is_upset(&p.sentiment) {
        out.push_str(" They sound upset.");
    }
    out
}

/// What was done for the caller, as a sentence; a menu that they went through is nobody's concern.
pub(crate) fn so_far(action: &ActionTaken) -> Option<String> {
    let (what, how) = (action.what.as_str(), action.result.as_str());
    let target = |text: &str| spoken_label(text);
    Some(match (what.strip_prefix("transfer "), how) {
        (Some(to), "connected") if to.starts_with("menu:") => return None,
        (Some(to), "connected") => format!("They were put through to {}.", target(to)),
        (_, "done") => format!("Done: {}.", target(what)),
        _ => match (what.starts_with("back from "), how) {
            (true, "no note") => "They came back.".to_owned(),
            (true, _) => format!("They came back: {how}."),
            (false, _) => format!("Tried: {}, {how}.", target(what)),
        },
    })
}

/// `account number 4271 and postcode SW1A 1AA`; sensitive values masked; the caller's name left out, for it
/// stands in front.
pub(crate) fn facts(entities: &[Entity]) -> String {
    let all: Vec<String> = entities
        .iter()
        .filter(|e| e.name != "name")
        .map(|e| {
            let value = if e.sensitive {
                masked(&e.value)
            } else {
                e.value.clone()
            };
            format!("{} {value}", spoken_label(&e.name))
        })
        .collect();
    listed(&all, "and")
}

/// The caller said or keyed it, rather than somebody who was asked about them.
pub(crate) fn is_given(entity: &Entity) -> bool {
    let turn = entity.turn.strip_prefix('t');
    turn.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// What the caller gave, and what was known or found out, each as [`facts`]; empty ones are left out.
pub(crate) fn by_source(entities: &[Entity]) -> Vec<(&'static str, String)> {
    let (given, known): (Vec<_>, Vec<_>) = entities.iter().cloned().partition(is_given);
    [("They gave", facts(&given)), ("On record:", facts(&known))]
        .into_iter()
        .filter(|(_, facts)| !facts.is_empty())
        .collect()
}

/// Facts that say who or what it is about. Days, times and sums belong to the story, which is told in
/// the caller's own words.
pub(crate) fn identifies(entity: &Entity) -> bool {
    !matches!(entity.name.as_str(), "date" | "time" | "amount")
}

/// `a, b and c`.
pub(crate) fn listed(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} {word} {last}", head.join(", ")),
    }
}

/// Whether the last caller turns leave the impression.
pub(crate) fn is_upset(sentiment: &[i16]) -> bool {
    let last = &sentiment[sentiment.len().saturating_sub(3)..];
    let sum: i32 = last.iter().map(|s| i32::from(*s)).sum();
    !last.is_empty() && sum / (last.len() as i32) <= UPSET
}

/// `****4271`: the last four of more than four.
pub(crate) fn masked(value: &str) -> String {
    let count = value.chars().count();
    let shown = if count > 4 { 4 } else { 0 };
    format!(
        "****{}",
        value.chars().skip(count - shown).collect::<String>()
    )
}

/// The holder that a destination of the dialplan stands for.
pub fn holder_of(target: &Target) -> Holder {
    match target.0.split_once(':') {
        Some(("agent", name)) => Holder::Agent(name.to_owned()),
        Some(("queue", name)) => Holder::Queue(name.to_owned()),
        Some(("ext", name)) => Holder::Extension(name.to_owned()),
        Some(("outside", name)) => Holder::Outside(name.to_owned()),
        Some(("menu", name)) => Holder::Menu(name.to_owned()),
        _ => Holder::Other(target.0.clone()),
    }
}

#[cfg(test)]
mod tests;
