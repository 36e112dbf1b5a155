//! First words, and what is known of the caller by then.

use super::stage::{Stage, play};
use crate::{Input, tool::Fact};
use tandem_types::context::Holder;

const DISCLOSURE: &str = "You are speaking with our automated assistant.";
const PLAIN: &str = "Good morning, Northgate. How can I help?";

fn known() -> Input {
    let fact = |name: &str, value: &str, sensitive| Fact {
        name: name.into(),
        value: value.into(),
        sensitive,
        source: "caller_lookup".into(),
    };
    Input::LookedUp {
        facts: vec![
            fact("name", "Mary Jones", false),
            fact("vip", "true", false),
        ],
    }
}

fn begins(s: &mut Stage) {
    s.is_looked_up(800);
    s.input(Input::Begin {
        agent: "triage".into(),
    });
}

#[test]
fn the_greeting_waits_for_the_name_while_the_disclosure_is_heard() {
    play(|s| {
        begins(s);
        assert_eq!(s.said, [DISCLOSURE], "which does not wait");
        s.run(300);
        s.input(known());
        assert_eq!(
            s.last(),
            "Good morning Mary Jones, Northgate. How can I help?"
        );
        s.quiet();
        assert_eq!(s.turns().len(), 1, "one turn");
        s.says("let me speak to a human");
        let p = &s.transfers[0].0;
        assert_eq!(
            (p.caller_name.as_deref(), &p.to),
            (Some("Mary Jones"), &Holder::Queue("reception".into()))
        );
        let vip = p.entities.iter().find(|e| e.name == "vip").expect("kept");
        assert_eq!(
            (vip.value.as_str(), vip.turn.as_str()),
            ("true", "caller_lookup")
        );
    });
}

#[test]
fn it_waits_no_longer_than_was_promised_and_late_facts_still_count() {
    play(|s| {
        begins(s);
        s.run(799);
        assert_eq!(s.said, [DISCLOSURE]);
        s.run(2);
        assert_eq!(s.last(), PLAIN);
        s.quiet();
        s.input(known());
        assert_eq!(s.said.len(), 2, "nobody is greeted twice");
        s.says("let me speak to a human");
        assert_eq!(s.transfers[0].0.caller_name.as_deref(), Some("Mary Jones"));
    });
}

#[test]
fn nothing_found_is_said_at_once() {
    play(|s| {
        begins(s);
        s.run(100);
        s.input(Input::LookedUp { facts: Vec::new() });
        assert_eq!(s.last(), PLAIN);
    });
}

#[test]
fn a_key_before_the_greeting_leads_on_and_nobody_is_greeted() {
    play(|s| {
        begins(s);
        s.run(100);
        s.input(Input::Digit('0'));
        s.quiet();
        s.input(known());
        s.quiet();
        assert_eq!(s.sent_to(), "queue:reception");
        assert!(
            !s.said.iter().any(|t| t.contains("Good morning")),
            "{:?}",
            s.said
        );
    });
}

#[test]
fn who_speaks_first_is_greeted_and_answered() {
    play(|s| {
        begins(s);
        s.speaks(300, Stage::heard("when are you open"));
        s.run(500);
        s.input(known());
        s.quiet();
        assert!(
            s.said.iter().any(|t| t.contains("Mary Jones")),
            "{:?}",
            s.said
        );
        assert!(s.last().contains("from nine to five"), "{:?}", s.said);
    });
}

#[test]
fn a_caller_who_gives_another_name_is_called_by_that() {
    play(|s| {
        begins(s);
        s.input(known());
        s.quiet();
        s.says("my name is John Smith");
        s.says("let me speak to a human");
        assert_eq!(s.transfers[0].0.caller_name.as_deref(), Some("John Smith"));
    });
}
