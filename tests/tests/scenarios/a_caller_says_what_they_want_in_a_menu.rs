//! A menu that understands words, and a question that is answered by voice, with no agent: what fits leads on, what does not is a
//! wrong key, and without a recogniser keys do it all.

use super::common::*;

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
