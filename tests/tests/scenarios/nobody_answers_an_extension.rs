//! A call to an extension that nobody answers, for whatever reason, is led to the mailbox that answers for it: from outside, by the
//! key of a menu, and from another phone. What a queue rings is not.

use super::{common::*, lines::is_told};
use tandem_types::journal::MessageEnd;

const GREETING: &str = "Nobody can take your call just now. Please leave a message after the tone.";

/// 201 has a mailbox, 202 has none.
fn office() -> Config {
    Config::office()
        .with("2 = \"queue:repairs\"", "2 = \"ext:201\"")
        .and(
            "dialplans/head.toml",
            "\n[voicemail.one]\nphones = [\"201\"]\nanswers_for = [\"201\"]\n",
        )
}

fn leaves_a_message(o: &mut Office, caller: PhoneId) {
    is_told(o, caller, GREETING);
    o.fact(
        secs(3),
        "a message begins",
        |w| matches!(w, What::MessageStarted { mailbox, .. } if mailbox == "head/one"),
    );
    o.hums(caller);
    o.run(secs(3));
    o.hangs_up(caller);
    o.ends(Party::Caller, Reason::Normal);
    let ended = o.fact(secs(1), "a message is over", |w| {
        matches!(w, What::MessageEnded { .. })
    });
    assert!(
        matches!(
            ended,
            What::MessageEnded {
                by: MessageEnd::HungUp,
                kept: true,
                ..
            }
        ),
        "{ended:?}"
    );
}

#[test]
fn nobody_answers_an_extension_and_its_mailbox_does() {
    let name = "nobody_answers_an_extension_and_its_mailbox_does";
    scenario_in(&office(), name, |o| {
        let (caller, phone) = (o.caller, o.desk("201", Incoming::Ring));
        o.calls(caller, "201");
        leaves_a_message(o, caller);
        o.is_over(phone, secs(1));
    });
}

#[test]
fn whoever_is_busy_or_away_has_their_mailbox_answer() {
    for (how, incoming) in [
        ("busy", Some(Incoming::Busy)),
        (
            "declining",
            Some(Incoming::RingThenReject {
                after: secs(2),
                status: 603,
            }),
        ),
        ("not_registered", None),
    ] {
        let name = format!("the_mailbox_answers_for_whoever_is_{how}");
        scenario_in(&office(), &name, |o| {
            let caller = o.caller;
            if let Some(incoming) = incoming.clone() {
                o.desk("201", incoming);
            }
            o.calls(caller, "201");
            leaves_a_message(o, caller);
        });
    }
}

#[test]
fn a_mailbox_comes_before_what_a_menu_does_otherwise() {
    let name = "a_mailbox_comes_before_what_a_menu_does_otherwise";
    scenario_in(&office(), name, |o| {
        let (caller, phone) = (o.caller, o.desk("201", Incoming::Ring));
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(secs(1));
        o.presses(caller, "2");
        leaves_a_message(o, caller);
        o.is_over(phone, secs(1));
    });
}

#[test]
fn a_colleague_leaves_a_message_as_well() {
    let name = "a_colleague_leaves_a_message_as_well";
    scenario_in(&office(), name, |o| {
        let colleague = o.desk("203", Incoming::Wait);
        o.desk("201", Incoming::Busy);
        o.calls(colleague, "201");
        leaves_a_message(o, colleague);
    });
}

#[test]
fn an_extension_without_a_mailbox_and_a_queue_have_none_answer() {
    let name = "an_extension_without_a_mailbox_has_none_answer";
    scenario_in(&office(), name, |o| {
        let caller = o.caller;
        o.desk("202", Incoming::Busy);
        o.calls(caller, "202");
        o.ends(Party::Callee, Reason::Busy);
    });
    let name = "a_member_of_a_queue_has_no_mailbox_answer";
    scenario_in(&office(), name, |o| {
        let caller = o.caller;
        o.desk("201", Incoming::Busy);
        o.calls(caller, "2003");
        is_told(
            o,
            caller,
            "Nobody can take your call just now. Please call again later. Goodbye.",
        );
        o.ends(Party::Gateway, Reason::Normal);
        assert_eq!(o.count(|w| matches!(w, What::MessageStarted { .. })), 0);
    });
}
