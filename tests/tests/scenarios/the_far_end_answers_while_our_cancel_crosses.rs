//! The caller cancels while the far end's 200 is on its way: the gateway's CANCEL comes too late, so the 200 gets its ACK
//! and then BYE. Nobody is left in a call.

use super::{common::*, steps::*};

#[test]
fn the_far_end_answers_while_our_cancel_crosses() {
    scenario("the_far_end_answers_while_our_cancel_crosses", |o| {
        let desk = o.desk("203", answers(2));
        let caller = o.caller;
        o.net.hold_back(1, ms(60), |p| {
            p.to.ip() == tandem_sim::GATEWAY
                && p.sip().is_some_and(|m| m.is_response(200, "INVITE"))
        });
        o.calls(caller, "203");
        o.answers(desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Cancelled);
        is_refused(o, caller, 487);
        o.is_over(desk, secs(1));
        o.never_heard(desk, caller);
        o.never_heard(caller, desk);
    });
}
