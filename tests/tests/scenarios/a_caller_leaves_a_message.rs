//! Voicemail: a caller whom nobody takes leaves a message; the lamp of the phone that it is for lights, and it is heard there, kept
//! and deleted. Each way in which a message can end.

use super::{
    a_lamp_shows_a_colleagues_calls::{run_out, told, watches},
    common::*,
    lines::is_told,
    steps::{is_with_repairs, progress},
};
use tandem_call::{Admin, MessageAct};
use tandem_sip::message::Uri;
use tandem_types::{MessageId, journal::MessageEnd};

const GREETING: &str = "Nobody can take your call just now. Please leave a message after the tone.";
const THANKS: &str = "Thank you. Your message has been recorded.";

/// The number `2009` leads to a mailbox, whose phone is 201.
fn office(more: &str) -> Config {
    Config::office()
        .with(
            "\"2000\" = \"echo\"",
            "\"2000\" = \"echo\"\n\"2009\" = \"voicemail:general\"",
        )
        .and(
            "dialplans/head.toml",
            &format!("\n[voicemail.general]\nphones = [\"201\"]\n{more}\n"),
        )
        .and("phones.toml", "\n[features]\nvoicemail = \"*97\"\n")
}

/// The caller is at the tone.
fn reaches_the_tone(o: &mut Office, caller: PhoneId) {
    o.calls(caller, "2009");
    is_told(o, caller, GREETING);
    o.fact(
        secs(3),
        "a message begins",
        |w| matches!(w, What::MessageStarted { mailbox, .. } if mailbox == "head/general"),
    );
}

/// Waits until a message is over; says how, whether it is kept, and how many seconds it has.
fn is_left(o: &mut Office, limit: Duration) -> (MessageEnd, bool, u64) {
    let ended = o.fact(limit, "a message is over", |w| {
        matches!(w, What::MessageEnded { .. })
    });
    let What::MessageEnded { by, kept, sum, .. } = ended else {
        unreachable!("that was asked for")
    };
    (by, kept, sum.ms / 1000)
}

/// The last line of what the phone was told of its messages.
fn waiting(o: &Office, phone: PhoneId) -> String {
    let (_, body) = told(o, phone).pop().expect("told");
    let line = body.lines().find(|l| l.starts_with("Voice-Message: "));
    line.expect("a count").to_owned()
}

/// Waits until the phone is told which message comes next.
fn hears(o: &mut Office, phone: PhoneId, begins: &str) {
    o.until(secs(5), "it is called up", |w| {
        w.said().iter().any(|s| s.text.starts_with(begins))
    });
    let said = o.said().iter().rev().find(|s| s.text.starts_with(begins));
    let text = said.expect("it was said").text.clone();
    is_told(o, phone, &text);
}

fn message(o: &Office) -> MessageId {
    let all = o.facts().filter_map(|w| match w {
        What::MessageStarted { message, .. } => Some(*message),
        _ => None,
    });
    all.last().expect("a message")
}

#[test]
fn a_caller_leaves_a_message() {
    scenario_in(&office(""), "a_caller_leaves_a_message", |o| {
        let (caller, phone) = (o.caller, o.desk("201", Incoming::Wait));
        watches(o, phone, "201", "message-summary", 3600);
        assert_eq!(waiting(o, phone), "Voice-Message: 0/0 (0/0)");
        reaches_the_tone(o, caller);
        o.hums(caller);
        o.run(secs(4));
        o.is_still(caller);
        let (by, kept, seconds) = is_left(o, secs(8));
        assert_eq!((by, kept), (MessageEnd::Silence, true));
        assert!((8..=10).contains(&seconds), "{seconds} s");
        is_told(o, caller, THANKS);
        o.ends(Party::Gateway, Reason::Normal);
        o.is_over(caller, secs(1));
        o.run(ms(300));
        assert_eq!(waiting(o, phone), "Voice-Message: 1/0 (0/0)");
        let said = o.messages().remove(0);
        let voice = o.sounds_ms(&said, &Who::Phone(caller));
        assert!((3700..4300).contains(&voice), "{voice} ms of the caller");

        // It is heard, again, and kept.
        o.calls(phone, "*97");
        hears(
            o,
            phone,
            "New messages: 1. Saved messages: 0. New message 1, from ",
        );
        let keys = "To hear it again press 1. To save it press 2. To delete it press 3.";
        is_told(o, phone, keys);
        let voice = o.heard_ms(phone, &Who::Phone(caller));
        assert!((3700..4300).contains(&voice), "{voice} ms of the caller");
        o.run(ms(300));
        assert_eq!(waiting(o, phone), "Voice-Message: 0/1 (0/0)");
        o.presses(phone, "1");
        o.run(secs(3));
        let voice = o.heard_ms(phone, &Who::Phone(caller));
        assert!(voice > 5500, "{voice} ms of the caller");
        o.presses(phone, "2");
        is_told(o, phone, "Saved. There are no more messages. Goodbye.");
        o.ends(Party::Gateway, Reason::Normal);
        o.is_over(phone, secs(1));

        // And deleted, another time.
        o.calls(phone, "*97");
        hears(
            o,
            phone,
            "New messages: 0. Saved messages: 1. Saved message 1, from ",
        );
        o.presses(phone, "3");
        is_told(o, phone, "Deleted. There are no more messages. Goodbye.");
        o.ends(Party::Gateway, Reason::Normal);
        o.run(ms(300));
        assert_eq!(waiting(o, phone), "Voice-Message: 0/0 (0/0)");
        assert!(o.messages().is_empty(), "its file is erased");
        o.is_over(phone, secs(1));
        o.admin(Admin::Drain);
        o.run(secs(1));
    });
}

#[test]
fn whoever_hangs_up_in_mid_message_has_left_it() {
    let name = "whoever_hangs_up_in_mid_message_has_left_it";
    scenario_in(&office(""), name, |o| {
        let caller = o.caller;
        reaches_the_tone(o, caller);
        o.hums(caller);
        o.run(secs(3));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::HungUp, true));
        assert_eq!(o.messages().len(), 1);
    });
}

#[test]
fn whoever_hangs_up_at_the_tone_leaves_nothing() {
    let name = "whoever_hangs_up_at_the_tone_leaves_nothing";
    scenario_in(&office(""), name, |o| {
        let (caller, phone) = (o.caller, o.desk("201", Incoming::Wait));
        reaches_the_tone(o, caller);
        o.run(ms(700));
        o.hangs_up(caller);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::HungUp, false));
        assert!(o.messages().is_empty());
        o.calls(phone, "*97");
        is_told(o, phone, "There are no messages.");
        o.ends(Party::Gateway, Reason::Normal);
    });
}

#[test]
fn the_key_skips_the_greeting_and_ends_a_message() {
    let name = "the_key_skips_the_greeting_and_ends_a_message";
    let then = office("then = \"announce:notice\"");
    scenario_in(&then, name, |o| {
        let caller = o.caller;
        o.calls(caller, "2009");
        o.answers(caller);
        o.run(ms(500));
        o.presses(caller, "#");
        o.fact(secs(2), "a message begins", |w| {
            matches!(w, What::MessageStarted { .. })
        });
        o.did_not_hear(caller, THANKS);
        o.hums(caller);
        o.run(secs(3));
        o.is_still(caller);
        o.presses(caller, "#");
        let (by, kept, seconds) = is_left(o, secs(2));
        assert_eq!((by, kept), (MessageEnd::Key, true));
        assert!(seconds < 5, "{seconds} s");
        is_told(o, caller, THANKS);
        is_told(
            o,
            caller,
            "This is a test announcement. Thank you for listening. Goodbye.",
        );
        o.ends(Party::Gateway, Reason::Normal);
    });
}

#[test]
fn a_message_is_as_long_as_the_plan_allows() {
    let name = "a_message_is_as_long_as_the_plan_allows";
    let short = office("max_length = \"4s\"");
    scenario_in(&short, name, |o| {
        let caller = o.caller;
        reaches_the_tone(o, caller);
        o.hums(caller);
        let (by, kept, seconds) = is_left(o, secs(5));
        assert_eq!((by, kept), (MessageEnd::Longest, true));
        assert!((3..=4).contains(&seconds), "{seconds} s");
        is_told(o, caller, THANKS);
        o.ends(Party::Gateway, Reason::Normal);
    });
}

#[test]
fn a_full_disk_takes_no_message_and_says_so() {
    let name = "a_full_disk_takes_no_message_and_says_so";
    scenario_in(&office(""), name, |o| {
        let caller = o.caller;
        o.disk_is_full();
        reaches_the_tone(o, caller);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::Disk, false));
        is_told(
            o,
            caller,
            "I'm sorry, no message can be recorded just now. Please call again later.",
        );
        o.ends(Party::Gateway, Reason::Normal);
    });
}

/// The last resort of a queue, for a caller whom nobody takes.
#[test]
fn a_queue_that_nobody_answers_leads_to_its_mailbox() {
    let name = "a_queue_that_nobody_answers_leads_to_its_mailbox";
    let config = office("").with(
        "members = [\"ext:200\"]\nring = \"10s\"\ntransfer = \"warm\"\notherwise = [\"announce:busy\"]",
        "members = [\"ext:200\"]\nring = \"10s\"\ntransfer = \"warm\"\notherwise = [\"voicemail:general\"]",
    );
    scenario_in(&config, name, |o| {
        let caller = o.caller;
        o.calls(caller, "2002");
        o.answers(caller);
        o.run(ms(500));
        o.presses(caller, "0");
        is_told(o, caller, GREETING);
        o.run(secs(1));
        o.hums(caller);
        o.run(secs(3));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::HungUp, true));
    });
}

/// An agent takes callers to the mailbox who want to leave a message.
#[test]
fn an_agent_takes_a_caller_to_the_mailbox() {
    let name = "an_agent_takes_a_caller_to_the_mailbox";
    let config = office("")
        .with(
            "\"queue:billing\", \"agent:triage\"]",
            "\"queue:billing\", \"agent:triage\", \"voicemail:general\"]",
        )
        .with(
            "team = \"queue:billing\"\n[agents.billing.answers]",
            "team = \"voicemail:general\"\n[agents.billing.answers]",
        );
    scenario_in(&config, name, |o| {
        let caller = o.caller;
        o.calls_the_office();
        o.caller_says("there is a mistake on my bill");
        o.ai_says("Hello, this is billing");
        o.caller_says("please put me through to the billing team");
        is_told(o, caller, GREETING);
        o.fact(secs(3), "a message begins", |w| {
            matches!(w, What::MessageStarted { .. })
        });
        o.hums(caller);
        o.run(secs(3));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::HungUp, true));
        let last = o.handoff_ends().pop().expect("a handoff");
        assert_eq!(last, (HandoffEnd::Completed, None));
    });
}

/// Whoever has the caller sends them there by the transfer key of their phone, and is free at once.
#[test]
fn a_person_sends_the_caller_to_the_mailbox() {
    let name = "a_person_sends_the_caller_to_the_mailbox";
    scenario_in(&office(""), name, |o| {
        let caller = o.caller;
        let person = is_with_repairs(o);
        let to = Uri::sip("2009", "10.0.0.1:5060");
        o.does(person, Act::Refer { to });
        is_told(o, caller, GREETING);
        o.is_over(person, ms(100));
        assert_eq!(progress(o, person), [100, 200], "\n{}", o.ladder());
        o.fact(secs(3), "a message begins", |w| {
            matches!(w, What::MessageStarted { .. })
        });
        o.hums(caller);
        o.run(secs(3));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        let (by, kept, _) = is_left(o, secs(1));
        assert_eq!((by, kept), (MessageEnd::HungUp, true));
    });
}

/// What an admin does with it by the command line is on record, and the lamp follows.
#[test]
fn an_admin_hears_and_deletes_a_message() {
    let name = "an_admin_hears_and_deletes_a_message";
    scenario_in(&office("pin = \"file:secrets/pin\""), name, |o| {
        let (caller, phone) = (o.caller, o.desk("201", Incoming::Wait));
        watches(o, phone, "201", "message-summary", 60);
        reaches_the_tone(o, caller);
        o.hums(caller);
        o.run(secs(3));
        o.hangs_up(caller);
        is_left(o, secs(1));
        let message = message(o);
        for act in [MessageAct::Heard, MessageAct::Heard] {
            o.admin(Admin::Message { message, act });
            o.run(ms(300));
        }
        assert_eq!(waiting(o, phone), "Voice-Message: 0/1 (0/0)");
        assert_eq!(
            o.count(|w| matches!(w, What::MessageHeard { by, .. } if by == "command")),
            1
        );
        for act in [MessageAct::Delete, MessageAct::Delete] {
            o.admin(Admin::Message { message, act });
            o.run(ms(300));
        }
        assert_eq!(waiting(o, phone), "Voice-Message: 0/0 (0/0)");
        assert_eq!(o.count(|w| matches!(w, What::MessageDeleted { .. })), 1);
        assert!(o.messages().is_empty());
        run_out(o);
    });
}

/// Nobody hears messages without the PIN, and the journal never has it; a phone without a mailbox is told so.
#[test]
fn messages_are_heard_by_whoever_knows_the_pin() {
    let name = "messages_are_heard_by_whoever_knows_the_pin";
    scenario_in(&office("pin = \"file:secrets/pin\""), name, |o| {
        let (phone, other) = (o.desk("201", Incoming::Wait), o.desk("203", Incoming::Wait));
        o.calls(phone, "*97");
        is_told(o, phone, "Please enter your PIN, then press hash.");
        for pin in ["11#", "22#", "33#"] {
            o.presses(phone, pin);
            o.run(secs(4));
        }
        o.ends(Party::Gateway, Reason::Normal);
        o.did_not_hear(phone, "There are no messages.");
        let secret = |w: &What| matches!(w, What::KeyPressed { digit: '*', .. });
        assert_eq!(o.count(secret), 9);
        assert_eq!(o.count(|w| matches!(w, What::KeyPressed { .. })), 9);
        o.calls(phone, "*97");
        o.answers(phone);
        o.run(secs(4));
        o.presses(phone, "4711#");
        is_told(o, phone, "There are no messages.");
        o.ends(Party::Gateway, Reason::Normal);
        o.calls(other, "*97");
        is_told(o, other, "This phone has no mailbox.");
        o.ends(Party::Gateway, Reason::NotAllowed);
    });
}
