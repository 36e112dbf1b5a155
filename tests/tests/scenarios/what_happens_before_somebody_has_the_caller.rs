//! Edges of the time between the decision and the join: people answer while the caller is still speaking or has us on hold, and the
//! total time runs out on somebody who is being told.

use super::common::*;
use tandem_sdp::Direction;

/// The transfer is decided and phones ring; the caller goes on speaking, so that nobody may be told anything yet.
fn goes_on_speaking(o: &mut Office) {
    o.calls_the_office();
    o.caller_says("my heating is broken");
    let caller = o.caller;
    o.begins_to_say(caller, "my name is Jane Smith");
}

#[test]
fn whoever_takes_the_caller_before_it_is_announced_is_joined_after_it() {
    let name = "whoever_takes_the_caller_before_it_is_announced_is_joined_after_it";
    scenario(name, |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        goes_on_speaking(o);
        o.answers(person);
        o.run(ms(300));
        o.presses(person, "1");
        assert_eq!(o.count(|w| matches!(w, What::TransferAccepted { .. })), 0);
        o.fact(secs(6), "joined", |w| {
            matches!(w, What::TransferBridged { .. })
        });
        o.talk_both_ways(caller, person);
        assert_eq!(o.count(|w| matches!(w, What::TransferBriefed { .. })), 0);
        assert_eq!(o.delivered(), [None]);
        let package = o.packages().pop().expect("one");
        assert!(package.entities.iter().any(|e| e.value == "Jane Smith"));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn whoever_declines_before_it_is_announced_is_passed_over() {
    scenario(
        "whoever_declines_before_it_is_announced_is_passed_over",
        |o| {
            let (caller, person) = (o.caller, o.desk("203", answers(1)));
            goes_on_speaking(o);
            o.answers(person);
            o.run(ms(300));
            o.presses(person, "2");
            o.is_over(person, ms(500));
            o.ai_says("I'm sorry, nobody can take the call right now.");
            assert_eq!(
                o.handoff_ends(),
                [(HandoffEnd::Failed, Some(Reason::Declined))]
            );
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn whoever_answers_is_not_kept_waiting_for_a_caller_who_holds() {
    scenario(
        "whoever_answers_is_not_kept_waiting_for_a_caller_who_holds",
        |o| {
            let (caller, person) = (o.caller, o.desk("203", answers(1)));
            o.calls_the_office();
            o.caller_says("my heating is broken");
            o.does(caller, Act::Hold(Direction::SendOnly));
            o.rings_within(person, ms(100));
            let rang = o.elapsed();
            o.is_briefed();
            assert!(o.elapsed() - rang < ms(4100), "\n{}", o.ladder());
            o.presses(person, "1");
            o.hears_music(person, secs(2));
            o.does(caller, Act::Resume);
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn a_caller_who_holds_is_taken_all_the_same() {
    scenario("a_caller_who_holds_is_taken_all_the_same", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(2)));
        o.asks_for_repairs();
        o.does(caller, Act::Hold(Direction::SendOnly));
        o.is_briefed();
        o.presses(person, "1");
        o.hears_music(person, secs(2));
        o.does(caller, Act::Resume);
        o.talk_both_ways(caller, person);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn the_total_time_is_over_in_mid_brief() {
    let config = Config::office().with(
        "answer_wait = \"5s\"",
        "answer_wait = \"5s\"\ntotal = \"10s\"",
    );
    scenario_in(&config, "the_total_time_is_over_in_mid_brief", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(9)));
        o.asks_for_repairs();
        o.is_briefed();
        o.is_still(caller);
        o.ai_says("I'm sorry, nobody answered.");
        o.is_over(person, secs(3));
        o.heard(
            person,
            "The caller is no longer waiting. Thank you, and goodbye.",
        );
        o.never_heard(person, caller);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
