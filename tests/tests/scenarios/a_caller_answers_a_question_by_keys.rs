//! A question without an agent: the answer is looked up, leads on, and is known to whoever has the caller later. Wrong answers,
//! silence, another system that is down and a caller who leaves each end as the dialplan says.

use super::common::*;
use tandem_types::tool::HttpAnswer;

const QUESTION: &str = "Please key your account number, then the hash key.";

const ASK: &str = r#"
[ask.account]
prompt = "Please key your account number, then the hash key."
digits = "6-8"
wrong = "I do not know that number."
timeout = "5s"
digit_timeout = "2s"
retries = 1
meanwhile = "One moment, please."
then = "agent:triage"
otherwise = "queue:reception"
[ask.account.lookup]
url = "https://crm.northgate.example/accounts/{account}?by={from_e164}"
timeout = "2s"
keep = ["name", "status"]
[[ask.account.branch]]
answer = ["_90.", "_99."]
to = "queue:repairs"
[[ask.account.branch]]
fact = "status"
is = ["overdue", "closed"]
to = "queue:billing"
"#;

fn office_with(ask: &str) -> Config {
    let route = "\"2003\" = \"queue:billing\"";
    Config::office()
        .with(
            route,
            "\"2009\" = \"ask:account\"\n\"2003\" = \"queue:billing\"",
        )
        .and("dialplans/head.toml", ask)
}

fn office() -> Config {
    office_with(ASK)
}

fn found(status: &str) -> Result<HttpAnswer, ProviderFault> {
    Ok(HttpAnswer {
        status: 200,
        body: format!(r#"{{"name":"Mary Jones","status":"{status}","notes":"pays late"}}"#),
    })
}

fn asked(o: &mut Office) -> PhoneId {
    let caller = o.caller;
    o.calls(caller, "2009");
    o.answers(caller);
    o.run(secs(1));
    caller
}

fn said(o: &Office) -> Vec<String> {
    o.said().iter().map(|s| s.text.clone()).collect()
}

fn answers_given(o: &Office) -> Vec<String> {
    let of = |w: &What| match w {
        What::AnswerGiven { question, answer } if question == "ask:account" => Some(answer.clone()),
        _ => None,
    };
    o.facts().filter_map(of).collect()
}

fn outcomes(o: &Office) -> Vec<String> {
    let of = |w: &What| match w {
        What::ToolEnded { tool, outcome, .. } if tool == "ask:account" => Some(outcome.clone()),
        _ => None,
    };
    o.facts().filter_map(of).collect()
}

#[test]
fn a_caller_answers_a_question_by_keys() {
    scenario_in(&office(), "a_caller_answers_a_question_by_keys", |o| {
        let person = o.desk("200", answers(1));
        o.script.answers.push_back((ms(50), found("paid")));
        let caller = asked(o);
        o.presses(caller, "123456#");
        // The word that it takes a moment is said to its end, though the answer is there before.
        o.ai_says("How can I help you?");
        assert_eq!(said(o)[..2], [QUESTION, "One moment, please."]);
        assert_eq!(
            o.script.fetched[0].url,
            "https://crm.northgate.example/accounts/123456?by=%2B441632960001"
        );
        assert_eq!(answers_given(o), ["123456"]);
        o.caller_says("can I speak to a person");
        o.ai_says("putting you through to reception");
        o.hums(caller);
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("Mary Jones"), "{brief}");
        let package = o.packages()[0].clone();
        let known: Vec<_> = package
            .entities
            .iter()
            .map(|e| (e.name.as_str(), e.value.as_str(), e.turn.as_str()))
            .collect();
        assert_eq!(
            known,
            [
                ("account", "123456", "t0"),
                ("name", "Mary Jones", "ask:account"),
                ("status", "paid", "ask:account"),
            ]
        );
        let summary = &package.summary;
        assert!(
            summary.contains("They gave account 123456. On record: status paid."),
            "{summary}"
        );
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn what_is_known_of_an_answer_leads_the_caller_on() {
    let name = "what_is_known_of_an_answer_leads_the_caller_on";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(3));
        o.script.answers.push_back((ms(100), found("Overdue")));
        let caller = asked(o);
        o.presses(caller, "12345678");
        // The key that ends an answer means nothing after one that is whole.
        o.presses(caller, "#");
        o.rings(billing);
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        let keys = |w: &What| matches!(w, What::KeyPressed { digit: '#', .. });
        assert_eq!(o.count(keys), 0);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn an_answer_itself_leads_the_caller_on() {
    scenario_in(&office(), "an_answer_itself_leads_the_caller_on", |o| {
        let repairs = o.desk("203", answers(1));
        o.script.answers.push_back((ms(100), found("overdue")));
        let caller = asked(o);
        o.presses(caller, "11*900001");
        o.run(ms(500));
        assert!(answers_given(o).is_empty(), "the next digit may still come");
        o.answers(repairs);
        o.talk_both_ways(caller, repairs);
        assert_eq!(answers_given(o), ["900001"], "what stood before * is gone");
        o.hangs_up(repairs);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn whoever_gives_no_answer_is_asked_again_and_led_on() {
    let name = "whoever_gives_no_answer_is_asked_again_and_led_on";
    scenario_in(&office(), name, |o| {
        let desk = o.desk("200", answers(1));
        let caller = asked(o);
        o.presses(caller, "12#");
        o.run(secs(1));
        let again = format!("I do not know that number. {QUESTION}");
        assert_eq!(said(o), [QUESTION, again.as_str()]);
        o.answers(desk);
        o.talk_both_ways(caller, desk);
        assert!(answers_given(o).is_empty() && o.script.fetched.is_empty());
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn a_number_that_nobody_has_is_a_wrong_answer() {
    let name = "a_number_that_nobody_has_is_a_wrong_answer";
    scenario_in(&office(), name, |o| {
        let billing = o.desk("201", answers(1));
        let nobody = Err(ProviderFault::Status(404));
        o.script
            .answers
            .extend([(ms(100), nobody), (ms(100), found("overdue"))]);
        let caller = asked(o);
        o.presses(caller, "123456#");
        o.run(secs(1));
        assert_eq!(
            said(o).last().map(String::as_str),
            Some("I do not know that number. Please key your account number, then the hash key.")
        );
        o.presses(caller, "654321#");
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        assert_eq!(answers_given(o), ["123456", "654321"]);
        assert_eq!(outcomes(o), ["status_404", "ok"]);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn a_system_that_does_not_answer_strands_no_caller() {
    let name = "a_system_that_does_not_answer_strands_no_caller";
    scenario_in(&office(), name, |o| {
        let desk = o.desk("200", answers(1));
        let caller = asked(o);
        o.presses(caller, "123456#");
        o.run(ms(1_500));
        // Keys have no meaning meanwhile, and do no harm.
        o.presses(caller, "99#");
        o.answers(desk);
        o.talk_both_ways(caller, desk);
        assert_eq!(outcomes(o), ["timed_out"]);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn a_caller_who_leaves_during_a_look_up_leaves_nothing_open() {
    let name = "a_caller_who_leaves_during_a_look_up_leaves_nothing_open";
    scenario_in(&office(), name, |o| {
        let caller = asked(o);
        o.presses(caller, "123456#");
        o.run(ms(500));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(outcomes(o), ["caller_gone"]);
    });
}

#[test]
fn a_secret_answer_is_in_no_record() {
    let secret = ASK.replace("retries = 1", "retries = 1\nsensitive = true");
    scenario_in(
        &office_with(&secret),
        "a_secret_answer_is_in_no_record",
        |o| {
            let desk = o.desk("201", answers(1));
            o.script.answers.push_back((ms(100), found("overdue")));
            let caller = asked(o);
            o.presses(caller, "481516#");
            o.answers(desk);
            o.talk_both_ways(caller, desk);
            assert!(o.script.fetched[0].url.contains("/accounts/481516?"));
            assert_eq!(answers_given(o), ["6 digits"]);
            let record: String = o
                .facts()
                .map(tandem_types::canonical::canonical_json)
                .collect();
            assert!(!record.contains("481516"), "{record}");
            let digit = |w: &What| {
                matches!(
                    w,
                    What::KeyPressed {
                        digit: '0'..='9',
                        ..
                    }
                )
            };
            assert_eq!(o.count(digit), 0);
            o.hangs_up(desk);
            o.ends(Party::Callee, Reason::Normal);
        },
    );
}
