use super::stage::{Stage, play};
use crate::Input;
use tandem_types::provider::Transcript;

/// The office has begun its greeting, after the disclosure.
fn in_the_greeting(s: &mut Stage) {
    s.input(Input::Begin {
        agent: "triage".into(),
    });
    s.run(46 * 60 + 1_000);
}

#[test]
fn speech_halts_the_greeting_and_half_a_second_of_it_ends_it() {
    play(|s| {
        in_the_greeting(s);
        s.speaks(1_500, Stage::heard("you charged me twice"));
        s.run(210);
        assert!(s.paused);
        s.run(300);
        assert!(s.log.iter().any(|l| l.contains("StopSaying")));
        s.quiet();
        let turns = s.turns();
        let heard = "You are speaking with our automated assistant. Good morning, |";
        assert_eq!(turns[0], heard, "words that were heard, and no half one");
        assert_eq!(turns[1], "you charged me twice");
        assert_eq!(s.c.agent(), Some("billing"));
    });
}

#[test]
fn a_noise_of_assent_changes_nothing() {
    play(|s| {
        in_the_greeting(s);
        s.speaks(300, Stage::heard("mm-hmm"));
        s.run(250);
        assert!(s.paused);
        s.run(900);
        assert!(!s.paused, "goes on from there");
        s.quiet();
        let turns = s.turns();
        assert!(
            turns.iter().any(|t| t == "mm-hmm"),
            "no word is lost: {turns:?}"
        );
        assert!(
            turns.iter().any(|t| t.ends_with("How can I help?")),
            "{turns:?}"
        );
        assert!(!s.log.iter().any(|l| l.contains("StopSaying")));
    });
}

#[test]
fn a_short_word_that_means_something_ends_it() {
    play(|s| {
        in_the_greeting(s);
        s.speaks(350, Stage::heard("operator"));
        s.quiet();
        assert_eq!(s.sent_to(), "queue:reception");
        assert!(s.turns()[0].ends_with('|'), "{:?}", s.turns());
    });
}

#[test]
fn a_cough_is_forgiven() {
    play(|s| {
        in_the_greeting(s);
        s.speaks(250, Ok(Transcript::default()));
        s.quiet();
        assert!(s.turns()[0].ends_with("How can I help?"), "{:?}", s.turns());
        assert_eq!(s.said.len(), 2);
    });
}

#[test]
fn the_disclosure_is_heard_to_its_end_and_the_caller_after_it() {
    play(|s| {
        s.input(Input::Begin {
            agent: "triage".into(),
        });
        s.run(200);
        s.speaks(700, Stage::heard("when are you open"));
        s.quiet();
        assert!(
            s.journal
                .iter()
                .any(|w| matches!(w, tandem_types::journal::What::Disclosed { .. }))
        );
        assert!(s.last().starts_with("We are open"));
        let greeted = s.turns().iter().any(|t| t.contains("How can I help?"));
        assert!(!greeted, "they have said it already: {:?}", s.turns());
    });
}

#[test]
fn a_key_ends_an_utterance_at_once() {
    play(|s| {
        in_the_greeting(s);
        s.input(Input::Digit('4'));
        assert!(s.log.iter().any(|l| l.contains("StopSaying")));
        s.input(Input::Digit('2'));
        s.run(3_000);
        s.quiet();
        assert!(s.turns().contains(&"42".to_owned()));
    });
}

#[test]
fn words_in_two_stretches_are_one_request() {
    play(|s| {
        s.begin();
        s.stt_ms = 900;
        s.speaks(600, Stage::heard("I have a question"));
        s.run(1_300);
        s.speaks(700, Stage::heard("when are you open"));
        s.quiet();
        let turns = s.turns();
        assert_eq!(turns[1..3], ["I have a question", "when are you open"]);
        assert_eq!(
            s.said
                .iter()
                .filter(|t| t.starts_with("We are open"))
                .count(),
            1
        );
        assert!(
            !s.said.iter().any(|t| t.starts_with("Sorry")),
            "{:?}",
            s.said
        );
    });
}

#[test]
fn stretches_are_answered_in_their_order_even_if_their_words_are_not() {
    play(|s| {
        s.begin();
        s.stt_ms = 1_500;
        s.speaks(300, Stage::heard("my name is tom"));
        s.run(950);
        s.stt_ms = 50;
        s.speaks(300, Stage::heard("and you charged me twice"));
        s.quiet();
        assert_eq!(
            s.turns()[1..3],
            ["my name is tom", "and you charged me twice"]
        );
        assert_eq!(s.c.agent(), Some("billing"));
    });
}

#[test]
fn a_line_that_is_never_quiet_is_answered_all_the_same() {
    play(|s| {
        s.begin();
        s.speaks(600, Stage::heard("when are you open"));
        s.run(1_250);
        s.speaks(25_000, Ok(Transcript::default()));
        s.run(10_000);
        assert!(s.last().starts_with("We are open"), "{:?}", s.said);
    });
}
