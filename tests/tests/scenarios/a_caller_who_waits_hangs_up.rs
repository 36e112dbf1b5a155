//! Whoever hangs up is out of the queue at once: the phone that rang for them is rung for the next one, who is told the new place.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn a_caller_who_waits_hangs_up() {
    scenario_in(
        &waiting_office("\"ext:201\"", ""),
        "a_caller_who_waits_hangs_up",
        |o| {
            let (first, person) = (o.caller, o.desk("201", answers(6)));
            let (second, third) = (another(o, 2), another(o, 3));
            assert_eq!(waits(o, first), 1);
            assert_eq!(waits(o, second), 2);
            assert_eq!(waits(o, third), 3);
            o.rings(person);
            o.hangs_up(second);
            assert_eq!(leaves(o, secs(1)), QueueEnd::HungUp);
            o.hangs_up(first);
            assert_eq!(leaves(o, secs(1)), QueueEnd::HungUp);
            o.answers(person);
            o.talk_both_ways(third, person);
            o.hangs_up(third);
            o.run(secs(1));
            let how: Vec<QueueEnd> = waited(o).into_iter().map(|w| w.0).collect();
            assert_eq!(how, [QueueEnd::HungUp, QueueEnd::HungUp, QueueEnd::Taken]);
        },
    );
}
