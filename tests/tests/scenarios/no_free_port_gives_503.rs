//! No RTP port is left: a new call gets 503 (without Retry-After, which would turn all its sender's calls away), and an alarm. With one
//! port left the caller comes in, and the far end's leg is refused: 503 too, and nobody rings.

use super::{common::*, steps::*};

#[test]
fn no_free_port_gives_503() {
    scenario("no_free_port_gives_503", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.ports_left(0);
        o.calls(caller, "203");
        is_refused(o, caller, 503);
        o.ends(Party::Gateway, Reason::Capacity);
        assert_eq!(o.count(|w| matches!(w, What::Alarm { .. })), 1);

        o.ports_left(1);
        let other = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(other, "203");
        is_refused(o, other, 503);
        o.ends(Party::Gateway, Reason::Capacity);
        never_rang(o, desk);
        assert_eq!(retry_after_of_503(o), [None, None]);

        // Given back ports are free again.
        o.ports_left(2);
        let third = o.outside("third caller", "+441632960003", Incoming::Wait);
        o.calls(third, "203");
        o.answers(third);
        o.talk_both_ways(third, desk);
        o.hangs_up(third);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
