//! 405 to the REFER: the trunk cannot do it, the gateway can.

use super::{common::*, steps::*};

#[test]
fn a_trunk_that_knows_no_refer_is_bridged() {
    scenario("a_trunk_that_knows_no_refer_is_bridged", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(2));
        let caller = o.caller;
        o.does(
            caller,
            Act::AcceptRefer(ReferPolicy::Refuse { status: 405 }),
        );
        asks_for_a_viewing(o);
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        assert_eq!(o.failed_attempts(), [(Reason::Unreachable, 405)]);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.run(secs(10));
        o.hangs_up(viewings);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, secs(1));
    });
}
