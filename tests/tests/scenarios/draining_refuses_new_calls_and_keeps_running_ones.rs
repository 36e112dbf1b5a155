//! While draining, a new INVITE gets 503 with Retry-After; the call that is up goes on, holds and resumes, and ends by itself.

use super::{common::*, steps::*};
use tandem_call::Admin;
use tandem_sdp::Direction;

#[test]
fn draining_refuses_new_calls_and_keeps_running_ones() {
    scenario("draining_refuses_new_calls_and_keeps_running_ones", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.admin(Admin::Drain);
        let other = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(other, "203");
        is_refused(o, other, 503);
        assert_eq!(retry_after_of_503(o), [Some("10")]);
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        o.talk_both_ways(caller, desk);
        o.does(desk, Act::Hold(Direction::SendOnly));
        o.run(ms(300));
        o.hears_music(caller, secs(1));
        o.does(desk, Act::Resume);
        o.run(ms(300));
        o.talk_both_ways(caller, desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
