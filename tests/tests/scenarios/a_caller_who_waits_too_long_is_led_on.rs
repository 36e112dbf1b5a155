//! Whoever has waited for `max_wait` is told so and led to `overflow`; an agent that has the caller is asked only where the plan
//! names no such place.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

const SORRY: &str = "I'm sorry, nobody could take your call in time.";

#[test]
fn a_caller_who_waits_too_long_is_led_on() {
    let office = waiting_office("\"ext:201\"", "overflow = \"announce:notice\"")
        .with("max_wait = \"2m\"", "max_wait = \"20s\"");
    scenario_in(&office, "a_caller_who_waits_too_long_is_led_on", |o| {
        let (caller, person) = (o.caller, o.desk("201", answers(1)));
        let other = another(o, 2);
        o.calls(other, "201");
        o.answers(person);
        waits(o, caller);
        assert_eq!(leaves(o, secs(21)), QueueEnd::TooLong);
        is_told(o, caller, SORRY);
        is_told(
            o,
            caller,
            "This is a test announcement. Thank you for listening. Goodbye.",
        );
        o.is_over(caller, secs(5));
        assert_eq!(waited(o), [(QueueEnd::TooLong, 20)]);
        o.hangs_up(other);
        o.run(secs(1));
    });
}

#[test]
fn an_agent_has_a_caller_back_who_waited_too_long() {
    let office = waiting_office("\"ext:201\"", "").with("max_wait = \"2m\"", "max_wait = \"20s\"");
    scenario_in(
        &office,
        "an_agent_has_a_caller_back_who_waited_too_long",
        |o| {
            let (caller, person) = (o.caller, o.desk("201", answers(1)));
            let other = another(o, 2);
            o.calls(other, "201");
            o.answers(person);
            o.asks_for_the_billing_team();
            o.is_still(caller);
            assert_eq!(leaves(o, secs(21)), QueueEnd::TooLong);
            let back = o.ai_says("This is billing again");
            assert!(back.contains("nobody answered"), "{back}");
            assert_eq!(waited(o), [(QueueEnd::TooLong, 20)]);
            assert_eq!(
                o.handoff_ends().last(),
                Some(&(HandoffEnd::Failed, Some(Reason::NoAnswer)))
            );
            o.caller_says("when is my rent due");
            o.ai_says("Rent is due on the first day of each month.");
            o.hangs_up(caller);
            o.hangs_up(other);
            o.run(secs(1));
        },
    );
}
