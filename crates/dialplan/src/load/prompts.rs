//! Every text that can be rendered before the first call.

use crate::{CALLBACK_SAYS, Dialplan, Greeting, MAILBOX_SAYS, OFFLINE, Plan};
use std::collections::BTreeSet;
use tandem_types::agent::{AgentSpec, Target};

/// What `{daypart}` can be.
const DAYPARTS: [&str; 3] = ["morning", "afternoon", "evening"];

type Prompt = (String, String, String, String);

/// All fixed texts, each once, in a fixed order: notices, menus and announcements of each dialplan,
/// and what its agents say. Where a placeholder can only become one of a few words (`{to}`,
/// `{daypart}`), each of the outcomes; texts with other placeholders are left out.
pub(super) fn static_texts(plan: &Plan) -> Vec<Prompt> {
    let mut all = BTreeSet::new();
    for d in plan.dialplans.values() {
        of_plan(d, &mut all);
        for agent in d.rules.agents.values() {
            of_agent(d, agent, &mut all);
        }
    }
    all.into_iter().collect()
}

fn of_plan(d: &Dialplan, all: &mut BTreeSet<Prompt>) {
    let profile = d.providers.as_deref().unwrap_or(OFFLINE);
    let language = d.languages.first().map_or("", String::as_str);
    let mut say = |text: &str, language: &str| {
        all.insert((
            text.to_owned(),
            d.voice.clone(),
            language.to_owned(),
            profile.to_owned(),
        ));
    };
    let rules = &d.rules;
    for (language, text) in rules.disclosure.iter().chain(&rules.disclosure_again) {
        say(text, language);
    }
    let menus = d.menus.values().map(|m| &m.prompt);
    let announcements = d.announcements.values().map(|a| &a.text);
    let asks = d
        .asks
        .values()
        .flat_map(|a| a.meanwhile.iter().chain([&a.prompt]));
    for text in menus.chain(announcements).chain(asks) {
        say(text, language);
    }
    for callback in d.callbacks.values() {
        for known in CALLBACK_SAYS.iter().filter(|s| s.fills.is_empty()) {
            say(callback.says(known.name), language);
        }
    }
    for mailbox in d.voicemail.values() {
        let language = mailbox.language.as_deref().unwrap_or(language);
        if let Greeting::Text(text) = &mailbox.greeting {
            say(text, language);
        }
        for known in MAILBOX_SAYS.iter().filter(|s| s.fills.is_empty()) {
            say(mailbox.says(known.name), language);
        }
    }
    for ask in d.asks.values() {
        say(&ask.again(), language);
    }
}

fn of_agent(d: &Dialplan, agent: &AgentSpec, all: &mut BTreeSet<Prompt>) {
    let profile = agent.providers.as_deref().unwrap_or(OFFLINE);
    let rules = &d.rules;
    let last = [&rules.on_human, &rules.operator, &rules.on_provider_down]
        .into_iter()
        .flatten();
    let fixed = rules
        .keys
        .values()
        .chain(rules.phrases.iter().map(|(_, t)| t));
    let targets: BTreeSet<&Target> = agent.hands_off_to.iter().chain(last).chain(fixed).collect();
    let spoken: Vec<&str> = targets
        .into_iter()
        .filter_map(|t| rules.spoken.get(t))
        .map(String::as_str)
        .collect();
    let more = agent.says.get("anything_else");
    // An answer is said in one breath with what follows it.
    let followed = agent
        .answers
        .values()
        .flat_map(|a| more.map(|m| format!("{a} {m}")));
    let texts = agent
        .greeting
        .iter()
        .chain(agent.says.values())
        .chain(agent.answers.values());
    let texts = texts.cloned().chain(followed);
    for text in texts.flat_map(|t| each(&t, "{to}", &spoken)) {
        let text = text.replace("{me}", &agent.spoken_name);
        for said in each(&text, "{daypart}", &DAYPARTS) {
            if !said.contains('{') {
                all.insert((
                    said,
                    agent.voice.clone(),
                    agent.language.clone(),
                    profile.to_owned(),
                ));
            }
        }
    }
    let disclosures = [&rules.disclosure, &rules.disclosure_again];
    for text in disclosures
        .into_iter()
        .filter_map(|said| said.get(&agent.language))
    {
        all.insert((
            text.clone(),
            agent.voice.clone(),
            agent.language.clone(),
            profile.to_owned(),
        ));
    }
}

fn each(text: &str, placeholder: &str, words: &[&str]) -> Vec<String> {
    match text.contains(placeholder) {
        true => words.iter().map(|w| text.replace(placeholder, w)).collect(),
        false => vec![text.to_owned()],
    }
}
