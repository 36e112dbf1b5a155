//! Who calls is asked of another system as soon as the call is there: the greeting says it, the person's phone shows it, and
//! nobody waits for longer than was promised.

use super::common::*;
use tandem_sip::message::HeaderName;
use tandem_types::tool::HttpAnswer;

const LOOKUP: &str = r#"
[caller_lookup]
url = "https://crm.northgate.example/callers/{from_e164}"
timeout = "800ms"
keep = ["name", "tenancy_id", "vip"]
"#;

fn office() -> Config {
    Config::office().and("dialplans/head.toml", LOOKUP).with(
        "Good {daypart}, this is Northgate.",
        "Good {daypart} {caller_name}, this is Northgate.",
    )
}

fn mary() -> Result<HttpAnswer, ProviderFault> {
    Ok(HttpAnswer {
        status: 200,
        body: r#"{"name":"Mary Jones","tenancy_id":42713,"vip":true,"notes":"pays late"}"#.into(),
    })
}

/// Display name of the call that rang a phone.
fn shown(o: &Office, phone: PhoneId) -> String {
    let of = |(_, e): (Mono, &PhoneEvent)| match e {
        PhoneEvent::Incoming { headers, .. } => headers
            .first(&HeaderName::PAssertedIdentity)
            .map(str::to_owned),
        _ => None,
    };
    o.noticed(phone).into_iter().find_map(of).expect("it rang")
}

fn outcome(o: &Office) -> Option<String> {
    o.facts().find_map(|w| match w {
        What::ToolEnded { tool, outcome, .. } if tool == "caller_lookup" => Some(outcome.clone()),
        _ => None,
    })
}

#[test]
fn a_caller_is_looked_up_before_the_greeting() {
    let name = "a_caller_is_looked_up_before_the_greeting";
    scenario_in(&office(), name, |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.script.answers.push_back((ms(300), mary()));
        o.calls(caller, MAIN);
        let said = o.ai_says("How can I help you?");
        assert!(said.contains(" Mary Jones, this is Northgate."), "{said}");
        assert_eq!(
            o.script.fetched[0].url,
            "https://crm.northgate.example/callers/%2B441632960001"
        );
        o.caller_says("can I speak to a person");
        o.ai_says("putting you through to reception");
        o.hums(caller);
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("Mary Jones"), "{brief}");
        assert!(
            shown(o, person).contains("Mary Jones"),
            "{}",
            shown(o, person)
        );
        let package = o.packages()[0].clone();
        let known: Vec<_> = package
            .entities
            .iter()
            .map(|e| (e.name.as_str(), e.value.as_str()))
            .collect();
        assert_eq!(
            known,
            [
                ("name", "Mary Jones"),
                ("tenancy_id", "42713"),
                ("vip", "true")
            ]
        );
        assert!(package.entities.iter().all(|e| e.turn == "caller_lookup"));
        assert!(
            package
                .summary
                .contains("On record: tenancy id 42713 and vip true."),
            "{}",
            package.summary
        );
        assert!(
            !tandem_types::canonical::canonical_json(&package).contains("pays late"),
            "what was not asked for"
        );
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_look_up_that_hangs_delays_no_greeting() {
    let name = "a_look_up_that_hangs_delays_no_greeting";
    scenario_in(&office(), name, |o| {
        let caller = o.caller;
        o.calls(caller, MAIN);
        let said = o.ai_says("How can I help you?");
        assert!(!said.contains("Mary"), "{said}");
        assert_eq!(outcome(o).as_deref(), Some("timed_out"));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_caller_who_leaves_before_the_answer_leaves_nothing_open() {
    let name = "a_caller_who_leaves_before_the_answer_leaves_nothing_open";
    scenario_in(&office(), name, |o| {
        let caller = o.caller;
        o.script.answers.push_back((ms(700), mary()));
        o.calls(caller, MAIN);
        o.answers(caller);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(outcome(o).as_deref(), Some("caller_gone"));
    });
}

#[test]
fn who_hides_their_number_is_not_looked_up() {
    let name = "who_hides_their_number_is_not_looked_up";
    scenario_in(&office(), name, |o| {
        let caller = o.outside_with("a caller without a number", "anonymous", |_| {});
        o.is_still(caller);
        o.calls(caller, MAIN);
        o.ai_says("How can I help you?");
        assert!(o.script.fetched.is_empty());
        assert_eq!(outcome(o), None);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
