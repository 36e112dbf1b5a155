//! What an agent says without a model: the templates, what may be filled into them, and what is
//! said where a dialplan is silent.

use super::{
    read::{Section, Val},
    spot::{did_you_mean, listed},
};
use tandem_types::agent::AgentSpec;

/// What every template may hold: the agent's own spoken name, the caller, what they want, the time
/// of day, and what the keys do.
const ALWAYS: [&str; 5] = ["me", "caller_name", "goal", "daypart", "keys"];

/// Facts that are picked out of what callers say and key in.
const FACTS: [&str; 19] = [
    "account_number",
    "amount",
    "booking_number",
    "card_number",
    "customer_number",
    "date",
    "extension",
    "flat",
    "invoice_number",
    "name",
    "number",
    "order_number",
    "phone_number",
    "policy_number",
    "postcode",
    "reference",
    "tenancy_number",
    "ticket_number",
    "time",
];

/// One template.
struct Template {
    /// Its key in `[agents.NAME.says]`.
    name: &'static str,
    /// What it may hold besides [`ALWAYS`] and [`FACTS`].
    holds: &'static [&'static str],
    /// What is said where the dialplan is silent. Empty: the conversation finds words by what it
    /// knows at that moment.
    usual: &'static str,
}

const fn template(
    name: &'static str,
    holds: &'static [&'static str],
    usual: &'static str,
) -> Template {
    Template { name, holds, usual }
}

/// Every template, and when it is said.
const SAYS: [Template; 25] = [
    // Moving the caller: to another agent, to a person; the first words of who received them.
    template(
        "handing_over",
        &["to"],
        "I'm connecting you with {to}. I'll share what you've told me.",
    ),
    template(
        "transferring",
        &["to"],
        "I'm putting you through to {to}. One moment, please.",
    ),
    template("greeting_after_handoff", &["from", "known"], ""),
    // After those, unless they end with a question: whoever knows what it is about offers its people, or waits for more.
    template("offer", &["to"], "Shall I put you through to {to}?"),
    template("go_on", &[], "Please go on."),
    // Nobody took the call; `{reason}` is a clause, such as "nobody answered".
    template(
        "back",
        &["reason", "to"],
        "I'm sorry, {reason}. I still have everything you told me. Shall I try again, or can I help in another way?",
    ),
    template(
        "back_without_retry",
        &["reason", "to"],
        "I'm sorry, {reason}. I still have everything you told me. Is there anything else I can do?",
    ),
    template(
        "nobody",
        &[],
        "I'm sorry, nobody can take your call just now.",
    ),
    // While phones ring: `{key}` brings the caller back.
    template(
        "waiting",
        &["to", "key"],
        "I'm still trying to reach {to}. If you would rather stay with me, press {key}, or say: never mind.",
    ),
    // The caller changed their mind.
    template(
        "kept",
        &["to"],
        "All right, you are still with me, and I have everything you told me. How can I help?",
    ),
    // A person gave the caller back.
    template(
        "returned",
        &["note"],
        "I remember what we discussed. How can I help?",
    ),
    // A person hung up before the caller did.
    template(
        "person_left",
        &["to"],
        "They have hung up. I remember what we discussed. Is there anything else I can help you with?",
    ),
    // A person's line was lost.
    template(
        "person_lost",
        &["to"],
        "I'm sorry, the connection was lost. I still have everything you told me. Shall I put you through again?",
    ),
    // Understanding.
    template("how_help", &[], "How can I help you?"),
    template(
        "anything_else",
        &[],
        "Is there anything else I can help you with?",
    ),
    template(
        "not_understood",
        &[],
        "Sorry, I didn't catch that. Could you say it another way?",
    ),
    template(
        "menu_hint",
        &[],
        "I still didn't get that. You can say it in a few words, or use your keypad. {keys}",
    ),
    template("confirm", &["intent"], "Is it about {intent}?"),
    template(
        "need",
        &["entity"],
        "Could you tell me your {entity}? You can also key it in.",
    ),
    template("noted", &["facts"], "Thank you, I have noted your {facts}."),
    // Silence, delay, trouble, the end.
    template("still_there", &[], "Are you still there? I'm listening."),
    template("resumed", &[], "I'm still here."),
    template("filler", &[], "One moment, please."),
    template(
        "trouble",
        &[],
        "I'm sorry, I'm having trouble hearing you. {keys}",
    ),
    template("goodbye", &[], "Thank you for calling. Goodbye."),
];

/// A greeting may hold what is known before a word is said.
pub(super) const GREETING: [&str; 3] = ["me", "caller_name", "daypart"];

/// The placeholders of an answer.
pub(super) fn of_answers() -> Vec<&'static str> {
    [&ALWAYS[..], &FACTS[..]].concat()
}

/// `[agents.NAME.says]`, what is not written filled in.
pub(super) fn says(s: &Section<'_>, spec: &mut AgentSpec) {
    for t in SAYS.iter().filter(|t| !t.usual.is_empty()) {
        spec.says.insert(t.name.to_owned(), t.usual.to_owned());
    }
    let written: Vec<Val<'_>> = s.section("says").iter().flat_map(Section::all).collect();
    for v in &written {
        let Some(t) = SAYS.iter().find(|t| t.name == v.key) else {
            let names = SAYS.iter().map(|t| t.name);
            let near = did_you_mean(&v.key, names.clone());
            v.key_spot
                .error(format!("nothing is ever said as {:?}", v.key))
                .help(near.unwrap_or_else(|| format!("known are {}", listed(names))));
            continue;
        };
        if let Some(text) = v.spoken() {
            text.placeholders(&[t.holds, &ALWAYS, &FACTS].concat());
            spec.says.insert(t.name.to_owned(), text.value);
        }
    }
    let missing = SAYS
        .iter()
        .map(|t| t.name)
        .filter(|n| !written.iter().any(|v| v.key == *n));
    let missing: Vec<&str> = missing.collect();
    if !spec.language.starts_with("en") && !missing.is_empty() {
        let (name, language) = (&spec.name, &spec.language);
        s.spot
            .warning(format!(
                "agent {name:?} speaks {language}, but English where nothing is written"
            ))
            .help(format!(
                "write [agents.{name}.says]: {}",
                missing.join(", ")
            ));
    }
}
