//! Attended transfer by a desk phone: the person puts the caller on hold, calls a colleague, and transfers them to each other (REFER
//! with Replaces). The colleague's phone keeps its dialog, and its sound moves by a re-INVITE.

use super::{common::*, steps::*};
use tandem_sip::message::{Replaces, Uri};

/// Puts whoever it has on hold and calls a colleague.
fn asks(o: &mut Office, person: PhoneId, number: &str) {
    o.does(person, Act::Hold(tandem_sdp::Direction::SendOnly));
    o.run(ms(100));
    let target = Uri::sip(number, "10.0.0.1:5060");
    o.does(person, Act::Consult { target });
}

/// The same, and the colleague answers.
fn talks_to(o: &mut Office, person: PhoneId, number: &str, colleague: PhoneId) {
    asks(o, person, number);
    o.until(secs(5), "the colleague answers", |w| w.is_up(colleague));
    o.talk_both_ways(person, colleague);
}

fn completes(o: &mut Office, person: PhoneId) {
    o.does(person, Act::Complete);
}

/// How each call ended, in order.
fn calls_end(o: &mut Office, limit: Duration) -> Vec<(Party, Reason)> {
    let ends = |w: &World| {
        let end = |w: &What| match w {
            What::CallEnded { end, .. } => Some((end.by, end.reason)),
            _ => None,
        };
        w.journal()
            .iter()
            .filter_map(|e| end(&e.what))
            .collect::<Vec<_>>()
    };
    o.until(limit, "both calls are over", |w| ends(w).len() == 2);
    ends(o)
}

/// The next re-INVITE to the colleague is lost: it is sent again half a second later.
fn a_reinvite_is_lost(o: &mut Office, colleague: PhoneId) {
    let to = o.phone(colleague).config().local_sip;
    o.net.drop_nth(1, move |p| {
        p.to == to && p.sip().is_some_and(|g| g.is("INVITE"))
    });
}

const TRANSFERRED: (Party, Reason) = (Party::Gateway, Reason::Transferred);
const HUNG_UP: (Party, Reason) = (Party::Caller, Reason::Normal);

#[test]
fn a_person_asks_a_colleague_and_passes_the_caller_on() {
    scenario("a_person_asks_a_colleague_and_passes_the_caller_on", |o| {
        let caller = o.caller;
        let colleague = o.desk("201", answers(1));
        let person = is_with_repairs(o);
        talks_to(o, person, "201", colleague);
        completes(o, person);
        o.is_over(person, secs(1));
        o.talk_both_ways(caller, colleague);
        assert_eq!(progress(o, person), [100, 200], "\n{}", o.ladder());
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None); 2]);
        let last = o.packages().pop().expect("two");
        let passed = tandem_types::context::HandoffReason::PersonPassedOn;
        assert_eq!(last.reason, passed);
        o.hangs_up(caller);
        assert_eq!(calls_end(o, secs(1)), [TRANSFERRED, HUNG_UP]);
    });
}

#[test]
fn the_colleague_hangs_up_first_and_the_ai_has_the_caller_again() {
    scenario(
        "the_colleague_hangs_up_first_and_the_ai_has_the_caller_again",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", answers(1));
            let person = is_with_repairs(o);
            talks_to(o, person, "201", colleague);
            completes(o, person);
            o.is_over(person, secs(1));
            o.run(secs(15));
            o.is_still(caller);
            o.hangs_up(colleague);
            o.ai_says("anything else");
            o.hangs_up(caller);
            assert_eq!(calls_end(o, secs(1)), [TRANSFERRED, HUNG_UP]);
        },
    );
}

/// Of two phones in a call without any AI, each passes the other on: the one that was called, and the one that called.
#[test]
fn whoever_called_may_pass_on_whom_they_called() {
    for calls in [true, false] {
        let name = match calls {
            true => "whoever_called_may_pass_on_whom_they_called",
            false => "whoever_was_called_may_pass_on_who_called",
        };
        scenario(name, |o| {
            let (desk, colleague) = (o.desk("203", answers(1)), o.desk("201", answers(1)));
            let other = o.desk("204", Incoming::Wait);
            o.calls(other, "203");
            o.answers(other);
            o.talk_both_ways(other, desk);
            let (person, stays) = if calls { (other, desk) } else { (desk, other) };
            talks_to(o, person, "201", colleague);
            completes(o, person);
            o.is_over(person, secs(1));
            o.talk_both_ways(stays, colleague);
            assert_eq!(progress(o, person), [100, 200], "\n{}", o.ladder());
            o.hangs_up(colleague);
            o.is_over(stays, secs(1));
            assert_eq!(calls_end(o, secs(1))[0], TRANSFERRED);
        });
    }
}

/// As most phones do: they hang up everything as soon as their REFER is accepted.
#[test]
fn the_person_hangs_up_at_once_and_the_colleague_has_the_caller() {
    scenario(
        "the_person_hangs_up_at_once_and_the_colleague_has_the_caller",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", answers(1));
            let person = is_with_repairs(o);
            talks_to(o, person, "201", colleague);
            a_reinvite_is_lost(o, colleague);
            completes(o, person);
            o.run(ms(100));
            o.hangs_up(person);
            o.is_over(person, secs(1));
            o.talk_both_ways(caller, colleague);
            o.hangs_up(caller);
            assert_eq!(calls_end(o, secs(1)), [TRANSFERRED, HUNG_UP]);
        },
    );
}

#[test]
fn the_person_and_the_colleague_are_gone_and_the_ai_has_the_caller_again() {
    scenario(
        "the_person_and_the_colleague_are_gone_and_the_ai_has_the_caller_again",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", answers(1));
            let person = is_with_repairs(o);
            talks_to(o, person, "201", colleague);
            a_reinvite_is_lost(o, colleague);
            o.is_still(caller);
            completes(o, person);
            o.run(ms(100));
            o.hangs_up(person);
            o.hangs_up(colleague);
            o.ai_says("nobody can take the call");
            o.hangs_up(caller);
            let ends = calls_end(o, secs(1));
            assert_eq!(ends[1], HUNG_UP);
        },
    );
}

/// The colleague's sound has moved already, and moves back.
#[test]
fn the_caller_hangs_up_while_the_colleague_is_moved() {
    scenario("the_caller_hangs_up_while_the_colleague_is_moved", |o| {
        let caller = o.caller;
        let colleague = o.desk("201", answers(1));
        let person = is_with_repairs(o);
        talks_to(o, person, "201", colleague);
        a_reinvite_is_lost(o, colleague);
        completes(o, person);
        o.run(ms(100));
        o.hangs_up(caller);
        o.run(secs(1));
        assert_eq!(progress(o, person), [100, 487], "\n{}", o.ladder());
        o.talk_both_ways(person, colleague);
        o.hangs_up(person);
        assert_eq!(calls_end(o, secs(1)), [HUNG_UP, HUNG_UP]);
    });
}

#[test]
fn a_colleague_who_is_dead_leaves_the_caller_with_the_person() {
    scenario(
        "a_colleague_who_is_dead_leaves_the_caller_with_the_person",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", answers(1));
            let person = is_with_repairs(o);
            talks_to(o, person, "201", colleague);
            o.does(colleague, Act::IgnoreEverything(true));
            completes(o, person);
            o.run(secs(33));
            let progress = progress(o, person);
            assert!(
                progress.len() == 2 && progress[1] >= 400,
                "{progress:?}\n{}",
                o.ladder()
            );
            o.does(person, Act::Resume);
            o.talk_both_ways(caller, person);
            o.does(colleague, Act::IgnoreEverything(false));
            o.hangs_up(caller);
            o.run(secs(40));
            assert_eq!(calls_end(o, secs(1))[1], HUNG_UP);
        },
    );
}

/// Their hold crosses our re-INVITE: it is sent again.
#[test]
fn a_colleague_whose_own_reinvite_crosses_is_moved_after_it() {
    scenario(
        "a_colleague_whose_own_reinvite_crosses_is_moved_after_it",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", answers(1));
            let person = is_with_repairs(o);
            talks_to(o, person, "201", colleague);
            completes(o, person);
            o.does(colleague, Act::Resume);
            o.is_over(person, secs(5));
            o.talk_both_ways(caller, colleague);
            assert_eq!(progress(o, person), [100, 200], "\n{}", o.ladder());
            o.hangs_up(caller);
            assert_eq!(calls_end(o, secs(1)), [TRANSFERRED, HUNG_UP]);
        },
    );
}

/// The dialog of a phone's call, as whoever takes its place would name it.
fn dialog_of(o: &Office, phone: PhoneId) -> Replaces {
    o.phone(phone).dialog().expect("a call")
}

#[test]
fn an_attended_transfer_that_may_not_be_is_refused_and_both_calls_go_on() {
    scenario(
        "an_attended_transfer_that_may_not_be_is_refused_and_both_calls_go_on",
        |o| {
            let caller = o.caller;
            let colleague = o.desk("201", Incoming::Ring);
            let stranger = o.desk("204", Incoming::Wait);
            let person = is_with_repairs(o);
            asks(o, person, "201");
            o.until(secs(5), "it rings", |w| {
                w.has_noticed(person, |e| matches!(e, PhoneEvent::Ringing { .. }))
            });
            completes(o, person); // it rings still
            o.run(ms(100));
            o.does(colleague, Act::Answer);
            o.talk_both_ways(person, colleague);
            let mine = dialog_of(o, person);
            let refers = |o: &mut Office, phone: PhoneId, replaces: &str| {
                let to = Uri::sip("tandem", "10.0.0.1:5060").with_header("Replaces", replaces);
                o.does(phone, Act::Refer { to });
                o.run(ms(100));
            };
            let early = Replaces {
                early_only: true,
                ..mine.clone()
            };
            refers(o, person, &early.to_string()); // it is answered
            refers(o, person, &mine.to_string()); // of the same call
            refers(o, person, "one@10.0.1.2;to-tag=a;from-tag=b"); // nobody's
            refers(o, person, "one@10.0.1.2;to-tag=a"); // nothing
            o.calls(stranger, "2000");
            o.until(secs(5), "the echo", |w| w.is_up(stranger));
            refers(o, stranger, &mine.to_string()); // with nobody to be passed on
            assert_eq!(progress(o, person), [481, 486, 603, 481, 400]);
            assert_eq!(progress(o, stranger), [603]);
            o.hangs_up(stranger);
            o.is_over(stranger, secs(1));
            // Another phone's dialog is not for this one to replace.
            let third = o.desk("202", answers(1));
            o.calls(stranger, "202");
            o.answers(stranger);
            refers(o, stranger, &mine.to_string());
            assert_eq!(progress(o, stranger), [603, 403], "\n{}", o.ladder());
            o.talk_both_ways(stranger, third);
            o.talk_both_ways(person, colleague);
            // The colleague hangs up before it is done: the dialog is gone.
            o.hangs_up(colleague);
            o.run(secs(1));
            refers(o, person, &mine.to_string());
            assert_eq!(progress(o, person).last(), Some(&481), "\n{}", o.ladder());
            o.does(person, Act::Resume);
            o.talk_both_ways(caller, person);
            for phone in [caller, third] {
                o.hangs_up(phone);
            }
            o.run(secs(1));
        },
    );
}
