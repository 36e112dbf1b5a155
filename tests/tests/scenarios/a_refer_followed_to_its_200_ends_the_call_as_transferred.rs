//! The carrier takes the REFER, calls the target, and tells of 100, 180 and 200: the call goes on without the gateway,
//! which lets go only then.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_refer_followed_to_its_200_ends_the_call_as_transferred() {
    scenario(
        "a_refer_followed_to_its_200_ends_the_call_as_transferred",
        |o| {
            let viewings = o.outside("viewings", VIEWINGS, answers(3));
            asks_for_a_viewing(o);
            o.rings(viewings);
            let caller = o.caller;
            o.hears_music(caller, secs(2));
            o.fact(secs(5), "it is done", |w| {
                matches!(w, What::TransferEnded { failed: None, .. })
            });
            o.ends(Party::Gateway, Reason::Transferred);
            o.talk_both_ways(caller, viewings);
            assert_eq!(o.dialled(), ["outside:viewings"]);
            assert_eq!(o.count(|w| matches!(w, What::TransferRang { .. })), 1);
            assert_eq!(
                legs(o, LegRole::Callee),
                0,
                "the gateway itself dialled nobody\n{}",
                o.ladder()
            );
            assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
            assert_eq!(o.failed_attempts(), []);
            o.hangs_up(viewings);
            o.is_over(caller, secs(1));
        },
    );
}
