//! Nobody answers: the phone stops ringing, the AI is back, says so once, remembers, and what it remembers is in the
//! brief of the second try.

use super::common::*;

#[test]
fn nobody_answers_and_the_ai_is_back_with_its_memory() {
    scenario("nobody_answers_and_the_ai_is_back_with_its_memory", |o| {
        let (caller, person) = (o.caller, o.desk("200", Incoming::Ring));
        o.calls_the_office();
        o.caller_says(
            "my name is Ann Lee and you charged me twice and I want to speak to a person",
        );
        o.ai_says("putting you through to reception");
        o.rings(person);
        o.hears_music(caller, secs(9));
        o.is_over(person, secs(2));
        let back = o.ai_says("Shall I try again");
        assert!(back.contains("nobody answered"), "{back}");
        assert_eq!(o.failed_attempts(), [(Reason::NoAnswer, 0)]);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Failed, Some(Reason::NoAnswer))]
        );

        o.does(person, Act::Incoming(answers(2)));
        o.caller_says("yes please");
        o.ai_says("putting you through to reception");
        o.answers(person);
        let brief = o.is_briefed();
        for known in ["Ann Lee", "you charged me twice"] {
            assert!(brief.contains(known), "{known:?} is not in {brief:?}");
        }
        let last = o.packages().pop().expect("two packages");
        let tried = |a: &tandem_types::context::ActionTaken| {
            a.what == "transfer queue:reception" && a.result == "nobody answered"
        };
        assert!(last.actions.iter().any(tried), "{:?}", last.actions);
        o.run(secs(3));
        o.heard(person, &brief);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
