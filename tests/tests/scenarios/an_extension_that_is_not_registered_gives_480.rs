//! Straight to an extension whose phone is not there: 480, and nothing is sent anywhere.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn an_extension_that_is_not_registered_gives_480() {
    scenario("an_extension_that_is_not_registered_gives_480", |o| {
        let caller = o.caller;
        o.calls(caller, "204");
        is_refused(o, caller, 480);
        o.ends(Party::Callee, Reason::Unreachable);
        assert_eq!(legs(o, LegRole::Callee), 0);
    });
}
