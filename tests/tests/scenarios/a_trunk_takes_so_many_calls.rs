//! A trunk has so many channels, of which some are kept for callers who are put through to people, and takes so many calls in a second.

use super::{common::*, steps::*};

fn limited(lines: &str) -> Config {
    Config::office().with(
        "[limits]\nmay_dial = [\"_+44",
        &format!("[limits]\n{lines}\nmay_dial = [\"_+44"),
    )
}

#[test]
fn a_full_trunk_refuses_a_caller_and_puts_the_first_one_through() {
    let name = "a_full_trunk_refuses_a_caller_and_puts_the_first_one_through";
    scenario_in(&limited("calls = 2\nreserve = 1"), name, |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(1));
        let caller = o.caller;
        o.does(
            caller,
            Act::AcceptRefer(ReferPolicy::Refuse { status: 603 }),
        );
        o.calls_the_office();
        let second = o.outside("second caller", "+441632960002", Incoming::Wait);
        o.calls(second, "2000");
        is_refused(o, second, 503);
        assert_eq!(retry_after_of_503(o), [None]);
        // A phone has no part in the reserve either.
        let desk = o.desk("203", Incoming::Wait);
        o.calls(desk, VIEWINGS);
        is_refused(o, desk, 503);
        never_rang(o, viewings);
        o.caller_says("i would like to book a viewing");
        o.ai_says("putting you through to the viewings desk");
        o.hums(caller);
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(viewings, ms(100));
        o.run(secs(1));
        o.calls(second, "2000");
        o.answers(second);
        o.hums(second);
        o.run(secs(1));
        o.hangs_up(second);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn callers_who_come_too_fast_hear_a_busy_tone() {
    let name = "callers_who_come_too_fast_hear_a_busy_tone";
    scenario_in(
        &limited("calls_per_second = 1\non_full = \"486\""),
        name,
        |o| {
            let caller = o.caller;
            let second = o.outside("second caller", "+441632960002", Incoming::Wait);
            o.calls(caller, "2000");
            o.run(ms(500));
            o.calls(second, "2000");
            is_refused(o, second, 486);
            o.hums(caller);
            o.run(secs(1));
            o.calls(second, "2000");
            o.answers(second);
            o.hums(second);
            o.run(secs(1));
            for phone in [caller, second] {
                o.hangs_up(phone);
                o.ends(Party::Caller, Reason::Normal);
            }
        },
    );
}

#[test]
fn the_codecs_are_those_of_the_trunk_that_takes_the_call() {
    let config = two_trunks().and("trunks/second.toml", "[media]\ncodecs = [\"pcmu\"]\n");
    let name = "the_codecs_are_those_of_the_trunk_that_takes_the_call";
    scenario_in(&config, name, |o| {
        let backup = unregistered(o, "second trunk", answers(1));
        let _first = o.outside("first trunk", VIEWINGS, rejects(503));
        let caller = o.caller;
        are_connected(o, "2005", backup);
        let offers = o.sent().iter().filter_map(|(_, p)| p.sip());
        let media = offers.filter(|s| s.is("INVITE")).filter_map(|s| {
            let line = s.body().lines().find(|l| l.starts_with("m="))?;
            Some(line.split(" RTP/AVP ").nth(1)?.to_owned())
        });
        let media: Vec<String> = media.collect();
        assert_eq!(media, ["8 0 101", "0 101"]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
