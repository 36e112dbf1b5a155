//! A caller whom an agent puts through waits while the only person is in a call; when that is over the person is rung, briefed with
//! what the caller said, and takes them. Nobody tells the caller meanwhile that somebody is still being tried.

use super::{common::*, lines::*, steps::*};
use tandem_types::journal::QueueEnd;

#[test]
fn a_caller_of_an_agent_waits_and_the_person_is_briefed() {
    let name = "a_caller_of_an_agent_waits_and_the_person_is_briefed";
    scenario_in(&waiting_office("\"ext:201\"", ""), name, |o| {
        let (caller, person) = (o.caller, o.desk("201", answers(1)));
        let other = another(o, 2);
        o.calls(other, "201");
        o.answers(person);
        o.asks_for_the_billing_team();
        o.is_still(caller);
        is_told(
            o,
            caller,
            "You are next. If you would rather not wait, press star.",
        );
        o.hears_music(caller, secs(20));
        o.hangs_up(other);
        o.rings_within(person, secs(1));
        let brief = o.is_briefed();
        assert!(brief.contains("mistake on my bill"), "{brief}");
        o.run(secs(2));
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.did_not_hear(caller, &brief);
        let waited = waited(o);
        assert!(
            matches!(waited[..], [(QueueEnd::Taken, 25..=40)]),
            "{waited:?}"
        );
        assert_eq!(o.failed_attempts(), []);
        assert_eq!(lines_with(o, "still trying"), 0);
        o.hangs_up(caller);
        o.run(secs(1));
    });
}
