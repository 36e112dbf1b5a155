//! The plan's longest call is reached while two people talk: the caller is told, and both legs end.

use super::{common::*, steps::*};

fn one_minute() -> Config {
    Config::office().with(
        "operator = \"queue:reception\"",
        "operator = \"queue:reception\"\nmax_call = \"60s\"",
    )
}

#[test]
fn the_longest_call_ends_with_a_word() {
    scenario_in(&one_minute(), "the_longest_call_ends_with_a_word", |o| {
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

/// Nobody waits for a word that the caller, who is on hold, does not hear.
#[test]
fn the_longest_call_ends_with_a_word_to_whoever_listens() {
    let name = "the_longest_call_ends_with_a_word_to_whoever_listens";
    scenario_in(&one_minute(), name, |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        o.does(caller, Act::Hold(tandem_sdp::Direction::SendOnly));
        o.run(secs(56));
        o.ends(Party::Gateway, Reason::Limit);
        o.is_over(caller, ms(100));
        o.is_over(desk, ms(100));
        o.heard(desk, "This call has reached its longest time. Goodbye.");
    });
}
