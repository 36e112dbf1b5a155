//! A menu waits five seconds for a key: the caller hears an open line meanwhile, and the key still counts.

use super::common::*;

#[test]
fn a_menu_that_waits_for_a_key_is_not_silent() {
    scenario("a_menu_that_waits_for_a_key_is_not_silent", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(secs(5));
        let sounding = tandem_sim::hear::sounding(&o.last_heard(caller, 3000));
        assert!(sounding > 0.95, "{sounding}\n{}", o.ladder());
        o.presses(caller, "0");
        o.answers(person);
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
