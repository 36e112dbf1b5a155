//! Key 0 reaches reception at any time, even over the greeting.

use super::common::*;

#[test]
fn key_0_reaches_reception() {
    scenario("key_0_reaches_reception", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.calls(caller, MAIN);
        o.until(secs(5), "the greeting begins", |w| {
            w.text_with("Good morning").is_some()
        });
        o.run(ms(300));
        o.presses(caller, "0");
        o.ai_says("putting you through to reception");
        o.hums(caller);
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        let [package] = o.packages()[..] else {
            panic!("one handoff\n{}", o.ladder())
        };
        assert_eq!(package.reason, tandem_types::context::HandoffReason::Key);
        assert_eq!(package.trigger, "key 0");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
