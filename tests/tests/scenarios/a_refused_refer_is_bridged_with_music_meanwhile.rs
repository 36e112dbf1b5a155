//! The carrier refuses the REFER with 603, as carriers do that block it: the gateway dials the target itself, and the
//! caller hears music all along.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_refused_refer_is_bridged_with_music_meanwhile() {
    scenario("a_refused_refer_is_bridged_with_music_meanwhile", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(4));
        let caller = o.caller;
        o.does(
            caller,
            Act::AcceptRefer(ReferPolicy::Refuse { status: 603 }),
        );
        asks_for_a_viewing(o);
        o.rings(viewings);
        o.hears_music(caller, secs(3));
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        assert_eq!(o.failed_attempts(), [(Reason::Blocked, 603)]);
        assert_eq!(o.dialled(), ["outside:viewings", "outside:viewings"]);
        assert_eq!(legs(o, LegRole::Callee), 1);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.run(secs(10));
        o.hangs_up(viewings);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, secs(1));
    });
}

/// Who is gone within seconds was cut off: the caller has not had what they came for.
#[test]
fn the_bridge_after_a_refer_breaks_and_the_ai_is_back() {
    scenario("the_bridge_after_a_refer_breaks_and_the_ai_is_back", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(1));
        let caller = o.caller;
        o.does(
            caller,
            Act::AcceptRefer(ReferPolicy::Refuse { status: 603 }),
        );
        asks_for_a_viewing(o);
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        o.is_still(caller);
        o.hangs_up(viewings);
        o.ai_says("They have hung up");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
