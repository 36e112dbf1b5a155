//! Both put the other on hold in the same instant: each re-INVITE is answered on its own leg, and the call comes back
//! only when both have resumed.

use super::{common::*, steps::*};
use tandem_sdp::Direction;

#[test]
fn both_sides_hold_at_the_same_moment() {
    scenario("both_sides_hold_at_the_same_moment", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.does(caller, Act::Hold(Direction::SendOnly));
        o.does(desk, Act::Hold(Direction::SendOnly));
        o.run(secs(2));
        assert!(o.phone(caller).on_hold() && o.phone(desk).on_hold());
        o.does(caller, Act::Resume);
        o.run(ms(500));
        o.hears_music(caller, secs(2));
        o.does(desk, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
