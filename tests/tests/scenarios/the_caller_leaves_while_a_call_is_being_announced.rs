//! The caller hangs up while the transfer is being announced: nobody's phone rings at all.

use super::common::*;

#[test]
fn the_caller_leaves_while_a_call_is_being_announced() {
    scenario("the_caller_leaves_while_a_call_is_being_announced", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.calls_the_office();
        o.caller_says("my heating is broken");
        o.until(secs(3), "the announcement", |w| {
            w.text_with("putting you through").is_some()
        });
        o.run(ms(100));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.run(secs(5));
        assert!(
            !o.has_noticed(person, |e| matches!(e, PhoneEvent::Incoming { .. })),
            "{}",
            o.ladder()
        );
        assert_eq!(o.handoff_ends(), []);
    });
}
