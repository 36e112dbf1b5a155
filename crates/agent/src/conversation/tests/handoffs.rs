use super::{
    office,
    stage::{Stage, play, play_with},
};
use crate::{Input, Return};
use tandem_types::{
    HandoffId, Reason,
    context::{HandoffReason, Holder},
    journal::What,
    provider::ProviderFault,
};

#[test]
fn a_failed_transfer_comes_back_with_its_memory() {
    play(|s| {
        s.begin();
        s.says("you charged me twice, my account number is four two seven one");
        s.says("yes");
        s.run(20_000);
        s.fails(Reason::NoAnswer);
        assert!(s.listening);
        assert_eq!(
            s.last(),
            "I'm sorry, nobody answered. I still have everything you told me. Shall I try again, or can I help in another way?"
        );
        s.says("yes please");
        assert_eq!(s.transfers.len(), 2);
        let again = &s.transfers[1].0;
        assert_eq!(again.entities[0].value, "4271");
        assert_eq!(again.actions[0].what, "transfer queue:billing");
        assert_eq!(again.actions[0].result, "nobody answered");
        assert_ne!(again.handoff, s.transfers[0].0.handoff);
    });
}

#[test]
fn three_attempts_are_enough() {
    play(|s| {
        s.begin();
        for _ in 0..3 {
            s.says("operator");
            assert_eq!(s.sent_to(), "queue:reception");
            s.fails(Reason::Busy);
        }
        assert!(
            s.last().contains("Is there anything else I can do?"),
            "{}",
            s.last()
        );
        s.says("operator");
        assert_eq!(s.transfers.len(), 3);
        assert!(
            s.last()
                .starts_with("I'm sorry, nobody can take your call just now.")
        );
        s.says("when are you open");
        assert!(
            s.last().starts_with("We are open"),
            "and everything else goes on"
        );
    });
}

#[test]
fn more_of_a_reason_is_told() {
    play(|s| {
        s.begin();
        s.says("operator");
        let handoff = s.handoff();
        let more = Some("they are in a meeting until three.".to_owned());
        s.input(Input::TransferFailed {
            handoff,
            reason: Reason::Declined,
            more,
        });
        s.quiet();
        assert!(
            s.last()
                .contains("right now; they are in a meeting until three. I still"),
            "{}",
            s.last()
        );
    });
}

#[test]
fn answers_to_another_handoff_are_ignored() {
    play(|s| {
        s.begin();
        s.says("operator");
        let said = s.said.len();
        s.input(Input::TransferFailed {
            handoff: HandoffId(1),
            reason: Reason::Busy,
            more: None,
        });
        s.input(Input::TransferDone {
            handoff: HandoffId(1),
        });
        s.input(Input::TransferRang);
        s.run(1_000);
        assert_eq!(s.said.len(), said);
        assert!(s.listening, "they may change their mind");
        s.done();
        assert!(!s.listening);
        s.fails(Reason::Busy);
        assert_eq!(s.said.len(), said, "they are connected");
    });
}

#[test]
fn a_person_gives_the_caller_back() {
    play(|s| {
        s.begin();
        s.says("operator");
        s.done();
        let said = s.said.len();
        s.run(600_000);
        s.input(Input::Digit('4'));
        assert_eq!(s.said.len(), said, "silent while a person has the caller");
        s.input(Input::Returned {
            note: Some("wants to know the opening hours".into()),
            how: Return::GivenBack,
        });
        s.quiet();
        assert_eq!(
            s.said[said], "The automated assistant again.",
            "in few words: the caller has heard the others"
        );
        assert!(s.last().contains("I remember what we discussed"));
        assert_eq!(
            s.journal
                .iter()
                .filter(|w| matches!(w, What::Disclosed { .. }))
                .count(),
            2
        );
        s.says("you charged me twice");
        s.says("yes");
        let p = &s.transfers[1].0;
        assert!(
            p.actions
                .iter()
                .any(|a| a.result == "wants to know the opening hours")
        );
        let hops: Vec<&Holder> = p.hops.iter().map(|h| &h.to).collect();
        assert_eq!(
            hops,
            [
                &Holder::Queue("reception".into()),
                &Holder::Agent("triage".into()),
                &Holder::Agent("billing".into())
            ]
        );
    });
}

#[test]
fn words_said_while_leaving_are_in_the_package() {
    play(|s| {
        s.begin();
        s.speaks(700, Stage::heard("operator"));
        s.run(1_500);
        assert!(
            s.last().starts_with("I'm putting you through"),
            "{}",
            s.last()
        );
        assert!(s.transfers.is_empty(), "first it is said");
        s.speaks(500, Stage::heard("my postcode is SW1A 1AA"));
        s.quiet();
        let p = &s.transfers[0].0;
        assert_eq!(p.entities[0].value, "SW1A 1AA");
        assert!(p.last_turns.iter().any(|t| t.text.contains("postcode")));
    });
}

#[test]
fn a_transfer_waits_four_seconds_for_its_words_and_no_longer() {
    play(|s| {
        s.begin();
        s.speaks(700, Stage::heard("operator"));
        s.run(1_460);
        s.speaks(20_000, Err(ProviderFault::Unreachable));
        let from = s.now.mono;
        while s.transfers.is_empty() && s.now.mono.since(from).as_secs() < 10 {
            s.run(100);
        }
        let waited = s.now.mono.since(from).as_millis();
        assert!((3_900..4_300).contains(&waited), "{waited}");
    });
}

#[test]
fn handoffs_are_counted() {
    let mut rules = office::rules();
    rules.max_handoffs = 1;
    let mut billing = (*rules.agents["billing"]).clone();
    billing
        .routes
        .insert("balance".into(), office::target("agent:triage"));
    rules.agents.insert("billing".into(), billing.into());
    play_with(rules, |s| {
        s.begin();
        s.says("I have a question about my bill");
        assert_eq!(s.c.agent(), Some("billing"));
        s.says("what is my balance");
        assert_eq!(s.sent_to(), "queue:operator");
        assert_eq!(s.refusals(), ["agent:triage"]);
        assert_eq!(s.transfers[0].0.reason, HandoffReason::LoopGuard);
    });
}

#[test]
fn an_agent_that_does_not_exist_is_no_dead_end() {
    let mut rules = office::rules();
    let mut triage = (*rules.agents["triage"]).clone();
    triage
        .routes
        .insert("billing".into(), office::target("agent:ghost"));
    rules.agents.insert("triage".into(), triage.into());
    play_with(rules.clone(), |s| {
        s.begin();
        s.says("you charged me twice");
        assert_eq!(s.refusals(), ["agent:ghost"]);
        assert_eq!(s.sent_to(), "queue:operator");
    });
    rules.operator = Some(office::target("agent:ghost"));
    play_with(rules, |s| {
        s.input(Input::Begin {
            agent: "nobody".into(),
        });
        s.quiet();
        assert!(s.hung_up, "told goodbye: {:?}", s.said);
        assert!(s.last().contains("Goodbye"));
    });
}

#[test]
fn a_caller_who_leaves_takes_no_word_with_them() {
    play(|s| {
        s.begin();
        s.speaks(700, Stage::heard("when are you open"));
        s.run(2_500);
        s.speaks(300, Stage::heard("never mind"));
        s.run(950);
        s.input(Input::Digit('5'));
        s.input(Input::CallerGone);
        s.run(60_000);
        let turns = s.turns();
        assert!(
            turns
                .iter()
                .any(|t| t.starts_with("We are open") && t.ends_with('|')),
            "{turns:?}"
        );
        assert!(
            turns.contains(&"never mind".to_owned()) && turns.contains(&"5".to_owned()),
            "{turns:?}"
        );
        assert!(s.c.is_over() && !s.hung_up && s.c.poll_timeout().is_none());
    });
}

#[test]
fn the_call_may_choose_the_next_agent_itself() {
    play(|s| {
        s.begin();
        s.says("my account number is four two seven one, operator please");
        s.input(Input::Begin {
            agent: "billing".into(),
        });
        s.quiet();
        assert_eq!(s.c.agent(), Some("billing"));
        s.says("what is my balance");
        assert!(
            s.last().starts_with("Account 4 2 7 1"),
            "it kept the memory: {}",
            s.last()
        );
    });
}

#[test]
fn every_fact_of_a_long_call_reaches_the_person() {
    play(|s| {
        s.begin();
        s.says("my name is Mary Jones and my account number is four two seven one");
        s.says("you took forty two pounds fifty on the third of november");
        s.says("my postcode is SW1A 1AA");
        s.says("THIS IS ridiculous and I am VERY angry!");
        s.keys("998877");
        s.says("I have a question about my bill");
        s.says("I want my money back");
        assert_eq!(s.sent_to(), "queue:billing");
        let p = &s.transfers[0].0;
        for fact in [
            "4271",
            "42.50 pounds",
            "SW1A 1AA",
            "third of november",
            "Mary Jones",
            "998877",
        ] {
            assert!(
                p.entities.iter().any(|e| e.value == fact),
                "{fact} in {:?}",
                p.entities
            );
        }
        assert!(
            p.entities
                .iter()
                .all(|e| p.turns >= e.turn[1..].parse().unwrap())
        );
        assert!(p.sentiment.iter().any(|s| *s < -500));
        assert!(p.disclosed_at.is_some());
        let detail = crate::package::brief(p).detail;
        for fact in [
            "4 2 7 1",
            "42.50 pounds",
            "SW1A 1AA",
            "third of november",
            "9 9 8 8 7 7",
        ] {
            assert!(detail.contains(fact), "{fact} in {detail}");
        }
        let of_caller = p.last_turns.len();
        assert_eq!(of_caller, crate::package::LAST_TURNS);
    });
}

/// The office, with a greeting of billing's that only says what it knows.
fn greeting(text: &str) -> tandem_types::agent::AgentRules {
    let mut rules = office::rules();
    let billing = rules
        .agents
        .get_mut("billing")
        .map(std::sync::Arc::make_mut);
    let says = billing
        .map(|b| &mut b.says)
        .expect("the office has billing");
    says.insert("greeting_after_handoff".to_owned(), text.to_owned());
    rules
}

#[test]
fn whoever_knows_what_it_is_about_offers_its_people_and_asks_for_nothing() {
    play_with(
        greeting("Hello, this is billing. I understand: {goal}."),
        |s| {
            s.begin();
            s.says("you charged me twice, my account number is four two seven one");
            assert_eq!(
                s.last(),
                "Hello, this is billing. I understand: you charged me twice, my account number is four two seven one. \
             I have your account number 4 2 7 1. Shall I put you through to the billing team?"
            );
            s.says("no");
            assert_eq!(s.last(), "Please go on.");
            assert!(s.transfers.is_empty());
        },
    );
}

#[test]
fn a_greeting_has_no_gap_where_the_goal_is_not_known() {
    play_with(
        greeting("Hello, this is billing. I understand: {goal}."),
        |s| {
            s.begin();
            s.input(Input::Digit('2'));
            s.quiet();
            assert_eq!(s.c.agent(), Some("billing"));
            assert_eq!(s.last(), "Hello, this is billing. How can I help you?");
        },
    );
}
