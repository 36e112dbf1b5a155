//! Nothing at all comes back to the REFER. It may have been heard, so nobody is dialled; the caller hears music for as
//! long as the wait is set to, then the AI, which knows what they wanted.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_refer_that_nobody_answers_gives_the_caller_back_to_the_ai() {
    scenario(
        "a_refer_that_nobody_answers_gives_the_caller_back_to_the_ai",
        |o| {
            let viewings = o.outside("viewings", VIEWINGS, answers(2));
            let caller = o.caller;
            o.does(caller, Act::AcceptRefer(ReferPolicy::Ignore));
            asks_for_a_viewing(o);
            o.hears_music(caller, secs(29));
            let back = o.ai_says("I'm sorry");
            o.heard(caller, &back);
            never_rang(o, viewings);
            assert_eq!(legs(o, LegRole::Callee), 0);
            assert_eq!(
                o.handoff_ends(),
                [(HandoffEnd::Failed, Some(Reason::NoAnswer))]
            );
            // The transaction of the REFER runs out now, which changes nothing.
            o.caller_says("what are your opening hours");
            o.ai_says("nine to five");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
