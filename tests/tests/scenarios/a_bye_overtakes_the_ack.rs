//! The caller hangs up as soon as they are answered, and the BYE overtakes the ACK: the call is over at once, and the late ACK
//! disturbs nothing.

use super::{common::*, steps::*};

#[test]
fn a_bye_overtakes_the_ack() {
    scenario("a_bye_overtakes_the_ack", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.net.hold_back(1, ms(300), |p| {
            p.from.ip() == tandem_sim::CARRIER && p.sip().is_some_and(|m| m.is("ACK"))
        });
        o.calls(caller, "203");
        o.answers(caller);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
        o.run(secs(1));
        assert_eq!(lines_with(o, "(again"), 0, "\n{}", o.ladder());
    });
}
