//! What an agent says without a model: the templates, and what may be filled into them.

use super::{
    read::{Section, Val},
    spot::{did_you_mean, listed},
};
use tandem_types::{agent::AgentSpec, phrases::usual};

/// What every template may hold: the agent's own spoken name, the caller, what they want, the time
/// of day, and what the keys do.
const ALWAYS: [&str; 5] = ["me", "caller_name", "goal", "daypart", "keys"];

/// Facts that are picked out of what callers say and key in.
pub(super) const FACTS: [&str; 19] = [
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
}

const fn template(name: &'static str, holds: &'static [&'static str]) -> Template {
    Template { name, holds }
}

/// Where the dialplan is silent here, the conversation finds words by what it knows at that moment.
const BY_CONTEXT: &str = "greeting_after_handoff";

/// Every template, and when it is said.
const SAYS: [Template; 32] = [
    // Moving the caller: to another agent, to a person; the first words of who received them.
    template("handing_over", &["to"]),
    template("transferring", &["to"]),
    template(BY_CONTEXT, &["from", "known"]),
    // After those, unless they end with a question: whoever knows what it is about offers its people, or waits for more.
    template("offer", &["to"]),
    template("go_on", &[]),
    // Nobody took the call; `{reason}` is a clause, such as "nobody answered".
    template("back", &["reason", "to"]),
    template("back_without_retry", &["reason", "to"]),
    template("nobody", &[]),
    // While phones ring: `{key}` brings the caller back.
    template("waiting", &["to", "key"]),
    // The caller changed their mind.
    template("kept", &["to"]),
    // A person gave the caller back.
    template("returned", &["note"]),
    // A person hung up before the caller did.
    template("person_left", &["to"]),
    // A person's line was lost.
    template("person_lost", &["to"]),
    // Understanding.
    template("how_help", &[]),
    template("anything_else", &[]),
    template("not_understood", &[]),
    template("menu_hint", &[]),
    template("confirm", &["intent"]),
    template("need", &["entity"]),
    template("noted", &["facts"]),
    // Silence, delay, trouble, the end.
    template("still_there", &[]),
    template("resumed", &[]),
    template("filler", &[]),
    template("trouble", &[]),
    template("goodbye", &[]),
    // A model has told of something that nobody has done.
    template("not_done", &[]),
    // While a tool is asked; before it does what the caller must agree to; what came of it where no model can say so.
    template("checking", &[]),
    template("confirm_tool", &["action"]),
    template("say_yes", &[]),
    template("tool_done", &[]),
    template("tool_failed", &[]),
    template("tool_unsure", &[]),
];

/// Those that only an agent with tools ever says.
const OF_TOOLS: [&str; 6] = [
    "checking",
    "confirm_tool",
    "say_yes",
    "tool_done",
    "tool_failed",
    "tool_unsure",
];

/// What can be written into `says`, and what is said otherwise; empty where that depends on the moment.
pub(crate) fn said() -> impl Iterator<Item = (&'static str, &'static str)> {
    let otherwise = |t: &Template| match t.name {
        BY_CONTEXT => "",
        name => usual(name),
    };
    SAYS.iter().map(move |t| (t.name, otherwise(t)))
}

/// A greeting may hold what is known before a word is said.
pub(super) const GREETING: [&str; 3] = ["me", "caller_name", "daypart"];

/// The placeholders of an answer.
pub(super) fn of_answers() -> Vec<&'static str> {
    [&ALWAYS[..], &FACTS[..]].concat()
}

/// `[agents.NAME.says]`, what is not written filled in.
pub(super) fn says(s: &Section<'_>, spec: &mut AgentSpec) {
    let with_tools = !spec.tools.is_empty();
    let says = |t: &&Template| with_tools || !OF_TOOLS.contains(&t.name);
    for t in SAYS.iter().filter(says).filter(|t| t.name != BY_CONTEXT) {
        spec.says
            .insert(t.name.to_owned(), usual(t.name).to_owned());
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
        .filter(says)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_template_has_its_usual_words_and_they_hold_nothing_that_it_may_not() {
        for t in &SAYS {
            let usual = usual(t.name);
            assert!(!usual.is_empty(), "{}", t.name);
            for part in usual.split('{').skip(1) {
                let key = part.split('}').next().unwrap_or_default();
                let known = [t.holds, &ALWAYS, &FACTS].concat();
                assert!(known.contains(&key), "{{{key}}} in {}", t.name);
            }
        }
    }
}
