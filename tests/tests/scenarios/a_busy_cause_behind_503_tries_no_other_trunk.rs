//! The Q.850 cause is read before the code: 503 with cause 17 means that somebody is busy, not that the trunk is full.

use super::{common::*, steps::*};
use tandem_sip::message::{HeaderName, Headers};

#[test]
fn a_busy_cause_behind_503_tries_no_other_trunk() {
    scenario_in(
        &two_trunks(),
        "a_busy_cause_behind_503_tries_no_other_trunk",
        |o| {
            let backup = unregistered(o, "second trunk", answers(1));
            let headers =
                Headers::new().with(HeaderName::Reason, "Q.850;cause=17;text=\"User busy\"");
            let _first = o.outside(
                "first trunk",
                VIEWINGS,
                Incoming::Reject {
                    status: 503,
                    headers,
                },
            );
            let caller = o.caller;
            o.calls(caller, "2005");
            o.ends(Party::Callee, Reason::Busy);
            assert_eq!(codes(o), (503, 17));
            never_rang(o, backup);
            // 503 would tell the caller's side that the gateway is out of order.
            is_refused(o, caller, 486);
        },
    );
}
