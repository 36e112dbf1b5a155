//! Hold as RFC 2543 had it: a re-INVITE whose address is 0.0.0.0 and that says nothing of directions. The other side hears music
//! meanwhile, nothing is sent to nowhere, and after the next re-INVITE both hear each other again.

use super::{common::*, steps::*};

#[test]
fn hold_by_address_0_is_hold() {
    scenario("hold_by_address_0_is_hold", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);

        o.does(desk, Act::HoldByAddress);
        o.run(ms(300));
        let heard = o.phone(desk).counters().rtp_received;
        o.hears_music(caller, secs(2));
        assert_eq!(o.phone(desk).counters().rtp_received, heard, "it is held");
        o.does(desk, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);

        o.does(caller, Act::HoldByAddress);
        o.run(ms(500));
        o.hears_music(desk, secs(2));
        o.does(caller, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);

        assert_eq!(held(o), [true, false, true, false]);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
