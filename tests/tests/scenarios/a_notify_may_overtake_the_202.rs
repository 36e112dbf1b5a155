//! The NOTIFYs of the REFER arrive before its 202, which is late: what they say counts all the same.

use super::{common::*, steps::*};

#[test]
fn a_notify_may_overtake_the_202() {
    scenario("a_notify_may_overtake_the_202", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(1));
        let caller = o.caller;
        o.net.hold_back(1, ms(400), |p| {
            p.sip().is_some_and(|m| m.is_response(202, "REFER"))
        });
        asks_for_a_viewing(o);
        o.ends(Party::Gateway, Reason::Transferred);
        o.talk_both_ways(caller, viewings);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        assert_eq!(o.failed_attempts(), []);
        o.hangs_up(caller);
        o.is_over(viewings, secs(1));
    });
}
