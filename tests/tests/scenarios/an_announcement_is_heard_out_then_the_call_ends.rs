//! A number that leads to an announcement: the caller hears all of it, and then we hang up.

use super::common::*;

#[test]
fn an_announcement_is_heard_out_then_the_call_ends() {
    scenario("an_announcement_is_heard_out_then_the_call_ends", |o| {
        let caller = o.caller;
        o.calls(caller, "2001");
        o.ends(Party::Gateway, Reason::Normal);
        let text = "This is a test announcement. Thank you for listening. Goodbye.";
        let whole = tandem_sim::sound::spoken(text).as_millis() as u64;
        o.run(ms(100));
        let heard = o.heard_ms(caller, &Who::Words(text));
        assert!(heard + 60 >= whole, "{heard} of {whole} ms\n{}", o.ladder());
        o.is_over(caller, ms(100));
    });
}
