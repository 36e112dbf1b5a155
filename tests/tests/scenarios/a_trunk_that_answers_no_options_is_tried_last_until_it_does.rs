//! The first trunk answers no OPTIONS: a call goes by the second at once, and by the first again when that has answered twice.

use super::{common::*, steps::*};
use std::{cell::Cell, rc::Rc};
use tandem_sim::CARRIER;

#[test]
fn a_trunk_that_answers_no_options_is_tried_last_until_it_does() {
    let name = "a_trunk_that_answers_no_options_is_tried_last_until_it_does";
    let config = two_trunks().with(
        "refer = \"on\"",
        "refer = \"on\"\n[health]\noptions = \"10s\"\ndown_after = 3\nup_after = 2",
    );
    scenario_in(&config, name, |o| {
        let backup = unregistered(o, "second trunk", answers(1)); // at the first address, which is the second trunk's
        let _carrier = o.carrier();
        let first = o.outside("first trunk", VIEWINGS, answers(1));
        let caller = o.caller;
        let dead = Rc::new(Cell::new(true));
        let is_dead = dead.clone();
        o.net.drop_all(move |p| {
            let asked = p.bytes.starts_with(b"OPTIONS ") || p.bytes.starts_with(b"INVITE ");
            is_dead.get() && asked && p.to.ip() == CARRIER
        });
        // A question within the first ten seconds, then every nine or ten; the third without an answer by the fourth.
        o.run(secs(42));
        o.calls(caller, "2005");
        o.until(secs(3), "the second trunk answers", |w| w.is_up(backup));
        o.answers(caller);
        o.talk_both_ways(caller, backup);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(backup, ms(100));
        never_rang(o, first);

        dead.set(false);
        o.run(secs(22));
        o.calls(caller, "2005");
        o.until(secs(3), "the first trunk answers", |w| w.is_up(first));
        o.answers(caller);
        o.talk_both_ways(caller, first);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(first, ms(100));
    });
}
