//! The plan's longest call is reached while two people talk: the caller is told, and both legs end.

use super::{common::*, steps::*};

#[test]
fn the_longest_call_ends_with_a_word() {
    let config = Config::office().with(
        "operator = \"queue:reception\"",
        "operator = \"queue:reception\"\nmax_call = \"60s\"",
    );
    scenario_in(&config, "the_longest_call_ends_with_a_word", |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.run(secs(56));
        o.ends(Party::Gateway, Reason::Limit);
        o.is_over(caller, ms(100));
        o.is_over(desk, ms(100));
        o.heard(caller, "This call has reached its longest time. Goodbye.");
    });
}
