//! Reception presses 4 in the brief: the caller waits for the billing team, whose person is told what reception was told, as soon as
//! they are free. Pressed by the billing team itself, it leaves the caller in the place that they have.

use super::{common::*, lines::*};
use tandem_types::{context::HandoffReason, journal::QueueEnd};

#[test]
fn a_person_sends_the_caller_to_the_queue() {
    let office = waiting_office("\"ext:201\"", "ring_again = \"5s\"").with(
        "[transfers.warm]\n",
        "[transfers.warm]\nsend_to = \"queue:billing\"\n",
    );
    scenario_in(&office, "a_person_sends_the_caller_to_the_queue", |o| {
        let (reception, billing) = (o.desk("200", answers(1)), o.desk("201", answers(1)));
        let (caller, other) = (o.caller, another(o, 2));
        o.calls(other, "201");
        o.answers(billing);
        o.asks_for_a_person();
        o.is_still(caller);
        let brief = o.is_briefed();
        assert!(
            brief.contains("4 to send them to the billing team"),
            "{brief}"
        );
        o.run(secs(1));
        o.presses(reception, "4");
        o.is_over(reception, secs(1));
        is_told(
            o,
            caller,
            "You are next. If you would rather not wait, press star.",
        );
        o.hangs_up(other);
        o.answers(billing);
        o.is_briefed();
        o.run(secs(1));
        o.presses(billing, "4");
        o.is_over(billing, secs(1));
        o.rings_within(billing, secs(6));
        o.is_briefed();
        o.run(secs(1));
        o.presses(billing, "1");
        o.talk_both_ways(caller, billing);
        let packages = o.packages();
        let reasons: Vec<HandoffReason> = packages.iter().map(|p| p.reason).collect();
        assert_eq!(reasons.last(), Some(&HandoffReason::PersonPassedOn));
        let declined = (HandoffEnd::Failed, Some(Reason::Declined));
        assert_eq!(o.handoff_ends(), [declined, (HandoffEnd::Completed, None)]);
        assert_eq!(waited(o)[0].0, QueueEnd::Taken);
        o.hangs_up(caller);
        o.run(secs(1));
    });
}
