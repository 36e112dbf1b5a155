//! The caller gives up while the far end rings: CANCEL goes on at once, and the far end stops ringing.

use super::{common::*, steps::*};

#[test]
fn the_caller_cancels_while_it_rings() {
    scenario("the_caller_cancels_while_it_rings", |o| {
        let desk = o.desk("203", Incoming::Ring);
        let caller = o.caller;
        o.calls(caller, "203");
        o.rings(desk);
        o.run(secs(2));
        o.hangs_up(caller);
        o.is_over(desk, ms(100));
        o.ends(Party::Caller, Reason::Cancelled);
        is_refused(o, caller, 487);
    });
}
