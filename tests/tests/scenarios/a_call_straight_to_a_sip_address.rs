//! A number that leads to a SIP address which is no phone of ours and no trunk: a door phone on the house's network.

use super::{common::*, steps::*};

#[test]
fn a_call_straight_to_a_sip_address() {
    let config = Config::office()
        .with(
            "\"2000\" = \"echo\"",
            "\"2000\" = \"echo\"\n\"2010\" = \"sip:door@10.0.1.2\"",
        )
        .with(
            "may_dial = [\"_20X\", \"+441632960555\"",
            "may_dial = [\"sip:door@10.0.1.2\", \"_20X\", \"+441632960555\"",
        );
    scenario_in(&config, "a_call_straight_to_a_sip_address", |o| {
        let door = unregistered(o, "door", answers(1));
        let caller = o.caller;
        are_connected(o, "2010", door);
        let to = |e: &PhoneEvent| matches!(e, PhoneEvent::Incoming { to, .. } if to == "door");
        assert!(o.has_noticed(door, to), "\n{}", o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(door, ms(100));
    });
}
