//! In a room of three, two are muted and send nothing: the third hears an open line. One of them puts the room on hold, then the
//! other: whose hold it is hears nobody, the third hears music once nobody is there, and voices again after it.

use super::common::*;
use tandem_sdp::Direction;
use tandem_sim::hear;

#[test]
fn a_room_where_nobody_speaks_is_not_silent() {
    scenario("a_room_where_nobody_speaks_is_not_silent", |o| {
        let one = o.caller;
        let two = o.outside("second caller", "+441632960002", Incoming::Wait);
        let three = o.desk("203", Incoming::Wait);
        for phone in [one, two, three] {
            o.calls(phone, "3001");
            o.answers(phone);
        }
        o.does(three, Act::SendNoRtp(true));
        o.talk_both_ways(one, two);
        o.does(two, Act::SendNoRtp(true));
        o.run(secs(12));
        let open = o.last_heard(one, 9000);
        assert!(hear::sounding(&open) > 0.95, "an open line\n{}", o.ladder());
        assert!(hear::loudness(&open) < 300.0, "and no more than that");
        assert!(o.hears(two, one), "they listen");
        o.does(two, Act::Hold(Direction::SendOnly));
        o.run(secs(4));
        let open = o.last_heard(one, 3000);
        assert!(
            hear::loudness(&open) < 300.0,
            "one of them is there still\n{}",
            o.ladder()
        );
        o.does(three, Act::Hold(Direction::SendOnly));
        o.run(ms(300));
        o.hears_music(one, secs(3));
        o.does(two, Act::SendNoRtp(false));
        o.does(two, Act::Resume);
        o.run(ms(500));
        o.talk_both_ways(one, two);
        for phone in [three, two, one] {
            o.hangs_up(phone);
            o.run(secs(1));
        }
        o.ends(Party::Caller, Reason::Normal);
    });
}
