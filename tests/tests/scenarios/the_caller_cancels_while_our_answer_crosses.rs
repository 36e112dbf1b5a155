//! The caller's CANCEL crosses the gateway's 200: the caller ACKs it and sends BYE, and the far end, which has answered,
//! is let go.

use super::common::*;

#[test]
fn the_caller_cancels_while_our_answer_crosses() {
    scenario("the_caller_cancels_while_our_answer_crosses", |o| {
        let desk = o.desk("203", answers(2));
        let caller = o.caller;
        o.calls(caller, "203");
        o.fact(secs(5), "the caller is answered", |w| {
            matches!(w, What::CallAnswered)
        });
        assert!(!o.is_up(caller), "the 200 is still on its way");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, secs(1));
        o.is_over(caller, secs(1));
    });
}
