//! Callbacks of which something else comes than a person, the brief and the caller: people who say no or hang up, hours that end, a caller
//! who calls again, a number that answers and is silent.

use super::{common::*, lines::*, promises::*};
use tandem_sdp::Direction;
use tandem_types::journal::{CallbackEnd, CallbackTry, QueueEnd};

/// While one hears the last word after key 2, the next has the caller already: what becomes of the first call is nothing to the second.
#[test]
fn the_last_word_to_one_person_does_not_end_what_the_next_has_begun() {
    let name = "the_last_word_to_one_person_does_not_end_what_the_next_has_begun";
    let config = office("").with("attempts = 2", "attempts = 1");
    scenario_in(&config, name, |o| {
        let caller = one(o, 2, answers(1));
        let (first, second) = (o.desk("201", answers(1)), o.desk("202", answers(0)));
        asks(o, caller);
        o.answers(first);
        is_offered(o, first, "caller 2");
        o.presses(first, "2");
        o.answers(second);
        o.presses(second, "1");
        assert_eq!(tried(o, secs(5)), CallbackTry::NobodyTook);
        o.answers(caller);
        o.talk_both_ways(caller, second);
        o.never_heard(first, caller);
        // Their phone was rung as often as it may be; they are looked at again while they speak.
        o.run(secs(40));
        assert_eq!(ends(o), []);
        o.hangs_up(second);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        assert_eq!(ends(o), [(CallbackEnd::Done, "gateway")]);
        o.is_over(caller, secs(1));
    });
}

/// Nobody is rung outside the hours for those who asked within them; they keep their place until it opens again.
#[test]
fn who_waits_when_it_closes_is_called_back_when_it_opens() {
    let name = "who_waits_when_it_closes_is_called_back_when_it_opens";
    let hours = "within = \"lines\"\n[hours.lines]\ntimezone = \"UTC\"\nopen = \"Mo-Su 09:00-10:02,10:05-18:00\"";
    let config = office(hours).with("\"ext:201\", \"ext:202\"", "\"ext:201\"");
    scenario_in(&config, name, |o| {
        let (busy, caller) = (o.caller, one(o, 2, answers(1)));
        let person = o.desk("201", answers(1));
        waits(o, busy);
        o.answers(person);
        o.talk_both_ways(busy, person);
        asks(o, caller);
        let closed = Duration::from_secs(125);
        o.until(closed, "it is closed", |w| w.elapsed() >= closed);
        o.hangs_up(busy);
        o.is_over(person, secs(1));
        o.run(secs(150));
        assert_eq!(offers(o), 0);
        o.until(secs(45), "a person is asked", |w| w.is_up(person));
        assert!(o.elapsed() >= secs(300));
        o.presses(person, "1");
        o.answers(caller);
        o.talk_both_ways(caller, person);
        o.hangs_up(person);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        o.is_over(caller, secs(1));
    });
}

/// Who does not wait to be called back has the place that was kept for them, and is not called besides.
#[test]
fn a_caller_who_calls_again_has_their_place_and_is_not_called_back() {
    let name = "a_caller_who_calls_again_has_their_place_and_is_not_called_back";
    let config = office("").with("\"ext:201\", \"ext:202\"", "\"ext:201\"");
    scenario_in(&config, name, |o| {
        let person = o.desk("201", answers(2));
        let (first, second) = (o.caller, one(o, 2, Incoming::Wait));
        let third = one(o, 3, Incoming::Wait);
        waits(o, first);
        o.answers(person);
        o.talk_both_ways(first, person);
        asks(o, second);
        o.run(secs(20));
        waits(o, third);
        assert_eq!(waits(o, second), 1, "before the third, who came before");
        o.hangs_up(first);
        o.is_over(person, secs(1));
        o.answers(person);
        o.talk_both_ways(second, person);
        assert_eq!(ends(o), [(CallbackEnd::Cancelled, "caller")]);
        o.hangs_up(second);
        o.is_over(person, secs(1));
        o.answers(person);
        o.talk_both_ways(third, person);
        o.hangs_up(third);
        o.run(secs(60));
        assert_eq!(offers(o), 0);
    });
}

/// A person is asked while the caller calls again: they are told so; and who gives up waiting once more is called back all the same.
#[test]
fn who_calls_again_and_gives_up_is_called_back_all_the_same() {
    let name = "who_calls_again_and_gives_up_is_called_back_all_the_same";
    let config = office("").with("\"ext:201\", \"ext:202\"", "\"ext:201\"");
    scenario_in(&config, name, |o| {
        let (person, caller) = (o.desk("201", Incoming::Ring), one(o, 2, answers(1)));
        asks(o, caller);
        o.rings(person);
        waits(o, caller);
        o.does(person, Act::Answer);
        is_told(
            o,
            person,
            "They are calling us themselves just now. Goodbye.",
        );
        assert_eq!(tried(o, secs(1)), CallbackTry::NobodyTook);
        o.is_over(person, secs(1));
        o.rings_within(person, secs(1));
        o.hangs_up(caller);
        assert_eq!(leaves(o, secs(1)), QueueEnd::HungUp);
        o.is_over(caller, secs(1));
        // They are left in peace for some seconds.
        o.is_over(person, secs(1));
        o.until(secs(6), "a person is asked", |w| {
            w.phone(person).state() == tandem_phone::State::Ringing
        });
        o.does(person, Act::Answer);
        is_offered(o, person, "caller 2");
        o.presses(person, "1");
        o.answers(caller);
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        assert_eq!(ends(o), [(CallbackEnd::Done, "gateway")]);
        o.is_over(person, secs(1));
    });
}

/// Whoever hangs up while they are being told leaves it to the next, who is told from the beginning.
#[test]
fn a_person_who_hangs_up_in_the_brief_leaves_it_to_the_next() {
    let name = "a_person_who_hangs_up_in_the_brief_leaves_it_to_the_next";
    scenario_in(&office(""), name, |o| {
        let caller = one(o, 2, answers(1));
        let (first, second) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        asks(o, caller);
        o.answers(first);
        o.run(secs(1));
        o.hangs_up(first);
        assert_eq!(tried(o, secs(1)), CallbackTry::NobodyTook);
        o.answers(second);
        is_offered(o, second, "caller 2");
        assert_eq!(o.phone(caller).state(), tandem_phone::State::Idle);
        o.presses(second, "1");
        o.answers(caller);
        o.talk_both_ways(caller, second);
        o.hangs_up(caller);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        o.is_over(second, secs(1));
        o.run(secs(30));
        assert_eq!(offers(o), 2);
    });
}

/// A far end that answers and sends nothing has not been spoken to, whatever it is.
#[test]
fn a_number_that_answers_and_is_silent_is_called_again() {
    let name = "a_number_that_answers_and_is_silent_is_called_again";
    scenario_in(&office(""), name, |o| {
        let caller = one(o, 2, answers(1));
        let person = o.desk("201", answers(1));
        asks(o, caller);
        o.does(caller, Act::SendNoRtp(true));
        o.answers(person);
        is_offered(o, person, "caller 2");
        o.presses(person, "1");
        o.answers(caller);
        o.run(secs(5));
        o.hangs_up(person);
        assert_eq!(tried(o, secs(1)), CallbackTry::NotReached);
        assert_eq!(ends(o), []);
        o.is_over(caller, secs(1));
        o.does(caller, Act::SendNoRtp(false));
        o.until(secs(90), "a person is asked", |w| w.is_up(person));
        o.presses(person, "1");
        o.answers(caller);
        o.talk_both_ways(caller, person);
        o.hangs_up(person);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        assert_eq!(ends(o), [(CallbackEnd::Done, "gateway")]);
        o.is_over(caller, secs(1));
    });
}

/// Nobody is told anything on hold; who does not come back from it in time is let go, and the next is asked.
#[test]
fn a_person_who_puts_the_question_on_hold_leaves_it_to_the_next() {
    let name = "a_person_who_puts_the_question_on_hold_leaves_it_to_the_next";
    scenario_in(&office(""), name, |o| {
        let caller = one(o, 2, answers(1));
        let (first, second) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        asks(o, caller);
        o.answers(first);
        o.does(first, Act::Hold(Direction::SendOnly));
        assert_eq!(tried(o, secs(100)), CallbackTry::NobodyTook);
        o.is_over(first, secs(1));
        o.answers(second);
        is_offered(o, second, "caller 2");
        o.presses(second, "1");
        o.answers(caller);
        o.talk_both_ways(caller, second);
        o.hangs_up(second);
        assert_eq!(tried(o, secs(1)), CallbackTry::Spoke);
        o.is_over(caller, secs(1));
    });
}
