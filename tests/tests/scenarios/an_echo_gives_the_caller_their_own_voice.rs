//! The echo number: the caller hears themselves, and nothing is left when they hang up.

use super::common::*;

#[test]
fn an_echo_gives_the_caller_their_own_voice() {
    scenario("an_echo_gives_the_caller_their_own_voice", |o| {
        let caller = o.caller;
        o.calls(caller, "2000");
        o.answers(caller);
        o.hums(caller);
        o.run(secs(3));
        assert!(o.hears(caller, caller), "\n{}", o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
