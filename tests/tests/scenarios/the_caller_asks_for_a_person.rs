//! The caller asks for a person and gets one, without having to say why.

use super::common::*;

#[test]
fn the_caller_asks_for_a_person() {
    scenario("the_caller_asks_for_a_person", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.asks_for_a_person();
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("person"), "{brief}");
        let reasons: Vec<_> = o.packages().iter().map(|p| p.reason).collect();
        assert_eq!(
            reasons,
            [tandem_types::context::HandoffReason::CallerRequest]
        );
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(caller, secs(1));
    });
}
