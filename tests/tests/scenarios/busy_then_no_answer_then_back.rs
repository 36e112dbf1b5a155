//! The first phone is busy, the second rings out, and the agent that sent the caller there is back.

use super::common::*;

#[test]
fn busy_then_no_answer_then_back() {
    scenario("busy_then_no_answer_then_back", |o| {
        let caller = o.caller;
        let (_busy, away) = (o.desk("201", Incoming::Busy), o.desk("202", Incoming::Ring));
        o.asks_for_the_billing_team();
        o.rings(away);
        o.hears_music(caller, secs(9));
        o.is_still(caller);
        o.is_over(away, secs(2));
        let back = o.ai_says("This is billing again");
        assert!(back.contains("nobody answered"), "{back}");
        assert_eq!(
            o.failed_attempts(),
            [(Reason::Busy, 486), (Reason::NoAnswer, 0)]
        );
        assert_eq!(o.dialled(), ["ext:201", "ext:202"]);
        assert_eq!(
            o.handoff_ends().last(),
            Some(&(HandoffEnd::Failed, Some(Reason::NoAnswer)))
        );

        o.caller_says("when is my rent due");
        o.ai_says("Rent is due on the first day of each month.");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
