//! A person takes the caller with key 1: the brief is for them alone, the caller hears music meanwhile, then both
//! hear each other.

use super::common::*;

#[test]
fn a_person_takes_the_caller_with_key_1() {
    scenario("a_person_takes_the_caller_with_key_1", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(2)));
        o.asks_for_repairs();
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("my heating is broken"), "{brief}");
        o.hears_music(caller, secs(2));
        o.run(secs(2));
        o.heard(person, &brief);
        o.never_heard(person, caller);
        o.never_heard(caller, person);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.did_not_hear(caller, &brief);

        let accepted = |w: &What| matches!(w, What::TransferAccepted { by, .. } if by == "key 1");
        assert_eq!(o.count(accepted), 1);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        assert_eq!(o.delivered(), [Some(brief)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(person, secs(1));
    });
}
