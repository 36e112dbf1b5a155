//! A number is keyed in rather than said: it is a turn of its own, a fact in the package, and spelt to the person.

use super::common::*;

#[test]
fn a_number_is_keyed_in() {
    scenario("a_number_is_keyed_in", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.calls_the_office();
        o.presses(caller, "42713");
        o.fact(secs(5), "the keys are a turn", |w| {
            matches!(w, What::TurnEnded { speaker: Speaker::CallerKeys, text, .. } if text == "42713")
        });
        o.run(secs(3));
        o.caller_says("my heating is broken");
        o.ai_says("putting you through to the repairs team");
        o.hums(caller);
        o.answers(person);
        o.is_briefed();
        let [package] = o.packages()[..] else {
            panic!("one handoff\n{}", o.ladder())
        };
        assert!(
            package.entities.iter().any(|e| e.value == "42713"),
            "{:?}",
            package.entities
        );
        o.presses(person, "3");
        let more = o.is_briefed();
        assert!(more.contains("4 2 7 1 3"), "{more}");
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
