//! The far end is cut off in mid-call and the caller hangs up: our BYE is repeated until its time is over, then everything
//! is let go all the same.

use super::{common::*, steps::*};

#[test]
fn a_bye_that_nobody_answers_is_given_up() {
    scenario("a_bye_that_nobody_answers_is_given_up", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.does(desk, Act::IgnoreEverything(true));
        o.run(secs(1));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        // The invariants at the end find transactions, sessions and ports that stayed behind.
        o.run(secs(35));
        assert_eq!(
            lines_with(o, "BYE (Q.850;cause=16) (again)"),
            10,
            "\n{}",
            o.ladder()
        );
    });
}
