//! What of a package is spoken to a person, shown on a phone, sent in a header.

use super::{by_source, is_given, is_upset, masked, so_far};
use crate::understand::{asks_to_be_moved, spoken_label, wants_person};
use tandem_types::context::{ContextPackage, HandoffReason, Holder, Speaker};

/// Words of a goal that fit a headline of five seconds (about 2.5 words a second, with name and lead).
const GOAL_WORDS: usize = 10;

/// Shorter answers ("yes", "my name is Mary") are no wish; what facts they hold is told as facts.
const MEANS_SOMETHING: usize = 4;

/// What fits the display of a desk phone.
const DISPLAY: usize = 32;

/// What a User-to-User header may take, as it is written (RFC 7433 leaves it to the network; ISDN's
/// element carries 128 octets, and some gateways count the hexadecimal digits).
const UUI: usize = 128;

/// What a person is told before they take the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Who and what, speakable in about five seconds.
    pub headline: String,
    /// What they gave and what was tried; may be empty.
    pub detail: String,
}

/// The brief of a package for a person.
pub fn brief(package: &ContextPackage) -> Brief {
    Brief {
        headline: headline(package),
        detail: detail(package),
    }
}

fn headline(p: &ContextPackage) -> String {
    let who = match (&p.caller_name, p.caller_number.is_empty()) {
        (Some(name), _) => name.clone(),
        (None, false) => format!("A caller from {}", ending(&p.caller_number)),
        (None, true) => "A caller with no number".to_owned(),
    };
    let what = match (&p.goal, &p.intent) {
        (Some(goal), _) => format!("says: {}", shortened(topic(goal), GOAL_WORDS)),
        (None, Some(intent)) => format!("about {}", spoken_label(intent)),
        (None, None) => match p.reason {
            HandoffReason::CallerRequest => "asked for a person".to_owned(),
            _ => "needs a person".to_owned(),
        },
    };
    let mood = if is_upset(&p.sentiment) {
        " They sound upset."
    } else {
        ""
    };
    format!("{who} {what}.{mood}")
}

/// The facts first: where there is time for some of it only, they are what the person would have to ask for again.
fn detail(p: &ContextPackage) -> String {
    let mut out = Vec::new();
    for (source, known) in by_source(&p.entities) {
        out.push(format!("{source} {}.", spelt(&known)));
    }
    let whole = p
        .goal
        .as_deref()
        .filter(|g| g.split_whitespace().count() > GOAL_WORDS);
    if let Some(goal) = whole {
        out.push(format!(
            "In their words: {}.",
            goal.trim_end_matches(['.', '!', '?'])
        ));
    }
    let before = earlier(p);
    if !before.is_empty() {
        out.push(format!("They also said: {}.", before.join("; ")));
    }
    out.extend(p.actions.iter().filter_map(so_far));
    for promise in &p.promises {
        out.push(format!("We promised: {promise}."));
    }
    if p.reason == HandoffReason::CallerRequest && p.goal.is_some() {
        out.push("They asked for a person.".to_owned());
    }
    out.join(" ")
}

/// What the caller said besides the goal, in order, at most three: a first wish ("I was charged twice") is not
/// lost behind the last one ("put me through to billing"). Words with a secret in them are left out; the
/// fact itself stands among those that were given.
fn earlier(p: &ContextPackage) -> Vec<String> {
    let secret = |text: &str| {
        p.entities
            .iter()
            .any(|e| e.sensitive && text.contains(&e.value))
    };
    let mut said: Vec<String> = Vec::new();
    for turn in &p.last_turns {
        let is_goal =
            Some(&turn.id) == p.goal_turn.as_ref() || p.goal.as_deref() == Some(turn.text.trim());
        let words = shortened(&turn.text, GOAL_WORDS);
        if turn.speaker == Speaker::Caller
            && !is_goal
            && words.split_whitespace().count() >= MEANS_SOMETHING
            && !wants_person(&turn.text)
            && !asks_to_be_moved(&turn.text)
            && !secret(&turn.text)
            && !said.contains(&words)
        {
            said.push(words);
        }
    }
    said.split_off(said.len().saturating_sub(3))
}

/// The last four digits of a number, one by one.
fn ending(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        0 => number.to_owned(),
        n if n > 6 => {
            let last: Vec<String> = digits[n - 4..].iter().map(char::to_string).collect();
            format!("a number ending {}", last.join(" "))
        }
        _ => format!("number {}", spelt(&digits.into_iter().collect::<String>())),
    }
}

/// Long digit strings one by one, so that a voice does not read them as millions.
pub(crate) fn spelt(text: &str) -> String {
    let word = |w: &str| {
        let core = w.trim_end_matches(['.', ',']);
        let digits = core.trim_start_matches(['*', '+']);
        let long = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit());
        if !long {
            return w.to_owned();
        }
        let lead = if core.starts_with('*') { "ending " } else { "" };
        let spaced: Vec<String> = digits.chars().map(|c| c.to_string()).collect();
        format!("{lead}{}{}", spaced.join(" "), &w[core.len()..])
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// "Can I speak to someone about my bill" is about "my bill"; that they ask for a person shows anyway.
fn topic(goal: &str) -> &str {
    match goal.split_once(" about ") {
        Some((before, after)) if wants_person(before) && !after.trim().is_empty() => after,
        _ => goal,
    }
}

fn shortened(text: &str, words: usize) -> String {
    let all: Vec<&str> = text.split_whitespace().collect();
    let cut = all[..all.len().min(words)].join(" ");
    let cut = cut.trim_end_matches(['.', ',', '!', '?', ';', ':']);
    spelt(cut)
}

/// A template of the dialplan (`{intent}: {caller_name}`) as a display name: at most 32 characters,
/// no control characters. It may name `caller_name`, `caller_number`, `intent`, `goal`, `from`, `to`,
/// `reason`; what is not known is left out, with the punctuation that it leaves behind.
pub fn show_on_phone(template: &str, package: &ContextPackage) -> String {
    let name = package.caller_name.clone();
    let number = Some(package.caller_number.clone()).filter(|n| !n.is_empty());
    let values = [
        ("{caller_name}", name.or_else(|| number.clone())),
        ("{caller_number}", number),
        ("{intent}", package.intent.as_deref().map(spoken_label)),
        ("{goal}", package.goal.clone()),
        ("{from}", Some(holder_name(&package.from).to_owned())),
        ("{to}", Some(holder_name(&package.to).to_owned())),
        (
            "{reason}",
            Some(reason_word(package.reason).replace('_', " ")),
        ),
    ];
    let mut text = template.to_owned();
    for (key, value) in values {
        text = text.replace(key, value.as_deref().unwrap_or(""));
    }
    let clean: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_invisible(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let one_line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let trimmed = one_line.trim_matches([' ', ':', '-', ',', ';', '/']);
    let cut: String = trimmed.chars().take(DISPLAY).collect();
    cut.trim_end().to_owned()
}

/// Line and paragraph separators, zero-width and direction marks: a name with these can show as another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The content of a User-to-User header (RFC 7433), hex-encoded: `handoff;reason;intent`. At most 128
/// characters as written; the header's `;encoding=hex` is the writer's. Never what the caller said.
pub fn user_to_user(package: &ContextPackage) -> String {
    let intent = package.intent.as_deref().unwrap_or("");
    let plain = format!(
        "{};{};{intent}",
        package.handoff,
        reason_word(package.reason)
    );
    let ascii = plain
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '_' });
    ascii
        .take(UUI / 2)
        .map(|c| format!("{:02x}", c as u32))
        .collect()
}

fn holder_name(holder: &Holder) -> &str {
    match holder {
        Holder::Agent(n)
        | Holder::Queue(n)
        | Holder::Extension(n)
        | Holder::Outside(n)
        | Holder::Menu(n)
        | Holder::Other(n) => n,
    }
}

/// As it is written in JSON.
pub(crate) fn reason_word(reason: HandoffReason) -> &'static str {
    match reason {
        HandoffReason::IntentMatch => "intent_match",
        HandoffReason::CallerRequest => "caller_request",
        HandoffReason::LowConfidence => "low_confidence",
        HandoffReason::Policy => "policy",
        HandoffReason::LoopGuard => "loop_guard",
        HandoffReason::ProviderOutage => "provider_outage",
        HandoffReason::Key => "key",
        HandoffReason::Timeout => "timeout",
        HandoffReason::Model => "model",
        HandoffReason::TransferFailed => "transfer_failed",
        HandoffReason::PersonReturned => "person_returned",
        HandoffReason::PersonPassedOn => "person_passed_on",
    }
}

/// The whole package in words for a model that takes the caller over.
pub(crate) fn for_model(p: &ContextPackage) -> String {
    let mut out = vec![format!(
        "You take this caller over from {} (reason: {}).",
        holder_name(&p.from),
        reason_word(p.reason)
    )];
    if let Some(name) = &p.caller_name {
        out.push(format!("The caller's name is {name}."));
    }
    if !p.caller_number.is_empty() {
        out.push(format!("They call from {}.", p.caller_number));
    }
    if let Some(goal) = &p.goal {
        out.push(format!("What they want, in their words: \"{goal}\"."));
    }
    if let Some(intent) = &p.intent {
        out.push(format!("Intent: {intent}."));
    }
    for e in &p.entities {
        let value = if e.sensitive {
            masked(&e.value)
        } else {
            e.value.clone()
        };
        let from = if is_given(e) { "said in" } else { "from" };
        out.push(format!("{}: {value} ({from} {}).", e.name, e.turn));
    }
    for a in &p.actions {
        out.push(format!("Done so far: {}: {}.", a.what, a.result));
    }
    for promise in &p.promises {
        out.push(format!("Promised: {promise}."));
    }
    if is_upset(&p.sentiment) {
        out.push("The caller sounds upset.".to_owned());
    }
    if !p.do_not_ask.is_empty() {
        let names: Vec<String> = p.do_not_ask.iter().map(|n| spoken_label(n)).collect();
        out.push(format!("Do not ask again for: {}.", names.join(", ")));
    }
    let said: Vec<String> = p
        .last_turns
        .iter()
        .map(|t| match &t.speaker {
            Speaker::Caller => format!("Caller: {}", t.text),
            Speaker::CallerKeys => format!("Caller pressed: {}", t.text),
            Speaker::Agent(name) => format!("{name}: {}", t.text),
        })
        .collect();
    if !said.is_empty() {
        out.push(format!("The conversation so far:\n{}", said.join("\n")));
    }
    out.join("\n")
}
