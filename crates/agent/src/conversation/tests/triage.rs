use super::stage::{Stage, play};
use crate::package::brief;
use tandem_types::{
    context::{Holder, Speaker},
    journal::{HandoffEnd, What},
};

#[test]
fn the_caller_is_told_that_it_is_an_ai_and_greeted() {
    play(|s| {
        s.begin();
        assert_eq!(s.said[0], "You are speaking with our automated assistant.");
        assert_eq!(s.said[1], "Good morning, Northgate. How can I help?");
        assert!(s.listening);
        assert!(
            matches!(&s.journal[0], What::AgentEntered { agent, handoff: None } if agent == "triage")
        );
        assert!(matches!(&s.journal[1], What::Disclosed { language } if language == "en-GB"));
        assert!(
            matches!(&s.journal[2], What::TurnEnded { turn, speaker: Speaker::Agent(a), interrupted: false, .. }
            if turn == "t1" && a == "triage")
        );
    });
}

#[test]
fn what_is_understood_goes_to_the_specialist_who_knows_it() {
    play(|s| {
        s.begin();
        s.says("there is a mistake on my invoice, my account number is four two seven one");
        let offered = s.journal.iter().find_map(|w| match w {
            What::HandoffOffered { package, sha256 } => Some((package.clone(), sha256.clone())),
            _ => None,
        });
        let (package, sha256) = offered.expect("offered");
        assert_eq!(package.sha256(), sha256);
        assert_eq!(package.to, Holder::Agent("billing".into()));
        assert_eq!(package.intent.as_deref(), Some("billing"));
        assert_eq!(package.goal_turn.as_deref(), Some("t2"));
        assert_eq!(package.entities[0].value, "4271");
        assert_eq!(package.entities[0].turn, "t2");
        let acknowledged = s.journal.iter().any(|w| matches!(w,
            What::HandoffAcknowledged { handoff, sha256: got, .. } if *handoff == package.handoff && *got == sha256));
        let ended = s.journal.iter().any(|w| matches!(w,
            What::HandoffEnded { handoff, end: HandoffEnd::Completed, .. } if *handoff == package.handoff));
        assert!(acknowledged && ended);
        let n = s.said.len();
        assert_eq!(
            s.said[n - 2],
            "I'm connecting you with billing. I'll share what you've told me."
        );
        let greeting = s.last();
        assert!(
            greeting.contains("the front desk told me: there is a mistake on my invoice"),
            "{greeting}"
        );
        assert!(greeting.contains("account number 4 2 7 1"), "{greeting}");
    });
}

#[test]
fn a_yes_to_the_specialists_offer_leads_to_its_people() {
    play(|s| {
        s.begin();
        s.says("you charged me twice");
        s.says("yes please");
        assert_eq!(s.sent_to(), "queue:billing");
        assert_eq!(
            s.last(),
            "I'm putting you through to the billing team. One moment, please."
        );
        let (package, sha256, _) = &s.transfers[0];
        assert_eq!(package.sha256(), *sha256);
        assert_eq!(package.goal.as_deref(), Some("you charged me twice"));
        assert_eq!(package.hops.len(), 1);
        assert!(brief(package).headline.contains("you charged me twice"));
        s.run(60_000);
        assert!(
            !s.hung_up,
            "the call carries it out, for as long as it takes"
        );
    });
}

#[test]
fn a_wish_for_a_person_is_honoured_at_once() {
    play(|s| {
        s.begin();
        s.says("can I speak to a real person");
        assert_eq!(s.sent_to(), "queue:reception");
        assert_eq!(s.transfers[0].0.trigger, "can I speak to a real person");
        assert_eq!(
            s.transfers[0].0.reason,
            tandem_types::context::HandoffReason::CallerRequest
        );
    });
}

#[test]
fn a_person_of_the_right_team_where_the_plan_names_one() {
    play(|s| {
        s.begin();
        s.says("can I speak to someone because I would like to rent a flat");
        assert_eq!(s.sent_to(), "queue:lettings");
    });
}

#[test]
fn a_phrase_of_the_rules_comes_before_everything() {
    play(|s| {
        s.begin();
        s.says("my boiler is broken and I smell gas");
        assert_eq!(s.sent_to(), "outside:plumber");
        assert_eq!(s.transfers[0].0.trigger, "smell gas");
        assert!(
            s.said
                .last()
                .is_some_and(|t| t.contains("the emergency plumber"))
        );
    });
}

#[test]
fn an_answer_of_the_dialplan_then_goodbye() {
    play(|s| {
        s.begin();
        s.says("what are your opening hours");
        assert_eq!(
            s.last(),
            "We are open from nine to five. Is there anything else I can help you with?"
        );
        s.says("no thanks");
        assert_eq!(s.last(), "Thank you for calling. Goodbye.");
        assert!(s.hung_up);
        assert_eq!(
            s.turns().last().map(String::as_str),
            Some("Thank you for calling. Goodbye.")
        );
    });
}

#[test]
fn a_goodbye_is_taken_back_when_the_caller_goes_on() {
    play(|s| {
        s.begin();
        s.says("what are your opening hours");
        s.speaks(800, Stage::heard("no thanks"));
        s.run(2200);
        assert_eq!(s.last(), "Thank you for calling. Goodbye.");
        s.speaks(900, Stage::heard("oh wait you charged me twice"));
        s.quiet();
        assert!(!s.hung_up);
        assert!(
            s.last().starts_with("Hello, this is billing"),
            "{}",
            s.last()
        );
    });
}

#[test]
fn a_fact_that_an_answer_needs_is_asked_for_once() {
    play(|s| {
        s.begin();
        s.says("I have a question about my bill");
        s.says("tell me my balance");
        assert_eq!(
            s.last(),
            "Could you tell me your account number? You can also key it in."
        );
        s.keys("4071");
        assert_eq!(
            s.last(),
            "Account 4 0 7 1 is paid in full. Is there anything else I can help you with?"
        );
        assert!(s.transfers.is_empty(), "the 0 was part of the number");
        s.says("what is my balance");
        assert!(
            s.last().starts_with("Account 4 0 7 1"),
            "not asked again: {}",
            s.last()
        );
    });
}

#[test]
fn facts_without_a_wish_are_noted() {
    play(|s| {
        s.begin();
        s.says("my name is Mary Jones");
        assert!(
            s.last()
                .starts_with("Thank you, I have noted your name, Mary Jones."),
            "{}",
            s.last()
        );
        s.says("book a viewing");
        let package = &s.transfers[0].0;
        assert_eq!(package.caller_name.as_deref(), Some("Mary Jones"));
        assert_eq!(package.do_not_ask, ["name"]);
    });
}

#[test]
fn a_key_leads_at_any_time() {
    play(|s| {
        s.input(crate::Input::Begin {
            agent: "triage".into(),
        });
        s.run(500);
        s.keys("0");
        assert_eq!(s.sent_to(), "queue:reception");
        assert_eq!(s.transfers[0].0.trigger, "key 0");
        assert!(
            !s.journal
                .iter()
                .any(|w| matches!(w, What::Disclosed { .. })),
            "it was cut off"
        );
        let keyed = s.journal.iter().any(|w| {
            matches!(w,
            What::TurnEnded { speaker: Speaker::CallerKeys, text, .. } if text == "0")
        });
        assert!(keyed);
        s.fails(tandem_types::Reason::Busy);
        let n = s.said.len();
        assert_eq!(
            s.said[n - 2],
            "You are speaking with our automated assistant.",
            "and is said now"
        );
        assert!(s.last().starts_with("I'm sorry, the line is busy."));
    });
}

#[test]
fn a_key_may_lead_to_an_agent() {
    play(|s| {
        s.begin();
        s.keys("2");
        assert_eq!(s.c.agent(), Some("billing"));
        assert!(s.understood().iter().any(|u| u.1 == "key"));
    });
}

#[test]
fn an_emergency_becomes_what_the_call_is_about() {
    play(|s| {
        s.begin();
        s.says("when are you open");
        s.says("oh no I smell gas in the hall");
        let p = &s.transfers[0].0;
        assert_eq!(p.goal.as_deref(), Some("oh no I smell gas in the hall"));
        assert_eq!(
            p.goal_turn.as_deref(),
            p.last_turns
                .iter()
                .rev()
                .find(|t| t.speaker == Speaker::Caller)
                .map(|t| t.id.as_str())
        );
    });
}

#[test]
fn a_wish_for_a_person_keeps_its_topic() {
    play(|s| {
        s.begin();
        s.says("can I speak to someone about a mistake on my invoice");
        assert_eq!(s.sent_to(), "queue:reception");
        let p = &s.transfers[0].0;
        assert_eq!(p.intent.as_deref(), Some("billing"));
        assert!(
            brief(p).headline.contains("mistake on my invoice"),
            "{}",
            brief(p).headline
        );
    });
}

#[test]
fn a_yes_with_a_question_in_it_is_a_question() {
    play(|s| {
        s.begin();
        s.says("what are your opening hours");
        s.says("yes you charged me twice");
        assert_eq!(s.c.agent(), Some("billing"));
    });
}

#[test]
fn no_hot_water_is_no_goodbye() {
    play(|s| {
        s.begin();
        s.says("what are your opening hours");
        s.says("no hot water");
        assert!(!s.hung_up);
        assert_eq!(s.c.agent(), Some("repairs"));
    });
}

#[test]
fn days_and_sums_are_not_read_back_like_account_numbers() {
    play(|s| {
        s.begin();
        s.says("you charged me twice this month and took twenty pounds");
        assert!(!s.last().contains("I have your"), "{}", s.last());
        s.says("yes");
        let facts: Vec<&str> = s.transfers[0]
            .0
            .entities
            .iter()
            .map(|e| e.value.as_str())
            .collect();
        assert_eq!(
            facts,
            ["20 pounds", "this month"],
            "they are handed on all the same"
        );
    });
}
