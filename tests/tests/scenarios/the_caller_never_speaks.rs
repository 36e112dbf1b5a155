//! The caller never speaks: asked once, told of the keys, and then a person has a look, whom no silence can deter.

use super::common::*;

#[test]
fn the_caller_never_speaks() {
    scenario("the_caller_never_speaks", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.calls_the_office();
        o.ai_says("Are you still there?");
        o.ai_says("use your keypad");
        o.ai_says("putting you through to reception");
        o.hums(caller);
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        let reasons: Vec<_> = o.packages().iter().map(|p| p.reason).collect();
        assert_eq!(reasons, [tandem_types::context::HandoffReason::Timeout]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
