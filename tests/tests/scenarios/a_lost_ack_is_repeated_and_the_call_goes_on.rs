//! The caller's ACK is lost: our 200 comes again, their ACK too, and the call is as it should be.

use super::{common::*, steps::*};

#[test]
fn a_lost_ack_is_repeated_and_the_call_goes_on() {
    scenario("a_lost_ack_is_repeated_and_the_call_goes_on", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        for nth in 1..=2 {
            o.net.drop_nth(nth, |p| {
                p.from.ip() == tandem_sim::CARRIER && p.sip().is_some_and(|m| m.is("ACK"))
            });
        }
        are_connected(o, "203", desk);
        assert_eq!(lines_with(o, "ACK (again)"), 2, "\n{}", o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
