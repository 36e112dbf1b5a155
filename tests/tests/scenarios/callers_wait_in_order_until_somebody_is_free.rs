//! One person, three callers: the second and the third wait with music and are told their place; the longest waiting is rung for
//! as soon as the person has hung up, and nobody is rung while they talk.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn callers_wait_in_order_until_somebody_is_free() {
    let office = waiting_office("\"ext:201\"", "");
    scenario_in(
        &office,
        "callers_wait_in_order_until_somebody_is_free",
        |o| {
            let person = o.desk("201", answers(2));
            let (first, second, third) = (o.caller, another(o, 2), another(o, 3));
            assert_eq!(waits(o, first), 1);
            o.answers(person);
            o.talk_both_ways(first, person);

            assert_eq!(waits(o, second), 1);
            o.run(secs(1));
            o.hears_music(second, secs(1));
            is_told(
                o,
                second,
                "You are next. If you would rather not wait, press star.",
            );
            assert_eq!(waits(o, third), 2);
            is_told(
                o,
                third,
                "You are number 2 in the queue. If you would rather not wait, press star.",
            );
            o.talk_both_ways(first, person);

            o.hangs_up(person);
            o.rings_within(person, secs(1));
            o.answers(person);
            o.talk_both_ways(second, person);
            is_told(
                o,
                third,
                "You are next. If you would rather not wait, press star.",
            );
            o.hangs_up(second);
            o.is_over(person, secs(1));
            o.answers(person);
            o.talk_both_ways(third, person);
            o.hangs_up(third);
            o.run(secs(1));
            let how: Vec<QueueEnd> = waited(o).into_iter().map(|w| w.0).collect();
            assert_eq!(how, [QueueEnd::Taken; 3]);
        },
    );
}
