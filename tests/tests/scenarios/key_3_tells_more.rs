//! Key 3 tells more: all that is known, then the keys again; the caller hears none of it.

use super::common::*;

#[test]
fn key_3_tells_more() {
    scenario("key_3_tells_more", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.calls_the_office();
        o.caller_says("my heating is broken and my reference is 99214");
        o.ai_says("putting you through to the repairs team");
        o.hums(caller);
        o.answers(person);
        let brief = o.is_briefed();
        o.run(ms(500));
        o.presses(person, "3");
        let more = o.is_briefed();
        assert!(more.contains("9 9 2 1 4"), "{more}");
        o.hears_music(caller, secs(3));
        o.heard(person, &more);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.did_not_hear(caller, &brief);
        o.did_not_hear(caller, &more);
        assert_eq!(o.delivered(), [Some(format!("{brief} {more}"))]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
