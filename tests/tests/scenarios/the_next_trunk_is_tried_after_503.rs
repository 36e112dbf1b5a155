//! The first trunk has no room (503): the same call goes out by the second.

use super::{common::*, steps::*};

#[test]
fn the_next_trunk_is_tried_after_503() {
    scenario_in(&two_trunks(), "the_next_trunk_is_tried_after_503", |o| {
        let backup = unregistered(o, "second trunk", answers(1));
        let first = o.outside("first trunk", VIEWINGS, rejects(503));
        let caller = o.caller;
        are_connected(o, "2005", backup);
        assert_eq!(lines_with(o, "INVITE +441632960700"), 2, "\n{}", o.ladder());
        o.never_heard(caller, first);
        o.hangs_up(backup);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
