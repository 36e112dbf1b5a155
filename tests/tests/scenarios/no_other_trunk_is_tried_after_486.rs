//! Busy is an answer: the second trunk would only find the same phone busy.

use super::{common::*, steps::*};

#[test]
fn no_other_trunk_is_tried_after_486() {
    scenario_in(&two_trunks(), "no_other_trunk_is_tried_after_486", |o| {
        let backup = unregistered(o, "second trunk", answers(1));
        let _first = o.outside("first trunk", VIEWINGS, Incoming::Busy);
        let caller = o.caller;
        o.calls(caller, "2005");
        is_refused(o, caller, 486);
        o.ends(Party::Callee, Reason::Busy);
        never_rang(o, backup);
    });
}
