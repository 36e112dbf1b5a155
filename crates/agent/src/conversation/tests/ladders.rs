use super::{
    office,
    stage::{Stage, play, play_with},
};
use crate::{Input, Return};
use std::time::Duration;
use tandem_types::{
    Reason,
    context::HandoffReason,
    provider::{ProviderFault, Transcript},
};

#[test]
fn not_understood_rephrases_then_shows_keys_then_calls_somebody() {
    play(|s| {
        s.begin();
        s.mumbles();
        assert_eq!(s.last(), "Sorry, is it about lettings, repairs or billing?");
        s.says("how do I make pancakes");
        assert!(
            s.last()
                .contains("Press 0 for reception or press 2 for billing."),
            "{}",
            s.last()
        );
        s.mumbles();
        assert_eq!(s.sent_to(), "queue:operator");
        assert_eq!(s.transfers[0].0.reason, HandoffReason::LowConfidence);
    });
}

#[test]
fn being_understood_starts_the_ladder_again() {
    play(|s| {
        s.begin();
        s.mumbles();
        s.mumbles();
        s.says("when are you open");
        s.mumbles();
        assert_eq!(s.last(), "Sorry, is it about lettings, repairs or billing?");
    });
}

#[test]
fn words_that_the_recogniser_rejects_are_kept_and_not_believed() {
    play(|s| {
        s.begin();
        s.speaks(
            900,
            Ok(Transcript {
                text: "you charged me twice".into(),
                confidence: 800,
                rejected: true,
            }),
        );
        s.quiet();
        assert_eq!(s.c.agent(), Some("triage"));
        assert!(s.turns().contains(&"you charged me twice".to_owned()));
        assert_eq!(s.last(), "Sorry, is it about lettings, repairs or billing?");
    });
}

#[test]
fn a_guess_that_stands_out_is_asked_back() {
    let mut rules = office::rules();
    let mut triage = (*rules.agents["triage"]).clone();
    triage.min_confidence = 1000;
    rules.agents.insert("triage".into(), triage.into());
    play_with(rules, |s| {
        s.begin();
        s.says("you charged me twice");
        assert_eq!(s.last(), "Is it about billing?");
        s.says("yes");
        assert_eq!(s.c.agent(), Some("billing"));
        assert!(s.last().contains("you charged me twice"), "{}", s.last());
    });
}

#[test]
fn silence_is_asked_about_twice_then_somebody_looks() {
    play(|s| {
        s.begin();
        let said = s.said.len();
        s.run(6_900);
        assert_eq!(s.said.len(), said);
        s.run(200);
        assert_eq!(s.last(), "Are you still there? I'm listening.");
        s.quiet();
        s.run(7_100);
        assert!(s.last().contains("Press 0"), "{}", s.last());
        s.quiet();
        s.run(8_100);
        s.quiet();
        assert_eq!(s.sent_to(), "queue:operator");
        s.fails(Reason::NoAnswer);
        s.run(60_000);
        assert_eq!(s.transfers.len(), 2, "tried once more");
        s.fails(Reason::NoAnswer);
        s.run(60_000);
        assert!(s.hung_up && s.last().contains("Goodbye"), "{}", s.last());
    });
}

#[test]
fn without_an_operator_silence_ends_in_goodbye() {
    let mut rules = office::rules();
    rules.operator = None;
    rules.on_human = None;
    play_with(rules, |s| {
        s.begin();
        s.run(60_000);
        assert!(s.hung_up);
        assert_eq!(s.last(), "Thank you for calling. Goodbye.");
        assert!(s.transfers.is_empty());
    });
}

#[test]
fn a_word_starts_the_idle_ladder_again() {
    play(|s| {
        s.begin();
        s.run(7_100);
        s.quiet();
        s.says("when are you open");
        s.run(7_100);
        assert_eq!(s.last(), "Are you still there? I'm listening.");
    });
}

#[test]
fn hold_stops_every_clock_and_ends_gently() {
    play(|s| {
        s.begin();
        s.input(Input::Held(true));
        assert!(!s.listening);
        let said = s.said.len();
        s.run(1_260_000);
        assert_eq!(s.said.len(), said, "21 minutes of hold music");
        s.input(Input::Held(false));
        assert!(s.listening);
        s.quiet();
        assert_eq!(s.last(), "I'm still here.");
        s.says("when are you open");
        assert!(s.last().starts_with("We are open"));
    });
}

#[test]
fn hold_in_the_middle_of_a_sentence_goes_on_with_it() {
    play(|s| {
        s.begin();
        s.speaks(900, Stage::heard("when are you open"));
        s.run(2_500);
        s.input(Input::Held(true));
        assert!(s.paused);
        s.run(30_000);
        s.input(Input::Held(false));
        s.quiet();
        assert!(
            s.turns()
                .last()
                .is_some_and(|t| t.ends_with("help you with?")),
            "{:?}",
            s.turns()
        );
    });
}

#[test]
fn too_many_turns_lead_to_the_operator() {
    let mut rules = office::rules();
    let mut triage = (*rules.agents["triage"]).clone();
    triage.max_turns = 3;
    rules.agents.insert("triage".into(), triage.into());
    play_with(rules, |s| {
        s.begin();
        s.says("when are you open");
        s.says("when do you close");
        assert!(s.transfers.is_empty());
        s.says("what are your opening hours");
        assert_eq!(s.sent_to(), "queue:operator");
        assert_eq!(s.transfers[0].0.reason, HandoffReason::LoopGuard);
    });
}

#[test]
fn the_time_of_the_ai_is_limited() {
    let mut rules = office::rules();
    rules.max_ai_time = Duration::from_secs(20);
    play_with(rules, |s| {
        s.begin();
        s.says("when are you open");
        s.run(20_000);
        s.quiet();
        assert_eq!(s.sent_to(), "queue:operator");
        s.fails(Reason::NoAnswer);
        assert!(s.hung_up, "nobody is there and the time is up");
        assert!(
            s.last().starts_with("I'm sorry, nobody can take your call"),
            "{}",
            s.last()
        );
    });
}

#[test]
fn the_time_with_people_is_not_the_ais() {
    let mut rules = office::rules();
    rules.max_ai_time = Duration::from_secs(60);
    play_with(rules, |s| {
        s.begin();
        s.says("operator");
        s.done();
        s.run(3_600_000);
        s.input(Input::Returned {
            note: None,
            how: Return::GivenBack,
        });
        s.quiet();
        s.says("when are you open");
        assert!(s.last().starts_with("We are open"), "{}", s.last());
    });
}

#[test]
fn a_recogniser_that_fails_twice_is_down() {
    play(|s| {
        s.begin();
        s.speaks(900, Err(ProviderFault::Unreachable));
        s.quiet();
        assert!(
            s.last()
                .starts_with("I'm sorry, I'm having trouble hearing you. Press 0"),
            "{}",
            s.last()
        );
        s.speaks(900, Err(ProviderFault::Open));
        s.quiet();
        assert_eq!(s.sent_to(), "menu:main");
        let doors = [
            ("stt".to_owned(), "keys".to_owned()),
            ("stt".to_owned(), "on_provider_down".to_owned()),
        ];
        assert_eq!(s.faults(), doors);
    });
}

#[test]
fn a_recogniser_that_never_answers_is_waited_for_with_words_and_then_not() {
    play(|s| {
        s.begin();
        s.speaks(900, Err(ProviderFault::TimedOut));
        s.run(3_200);
        assert_eq!(s.last(), "One moment, please.");
        s.run(10_000);
        assert!(s.said.iter().any(|t| t.contains("trouble hearing you")));
        assert_eq!(s.faults().len(), 1);
    });
}

#[test]
fn a_voice_that_fails_twice_is_down_and_that_is_acted_on_once() {
    play(|s| {
        s.mute = true;
        s.input(Input::Begin {
            agent: "triage".into(),
        });
        s.run(100);
        assert_eq!(s.sent_to(), "menu:main");
        s.run(30_000);
        assert_eq!(s.transfers.len(), 1);
        let acted = ("tts".to_owned(), "on_provider_down".to_owned());
        assert_eq!(s.faults().iter().filter(|f| **f == acted).count(), 1);
        assert!(s.faults().iter().all(|f| f.0 == "tts"));
        assert!(s.turns().is_empty(), "nothing was heard: {:?}", s.turns());
    });
}

#[test]
fn the_caller_never_waits_three_seconds_in_silence() {
    play(|s| {
        s.models = vec![vec![super::stage::Model::Hangs]; 3].into();
        s.begin();
        s.says("there is a leak in the kitchen");
        s.run(10_000);
        s.quiet();
        s.stt_ms = 3_900;
        s.speaks(900, Stage::heard("it is under the sink"));
        s.run(1_500);
        s.forget_silence();
        s.run(8_000);
        assert!(
            s.faults().len() >= 2,
            "recogniser slow, model dead: {:?}",
            s.faults()
        );
        assert!(s.longest_silence <= 3_000, "{}", s.longest_silence);
    });
}

#[test]
fn a_caller_who_got_their_answer_and_is_silent_is_told_goodbye() {
    play(|s| {
        s.begin();
        s.says("when are you open");
        s.run(60_000);
        assert!(s.hung_up && s.transfers.is_empty());
    });
}
