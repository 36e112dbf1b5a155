//! Keys in the call with a person: those that are no code reach the caller, whole and in order; a code is heard by nobody. A phone
//! without telephone-events gets them by INFO.

use super::common::*;

/// What this phone heard of keys.
fn keys(o: &Office, id: PhoneId) -> String {
    let key = |(_, e): &(Mono, &PhoneEvent)| match e {
        PhoneEvent::Digit(digit) => Some(*digit),
        _ => None,
    };
    o.noticed(id).iter().filter_map(key).collect()
}

fn is_with(o: &mut Office, person: PhoneId) {
    o.asks_for_repairs();
    o.answers(person);
    o.is_briefed();
    o.presses(person, "1");
    o.talk_both_ways(o.caller, person);
}

#[test]
fn keys_in_a_call_reach_the_other_side_unless_they_are_a_code() {
    scenario(
        "keys_in_a_call_reach_the_other_side_unless_they_are_a_code",
        |o| {
            let (caller, person) = (o.caller, o.desk("203", answers(1)));
            is_with(o, person);
            o.presses(person, "7");
            o.run(ms(300));
            assert_eq!(keys(o, caller), "7");
            // It might have become *9.
            o.presses(person, "*5");
            o.run(ms(500));
            assert_eq!(keys(o, caller), "7*5");
            // Nothing follows: a star is what was meant.
            o.presses(person, "*");
            o.run(secs(3));
            assert_eq!(keys(o, caller), "7*5*");
            o.presses(caller, "*9");
            o.run(ms(300));
            assert_eq!(keys(o, person), "*9", "the caller has no codes");
            o.is_still(caller);
            o.presses(person, "3*9");
            o.ai_says("I remember what we discussed");
            assert_eq!(keys(o, caller), "7*5*3");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn keys_reach_a_phone_without_telephone_events_by_info() {
    scenario("keys_reach_a_phone_without_telephone_events_by_info", |o| {
        let caller = o.caller;
        let person = o.desk_with("203", answers(1), |c| c.events = false);
        is_with(o, person);
        o.presses(caller, "42#");
        o.run(ms(300));
        assert_eq!(keys(o, person), "42#", "\n{}", o.ladder());
        assert_eq!(o.ladder().matches("- INFO -").count(), 4, "1, 4, 2, #");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
