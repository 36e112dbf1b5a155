//! Reliable provisional responses demanded of a trunk: who cannot is refused with 421, before anybody rings.

use super::{common::*, steps::*};

#[test]
fn a_trunk_that_demands_prack_gets_it() {
    let config = Config::office().with("refer = \"on\"", "refer = \"on\"\nprack = \"required\"");
    scenario_in(&config, "a_trunk_that_demands_prack_gets_it", |o| {
        let (caller, desk) = (o.caller, o.desk("203", answers(1)));
        o.calls(caller, "203");
        is_refused(o, caller, 421);
        never_rang(o, desk);
    });
}
