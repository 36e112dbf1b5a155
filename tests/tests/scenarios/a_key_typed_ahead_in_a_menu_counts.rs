//! A menu by keys, with no agent at all: the caller presses 1 before the prompt is over, hears the music of the queue and then the
//! person.

use super::common::*;

#[test]
fn a_key_typed_ahead_in_a_menu_counts() {
    scenario("a_key_typed_ahead_in_a_menu_counts", |o| {
        let billing = o.desk("201", answers(3));
        let caller = o.caller;
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(ms(300));
        o.presses(caller, "1");
        o.rings(billing);
        o.hears_music(caller, secs(2));
        o.answers(billing);
        o.talk_both_ways(caller, billing);
        let key = |w: &What| matches!(w, What::KeyPressed { digit: '1', did, .. } if did == "queue:billing");
        assert_eq!(o.count(key), 1);
        o.hangs_up(billing);
        o.ends(Party::Callee, Reason::Normal);
        o.is_over(caller, ms(100));
    });
}
