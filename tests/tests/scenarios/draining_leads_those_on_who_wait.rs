//! When the gateway drains, nobody can be promised a person any more: callers who wait are told and led on; one for whom a phone
//! rings has this last chance.

use super::{common::*, lines::*};
use tandem_call::Admin;
use tandem_types::journal::QueueEnd;

#[test]
fn draining_leads_those_on_who_wait() {
    scenario_in(
        &waiting_office("\"ext:201\"", ""),
        "draining_leads_those_on_who_wait",
        |o| {
            let (first, person) = (o.caller, o.desk("201", answers(6)));
            let second = another(o, 2);
            waits(o, first);
            o.rings(person);
            waits(o, second);
            o.run(secs(1));
            o.admin(Admin::Drain);
            assert_eq!(leaves(o, secs(1)), QueueEnd::Closing);
            is_told(
                o,
                second,
                "I'm sorry, we cannot keep you waiting any longer.",
            );
            is_told(
                o,
                second,
                "Nobody can take your call just now. Please call again later. Goodbye.",
            );
            o.is_over(second, secs(5));
            o.answers(person);
            o.talk_both_ways(first, person);
            o.hangs_up(first);
            o.run(secs(1));
        },
    );
}
