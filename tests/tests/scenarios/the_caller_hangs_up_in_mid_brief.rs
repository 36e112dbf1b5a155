//! The caller hangs up in mid-brief: the brief stops, the person is told within 3 s, then their phone is free.

use super::common::*;

const GONE: &str = "The caller has hung up. Goodbye.";

#[test]
fn the_caller_hangs_up_in_mid_brief() {
    scenario("the_caller_hangs_up_in_mid_brief", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.asks_for_a_person();
        o.answers(person);
        o.is_briefed();
        o.run(ms(300));
        let left = o.elapsed();
        o.hangs_up(caller);
        o.is_over(person, secs(3));
        o.heard(person, GONE);
        o.did_not_hear(caller, GONE);
        o.never_heard(person, caller);
        o.ends(Party::Caller, Reason::Normal);
        // 200 went out at 25 ms; what the person is told then is nothing that the caller pays for.
        let billed = |w: &What| match w {
            What::CallEnded { billed_ms, .. } => Some(*billed_ms),
            _ => None,
        };
        let until_bye = left + ms(5) - ms(25);
        assert_eq!(
            o.facts().find_map(billed),
            Some(until_bye.as_millis() as u64)
        );
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
        );
        assert_eq!(
            o.count(|w| matches!(
                w,
                What::TransferAccepted { .. } | What::TransferBridged { .. }
            )),
            0
        );
    });
}

#[test]
fn a_key_that_comes_too_late_takes_nobody() {
    scenario("a_key_that_comes_too_late_takes_nobody", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.asks_for_a_person();
        o.answers(person);
        o.is_briefed();
        o.run(ms(300));
        o.hangs_up(caller);
        o.run(ms(50));
        o.presses(person, "1");
        o.is_over(person, secs(3));
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(o.count(|w| matches!(w, What::TransferAccepted { .. })), 0);
    });
}
