//! The person hangs up in mid-brief, nobody else is there: the AI is back.

use super::common::*;

#[test]
fn the_person_hangs_up_in_mid_brief() {
    scenario("the_person_hangs_up_in_mid_brief", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.asks_for_a_person();
        o.answers(person);
        let brief = o.is_briefed();
        o.run(ms(300));
        o.is_still(caller);
        o.hangs_up(person);
        o.ai_says("Shall I try again");
        o.heard_from_the_ai("Shall I try again");
        o.did_not_hear(caller, &brief);
        o.never_heard(caller, person);
        o.never_heard(person, caller);
        assert_eq!(o.failed_attempts(), [(Reason::Normal, 0)]);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Failed, Some(Reason::Normal))]
        );
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
