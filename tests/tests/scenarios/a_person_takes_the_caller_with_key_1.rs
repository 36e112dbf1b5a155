//! A person takes the caller with key 1: the brief is for them alone, the caller hears music meanwhile, then both
//! hear each other.

use super::common::*;

#[test]
fn a_person_takes_the_caller_with_key_1() {
    scenario("a_person_takes_the_caller_with_key_1", |o| {
        let person = o.desk("203", answers(2));
        o.calls_the_office();
        o.caller_says("my heating is broken");
        o.ai_says("putting you through to the repairs team");
        o.answers(person);
        let brief = o.is_briefed();
        let caller = o.caller;
        o.hears_music(caller, secs(2));
        o.run(secs(2));
        o.heard(person, &brief);
        o.never_heard(person, caller);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.did_not_hear(caller, &brief);
        assert!(brief.contains("my heating is broken"), "{brief}");
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(person, secs(1));
    });
}
