//! Acts: agreed to by the caller first, done once, and not claimed where nobody did them.

use super::{
    stage::{Model::*, Stage},
    tools::{BOOK, OPEN, at_repairs, called, ok, play, told},
};
use tandem_types::provider::ProviderFault;

#[test]
fn nothing_but_a_yes_to_the_question_does_it() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[Text("Of course."), BOOK, Done],
                &[Text("See you on Tuesday."), Done],
            ],
        );
        s.says("can somebody come on Tuesday");
        let n = s.said.len();
        assert_eq!(
            s.said[n - 2..],
            [
                "Shall I book a visit on Tuesday?",
                "Please say yes, or press 1."
            ]
        );
        assert!(s.fetched.is_empty(), "nobody has said yes");
        s.fetches.push_back((200, ok("")));
        s.says("yes please");
        assert_eq!(s.last(), "See you on Tuesday.");
        assert_eq!(s.fetched[0].body.as_deref(), Some(r#"{"day":"Tuesday"}"#));
    });
    play(|s| {
        at_repairs(s, &[&[BOOK, Done], &[Text("Booked."), Done]]);
        s.says("can somebody come on Tuesday");
        s.fetches.push_back((200, ok("")));
        s.keys("1");
        assert_eq!((s.last(), s.fetched.len()), ("Booked.", 1));
    });
    for no in ["no thank you", "what does it cost"] {
        play(|s| {
            at_repairs(
                s,
                &[
                    &[BOOK, Done],
                    &[Text("All right."), Done],
                    &[Text("Yes?"), Done],
                ],
            );
            s.says("can somebody come on Tuesday");
            s.says(no);
            assert_eq!(s.last(), "All right.");
            s.says("yes");
            assert!(s.fetched.is_empty(), "that yes was to something else");
        });
    }
}

#[test]
fn a_yes_that_came_before_the_question_was_heard_is_asked_for_again() {
    play(|s| {
        at_repairs(s, &[&[BOOK, Done], &[Text("Booked."), Done]]);
        s.speaks(1800, Stage::heard("can somebody come on Tuesday"));
        while s.last() != "Please say yes, or press 1." {
            s.run(50);
        }
        s.run(300);
        s.says("yes");
        assert!(s.fetched.is_empty(), "the question was cut off");
        let n = s.said.len();
        assert_eq!(s.said[n - 2], "Shall I book a visit on Tuesday?");
        s.fetches.push_back((100, ok("")));
        s.says("yes");
        assert_eq!((s.last(), s.fetched.len()), ("Booked.", 1));
    });
}

#[test]
fn silence_and_mumbling_put_the_question_again_so_that_a_yes_is_to_it() {
    play(|s| {
        at_repairs(s, &[&[BOOK, Done], &[Text("Booked."), Done]]);
        s.says("can somebody come on Tuesday");
        s.mumbles();
        let n = s.said.len();
        assert_eq!(s.said[n - 2], "Shall I book a visit on Tuesday?");
        s.run(8000);
        s.quiet();
        let n = s.said.len();
        assert_eq!(s.said[n - 2], "Shall I book a visit on Tuesday?");
        s.fetches.push_back((100, ok("")));
        s.says("yes");
        assert_eq!((s.last(), s.fetched.len()), ("Booked.", 1));
    });
}

#[test]
fn the_same_act_is_done_once() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[OPEN, OPEN, Done],
                &[Text("It is noted."), Done],
                &[OPEN, Done],
                &[Text("It is noted already."), Done],
            ],
        );
        s.fetches.push_back((200, ok(r#"{"ticket":1}"#)));
        s.says("it is under the sink");
        assert_eq!(s.last(), "It is noted.");
        assert!(told(s).iter().any(|t| t.contains("the same as another")));
        s.says("are you sure you have it noted");
        assert_eq!(s.last(), "It is noted already.");
        assert_eq!(
            told(s),
            [r#"{"answer":{"ticket":1},"ok":true}"#],
            "its answer again"
        );
        assert_eq!(s.fetched.len(), 1, "sent once");
        let key = s.fetched[0].key.clone().expect("a key");
        assert_eq!(key.len(), 32);
        assert_eq!(called(s), ["open_ticket"]);
    });
}

#[test]
fn an_act_that_failed_is_tried_again_by_the_same_key() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[OPEN, Done],
                &[Text("That did not work."), Done],
                &[OPEN, Done],
                &[Text("Now it is noted."), Done],
            ],
        );
        s.fetches.push_back((200, Err(ProviderFault::TimedOut)));
        s.fetches.push_back((200, ok("")));
        s.says("it is under the sink");
        s.says("please try that once more");
        assert_eq!(s.last(), "Now it is noted.");
        assert_eq!(s.fetched.len(), 2);
        assert_eq!(s.fetched[0].key, s.fetched[1].key);
    });
}

#[test]
fn what_was_not_done_is_done_or_taken_back() {
    let claim = Text("I have opened a ticket for you.");
    play(|s| {
        at_repairs(
            s,
            &[
                &[claim.clone(), Done],
                &[OPEN, Done],
                &[Text("Now it is open."), Done],
            ],
        );
        s.fetches.push_back((200, ok("")));
        s.says("it is under the sink");
        assert_eq!(
            s.refusals(),
            ["I have opened a ticket for you."],
            "the ledger says so"
        );
        let messages = &s.asked[2].messages;
        assert!(
            messages
                .last()
                .is_some_and(|m| m.content.contains("no tool has done it"))
        );
        assert_eq!((s.last(), s.fetched.len()), ("Now it is open.", 1));
    });
    play(|s| {
        at_repairs(
            s,
            &[
                &[claim.clone(), Done],
                &[Text("Sorry, it has not been opened."), Done],
            ],
        );
        s.says("it is under the sink");
        assert_eq!(s.last(), "Sorry, it has not been opened.");
    });
    let taken_back = "I'm sorry, I was wrong: that has not been done. Is there anything else I can help you with?";
    for second in [claim.clone(), Fails(ProviderFault::Status(500))] {
        play(|s| {
            at_repairs(s, &[&[claim.clone(), Done], &[second.clone(), Done]]);
            s.says("it is under the sink");
            assert_eq!(s.last(), taken_back);
            assert!(s.longest_silence < 3000, "{} ms", s.longest_silence);
        });
    }
    // What was done may be told, now and later.
    play(|s| {
        at_repairs(
            s,
            &[
                &[OPEN, Done],
                &[claim.clone(), Done],
                &[Text("Yes, it is opened."), Done],
            ],
        );
        s.fetches.push_back((200, ok("")));
        s.says("it is under the sink");
        s.says("have you really done that");
        assert_eq!((s.last(), s.refusals().len()), ("Yes, it is opened.", 0));
    });
}
