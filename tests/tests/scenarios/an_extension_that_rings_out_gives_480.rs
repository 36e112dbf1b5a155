//! Straight to an extension that nobody answers: it rings for its time, then stops, and the caller gets 480.

use super::{common::*, steps::*};

#[test]
fn an_extension_that_rings_out_gives_480() {
    scenario("an_extension_that_rings_out_gives_480", |o| {
        let desk = o.desk("203", Incoming::Ring);
        let caller = o.caller;
        o.calls(caller, "203");
        o.rings(desk);
        o.run(secs(14));
        assert_eq!(
            o.phone(desk).state(),
            tandem_phone::State::Ringing,
            "\n{}",
            o.ladder()
        );
        is_refused(o, caller, 480);
        o.ends(Party::Callee, Reason::NoAnswer);
        o.is_over(desk, ms(100));
    });
}
