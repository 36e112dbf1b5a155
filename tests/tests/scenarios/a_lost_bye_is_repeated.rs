//! The caller's BYE and ours to the far end are lost once each: both are sent again, and both ends know.

use super::{common::*, steps::*};

#[test]
fn a_lost_bye_is_repeated() {
    scenario("a_lost_bye_is_repeated", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        for of_ours in [true, false] {
            o.net.drop_nth(1, move |p| {
                (p.from.ip() == tandem_sim::GATEWAY) == of_ours
                    && p.sip().is_some_and(|m| m.is("BYE"))
            });
        }
        are_connected(o, "203", desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, secs(1));
        assert_eq!(lines_with(o, "BYE (again)"), 1, "\n{}", o.ladder());
        assert_eq!(lines_with(o, "BYE (Q.850;cause=16) (again)"), 1);
    });
}
