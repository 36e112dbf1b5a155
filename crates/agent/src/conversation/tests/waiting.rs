//! A caller who is being put through, and thinks better of it.

use super::stage::{Stage, play};
use crate::Input;
use tandem_types::{Reason, context::Speaker, journal::What};

/// The announcement of a transfer has begun.
fn is_put_through(s: &mut Stage) {
    s.begin();
    s.speaks(700, Stage::heard("operator"));
    s.run(1_500);
    assert!(
        s.last().starts_with("I'm putting you through"),
        "{}",
        s.last()
    );
}

fn offered(s: &Stage) -> usize {
    let offered = |w: &&What| matches!(w, What::HandoffOffered { .. });
    s.journal.iter().filter(offered).count()
}

#[test]
fn phones_may_ring_before_it_is_said() {
    play(|s| {
        is_put_through(s);
        assert_eq!((s.rung.len(), s.transfers.len()), (1, 0));
        s.quiet();
        assert_eq!(s.transfers[0].0.handoff, s.rung[0], "one handoff");
        assert_eq!(offered(s), 1);
    });
}

#[test]
fn somebody_who_has_answered_does_not_wait_for_our_words() {
    play(|s| {
        is_put_through(s);
        s.input(Input::TransferAnswered);
        assert_eq!(s.transfers.len(), 1);
    });
}

#[test]
fn somebody_who_has_answered_waits_for_the_callers_words() {
    play(|s| {
        is_put_through(s);
        s.speaks(900, Stage::heard("my postcode is SW1A 1AA"));
        s.run(300);
        s.input(Input::TransferAnswered);
        assert!(s.transfers.is_empty());
        s.quiet();
        assert_eq!(s.transfers[0].0.entities[0].value, "SW1A 1AA");
    });
}

#[test]
fn never_mind_while_it_is_announced() {
    play(|s| {
        is_put_through(s);
        s.speaks(600, Stage::heard("oh never mind"));
        s.quiet();
        assert_eq!((s.abandoned.len(), s.transfers.len()), (1, 0));
        assert_eq!(offered(s), 1, "what rings is on record");
        assert!(s.last().starts_with("All right"), "{}", s.last());
        s.says("when do you close");
        assert!(s.said.iter().any(|t| t.contains("from nine to five")));
    });
}

#[test]
fn never_mind_while_it_rings_by_key_and_in_words() {
    for by_key in [true, false] {
        play(|s| {
            s.begin();
            s.says("operator");
            s.input(Input::TransferRang);
            let handoff = s.handoff();
            match by_key {
                true => s.input(Input::Digit('*')),
                false => s.says("no I have changed my mind"),
            }
            s.quiet();
            assert_eq!(s.abandoned, [handoff]);
            assert!(s.last().starts_with("All right"), "{}", s.last());
            s.says("operator");
            assert_eq!(s.transfers.len(), 2, "it is no failed attempt");
        });
    }
}

#[test]
fn other_words_change_nothing_and_are_kept() {
    play(|s| {
        s.begin();
        s.says("operator");
        s.input(Input::TransferRang);
        let said = s.said.len();
        s.says("how long will this take");
        assert_eq!((s.abandoned.len(), s.said.len()), (0, said));
        let kept = |w: &What| matches!(w, What::TurnEnded { speaker: Speaker::Caller, text, .. } if text.contains("how long"));
        assert!(s.journal.iter().any(kept));
    });
}

/// Keys that lead nowhere, pressed while the hint is being said: once nobody took the caller, neither the rest of it nor an answer
/// to the keys is said instead of the reason.
#[test]
fn what_was_being_said_of_the_wait_ends_with_it() {
    for keys in ["", "5", "58"] {
        play(|s| {
            s.begin();
            s.says("operator");
            s.input(Input::TransferRang);
            s.run(10_500);
            assert!(s.last().contains("press star"), "{}", s.last());
            let hint = s.last().to_owned();
            for key in keys.chars() {
                s.input(Input::Digit(key));
            }
            s.run(200);
            s.fails(Reason::NoAnswer);
            let after: Vec<&String> = s.said.iter().skip_while(|t| **t != hint).skip(1).collect();
            assert!(
                after[0].starts_with("I'm sorry, nobody answered."),
                "{after:?}"
            );
            let turns = s.turns();
            let sorry = turns.iter().position(|t| t.starts_with("I'm sorry"));
            let sorry = sorry.expect("it was heard");
            assert!(!turns[sorry].ends_with('|'), "to its end: {turns:?}");
            assert!(
                turns[sorry - 1].ends_with('|') || !keys.is_empty(),
                "cut: {turns:?}"
            );
            assert!(
                turns.iter().all(|t| *t != hint),
                "not to its end: {turns:?}"
            );
        });
    }
}

#[test]
fn the_key_is_told_after_ten_seconds_and_then_every_25() {
    play(|s| {
        s.begin();
        s.says("operator");
        s.input(Input::TransferRang);
        let hints = |s: &Stage| s.said.iter().filter(|t| t.contains("press star")).count();
        for (wait, told) in [(5_000, 0), (5_000, 1), (18_000, 1), (8_000, 2)] {
            s.run(wait);
            assert_eq!(hints(s), told);
        }
        s.done();
        s.run(60_000);
        assert_eq!(hints(s), 2, "somebody has them");
    });
}
