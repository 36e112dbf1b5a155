//! The person hangs up first: the caller is asked whether there is anything else, and nothing has been forgotten. Where the plan
//! says `after_person = "hangup"` the call is over, unless the person was gone within seconds.

use super::{common::*, steps::*};
use tandem_types::context::HandoffReason;

#[test]
fn the_person_hangs_up_first_and_the_ai_has_the_caller_again() {
    scenario(
        "the_person_hangs_up_first_and_the_ai_has_the_caller_again",
        |o| {
            let (caller, person) = (o.caller, is_with_repairs(o));
            o.run(secs(15));
            o.is_still(caller);
            o.hangs_up(person);
            o.ai_says("Is there anything else I can help you with?");
            o.caller_says("please put me through to the repairs team");
            o.ai_says("putting you through to the repairs team");
            o.hums(caller);
            let brief = o.is_briefed();
            assert!(brief.contains("my heating is broken"), "{brief}");
            let last = o.packages().pop().expect("two");
            assert!(
                last.hops
                    .iter()
                    .any(|h| h.reason == HandoffReason::PersonReturned)
            );
            o.presses(person, "1");
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn nothing_else_is_wanted_after_the_person() {
    scenario("nothing_else_is_wanted_after_the_person", |o| {
        let (caller, person) = (o.caller, is_with_repairs(o));
        o.run(secs(15));
        o.is_still(caller);
        o.hangs_up(person);
        o.ai_says("Is there anything else I can help you with?");
        o.caller_says("no thank you");
        o.ends(Party::Agent, Reason::Normal);
        o.is_over(caller, secs(1));
    });
}

fn hangs_up_after() -> Config {
    Config::office().with(
        "answer_wait = \"5s\"",
        "answer_wait = \"5s\"\nafter_person = \"hangup\"",
    )
}

#[test]
fn the_plan_ends_the_call_with_the_person() {
    scenario_in(
        &hangs_up_after(),
        "the_plan_ends_the_call_with_the_person",
        |o| {
            let (caller, person) = (o.caller, is_with_repairs(o));
            o.run(secs(15));
            o.hangs_up(person);
            o.ends(Party::Callee, Reason::Normal);
            o.is_over(caller, secs(1));
        },
    );
}

#[test]
fn a_person_who_is_gone_within_seconds_was_cut_off() {
    scenario_in(
        &hangs_up_after(),
        "a_person_who_is_gone_within_seconds_was_cut_off",
        |o| {
            let (caller, person) = (o.caller, is_with_repairs(o));
            o.is_still(caller);
            o.hangs_up(person);
            o.ai_says("Is there anything else I can help you with?");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
