//! The transfer key of the person's own phone (REFER, blind): the next one is briefed with what the first was told, and takes the
//! caller; the first phone follows that by NOTIFY, and is free.

use super::{common::*, steps::*};
use tandem_sip::message::Uri;

fn refers(o: &mut Office, person: PhoneId, number: &str) {
    let to = Uri::sip(number, "10.0.0.1:5060");
    o.does(person, Act::Refer { to });
}

#[test]
fn a_person_passes_the_caller_on_by_their_phone() {
    scenario("a_person_passes_the_caller_on_by_their_phone", |o| {
        let caller = o.caller;
        let next = o.desk("201", answers(1));
        let person = is_with_repairs(o);
        refers(o, person, "201");
        let brief = o.is_briefed();
        assert!(brief.contains("my heating is broken"), "{brief}");
        o.hears_music(caller, secs(1));
        o.presses(next, "1");
        o.is_over(person, secs(1));
        o.talk_both_ways(caller, next);
        o.never_heard(next, person);
        assert_eq!(progress(o, person), [100, 180, 200], "\n{}", o.ladder());
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None); 2]);
        let last = o.packages().pop().expect("two");
        let team = tandem_types::context::Holder::Queue("repairs".into());
        let passed = tandem_types::context::HandoffReason::PersonPassedOn;
        assert_eq!((&last.from, last.reason), (&team, passed));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn the_next_one_is_busy_and_the_person_has_the_caller_still() {
    scenario(
        "the_next_one_is_busy_and_the_person_has_the_caller_still",
        |o| {
            let caller = o.caller;
            o.desk("201", rejects(486));
            let person = is_with_repairs(o);
            refers(o, person, "201");
            o.run(ms(500));
            assert_eq!(progress(o, person), [100, 486], "\n{}", o.ladder());
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn the_person_hangs_up_at_once_and_nobody_takes_the_caller() {
    scenario(
        "the_person_hangs_up_at_once_and_nobody_takes_the_caller",
        |o| {
            let caller = o.caller;
            let next = o.desk("201", Incoming::Wait);
            let person = is_with_repairs(o);
            refers(o, person, "201");
            o.rings(next);
            o.hangs_up(person);
            o.is_still(caller);
            o.run(secs(10));
            o.ai_says("nobody answered");
            o.is_over(next, ms(100));
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn the_caller_hangs_up_while_they_are_passed_on() {
    scenario("the_caller_hangs_up_while_they_are_passed_on", |o| {
        let caller = o.caller;
        let next = o.desk("201", Incoming::Wait);
        let person = is_with_repairs(o);
        refers(o, person, "201");
        o.rings(next);
        o.hangs_up(caller);
        o.is_over(next, ms(100));
        o.is_over(person, ms(100));
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(
            o.handoff_ends().last(),
            Some(&(HandoffEnd::Abandoned, Some(Reason::Cancelled)))
        );
    });
}

/// To numbers that this phone may not dial, and to a dialog that nobody has (attended): refused, and the call goes on.
#[test]
fn a_transfer_that_may_not_be_is_refused_and_the_call_goes_on() {
    scenario(
        "a_transfer_that_may_not_be_is_refused_and_the_call_goes_on",
        |o| {
            let caller = o.caller;
            let person = is_with_repairs(o);
            for number in ["+449098790000", "4711"] {
                refers(o, person, number);
                o.run(ms(200));
            }
            assert_eq!(
                lines_with(o, "403 Forbidden to REFER"),
                2,
                "\n{}",
                o.ladder()
            );
            let to =
                Uri::sip("201", "10.0.0.1:5060").with_header("Replaces", "a@b;to-tag=c;from-tag=d");
            o.does(person, Act::Refer { to });
            o.run(ms(200));
            assert_eq!(
                lines_with(o, "481 Call/Transaction Does Not"),
                1,
                "\n{}",
                o.ladder()
            );
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

/// Of two phones in a call without any AI, the one that was called passes the other on.
#[test]
fn a_phone_passes_another_on_without_an_ai() {
    scenario("a_phone_passes_another_on_without_an_ai", |o| {
        let (desk, next) = (o.desk("203", answers(1)), o.desk("201", answers(1)));
        let other = o.desk("204", Incoming::Wait);
        o.calls(other, "203");
        o.answers(other);
        o.talk_both_ways(other, desk);
        refers(o, desk, "201");
        o.is_over(desk, secs(3));
        o.talk_both_ways(other, next);
        assert_eq!(progress(o, desk), [100, 180, 200], "\n{}", o.ladder());
        o.hangs_up(next);
        o.ends(Party::Callee, Reason::Normal);
    });
}
