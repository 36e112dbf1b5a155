//! No phone of the queue is registered: the AI says so at once, and nothing is dialled.

use super::common::*;

#[test]
fn no_phone_is_registered() {
    scenario("no_phone_is_registered", |o| {
        let caller = o.caller;
        o.calls_the_office();
        o.caller_says("can I speak to a person");
        o.ai_says("putting you through to reception");
        let back = o.ai_says("Shall I try again");
        assert!(back.contains("I could not reach them"), "{back}");
        assert_eq!(o.failed_attempts(), [(Reason::Unreachable, 480)]);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Failed, Some(Reason::Unreachable))]
        );
        let legs = o.count(|w| matches!(w, What::LegCreated { .. }));
        assert_eq!(legs, 1, "the caller's alone");
        o.caller_says("no thank you");
        o.ai_says("Is there anything else I can help you with?");
        o.caller_says("no");
        o.ai_says("Goodbye.");
        o.ends(Party::Agent, Reason::Normal);
        o.is_over(caller, secs(1));
    });
}
