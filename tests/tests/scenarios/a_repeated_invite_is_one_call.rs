//! Our 100 and 180 are lost, so the caller's INVITE comes again and again: it is the same call, and it hears the same answer.

use super::{common::*, steps::*};

#[test]
fn a_repeated_invite_is_one_call() {
    scenario("a_repeated_invite_is_one_call", |o| {
        let desk = o.desk("203", answers(3));
        let caller = o.caller;
        for status in [100, 180] {
            o.net.drop_all(move |p| {
                p.to.ip() == tandem_sim::CARRIER
                    && p.sip().is_some_and(|m| m.is_response(status, "INVITE"))
            });
        }
        are_connected(o, "203", desk);
        assert!(
            lines_with(o, "INVITE 203 (sdp) (again)") >= 2,
            "\n{}",
            o.ladder()
        );
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        let calls = o
            .noticed(desk)
            .into_iter()
            .filter(|(_, e)| matches!(e, PhoneEvent::Incoming { .. }))
            .count();
        assert_eq!(calls, 1);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
