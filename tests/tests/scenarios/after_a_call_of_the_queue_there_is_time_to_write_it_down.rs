//! `after_call`: whoever had a caller of the queue is not rung for the next one until that time is over.

use super::{common::*, lines::*};

#[test]
fn after_a_call_of_the_queue_there_is_time_to_write_it_down() {
    let name = "after_a_call_of_the_queue_there_is_time_to_write_it_down";
    scenario_in(
        &waiting_office("\"ext:201\"", "after_call = \"12s\""),
        name,
        |o| {
            let (first, person) = (o.caller, o.desk("201", answers(1)));
            let second = another(o, 2);
            waits(o, first);
            o.answers(person);
            o.talk_both_ways(first, person);
            waits(o, second);
            o.hangs_up(first);
            o.is_over(person, secs(1));
            o.run(secs(11));
            assert!(!o.is_up(person) && o.phone(person).state() == tandem_phone::State::Idle);
            o.rings_within(person, secs(2));
            o.answers(person);
            o.talk_both_ways(second, person);
            o.hangs_up(second);
            o.run(secs(1));
        },
    );
}
