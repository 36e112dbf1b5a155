//! Straight to an extension that is busy: the caller gets the 486, and was never answered.

use super::{common::*, steps::*};

#[test]
fn a_busy_far_end_gives_486_to_the_caller() {
    scenario("a_busy_far_end_gives_486_to_the_caller", |o| {
        let _desk = o.desk("203", Incoming::Busy);
        let caller = o.caller;
        o.calls(caller, "203");
        is_refused(o, caller, 486);
        o.ends(Party::Callee, Reason::Busy);
        assert_eq!(codes(o).0, 486);
        assert_eq!(o.count(|w| matches!(w, What::CallAnswered)), 0);
    });
}
