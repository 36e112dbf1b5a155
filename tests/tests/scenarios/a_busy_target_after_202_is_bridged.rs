//! The REFER is taken, and the final NOTIFY says that the target was busy: a definite failure, so the gateway tries by a
//! bridge, and the target is free by then.

use super::{common::*, steps::*};

#[test]
fn a_busy_target_after_202_is_bridged() {
    scenario("a_busy_target_after_202_is_bridged", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(2));
        let caller = o.caller;
        let steps = vec![(ms(300), 100), (ms(300), 180), (secs(2), 486)];
        o.does(caller, Act::AcceptRefer(ReferPolicy::Notify(steps)));
        asks_for_a_viewing(o);
        o.hears_music(caller, secs(2));
        never_rang(o, viewings);
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        assert_eq!(o.failed_attempts(), [(Reason::Busy, 486)]);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        assert_eq!(lines_with(o, "REFER to"), 1);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(viewings, secs(1));
    });
}
