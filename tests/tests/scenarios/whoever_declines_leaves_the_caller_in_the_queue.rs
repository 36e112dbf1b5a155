//! A person who declines is left in peace for a while, and the caller waits on: the next one who is free is rung, and takes them.

use super::{common::*, lines::*, steps::*};
use tandem_types::journal::QueueEnd;

#[test]
fn whoever_declines_leaves_the_caller_in_the_queue() {
    let name = "whoever_declines_leaves_the_caller_in_the_queue";
    scenario_in(&waiting_office("\"ext:201\", \"ext:202\"", ""), name, |o| {
        let (one, two) = (o.desk("201", answers(1)), o.desk("202", rejects(486)));
        let caller = o.caller;
        o.asks_for_the_billing_team();
        o.is_still(caller);
        o.is_briefed();
        o.run(secs(1));
        o.presses(one, "2");
        // The second is busy, says its phone: both are in peace, then the first is asked again.
        o.is_over(one, secs(1));
        o.hears_music(caller, secs(1));
        o.rings_within(one, secs(16));
        o.is_briefed();
        o.run(secs(1));
        o.presses(one, "1");
        o.talk_both_ways(caller, one);
        let failed = [(Reason::Declined, 0), (Reason::Busy, 486)];
        assert_eq!(o.failed_attempts(), failed);
        assert_eq!(o.dialled(), ["ext:201", "ext:202", "ext:201"]);
        assert_eq!(waited(o)[0].0, QueueEnd::Taken);
        o.hangs_up(caller);
        o.run(secs(1));
        let _ = two;
    });
}
