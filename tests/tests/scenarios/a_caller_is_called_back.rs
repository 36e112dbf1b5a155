//! Callbacks: a caller who would rather not wait hangs up and keeps their place; a person of the queue is rung, hears who it is, and
//! then the caller's phone rings, as the number that they had called. Each way in which that can fail.

use super::{common::*, lines::*, promises::*, steps::rejects};
use tandem_call::{Admin, Owed, OwedBefore};
use tandem_types::journal::{CallbackEnd, CallbackTry, CallbackWish, QueueEnd};

#[test]
fn a_caller_is_called_back_in_their_place() {
    let name = "a_caller_is_called_back_in_their_place";
    let config = office("").with("\"ext:201\", \"ext:202\"", "\"ext:201\"");
    scenario_in(&config, name, |o| {
        let person = o.desk("201", answers(2));
        let (first, second) = (o.caller, one(o, 2, answers(3)));
        let third = one(o, 3, Incoming::Wait);
        waits(o, first);
        o.answers(person);
        o.talk_both_ways(first, person);
        waits(o, second);
        o.run(secs(4));
        assert_eq!(waits(o, third), 2);
        o.presses(second, "*");
        assert_eq!(leaves(o, secs(1)), QueueEnd::Left);
        is_told(o, second, PROMISE);
        o.is_over(second, secs(1));
        o.run(secs(5));
        assert_eq!(o.phone(person).state(), tandem_phone::State::Up);

        // They come before the third, who has waited for less.
        o.hangs_up(first);
        o.is_over(person, secs(1));
        o.answers(person);
        is_offered(o, person, "caller 2");
        o.presses(person, "1");
        o.answers(second);
        o.talk_both_ways(second, person);
        o.never_heard(third, person);
        o.hangs_up(person);
        o.is_over(second, secs(1));
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        assert_eq!(ends(o), [(CallbackEnd::Done, "gateway")]);
        o.answers(person);
        o.talk_both_ways(third, person);
        o.hangs_up(third);
        o.run(secs(1));
    });
}

/// Of somebody whom an agent had, people hear what the agent knows.
#[test]
fn a_person_who_calls_back_knows_what_the_agent_knew() {
    let name = "a_person_who_calls_back_knows_what_the_agent_knew";
    scenario_in(&office(""), name, |o| {
        let (caller, busy) = (o.caller, one(o, 2, Incoming::Wait));
        let person = o.desk("201", answers(1));
        waits(o, busy);
        o.answers(person);
        o.talk_both_ways(busy, person);
        o.asks_for_the_billing_team();
        o.run(secs(2));
        o.presses(caller, "*");
        is_told(o, caller, PROMISE);
        o.is_over(caller, secs(1));
        let wish = asked(o);
        assert!(wish.headline.starts_with("To be called back: "), "{wish:?}");
        assert!(wish.headline.contains("bill"), "{wish:?}");
        o.hangs_up(busy);
        o.is_over(person, secs(1));
        o.answers(person);
        is_told(o, person, &format!("{} {KEYS}", wish.headline));
        o.presses(person, "3");
        is_told(
            o,
            person,
            &format!("{} {} {KEYS}", wish.headline, wish.detail),
        );
        o.hangs_up(person);
        assert_eq!(tried(o, secs(1)), CallbackTry::NobodyTook);
        let asks = |w: &What| matches!(w, What::CallbackAsked { .. });
        let event = o.journal().iter().find(|e| asks(&e.what));
        let id = event.expect("they asked").call;
        o.admin(Admin::CancelCallback(id));
        o.run(secs(1));
    });
}

/// One cannot, one does not answer, and the caller is engaged: they are called again, as often as the plan says.
#[test]
fn who_is_not_reached_is_called_again_and_given_up_in_the_end() {
    let name = "who_is_not_reached_is_called_again_and_given_up_in_the_end";
    scenario_in(&office(""), name, |o| {
        let caller = one(o, 2, rejects(486));
        let (person, other) = (o.desk("201", answers(1)), o.desk("202", Incoming::Ring));
        asks(o, caller);
        o.answers(person);
        is_offered(o, person, "caller 2");
        o.presses(person, "2");
        is_told(o, person, "Thank you. Goodbye.");
        assert_eq!(tried(o, secs(1)), CallbackTry::NobodyTook);
        o.rings(other);
        assert_eq!(tried(o, secs(12)), CallbackTry::NobodyTook);
        // All were asked: they are left in peace for a while.
        o.run(secs(200));
        assert_eq!(
            o.count(|w| matches!(w, What::CallStarted { via, .. } if via == "callback")),
            2
        );
        for n in [1, 2] {
            o.until(secs(150), "a person is asked", |w| w.is_up(person));
            o.run(secs(2));
            o.presses(person, "1");
            assert_eq!(tried(o, secs(5)), CallbackTry::NotReached, "{n}");
            o.is_over(person, secs(1));
        }
        is_told(o, person, "I'm sorry, the line is busy. Goodbye.");
        o.run(secs(20));
        assert_eq!(ends(o), [(CallbackEnd::GivenUp, "gateway")]);
        o.run(secs(120));
        assert_eq!(o.count(|w| matches!(w, What::CallbackDialled { .. })), 2);
    });
}

/// Neither a number that is withheld, nor one that the plan does not name, is ever called back.
#[test]
fn who_cannot_be_called_back_is_told_so_and_led_on() {
    let name = "who_cannot_be_called_back_is_told_so_and_led_on";
    scenario_in(&office("otherwise = \"announce:notice\""), name, |o| {
        let caller = one(o, 9, answers(1));
        o.desk("201", answers(1));
        o.calls(caller, "2008");
        is_told(o, caller, "I'm sorry, we cannot call this number back.");
        is_told(
            o,
            caller,
            "This is a test announcement. Thank you for listening. Goodbye.",
        );
        o.ends(Party::Gateway, Reason::Normal);
        o.run(secs(30));
        assert_eq!(o.count(|w| matches!(w, What::CallbackAsked { .. })), 0);
    });
}

/// Who asks twice is called once; an admin takes it back while a person hears of it.
#[test]
fn who_asks_twice_is_called_once_and_an_admin_can_take_it_back() {
    let name = "who_asks_twice_is_called_once_and_an_admin_can_take_it_back";
    scenario_in(&office(""), name, |o| {
        let caller = one(o, 2, answers(1));
        asks(o, caller);
        let id = o.journal().last().expect("an event").call;
        o.run(secs(1));
        o.calls(caller, "2008");
        is_told(
            o,
            caller,
            "You are on our list already, and we will call you back. Goodbye.",
        );
        o.is_over(caller, secs(1));
        // Nobody was there; who comes is rung at once, when the caller has had a moment.
        o.run(secs(2));
        let person = o.desk("201", answers(1));
        o.until(secs(5), "a person is asked", |w| w.is_up(person));
        is_offered(o, person, "caller 2");
        o.admin(Admin::CancelCallback(id));
        o.admin(Admin::CancelCallback(id));
        o.presses(person, "1");
        is_told(o, person, "They need not be called any more. Goodbye.");
        assert_eq!(tried(o, secs(1)), CallbackTry::NobodyTook);
        assert_eq!(ends(o), [(CallbackEnd::Cancelled, "command")]);
        o.run(secs(70));
        assert_eq!(o.phone(caller).state(), tandem_phone::State::Idle);
    });
}

/// What an earlier run has promised is kept by the next one, as far as the minutes of the day go.
#[test]
fn a_promise_of_an_earlier_run_is_kept() {
    let name = "a_promise_of_an_earlier_run_is_kept";
    scenario_in(&office("minutes_a_day = 1"), name, |o| {
        let (caller, other) = (one(o, 2, answers(1)), one(o, 3, answers(1)));
        let person = o.desk("201", answers(1));
        let now = o.now();
        let owed = |n: u32, tries| Owed {
            callback: tandem_types::CallId(u128::from(n)),
            wish: CallbackWish {
                callback: "head/billing".to_owned(),
                number: format!("+44163296000{n}"),
                name: Some(format!("caller {n}")),
                called: MAIN.to_owned(),
                via: "carrier".to_owned(),
                since: now.wall,
                headline: format!("caller {n} wants to be called back."),
                detail: String::new(),
            },
            asked: now.wall,
            tries,
            dialled: None,
        };
        o.admin(Admin::CallbacksBefore(OwedBefore {
            owed: vec![owed(2, 1), owed(3, 2)],
            spoken: vec![("head/billing".to_owned(), now.wall, 58_000)],
        }));
        o.answers(person);
        is_offered(o, person, "caller 2");
        o.presses(person, "1");
        o.answers(caller);
        o.talk_both_ways(caller, person);
        o.run(secs(3));
        o.hangs_up(caller);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        o.is_over(person, secs(1));
        // The other was rung twice before; and now the minutes are spent.
        assert_eq!(
            ends(o),
            [
                (CallbackEnd::GivenUp, "gateway"),
                (CallbackEnd::Done, "gateway")
            ]
        );
        o.run(secs(1));
        asks(o, other);
        o.run(secs(60));
        assert_eq!(o.count(|w| matches!(w, What::CallbackTried { .. })), 1);
    });
}
