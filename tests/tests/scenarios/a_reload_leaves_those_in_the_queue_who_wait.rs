//! A new plan, in which the queue has another member and nobody waits, while a caller waits by the old one: they keep their place,
//! and the old member takes them. The next caller finds the new plan.

use super::{common::*, config::Config, lines::*};
use tandem_types::journal::QueueEnd;

#[test]
fn a_reload_leaves_those_in_the_queue_who_wait() {
    let old = waiting_office("\"ext:201\"", "");
    let new = Config::office().with(
        "members = [\"ext:201\", \"ext:202\"]",
        "members = [\"ext:202\"]",
    );
    scenario_in(&old, "a_reload_leaves_those_in_the_queue_who_wait", |o| {
        let (one, two) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        let (caller, other, next) = (o.caller, another(o, 2), another(o, 3));
        o.calls(other, "201");
        o.answers(one);
        waits(o, caller);
        o.run(secs(1));
        o.reloads(new.plan(), "anna");
        o.calls(next, "2003");
        o.answers(two);
        o.talk_both_ways(next, two);
        is_told(
            o,
            caller,
            "You are next. If you would rather not wait, press star.",
        );
        o.hangs_up(other);
        o.answers(one);
        o.talk_both_ways(caller, one);
        let how: Vec<QueueEnd> = waited(o).into_iter().map(|w| w.0).collect();
        assert_eq!(how, [QueueEnd::Taken]);
        o.hangs_up(caller);
        o.hangs_up(next);
        o.run(secs(1));
    });
}
