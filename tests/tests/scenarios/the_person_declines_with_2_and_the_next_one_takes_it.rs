//! The person declines with 2, and the next one takes the caller, who hears music all the while.

use super::common::*;

#[test]
fn the_person_declines_with_2_and_the_next_one_takes_it() {
    scenario(
        "the_person_declines_with_2_and_the_next_one_takes_it",
        |o| {
            let caller = o.caller;
            let (first, second) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
            o.asks_for_the_billing_team();
            o.answers(first);
            o.is_briefed();
            o.run(secs(1));
            o.presses(first, "2");
            o.is_over(first, ms(200));
            o.answers(second);
            let brief = o.is_briefed();
            o.hears_music(caller, secs(3));
            o.presses(second, "1");
            o.talk_both_ways(caller, second);

            o.heard(second, &brief);
            o.never_heard(first, caller);
            o.never_heard(caller, first);
            assert_eq!(o.failed_attempts(), [(Reason::Declined, 0)]);
            assert_eq!(o.dialled(), ["ext:201", "ext:202"]);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            o.is_over(caller, secs(1));
        },
    );
}
