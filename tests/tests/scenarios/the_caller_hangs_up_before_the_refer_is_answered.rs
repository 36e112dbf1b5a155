//! The caller hangs up while the REFER has no answer yet: no transfer, no bridge, nobody's phone rings.

use super::{common::*, steps::*};

#[test]
fn the_caller_hangs_up_before_the_refer_is_answered() {
    scenario("the_caller_hangs_up_before_the_refer_is_answered", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(2));
        let caller = o.caller;
        o.does(caller, Act::AcceptRefer(ReferPolicy::Ignore));
        asks_for_a_viewing(o);
        o.hears_music(caller, secs(2));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
        );
        o.run(secs(40));
        never_rang(o, viewings);
    });
}
