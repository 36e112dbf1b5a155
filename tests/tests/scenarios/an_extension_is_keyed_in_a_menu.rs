//! In a menu an extension is keyed: it rings as soon as its last digit is there. One that does not exist is a wrong key. A key that
//! might have begun one counts for itself when no other follows, and whoever is not answered is led on as silence is.

use super::common::*;

const MENU: &str = "For billing press one. For repairs press two. For reception press zero.";

fn office() -> Config {
    Config::office().with(
        "timeout = \"5s\"",
        "timeout = \"5s\"\ndirect_dial = \"_20X\"\ndigit_timeout = \"2s\"",
    )
}

#[test]
fn an_extension_is_keyed_in_a_menu() {
    scenario_in(&office(), "an_extension_is_keyed_in_a_menu", |o| {
        let caller = o.caller;
        let desk = o.desk("203", Incoming::Ring);
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(secs(1));
        o.presses(caller, "209");
        o.run(secs(1));
        let said: Vec<_> = o.said().iter().map(|s| s.text.clone()).collect();
        assert_eq!(said, [MENU, MENU], "nobody has 209\n{}", o.ladder());
        o.presses(caller, "203");
        o.rings(desk);
        o.run(secs(14));
        // Nobody answers: the caller is still here, and goes where silence leads.
        o.ends(Party::Gateway, Reason::Normal);
        o.heard(
            caller,
            "Nobody can take your call just now. Please call again later. Goodbye.",
        );
        o.is_over(desk, ms(100));
        o.is_over(caller, ms(100));
    });
}

#[test]
fn a_key_that_may_begin_an_extension_counts_after_a_while() {
    scenario_in(
        &office(),
        "a_key_that_may_begin_an_extension_counts_after_a_while",
        |o| {
            let caller = o.caller;
            let desk = o.desk("203", answers(1));
            o.calls(caller, "2002");
            o.answers(caller);
            o.run(secs(1));
            o.presses(caller, "2");
            o.run(ms(1_500));
            assert_eq!(
                o.phone(desk).state(),
                tandem_phone::State::Idle,
                "\n{}",
                o.ladder()
            );
            o.answers(desk);
            o.talk_both_ways(caller, desk);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
