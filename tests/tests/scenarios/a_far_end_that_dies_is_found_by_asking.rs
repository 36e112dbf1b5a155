//! A phone loses its power in mid-call: no BYE, no RTP. Nobody is hung up for silence alone, so it is asked by OPTIONS; no answer
//! ends the call, with a word.

use super::{common::*, steps::*};

#[test]
fn a_far_end_that_dies_is_found_by_asking() {
    scenario("a_far_end_that_dies_is_found_by_asking", |o| {
        let (desk, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
        o.calls(other, "203");
        o.answers(other);
        o.talk_both_ways(other, desk);
        o.does(desk, Act::IgnoreEverything(true));
        o.run(secs(14));
        assert!(o.is_up(other), "silence alone ends no call\n{}", o.ladder());
        o.until(secs(10), "the call is over", |w| {
            w.phone(other).state() == tandem_phone::State::Idle
        });
        o.heard(
            other,
            "I'm sorry, the connection was lost. Please call again. Goodbye.",
        );
        o.ends(Party::Callee, Reason::Lost);
        assert!(lines_with(o, "OPTIONS") > 0);
        assert_eq!(
            o.count(|w| matches!(w, What::Alarm { text } if text.contains("does not answer"))),
            1
        );
    });
}
