//! Many carriers never send a NOTIFY: they take the REFER and, once the target has answered, end the gateway's leg.

use super::{common::*, steps::*};

#[test]
fn a_bye_after_202_counts_as_transferred() {
    scenario("a_bye_after_202_counts_as_transferred", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(2));
        let caller = o.caller;
        o.does(
            caller,
            Act::AcceptRefer(ReferPolicy::AcceptThenBye { after: secs(4) }),
        );
        asks_for_a_viewing(o);
        o.hears_music(caller, secs(3));
        o.fact(secs(5), "it is done", |w| {
            matches!(w, What::TransferEnded { failed: None, .. })
        });
        o.ends(Party::Gateway, Reason::Transferred);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.run(secs(20));
        never_rang(o, viewings);
    });
}
