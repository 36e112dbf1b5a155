//! A muted phone with silence suppression sends nothing for minutes: it is asked by OPTIONS, answers, and keeps its call. When it
//! dies later, that is found too.

use super::{common::*, steps::*};

#[test]
fn a_muted_phone_is_asked_and_kept() {
    scenario("a_muted_phone_is_asked_and_kept", |o| {
        let (desk, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
        o.calls(other, "203");
        o.answers(other);
        o.talk_both_ways(other, desk);
        o.does(desk, Act::SendNoRtp(true));
        o.run(secs(100));
        assert!(o.is_up(other) && o.is_up(desk), "\n{}", o.ladder());
        assert!(lines_with(o, "200 OK to OPTIONS") > 0, "\n{}", o.ladder());
        o.does(desk, Act::IgnoreEverything(true));
        o.until(secs(120), "the call is over", |w| {
            w.phone(other).state() == tandem_phone::State::Idle
        });
        o.ends(Party::Callee, Reason::Lost);
    });
}
