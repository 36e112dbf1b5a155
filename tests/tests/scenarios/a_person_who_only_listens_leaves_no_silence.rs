//! The person's phone says in a re-INVITE that it only listens (recvonly), as some do when they are muted: that is no hold, and
//! nothing comes of them. The caller hears an open line meanwhile, and the person again after the next re-INVITE.

use super::{common::*, steps::*};
use tandem_sdp::Direction;

#[test]
fn a_person_who_only_listens_leaves_no_silence() {
    scenario("a_person_who_only_listens_leaves_no_silence", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.does(desk, Act::Hold(Direction::RecvOnly));
        o.run(secs(10));
        let heard = tandem_sim::hear::sounding(&o.last_heard(caller, 9000));
        assert!(
            heard > 0.95,
            "an open line, not nothing: {heard}\n{}",
            o.ladder()
        );
        assert!(o.hears(desk, caller), "they do listen");
        assert_eq!(o.count(|w| matches!(w, What::LegHeld { .. })), 0);
        o.does(desk, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
