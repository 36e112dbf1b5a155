//! The first trunk is dead: its INVITE runs out, and the second gets the call. The caller hears ringing when it rings there.

use super::{common::*, steps::*};

#[test]
fn a_trunk_that_does_not_answer_is_passed_over() {
    scenario_in(
        &two_trunks(),
        "a_trunk_that_does_not_answer_is_passed_over",
        |o| {
            let backup = unregistered(o, "second trunk", answers(1));
            let _first = o.outside("first trunk", VIEWINGS, Incoming::Ignore);
            let caller = o.caller;
            o.calls(caller, "2005");
            o.until(secs(60), "the second trunk rings", |w| {
                w.phone(backup).state() != tandem_phone::State::Idle
            });
            o.answers(caller);
            o.talk_both_ways(caller, backup);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            o.is_over(backup, ms(100));
        },
    );
}
