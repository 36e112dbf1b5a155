//! Recordings: the caller on the left and all that they hear on the right, from when the plan says; what is kept while they rest;
//! and what a recording that cannot be made does to its call.

use super::common::*;
use tandem_call::Admin;
use tandem_types::recording::RecordingEnd;

fn recording(lines: &str) -> Config {
    Config::office().and("dialplans/head.toml", &format!("\n[recording]\n{lines}\n"))
}

/// The one recording: left and right.
fn sides(o: &Office) -> [Vec<i16>; 2] {
    let mut all = o.recordings();
    assert_eq!(all.len(), 1, "\n{}", o.ladder());
    all.remove(0)
}

fn is_whole(o: &Office) {
    let end =
        |w: &&What| matches!(w, What::RecordingEnded { sum } if sum.end == RecordingEnd::Whole);
    assert_eq!(o.facts().filter(end).count(), 1);
}

/// The longest stretch of nothing at all, in milliseconds.
fn longest_nothing(side: &[i16]) -> usize {
    let silent = side.split(|s| *s != 0);
    silent.map(<[i16]>::len).max().unwrap_or(0) / 8
}

#[test]
fn a_call_is_recorded_without_what_a_person_is_told_in_private() {
    let config = recording("calls = \"from-answer\"");
    let name = "a_call_is_recorded_without_what_a_person_is_told_in_private";
    scenario_in(&config, name, |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.answers(person);
        o.hums(person);
        let brief = o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        is_whole(o);

        let [left, right] = sides(o);
        let [me, them] = [Who::Phone(caller), Who::Phone(person)];
        let together = o.sounds_ms(&right, &them);
        assert!(
            (1900..3500).contains(&together),
            "{together} ms of the person"
        );
        assert!(o.sounds_ms(&left, &me) > 1900);
        assert_eq!(o.sounds_ms(&left, &them) + o.sounds_ms(&right, &me), 0);
        for side in [&left, &right] {
            assert_eq!(o.sounds_ms(side, &Who::Words(&brief)), 0, "the brief");
        }
        let greeting = o.text_with("How can I help you?").expect("said").to_owned();
        let greeting = Who::Words(&greeting);
        let (heard, kept) = (
            o.heard_ms(caller, &greeting),
            o.sounds_ms(&right, &greeting),
        );
        assert!(
            heard.abs_diff(kept) <= 60 && kept > 400,
            "{kept} of {heard} ms"
        );
    });
}

#[test]
fn a_person_lets_the_recording_rest_while_a_card_number_is_keyed() {
    let config = recording("calls = \"on-transfer\"\npause_code = \"*7\"");
    let name = "a_person_lets_the_recording_rest_while_a_card_number_is_keyed";
    scenario_in(&config, name, |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.answers(person);
        o.hums(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.presses(person, "*7");
        o.heard(person, "Recording paused.");
        o.presses(caller, "4111");
        o.run(secs(3));
        o.presses(person, "*7");
        o.heard(person, "Recording again.");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        is_whole(o);
        assert_eq!(
            o.count(|w| matches!(w, What::RecordingPaused { by } if by == "key *7")),
            1
        );

        let [left, right] = sides(o);
        let [me, them] = [Who::Phone(caller), Who::Phone(person)];
        for (side, who) in [(&left, &me), (&right, &them)] {
            let rest = longest_nothing(side);
            assert!((3000..9000).contains(&rest), "{rest} ms of nothing");
            assert!(o.sounds_ms(side, who) > 3500);
        }
        let greeting = o.text_with("How can I help you?").expect("said").to_owned();
        assert_eq!(
            o.sounds_ms(&right, &Who::Words(&greeting)),
            0,
            "before the transfer"
        );
        let heard = o.noticed(person);
        let keys = heard
            .iter()
            .filter(|(_, e)| matches!(e, PhoneEvent::Digit(_)));
        assert_eq!(keys.count(), 4, "the person has the number all the same");
        let caller_heard = o.noticed(caller);
        let codes = caller_heard
            .iter()
            .filter(|(_, e)| matches!(e, PhoneEvent::Digit(_)));
        assert_eq!(codes.count(), 0, "and the caller no code");
    });
}

#[test]
fn with_an_agent_who_must_not_be_recorded_nothing_is_kept_of_sound_and_words() {
    let config = recording("calls = \"after-notice\"\nnot_in = [\"agent:billing\"]");
    let name = "with_an_agent_who_must_not_be_recorded_nothing_is_kept_of_sound_and_words";
    scenario_in(&config, name, |o| {
        let caller = o.caller;
        o.calls_the_office();
        o.caller_says("there is a mistake on my bill");
        let paused = |w: &What| matches!(w, What::RecordingPaused { by } if by == "agent:billing");
        o.fact(secs(20), "the recording rests", paused);
        o.fact(
            secs(20),
            "the agent has spoken",
            |w| matches!(w, What::TurnEnded { text, .. } if text == "[not recorded]"),
        );
        o.says(caller, "when is my rent due");
        o.fact(secs(10), "the caller has spoken", |w| {
            matches!(w, What::TurnEnded { speaker: Speaker::Caller, text, .. } if text == "[not recorded]")
        });
        o.fact(secs(20), "the agent has answered", |w| {
            matches!(w, What::TurnEnded { speaker: Speaker::Agent(_), text, .. } if text == "[not recorded]")
        });
        let answer = o.text_with("Rent is due").expect("said").to_owned();
        o.heard(caller, &answer);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        is_whole(o);
        let [_, right] = sides(o);
        assert_eq!(o.sounds_ms(&right, &Who::Words(&answer)), 0);
        let kept =
            |w: &What| matches!(w, What::TurnEnded { text, .. } if text.contains("Rent is due"));
        assert_eq!(o.count(kept), 0);
    });
}

#[test]
fn an_admin_lets_a_recording_rest_and_go_on() {
    let config = recording("calls = \"from-answer\"\nnumbers = [\"2000\"]\ntone = \"15s\"");
    scenario_in(&config, "an_admin_lets_a_recording_rest_and_go_on", |o| {
        let caller = o.caller;
        o.calls(caller, "2000");
        o.answers(caller);
        o.hums(caller);
        o.run(secs(2));
        let call = o.journal()[0].call;
        o.admin(Admin::PauseRecording { call, paused: true });
        o.admin(Admin::PauseRecording { call, paused: true });
        o.run(secs(2));
        o.admin(Admin::PauseRecording {
            call,
            paused: false,
        });
        o.run(secs(2));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        is_whole(o);
        assert_eq!(
            o.count(|w| matches!(w, What::RecordingPaused { by } if by == "admin")),
            1
        );
        for side in sides(o) {
            let rest = longest_nothing(&side);
            assert!((1990..2010).contains(&rest), "{rest} ms of nothing");
            let hums = o.sounds_ms(&side, &Who::Phone(caller));
            assert!((3300..4100).contains(&hums), "{hums} ms");
        }
    });
}

#[test]
fn a_number_that_is_not_named_is_not_recorded() {
    let config = recording("calls = \"from-answer\"\nnumbers = [\"2001\"]");
    let config = config.with("start = \"agent:triage\"", "start = \"echo\"");
    scenario_in(&config, "a_number_that_is_not_named_is_not_recorded", |o| {
        let caller = o.caller;
        o.calls(caller, MAIN);
        o.answers(caller);
        o.hums(caller);
        o.run(secs(2));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert!(o.recordings().is_empty());
        assert_eq!(o.count(|w| matches!(w, What::RecordingStarted { .. })), 0);
    });
}

#[test]
fn a_recording_that_cannot_be_made_costs_the_call_nothing_and_keeps_its_secrets() {
    let config = recording("calls = \"from-answer\"\nnot_in = [\"agent:billing\"]");
    let name = "a_recording_that_cannot_be_made_costs_the_call_nothing_and_keeps_its_secrets";
    scenario_in(&config, name, |o| {
        let caller = o.caller;
        o.disk_is_full();
        o.calls_the_office();
        let full =
            |w: &What| matches!(w, What::RecordingEnded { sum } if sum.end == RecordingEnd::NoRoom);
        assert_eq!(o.count(full), 1);
        assert_eq!(
            o.count(|w| matches!(w, What::Alarm { text } if text.contains("disk"))),
            1
        );
        o.caller_says("there is a mistake on my bill");
        o.fact(
            secs(20),
            "the agent has spoken",
            |w| matches!(w, What::TurnEnded { text, .. } if text == "[not recorded]"),
        );
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        assert!(o.recordings().is_empty());
    });
}
