//! The person answers and presses nothing: they are asked once more, then hung up, and the next one is tried.

use super::common::*;

#[test]
fn the_person_is_silent_after_the_brief() {
    scenario("the_person_is_silent_after_the_brief", |o| {
        let caller = o.caller;
        let (silent, next) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        o.asks_for_the_billing_team();
        o.answers(silent);
        let brief = o.is_briefed();
        o.hears_music(caller, secs(10));
        o.heard(silent, &brief);
        o.heard(silent, "Press 1 to take the call, 2 if you cannot.");
        o.is_over(silent, secs(5));
        assert_eq!(o.failed_attempts(), [(Reason::Silent, 0)]);

        o.answers(next);
        o.is_briefed();
        o.presses(next, "1");
        o.talk_both_ways(caller, next);
        o.never_heard(silent, caller);
        let asked_again = "Press 1 to take the call, 2 if you cannot.";
        assert_eq!(o.said().iter().filter(|s| s.text == asked_again).count(), 1);
        o.did_not_hear(caller, asked_again);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
