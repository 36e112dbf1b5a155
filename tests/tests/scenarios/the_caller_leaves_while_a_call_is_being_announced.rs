//! The caller hangs up while the transfer is being announced, and the person's phone rings already: it is free at once, and the
//! handoff that nobody heard of is on record, as abandoned.

use super::common::*;

#[test]
fn the_caller_leaves_while_a_call_is_being_announced() {
    scenario("the_caller_leaves_while_a_call_is_being_announced", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(3)));
        o.calls_the_office();
        o.caller_says("my heating is broken");
        o.until(secs(3), "the announcement", |w| {
            w.text_with("putting you through").is_some()
        });
        o.run(ms(100));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(person, ms(100));
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
        );
        assert_eq!(o.count(|w| matches!(w, What::HandoffOffered { .. })), 1);
    });
}
