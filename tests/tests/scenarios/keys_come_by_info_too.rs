//! Phones without telephone-events send keys as INFO: they take the caller with one, and keys in the call reach the other side,
//! as events where that side knows them.

use super::common::*;

#[test]
fn keys_come_by_info_too() {
    scenario("keys_come_by_info_too", |o| {
        let caller = o.caller;
        let person = o.desk_with("203", answers(1), |c| c.events = false);
        o.asks_for_repairs();
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.presses(person, "42");
        let heard = |o: &Office, id| -> String {
            let key = |(_, e): &(Mono, &PhoneEvent)| match e {
                PhoneEvent::Digit(digit) => Some(*digit),
                _ => None,
            };
            o.noticed(id).iter().filter_map(key).collect()
        };
        assert_eq!(heard(o, caller), "42", "{}", o.ladder());
        assert!(o.ladder().contains("INFO"), "{}", o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
