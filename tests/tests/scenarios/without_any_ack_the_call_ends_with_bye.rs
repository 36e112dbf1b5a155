//! No ACK ever comes: after 64*T1 the gateway ends the session with BYE, as RFC 3261 13.3.1.4 wants, and lets the far end go.

use super::{common::*, steps::*};

#[test]
fn without_any_ack_the_call_ends_with_bye() {
    scenario("without_any_ack_the_call_ends_with_bye", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.net.drop_all(|p| {
            p.from.ip() == tandem_sim::CARRIER && p.sip().is_some_and(|m| m.is("ACK"))
        });
        are_connected(o, "203", desk);
        o.run(secs(28));
        o.ends(Party::Caller, Reason::Protocol);
        o.is_over(caller, ms(100));
        o.is_over(desk, ms(100));
    });
}
