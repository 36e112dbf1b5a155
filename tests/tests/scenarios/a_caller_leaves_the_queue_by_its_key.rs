//! The key of the queue: to the place that it names, or back to the agent, who knows that it was the caller's wish. Whoever rings
//! for the caller at that moment stops.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn a_caller_leaves_the_queue_by_its_key() {
    let more = "leave_key = \"5\"\nleave_to = \"announce:notice\"";
    scenario_in(
        &waiting_office("\"ext:201\"", more),
        "a_caller_leaves_the_queue_by_its_key",
        |o| {
            let (caller, person) = (o.caller, o.desk("201", Incoming::Ring));
            waits(o, caller);
            o.rings(person);
            o.presses(caller, "9");
            o.run(secs(1));
            o.presses(caller, "5");
            assert_eq!(leaves(o, secs(1)), QueueEnd::Left);
            o.is_over(person, secs(1));
            is_told(
                o,
                caller,
                "This is a test announcement. Thank you for listening. Goodbye.",
            );
            o.is_over(caller, secs(5));
        },
    );
}

#[test]
fn the_star_brings_a_caller_who_waits_back_to_the_agent() {
    let name = "the_star_brings_a_caller_who_waits_back_to_the_agent";
    scenario_in(&waiting_office("\"ext:201\"", ""), name, |o| {
        let (caller, person) = (o.caller, o.desk("201", Incoming::Ring));
        o.asks_for_the_billing_team();
        o.is_still(caller);
        o.rings(person);
        o.run(secs(1));
        o.presses(caller, "*");
        o.ai_says("you are still with me");
        o.is_over(person, secs(1));
        assert_eq!(waited(o).len(), 1);
        assert_eq!(waited(o)[0].0, QueueEnd::Left);
        let end = (HandoffEnd::Abandoned, Some(Reason::Cancelled));
        assert_eq!(o.handoff_ends().last(), Some(&end));
        o.hangs_up(caller);
        o.run(secs(1));
    });
}
