//! The person's phone loses its power in mid-call. Within 3 s the caller hears something, then that the line is looked at, and
//! soon the AI is back, says so, remembers, and puts them through again.

use super::{common::*, steps::*};
use tandem_types::context::HandoffReason;

#[test]
fn a_person_whose_phone_dies_gives_the_caller_back_to_the_ai() {
    scenario(
        "a_person_whose_phone_dies_gives_the_caller_back_to_the_ai",
        |o| {
            let (caller, person, other) = is_with_repairs(o);
            o.does(person, Act::IgnoreEverything(true));
            let died = o.elapsed();
            o.fact(
                secs(8),
                "the line is looked at",
                |w| matches!(w, What::Alarm { text } if text.contains("does not answer")),
            );
            assert!(o.elapsed() - died < secs(7), "\n{}", o.ladder());
            o.is_still(caller);
            o.ai_says("the connection was lost");
            assert!(o.elapsed() - died < secs(22), "\n{}", o.ladder());
            o.heard_from_the_ai("I am checking the line");
            o.does(other, Act::Incoming(answers(1)));
            o.caller_says("yes please");
            o.ai_says("putting you through to the repairs team");
            o.hums(caller);
            let brief = o.is_briefed();
            assert!(brief.contains("my heating is broken"), "{brief}");
            o.presses(other, "1");
            o.talk_both_ways(caller, other);
            let last = o.packages().pop().expect("two");
            assert!(
                last.hops
                    .iter()
                    .any(|h| h.reason == HandoffReason::PersonReturned)
            );
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

/// A phone that changes its radio cell: nothing is sent and nothing answered for some seconds, then both go on.
#[test]
fn a_person_whose_line_breaks_for_seconds_is_waited_for() {
    scenario(
        "a_person_whose_line_breaks_for_seconds_is_waited_for",
        |o| {
            let (caller, person, _) = is_with_repairs(o);
            o.does(person, Act::IgnoreEverything(true));
            o.run(secs(9));
            o.does(person, Act::IgnoreEverything(false));
            o.run(secs(1));
            o.talk_both_ways(caller, person);
            assert_eq!(o.count(|w| matches!(w, What::AgentEntered { .. })), 1);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

/// Muted, with silence suppression: asked once, kept, and the caller hears an open line and no word of it.
#[test]
fn a_muted_person_is_kept_and_the_caller_is_told_nothing() {
    scenario(
        "a_muted_person_is_kept_and_the_caller_is_told_nothing",
        |o| {
            let (caller, person, _) = is_with_repairs(o);
            let said = o.said().len();
            o.does(person, Act::SendNoRtp(true));
            o.run(secs(50));
            assert_eq!(o.said().len(), said, "\n{}", o.ladder());
            assert_eq!(lines_with(o, "200 OK to OPTIONS"), 2, "\n{}", o.ladder());
            o.does(person, Act::SendNoRtp(false));
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

/// A person behind a trunk that swallows OPTIONS listens for half a minute: nothing is taken from anybody.
#[test]
fn a_silent_person_behind_a_trunk_that_swallows_the_question_is_kept() {
    scenario(
        "a_silent_person_behind_a_trunk_that_swallows_the_question_is_kept",
        |o| {
            let engineer = o.outside("engineer", "+441632960555", answers(1));
            let caller = o.caller;
            o.calls_the_office();
            o.caller_says("i smell gas");
            o.ai_says("putting you through to the emergency engineer");
            o.hums(caller);
            o.is_briefed();
            o.presses(engineer, "1");
            o.talk_both_ways(caller, engineer);
            o.net
                .drop_all(|p| p.sip().is_some_and(|g| g.is_response(200, "OPTIONS")));
            o.does(engineer, Act::SendNoRtp(true));
            o.run(secs(30));
            o.does(engineer, Act::SendNoRtp(false));
            o.talk_both_ways(caller, engineer);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

/// The caller, a person of the repairs team (in a call with them), and the other one, who lets it ring.
fn is_with_repairs(o: &mut Office) -> (PhoneId, PhoneId, PhoneId) {
    let (person, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
    o.asks_for_repairs();
    o.answers(person);
    o.is_briefed();
    o.presses(person, "1");
    o.talk_both_ways(o.caller, person);
    (o.caller, person, other)
}
