//! The brief cannot be spoken: an alarm says so, the keys work all the same, and the ledger does not claim that anything was told.

use super::common::*;

#[test]
fn tts_is_down_for_the_brief() {
    scenario("tts_is_down_for_the_brief", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.script.tts_fails_on.push("to take the call".into());
        o.asks_for_repairs();
        o.answers(person);
        o.fact(
            secs(1),
            "an alarm",
            |w| matches!(w, What::Alarm { text } if text.contains("could not be spoken")),
        );
        o.hears_music(caller, secs(2));
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        assert_eq!(o.delivered(), [None]);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
