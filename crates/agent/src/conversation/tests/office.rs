//! The letting office that answers in these scripts.

use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tandem_types::agent::{AgentRules, AgentSpec, Target};

pub(super) fn target(text: &str) -> Target {
    Target(text.to_owned())
}

fn texts<const N: usize>(items: [(&str, &str); N]) -> BTreeMap<String, String> {
    items.map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

fn targets<const N: usize>(items: [(&str, &str); N]) -> BTreeMap<String, Target> {
    items.map(|(k, v)| (k.to_owned(), target(v))).into()
}

fn said(items: &[&str]) -> Vec<String> {
    items.iter().map(|s| (*s).to_owned()).collect()
}

fn triage() -> AgentSpec {
    AgentSpec {
        name: "triage".into(),
        spoken_name: "the front desk".into(),
        greeting: Some("Good {daypart} {caller_name}, Northgate. How can I help?".into()),
        voice: "slt".into(),
        language: "en-GB".into(),
        hands_off_to: ["agent:billing", "agent:repairs", "queue:reception"]
            .map(target)
            .into(),
        intents: BTreeMap::from([
            (
                "repairs".to_owned(),
                said(&[
                    "my boiler is broken",
                    "there is a leak in the kitchen",
                    "report a repair",
                    "the heating does not work",
                    "I have no hot water",
                    "the toilet is blocked",
                ]),
            ),
            (
                "billing".to_owned(),
                said(&[
                    "I have a question about my bill",
                    "you charged me twice",
                    "I want a refund",
                    "when is my rent due",
                    "there is a mistake on my invoice",
                ]),
            ),
            (
                "hours".to_owned(),
                said(&[
                    "what are your opening hours",
                    "when are you open",
                    "when do you close",
                ]),
            ),
            (
                "lettings".to_owned(),
                said(&[
                    "I would like to rent a flat",
                    "book a viewing",
                    "do you have flats to let",
                ]),
            ),
        ]),
        routes: targets([
            ("repairs", "agent:repairs"),
            ("billing", "agent:billing"),
            ("lettings", "queue:lettings"),
        ]),
        answers: texts([("hours", "We are open from nine to five.")]),
        says: texts([(
            "not_understood",
            "Sorry, is it about lettings, repairs or billing?",
        )]),
        min_confidence: 400,
        ..AgentSpec::default()
    }
}

fn billing() -> AgentSpec {
    AgentSpec {
        name: "billing".into(),
        spoken_name: "billing".into(),
        voice: "rms".into(),
        language: "en-GB".into(),
        hands_off_to: ["queue:billing", "agent:triage"].map(target).into(),
        intents: BTreeMap::from([
            (
                "dispute".to_owned(),
                said(&[
                    "you charged me twice",
                    "I was charged too much",
                    "I want my money back",
                    "dispute a charge",
                ]),
            ),
            (
                "balance".to_owned(),
                said(&[
                    "how much do I owe",
                    "what is my balance",
                    "is my account paid",
                    "tell me my balance",
                ]),
            ),
        ]),
        routes: targets([("dispute", "queue:billing")]),
        answers: texts([("balance", "Account {account_number} is paid in full.")]),
        says: texts([(
            "greeting_after_handoff",
            "Hello, this is billing. {from} told me: {goal}. Shall I put you through to a colleague?",
        )]),
        min_confidence: 400,
        ..AgentSpec::default()
    }
}

/// The only agent with a model.
fn repairs() -> AgentSpec {
    AgentSpec {
        name: "repairs".into(),
        spoken_name: "repairs".into(),
        instructions: "You book repairs for Northgate.".into(),
        providers: Some("fast".into()),
        has_model: true,
        voice: "awb".into(),
        language: "en-GB".into(),
        hands_off_to: ["queue:repairs", "agent:triage", "agent:billing"]
            .map(target)
            .into(),
        intents: BTreeMap::from([(
            "engineer".to_owned(),
            said(&[
                "send an engineer",
                "I need an engineer",
                "can a plumber come",
            ]),
        )]),
        routes: targets([("engineer", "queue:repairs")]),
        min_confidence: 600,
        ..AgentSpec::default()
    }
}

pub(super) fn rules() -> AgentRules {
    let agents = [triage(), billing(), repairs()].map(|a| (a.name.clone(), Arc::new(a)));
    AgentRules {
        agents: agents.into(),
        disclosure: texts([("en-GB", "You are speaking with our automated assistant.")]),
        disclosure_again: texts([("en-GB", "The automated assistant again.")]),
        phrases: vec![(said(&["gas leak", "smell gas"]), target("outside:plumber"))],
        on_human: Some(target("queue:reception")),
        keys: BTreeMap::from([
            ('0', target("queue:reception")),
            ('2', target("agent:billing")),
        ]),
        cancel_key: Some('*'),
        on_provider_down: Some(target("menu:main")),
        max_handoffs: 4,
        operator: Some(target("queue:operator")),
        spoken: BTreeMap::from([
            (target("queue:reception"), "reception".to_owned()),
            (target("queue:billing"), "the billing team".to_owned()),
            (
                target("outside:plumber"),
                "the emergency plumber".to_owned(),
            ),
        ]),
        max_ai_time: Duration::from_secs(1800),
        ..AgentRules::default()
    }
}
