//! A person puts the caller on hold with their phone's key: the caller hears music, the call stays, and both hear each other
//! again (field: a hold key that drops the call).

use super::common::*;
use tandem_sdp::Direction;

#[test]
fn a_person_puts_the_caller_on_hold_and_resumes() {
    scenario("a_person_puts_the_caller_on_hold_and_resumes", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        for direction in [Direction::SendOnly, Direction::Inactive] {
            o.does(person, Act::Hold(direction));
            o.run(secs(1));
            o.hears_music(caller, secs(5));
            assert!(o.is_up(caller) && o.is_up(person), "{}", o.ladder());
            o.does(person, Act::Resume);
            o.run(ms(500));
            o.talk_both_ways(caller, person);
        }
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
