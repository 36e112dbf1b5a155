//! Delayed offer: the INVITE has no body, our 200 holds the offer, the ACK the answer. Both hear each other.

use super::{common::*, steps::*};

#[test]
fn a_caller_without_an_offer_gets_ours() {
    scenario("a_caller_without_an_offer_gets_ours", |o| {
        let desk = o.desk("203", answers(1));
        let late = o.outside_with("delayed caller", "+441632960002", |c| {
            c.delayed_offer = true
        });
        o.calls(late, "203");
        o.answers(late);
        o.talk_both_ways(late, desk);
        assert_eq!(lines_with(o, "ACK (sdp)"), 1, "\n{}", o.ladder());
        o.hangs_up(late);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
