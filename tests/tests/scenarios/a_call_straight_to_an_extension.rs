//! A number that leads straight to an extension: its ringing is passed on, its answer answers the caller, and a BYE by either side
//! ends the other's leg.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_call_straight_to_an_extension() {
    scenario("a_call_straight_to_an_extension", |o| {
        let desk = o.desk("203", answers(2));
        let caller = o.caller;
        are_connected(o, "203", desk);
        let rang = |e: &PhoneEvent| matches!(e, PhoneEvent::Ringing { status: 180, .. });
        assert!(
            o.has_noticed(caller, rang),
            "180 was not passed on\n{}",
            o.ladder()
        );
        assert_eq!(legs(o, LegRole::Callee), 1);
        assert_eq!(o.count(|w| matches!(w, What::Bridged { .. })), 1);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));

        are_connected(o, "203", desk);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
