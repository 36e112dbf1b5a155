//! The last one leaves a conference, and before its port is given back somebody else calls the same room: that is another room, of a
//! call of its own. (It was let into the call that had ended.)

use super::common::*;

#[test]
fn a_room_whose_last_one_leaves_is_opened_anew() {
    scenario("a_room_whose_last_one_leaves_is_opened_anew", |o| {
        o.media_after = ms(40);
        let caller = o.caller;
        let other = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(caller, "3001");
        o.answers(caller);
        o.run(secs(1));
        o.hangs_up(caller);
        o.run(ms(10));
        o.calls(other, "3001");
        o.ends(Party::Caller, Reason::Normal);
        o.answers(other);
        o.run(ms(500));
        o.hears_music(other, secs(1));
        o.hangs_up(other);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 2);
    });
}
