//! Nothing at all comes back to the REFER, sent eleven times: when its transaction gives up (Timer F, 32 s), it was certainly not
//! accepted, and the viewings desk is bridged on the same call. The wait for a final NOTIFY, 9 s here, does not count before
//! the REFER is accepted.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_refer_that_nobody_answers_is_bridged() {
    let config = Config::office().with(
        "method = \"refer-then-bridge\"",
        "method = \"refer-then-bridge\"\nrefer_wait = \"9s\"",
    );
    scenario_in(&config, "a_refer_that_nobody_answers_is_bridged", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(2));
        let caller = o.caller;
        o.does(caller, Act::AcceptRefer(ReferPolicy::Ignore));
        asks_for_a_viewing(o);
        o.hears_music(caller, secs(31));
        never_rang(o, viewings);
        o.hums(caller);
        o.answers(viewings);
        assert_eq!(legs(o, LegRole::Callee), 1);
        assert_eq!(o.failed_attempts(), [(Reason::NoAnswer, 408)]);
        o.talk_both_ways(caller, viewings);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
    });
}
