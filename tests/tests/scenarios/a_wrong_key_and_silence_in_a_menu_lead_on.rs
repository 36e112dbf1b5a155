//! A key that the menu does not have: it is said again. Then no key at all: the caller is led on to what the menu names, and told
//! goodbye.

use super::common::*;

#[test]
fn a_wrong_key_and_silence_in_a_menu_lead_on() {
    let config = Config::office().with("timeout = \"5s\"", "timeout = \"2s\"");
    scenario_in(&config, "a_wrong_key_and_silence_in_a_menu_lead_on", |o| {
        let caller = o.caller;
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(secs(1));
        o.presses(caller, "7");
        o.ends(Party::Gateway, Reason::Normal);
        let said: Vec<_> = o.said().iter().map(|s| s.text.clone()).collect();
        let (menu, busy) = (
            "For billing press one. For repairs press two. For reception press zero.",
            "Nobody can take your call just now. Please call again later. Goodbye.",
        );
        assert_eq!(said, [menu, menu, busy], "\n{}", o.ladder());
        o.heard(caller, menu);
        o.heard(caller, busy);
        o.is_over(caller, ms(100));
    });
}
