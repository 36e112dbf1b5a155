//! A phone that refuses (603 Decline, as its reject key sends) is passed over for the next one; 603 from a phone is a person who
//! says no, never a block.

use super::common::*;
use tandem_sip::message::Headers;

#[test]
fn a_phone_that_refuses_is_passed_over() {
    scenario("a_phone_that_refuses_is_passed_over", |o| {
        let caller = o.caller;
        let refuses = Incoming::RingThenReject {
            after: secs(2),
            status: 603,
        };
        let (_first, second) = (o.desk("201", refuses), o.desk("202", answers(1)));
        o.asks_for_the_billing_team();
        o.answers(second);
        o.is_briefed();
        o.presses(second, "1");
        o.talk_both_ways(caller, second);
        assert_eq!(o.failed_attempts(), [(Reason::Declined, 603)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_refusal_with_a_cause_is_read_by_its_cause() {
    scenario("a_refusal_with_a_cause_is_read_by_its_cause", |o| {
        let caller = o.caller;
        let headers = Headers::new().with(
            tandem_sip::message::HeaderName::Reason,
            "Q.850;cause=17;text=\"User busy\"",
        );
        let refuses = Incoming::Reject {
            status: 480,
            headers,
        };
        o.desk("200", refuses);
        o.calls_the_office();
        o.caller_says("can I speak to a person");
        let back = o.ai_says("Shall I try again");
        assert!(back.contains("the line is busy"), "{back}");
        assert_eq!(o.failed_attempts(), [(Reason::Busy, 480)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
