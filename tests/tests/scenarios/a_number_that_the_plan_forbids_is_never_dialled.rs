//! A desk phone dials a number that nobody may dial, and a caller one that leads nowhere: 403 and 404, and nothing leaves by the trunk.

use super::{common::*, steps::*};

#[test]
fn a_number_that_the_plan_forbids_is_never_dialled() {
    scenario("a_number_that_the_plan_forbids_is_never_dialled", |o| {
        let desk = o.desk("203", Incoming::Wait);
        let abroad = o.outside("abroad", "+23797000000", answers(1));
        let caller = o.caller;
        o.calls(desk, "+23797000000");
        is_refused(o, desk, 403);
        o.calls(caller, "+23797000000");
        is_refused(o, caller, 404);
        never_rang(o, abroad);
        assert_eq!(o.journal().len(), 0, "neither was a call\n{}", o.ladder());
        assert_eq!(o.refused().len(), 2);

        // An allowed number from the same phone goes out, so the way is there.
        let allowed = o.outside("allowed", "+441632960555", answers(1));
        o.calls(desk, "+441632960555");
        o.answers(desk);
        o.talk_both_ways(desk, allowed);
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(allowed, ms(100));
    });
}
