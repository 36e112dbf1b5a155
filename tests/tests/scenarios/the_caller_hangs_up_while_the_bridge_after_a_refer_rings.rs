//! The REFER was refused and the gateway rings the target itself; the caller hangs up, and the target's phone stops ringing
//! at once.

use super::{common::*, steps::*};

#[test]
fn the_caller_hangs_up_while_the_bridge_after_a_refer_rings() {
    scenario(
        "the_caller_hangs_up_while_the_bridge_after_a_refer_rings",
        |o| {
            let viewings = o.outside("viewings", VIEWINGS, Incoming::Ring);
            let caller = o.caller;
            o.does(
                caller,
                Act::AcceptRefer(ReferPolicy::Refuse { status: 403 }),
            );
            asks_for_a_viewing(o);
            o.rings(viewings);
            o.hears_music(caller, secs(2));
            o.hangs_up(caller);
            o.is_over(viewings, ms(100));
            o.ends(Party::Caller, Reason::Normal);
            assert_eq!(
                o.handoff_ends(),
                [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
            );
        },
    );
}
