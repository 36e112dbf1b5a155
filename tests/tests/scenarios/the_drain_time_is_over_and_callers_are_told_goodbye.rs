//! The drain time is over: a caller with the AI and a caller with a person are told goodbye before their calls end.

use super::{common::*, steps::*};
use tandem_call::Admin;

#[test]
fn the_drain_time_is_over_and_callers_are_told_goodbye() {
    scenario("the_drain_time_is_over_and_callers_are_told_goodbye", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        let other = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(other, MAIN);
        o.ai_says("How can I help you?");
        o.admin(Admin::Drain);
        o.run(secs(1));
        o.admin(Admin::HangupAll);
        for phone in [caller, other, desk] {
            o.is_over(phone, secs(5));
        }
        let goodbye = "I'm sorry, we have to end this call now. Please call again. Goodbye.";
        o.heard(caller, goodbye);
        o.heard(other, goodbye);
        o.ends(Party::Gateway, Reason::Draining);
        o.ends(Party::Gateway, Reason::Draining);
    });
}
