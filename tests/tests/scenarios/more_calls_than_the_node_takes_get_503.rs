//! The node takes one call: the second gets 503 without Retry-After, and may come once the first is over.

use super::{common::*, steps::*};

#[test]
fn more_calls_than_the_node_takes_get_503() {
    let config = Config::office().with("name = \"gw-1\"", "name = \"gw-1\"\nmax_calls = 1");
    scenario_in(&config, "more_calls_than_the_node_takes_get_503", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        let other = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(other, "2000");
        is_refused(o, other, 503);
        assert_eq!(
            retry_after_of_503(o),
            [None],
            "it would turn all calls of that carrier away"
        );
        o.talk_both_ways(caller, desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
        o.run(secs(1));
        o.calls(other, "2000");
        o.answers(other);
        o.hums(other);
        o.run(secs(2));
        assert!(o.hears(other, other));
        o.hangs_up(other);
        o.ends(Party::Caller, Reason::Normal);
    });
}
