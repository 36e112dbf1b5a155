//! Hold with `sendonly` by the person and with `inactive` by the caller: the other side hears music meanwhile and nobody's
//! voice; after each resume both hear each other again.

use super::{common::*, steps::*};
use tandem_sdp::Direction;

#[test]
fn each_side_holds_and_resumes() {
    scenario("each_side_holds_and_resumes", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);

        o.does(desk, Act::Hold(Direction::SendOnly));
        o.run(ms(500));
        o.hears_music(caller, secs(2));
        o.does(desk, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);

        o.does(caller, Act::Hold(Direction::Inactive));
        o.run(ms(500));
        o.hears_music(desk, secs(2));
        o.does(caller, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(caller, desk);

        assert_eq!(held(o), [true, false, true, false]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
