//! More callers than `max_waiting` are told so and led on at once; the one who waits notices nothing.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn a_full_queue_lets_nobody_in() {
    scenario_in(
        &waiting_office("\"ext:201\"", "max_waiting = 1\nannounce_every = \"0s\""),
        "a_full_queue_lets_nobody_in",
        |o| {
            let (first, person) = (o.caller, o.desk("201", answers(8)));
            let second = another(o, 2);
            waits(o, first);
            o.calls(second, "2003");
            assert_eq!(leaves(o, secs(2)), QueueEnd::Full);
            is_told(o, second, "I'm sorry, too many callers are waiting.");
            o.hangs_up(second);
            o.answers(person);
            o.talk_both_ways(first, person);
            assert_eq!(
                o.said().iter().filter(|s| s.text.contains("next")).count(),
                0
            );
            o.hangs_up(first);
            o.run(secs(1));
        },
    );
}
