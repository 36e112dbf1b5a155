//! The person's phone rings while the AI is still announcing the transfer, and they are briefed as soon as they answer, with what
//! the caller said last.

use super::common::*;

#[test]
fn the_persons_phone_rings_while_the_ai_still_speaks() {
    scenario("the_persons_phone_rings_while_the_ai_still_speaks", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(0)));
        o.calls_the_office();
        o.caller_says("my heating is broken");
        let decided = o.elapsed();
        o.rings_within(person, ms(50));
        let brief = o.is_briefed();
        assert!(o.elapsed() - decided < ms(100), "\n{}", o.ladder());
        assert!(brief.contains("my heating is broken"), "{brief}");
        o.ai_says("putting you through to the repairs team");
        o.hums(caller);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

/// Whoever answers while the caller is still speaking waits for the end of that.
#[test]
fn the_brief_has_what_the_caller_said_meanwhile() {
    scenario("the_brief_has_what_the_caller_said_meanwhile", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.calls_the_office();
        o.caller_says("my heating is broken");
        o.caller_says("my name is Jane Smith");
        let brief = o.is_briefed();
        assert!(brief.contains("Jane Smith"), "{brief}");
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
