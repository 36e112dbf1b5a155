//! The last phone of a queue is un-registered while callers wait: they are told and led on at once. One that registers again has
//! the next caller.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn everybody_of_the_queue_goes_home() {
    scenario_in(
        &waiting_office("\"ext:201\"", ""),
        "everybody_of_the_queue_goes_home",
        |o| {
            let (caller, person) = (o.caller, o.desk("201", answers(1)));
            let other = another(o, 2);
            o.calls(other, "201");
            o.answers(person);
            waits(o, caller);
            o.does(person, Act::Unregister);
            o.run(secs(5));
            assert_eq!(waited(o), [], "who is in a call is there");
            o.hangs_up(person);
            assert_eq!(leaves(o, secs(1)), QueueEnd::NobodyThere);
            is_told(
                o,
                caller,
                "Nobody can take your call just now. Please call again later. Goodbye.",
            );
            o.is_over(caller, secs(5));

            o.does(person, Act::Register);
            o.run(secs(1));
            let next = another(o, 3);
            waits(o, next);
            o.answers(person);
            o.talk_both_ways(next, person);
            o.hangs_up(next);
            o.run(secs(1));
        },
    );
}
