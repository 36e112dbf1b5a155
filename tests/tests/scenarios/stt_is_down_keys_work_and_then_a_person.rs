//! Nothing can be understood: the caller is told of the keys, then gets the menu, where a key leads to a person, who
//! is briefed as if the agent had sent them.

use super::common::*;

#[test]
fn stt_is_down_keys_work_and_then_a_person() {
    scenario("stt_is_down_keys_work_and_then_a_person", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.script.stt_down = Some(ProviderFault::TimedOut);
        o.calls_the_office();
        o.says(caller, "my heating is broken");
        let says = o.ai_says("having trouble hearing you");
        assert!(says.contains("Press 0 for reception"), "{says}");
        o.says(caller, "my heating is broken");
        o.until(secs(5), "the menu", |w| {
            w.text_with("For billing press one.").is_some()
        });
        o.run(secs(1));
        o.presses(caller, "0");
        let brief = o.is_briefed();
        assert!(brief.contains("Press 1"), "{brief}");
        let last = o.packages().pop().expect("the menu's and this");
        assert_eq!(last.reason, tandem_types::context::HandoffReason::Key);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        let faults = |w: &What| matches!(w, What::ProviderFailed { door, .. } if door == "stt");
        assert_eq!(o.count(faults), 2);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
