//! The carrier's link doubles every packet: still one call, one answer, one ringing phone, each key once.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn every_message_comes_twice() {
    scenario("every_message_comes_twice", |o| {
        let desk = o.desk("203", answers(2));
        let caller = o.caller;
        o.net
            .between(tandem_sim::CARRIER, tandem_sim::GATEWAY, |l| {
                l.duplicated = 1.0
            });
        are_connected(o, "203", desk);
        o.presses(caller, "5");
        o.run(secs(1));
        let keys = o
            .noticed(desk)
            .into_iter()
            .filter(|(_, e)| matches!(e, PhoneEvent::Digit('5')))
            .count();
        assert_eq!(keys, 1, "\n{}", o.ladder());
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        assert_eq!(legs(o, LegRole::Callee), 1);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
