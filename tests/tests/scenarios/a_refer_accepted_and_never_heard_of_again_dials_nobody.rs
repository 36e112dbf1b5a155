//! 202 and silence: the target may be ringing by now, so a bridge would ring it twice. The caller, whose leg is still
//! up, comes back to the AI.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_refer_accepted_and_never_heard_of_again_dials_nobody() {
    let config = Config::office().with(
        "method = \"refer-then-bridge\"",
        "method = \"refer-then-bridge\"\nrefer_wait = \"12s\"",
    );
    scenario_in(
        &config,
        "a_refer_accepted_and_never_heard_of_again_dials_nobody",
        |o| {
            let viewings = o.outside("viewings", VIEWINGS, answers(2));
            let caller = o.caller;
            o.does(caller, Act::AcceptRefer(ReferPolicy::AcceptOnly));
            asks_for_a_viewing(o);
            o.hears_music(caller, secs(11));
            let back = o.ai_says("I'm sorry");
            o.heard(caller, &back);
            never_rang(o, viewings);
            assert_eq!(legs(o, LegRole::Callee), 0);
            assert_eq!(o.failed_attempts(), [(Reason::NoAnswer, 0)]);
            assert_eq!(
                o.handoff_ends(),
                [(HandoffEnd::Failed, Some(Reason::NoAnswer))]
            );
            o.caller_says("what are your opening hours");
            o.ai_says("nine to five");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
