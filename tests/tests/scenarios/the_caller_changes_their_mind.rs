//! "Never mind", in words or by the star key, while phones ring or somebody is being briefed: the phones are free, and the caller is
//! with the AI, which has forgotten nothing.

use super::common::*;
use tandem_phone::State;

/// The caller is with the AI as if nothing had been.
fn is_kept(o: &mut Office) {
    o.ai_says("you are still with me");
    assert_eq!(
        o.handoff_ends().last(),
        Some(&(HandoffEnd::Abandoned, Some(Reason::Cancelled)))
    );
    o.caller_says("what are your opening hours");
    o.ai_says("We are open from Monday to Friday");
    let caller = o.caller;
    o.hangs_up(caller);
    o.ends(Party::Caller, Reason::Normal);
}

#[test]
fn the_caller_says_never_mind_while_it_rings() {
    scenario("the_caller_says_never_mind_while_it_rings", |o| {
        let (a, b) = (o.desk("203", Incoming::Wait), o.desk("204", Incoming::Wait));
        o.asks_for_repairs();
        o.rings(a);
        let caller = o.caller;
        o.is_still(caller);
        o.caller_says("never mind");
        for phone in [a, b] {
            o.is_over(phone, ms(100));
        }
        is_kept(o);
    });
}

#[test]
fn the_star_key_brings_the_caller_back_while_it_is_announced() {
    scenario(
        "the_star_key_brings_the_caller_back_while_it_is_announced",
        |o| {
            let person = o.desk("203", Incoming::Wait);
            o.calls_the_office();
            o.caller_says("my heating is broken");
            o.rings(person);
            let caller = o.caller;
            o.does(caller, Act::Press('*'));
            o.is_over(person, ms(300));
            is_kept(o);
            let through = |w: &What| matches!(w, What::TurnEnded { text, interrupted: true, .. } if text == "I'm");
            assert_eq!(o.count(through), 1, "cut\n{}", o.ladder());
        },
    );
}

#[test]
fn the_star_key_brings_the_caller_back_in_mid_brief() {
    scenario("the_star_key_brings_the_caller_back_in_mid_brief", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.is_briefed();
        o.run(ms(300));
        o.is_still(caller);
        o.presses(caller, "*");
        o.is_over(person, secs(3));
        o.heard(
            person,
            "The caller has decided not to wait. Thank you, and goodbye.",
        );
        o.never_heard(person, caller);
        is_kept(o);
    });
}

/// The key that comes when it was accepted already brings nobody back: the caller is with the person.
#[test]
fn the_star_key_is_too_late() {
    scenario("the_star_key_is_too_late", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.is_briefed();
        o.presses(person, "1");
        o.does(caller, Act::Press('*'));
        o.talk_both_ways(caller, person);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_long_wait_is_told_which_key_ends_it() {
    scenario("a_long_wait_is_told_which_key_ends_it", |o| {
        let caller = o.caller;
        let (_, second) = (o.desk("201", Incoming::Wait), o.desk("202", Incoming::Wait));
        o.asks_for_the_billing_team();
        o.is_still(caller);
        o.ai_says("I'm still trying to reach the billing team. If you would rather stay with me, press star, or say: never mind.");
        o.heard_from_the_ai("press star");
        o.rings(second);
        o.presses(caller, "*");
        o.until(ms(100), "the phone is free", |w| {
            w.phone(second).state() == State::Idle
        });
        is_kept_by_billing(o);
    });
}

fn is_kept_by_billing(o: &mut Office) {
    o.ai_says("you are still with me");
    o.caller_says("when is my rent due");
    o.ai_says("Rent is due on the first day of each month.");
    let caller = o.caller;
    o.hangs_up(caller);
    o.ends(Party::Caller, Reason::Normal);
}
