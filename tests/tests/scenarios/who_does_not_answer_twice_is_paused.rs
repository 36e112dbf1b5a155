//! A phone that rings out twice in a row is not rung any more; as nobody else is there, the caller is told and led on at once, and
//! so is the next one.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn who_does_not_answer_twice_is_paused() {
    scenario_in(
        &waiting_office("\"ext:201\"", ""),
        "who_does_not_answer_twice_is_paused",
        |o| {
            let (caller, person) = (o.caller, o.desk("201", Incoming::Ring));
            waits(o, caller);
            o.rings(person);
            o.is_over(person, secs(11));
            o.rings_within(person, secs(16));
            assert_eq!(leaves(o, secs(40)), QueueEnd::NobodyThere);
            let paused = |w: &What| matches!(w, What::Alarm { text } if text == "ext:201 (201) did not answer and is paused");
            assert_eq!(o.count(paused), 1);
            is_told(
                o,
                caller,
                "I'm sorry, the billing team cannot take calls just now.",
            );
            is_told(
                o,
                caller,
                "Nobody can take your call just now. Please call again later. Goodbye.",
            );
            o.is_over(caller, secs(5));
            let next = another(o, 2);
            o.calls(next, "2003");
            assert_eq!(leaves(o, secs(2)), QueueEnd::NobodyThere);
            is_told(
                o,
                next,
                "I'm sorry, the billing team cannot take calls just now.",
            );
            o.hangs_up(next);
            // Who calls somebody is at the phone again.
            o.calls(person, "2000");
            o.answers(person);
            o.run(secs(1));
            o.hangs_up(person);
            let back = |w: &What| matches!(w, What::PersonPaused { paused: false, by, .. } if by == "they speak");
            assert_eq!(o.count(back), 1);
            let last = another(o, 3);
            waits(o, last);
            o.rings_within(person, secs(16));
            o.hangs_up(last);
            o.run(secs(1));
        },
    );
}
