//! The caller hangs up while the person's phone rings: it stops ringing at once, and nobody is briefed.

use super::common::*;

#[test]
fn the_caller_hangs_up_while_the_consult_leg_rings() {
    scenario("the_caller_hangs_up_while_the_consult_leg_rings", |o| {
        let (caller, person) = (o.caller, o.desk("200", Incoming::Ring));
        o.asks_for_a_person();
        o.rings(person);
        o.run(secs(3));
        o.hangs_up(caller);
        // A packet takes 5 ms: BYE there, CANCEL on.
        o.is_over(person, ms(11));
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
        );
        assert_eq!(
            o.count(|w| matches!(
                w,
                What::TransferAnswered { .. } | What::TransferBriefed { .. }
            )),
            0
        );
        o.run(secs(20));
        assert!(o.ladder().matches("CANCEL").count() >= 1);
        assert!(!o.has_noticed(person, |e| matches!(e, PhoneEvent::Answered { .. })));
    });
}
