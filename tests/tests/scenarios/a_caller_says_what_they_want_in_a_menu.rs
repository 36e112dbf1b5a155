//! A menu that understands words, and a question that is answered by voice, with no agent: what fits leads on, what does not is a
//! wrong key, and without a recogniser keys do it all.

use super::common::*;
use tandem_types::tool::HttpAnswer;

const MENU: &str = "For billing press one. For repairs press two. For reception press zero.";

fn office() -> Config {
    let route = "\"2003\" = \"queue:billing\"";
    Config::office()
        .with(
            "timeout = \"5s\"",
            "timeout = \"5s\"\nwords = { 1 = [\"billing\", \"a bill\"], 2 = [\"repairs\", \"billing repairs\"], 0 = \"a person\" }",
        )
        .with(route, "\"2009\" = \"ask:account\"\n\"2003\" = \"queue:billing\"")
        .and("dialplans/head.toml", ASK)
}

const ASK: &str = r#"
[ask.account]
prompt = "What is your account number?"
digits = "4-6"
speech = true
wrong = "I do not know that number."
retries = 1
then = "queue:billing"
otherwise = "queue:reception"
"#;

fn rings_in(o: &mut Office, number: &str) -> PhoneId {
    let caller = o.caller;
    o.calls(caller, number);
    o.answers(caller);
    caller
}

fn said(o: &Office) -> Vec<String> {
    o.said().iter().map(|s| s.text.clone()).collect()
}

fn given(o: &Office) -> Vec<(String, String)> {
    let of = |w: &What| match w {
        What::AnswerGiven { question, answer } => Some((question.clone(), answer.clone())),
        _ => None,
    };
    o.facts().filter_map(of).collect()
}

#[test]
fn a_caller_says_what_they_want_in_a_menu() {
    let name = "a_caller_says_what_they_want_in_a_menu";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(2));
        let caller = rings_in(o, "2002");
        o.run(secs(3));
        // The prompt is talked over: it stops.
        o.caller_says("It is about a bill, please.");
        o.rings(billing);
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        let chosen = ("menu:main".to_owned(), "1: queue:billing".to_owned());
        assert_eq!(given(o), [chosen]);
        assert_eq!(said(o), [MENU]);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn the_longest_phrase_counts_and_what_fits_nothing_is_a_wrong_key() {
    let name = "the_longest_phrase_counts_and_what_fits_nothing_is_a_wrong_key";
    scenario_in(&office(), name, |o| {
        let repairs = o.desk("203", answers(2));
        let caller = rings_in(o, "2002");
        o.run(secs(4));
        o.caller_says("what about the weather today");
        o.run(secs(1));
        assert_eq!(said(o), [MENU, MENU]);
        o.caller_says("billing repairs");
        o.rings(repairs);
        o.answers(repairs);
        o.talk_both_ways(caller, repairs);
        o.hangs_up(repairs);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn without_a_recogniser_keys_lead_through_a_menu_of_words() {
    let name = "without_a_recogniser_keys_lead_through_a_menu_of_words";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(2));
        o.script.stt_down = Some(ProviderFault::Unreachable);
        let caller = rings_in(o, "2002");
        o.run(secs(4));
        o.says(caller, "billing please");
        o.run(secs(2));
        let down = |w: &What| matches!(w, What::ProviderFailed { door, .. } if door == "stt");
        assert_eq!(o.count(down), 1);
        assert_eq!(said(o), [MENU, MENU]);
        o.presses(caller, "1");
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn a_number_is_read_out_instead_of_keyed() {
    let name = "a_number_is_read_out_instead_of_keyed";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(2));
        let caller = rings_in(o, "2009");
        o.run(secs(4));
        o.caller_says("it is nine nine");
        o.run(secs(6));
        assert_eq!(
            said(o)[1],
            "I do not know that number. What is your account number?"
        );
        o.caller_says("four two double seven one");
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        assert_eq!(given(o), [("ask:account".to_owned(), "42771".to_owned())]);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

/// Whoever has them later knows what they said before.
#[test]
fn what_was_said_in_a_menu_is_handed_on() {
    let name = "what_was_said_in_a_menu_is_handed_on";
    let config = office().with("1 = \"queue:billing\"", "1 = \"agent:billing\"");
    scenario_in(&config, name, |o| {
        let billing = o.desk("201", answers(2));
        let caller = rings_in(o, "2002");
        o.run(secs(5));
        o.caller_says("it is about a bill from last march");
        o.run(secs(4));
        o.caller_says("please put me through to the billing team");
        o.answers(billing);
        let packages = o.packages();
        let package = packages.last().expect("a handoff");
        let said: Vec<&str> = package.last_turns.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(said[0], "it is about a bill from last march");
        assert_eq!(package.last_turns[0].id, "m1");
        assert_eq!(
            package.goal.as_deref(),
            Some(said[0]),
            "to be put through is no wish"
        );
        assert!(package.turns >= 2, "{}", package.turns);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_caller_who_leaves_while_their_words_are_understood_leaves_nothing_open() {
    let name = "a_caller_who_leaves_while_their_words_are_understood_leaves_nothing_open";
    scenario_in(&office(), name, |o| {
        let caller = rings_in(o, "2002");
        o.run(secs(6));
        o.says(caller, "billing");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn what_follows_a_choice_is_no_other_choice() {
    let name = "what_follows_a_choice_is_no_other_choice";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(2));
        let caller = rings_in(o, "2002");
        o.script.stt_after = secs(3);
        o.run(secs(4));
        o.says(caller, "billing");
        o.run(ms(800));
        o.says(caller, "if you would be so kind");
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        assert_eq!(said(o), [MENU]);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn somebody_who_speaks_between_two_keys_strands_no_caller() {
    let direct = "direct_dial = \"_20X\"\ndigit_timeout = \"2s\"\ntimeout = \"5s\"";
    let menu = office().with("timeout = \"5s\"\nwords", &format!("{direct}\nwords"));
    let name = "somebody_who_speaks_between_two_keys_strands_no_caller";
    scenario_in(&menu, name, |o| {
        let repairs = o.desk("203", answers(2));
        let caller = rings_in(o, "2002");
        o.run(secs(4));
        o.presses(caller, "2");
        o.says(caller, "hold on a second please");
        // Key 2 alone is meant: no other has come in time.
        o.answers(repairs);
        o.talk_both_ways(caller, repairs);
        o.hangs_up(repairs);
        o.ends(Party::Callee, Reason::Normal);
    });
    let name = "somebody_who_speaks_between_two_digits_strands_no_caller";
    scenario_in(&office(), name, |o| {
        let reception = o.desk("200", answers(2));
        let caller = rings_in(o, "2009");
        o.run(secs(4));
        for _ in 0..2 {
            o.presses(caller, "42");
            o.says(caller, "hold on a second please");
            o.run(secs(6));
        }
        assert_eq!(given(o), [], "two digits are no number");
        o.answers(reception);
        o.talk_both_ways(caller, reception);
        o.hangs_up(reception);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn somebody_who_speaks_while_their_number_is_looked_up_is_led_on() {
    let look_up = "speech = true\nmeanwhile = \"One moment please, I am looking for your account, which may well take a few seconds of your time.\"\nlookup = { url = \"https://crm.northgate.example/{account}\", keep = [\"status\"] }";
    let config = office().with("speech = true", look_up);
    type Gives = fn(&mut Office, PhoneId);
    let gives: [(&str, Gives); 2] = [
        ("keyed", |o, caller| o.presses(caller, "42771#")),
        ("said", |o, caller| {
            o.says(caller, "four two double seven one");
            o.run(secs(2));
        }),
    ];
    for (how, gives) in gives {
        let name =
            format!("somebody_who_speaks_while_the_number_they_{how}_is_looked_up_is_led_on");
        scenario_in(&config, &name, |o| {
            let billing = o.desk("201", answers(2));
            let found = HttpAnswer {
                status: 200,
                body: "{}".into(),
            };
            o.script.answers.push_back((ms(1_500), Ok(found)));
            let caller = rings_in(o, "2009");
            o.run(secs(4));
            gives(o, caller);
            o.says(caller, "thank you so much for that");
            o.answers(billing);
            o.talk_both_ways(caller, billing);
            assert_eq!(said(o).len(), 2, "the question, and that it takes a moment");
            o.hangs_up(billing);
            o.ends(Party::Callee, Reason::Normal);
        });
    }
}
