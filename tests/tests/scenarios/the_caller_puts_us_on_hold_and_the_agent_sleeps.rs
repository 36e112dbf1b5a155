//! The caller puts us on hold, with music of their own: the agent says nothing, hears nothing, counts no silence, and resumes
//! gently (field note 6).

use super::common::*;
use tandem_sdp::Direction;

#[test]
fn the_caller_puts_us_on_hold_and_the_agent_sleeps() {
    scenario("the_caller_puts_us_on_hold_and_the_agent_sleeps", |o| {
        let caller = o.caller;
        o.calls_the_office();
        o.does(caller, Act::Hold(Direction::SendOnly));
        o.run(ms(100));
        let said = o.said().len();
        o.says(
            caller,
            "your call is important to us please stay on the line",
        );
        o.run(secs(60));
        assert_eq!(o.said().len(), said, "{}", o.ladder());
        assert_eq!(
            o.count(|w| matches!(
                w,
                What::TurnEnded {
                    speaker: Speaker::Caller,
                    ..
                }
            )),
            0
        );
        o.does(caller, Act::Resume);
        o.ai_says("I'm still here.");
        o.caller_says("what are your opening hours");
        o.ai_says("We are open from Monday to Friday, nine to five.");
        let held = |on| move |w: &What| matches!(w, What::LegHeld { held, .. } if *held == on);
        assert_eq!((o.count(held(true)), o.count(held(false))), (1, 1));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
