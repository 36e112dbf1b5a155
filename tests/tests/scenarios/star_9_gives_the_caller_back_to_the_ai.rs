//! `*9` gives the caller back to the AI, which says that it is one, remembers, and can put them through again.

use super::common::*;

#[test]
fn star_9_gives_the_caller_back_to_the_ai() {
    scenario("star_9_gives_the_caller_back_to_the_ai", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.is_still(caller);
        o.presses(person, "*9");
        o.is_over(person, ms(500));
        o.ai_says("I remember what we discussed");
        o.heard_from_the_ai("automated assistant");

        o.caller_says("please put me through to the repairs team");
        o.ai_says("putting you through to the repairs team");
        o.hums(caller);
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("my heating is broken"), "{brief}");
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None); 2]);
        let last = o.packages().pop().expect("two");
        let back = tandem_types::context::HandoffReason::PersonReturned;
        assert!(last.hops.iter().any(|h| h.reason == back));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
