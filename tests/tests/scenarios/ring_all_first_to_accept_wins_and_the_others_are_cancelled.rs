//! All phones ring; the first to accept wins, and the others are told that it was taken elsewhere: no missed call on their
//! displays (RFC 3326; field note 10).

use super::common::*;

fn was_told(o: &Office, phone: PhoneId) -> bool {
    o.has_noticed(
        phone,
        |e| matches!(e, PhoneEvent::Ended { text: Some(t), .. } if t == "Call completed elsewhere"),
    )
}

#[test]
fn ring_all_first_to_accept_wins_and_the_others_are_cancelled() {
    scenario(
        "ring_all_first_to_accept_wins_and_the_others_are_cancelled",
        |o| {
            let caller = o.caller;
            let (rings, wins) = (o.desk("203", Incoming::Ring), o.desk("204", answers(2)));
            o.asks_for_repairs();
            o.rings(rings);
            o.answers(wins);
            o.is_briefed();
            // Answering alone takes nobody: the other phone rings on.
            o.run(secs(1));
            o.rings(rings);
            o.presses(wins, "1");
            o.is_over(rings, ms(100));
            assert!(was_told(o, rings), "{}", o.ladder());
            o.talk_both_ways(caller, wins);
            o.never_heard(rings, caller);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}

#[test]
fn of_two_who_answered_the_one_who_pressed_the_key_wins() {
    scenario(
        "of_two_who_answered_the_one_who_pressed_the_key_wins",
        |o| {
            let caller = o.caller;
            let (answers_first, wins) = (o.desk("203", answers(1)), o.desk("204", answers(2)));
            o.asks_for_repairs();
            o.answers(answers_first);
            o.answers(wins);
            o.run(ms(500));
            o.presses(wins, "1");
            o.is_over(answers_first, secs(3));
            o.heard(
                answers_first,
                "Somebody else has taken the call. Thank you, and goodbye.",
            );
            assert!(was_told(o, answers_first), "{}", o.ladder());
            o.talk_both_ways(caller, wins);
            o.never_heard(answers_first, caller);
            o.never_heard(caller, answers_first);
            assert_eq!(o.count(|w| matches!(w, What::TransferBriefed { .. })), 2);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
