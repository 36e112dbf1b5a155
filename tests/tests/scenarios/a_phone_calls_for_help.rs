//! A registered phone dials 999: at once, past every limit and the drain, by any trunk, as the site and from where it is; people are
//! told, and a call back reaches the phone (field note 1).

use super::{common::*, steps::*};
use tandem_call::Admin;

/// The number that the site shows.
const SITE: &str = "+442079460100";

/// What this phone was called with: From's user, of the last call.
fn shown(o: &Office, phone: PhoneId) -> String {
    let from = |(_, e): &(Mono, &PhoneEvent)| match e {
        PhoneEvent::Incoming { from, .. } => from.uri.user().map(ToString::to_string),
        _ => None,
    };
    o.noticed(phone)
        .iter()
        .rev()
        .find_map(from)
        .expect("it was called")
}

/// The calls' ends so far.
fn ends(o: &Office) -> usize {
    o.count(|w| matches!(w, What::CallEnded { .. }))
}

/// Waits until all calls that began are over, and everybody knows.
fn all_over(o: &mut Office) {
    let began = |w: &World| {
        w.journal()
            .iter()
            .filter(|e| matches!(e.what, What::CallStarted { .. }))
            .count()
    };
    let ended = |w: &World| {
        w.journal()
            .iter()
            .filter(|e| matches!(e.what, What::CallEnded { .. }))
            .count()
    };
    o.until(secs(70), "all calls are over", |w| began(w) == ended(w));
    o.run(ms(100));
}

#[test]
fn a_phone_calls_for_help() {
    scenario("a_phone_calls_for_help", |o| {
        let services = o.outside("services", "999", answers(3));
        let reception = o.desk("200", answers(1));
        let absent = o.desk("201", rejects(486));
        let desk = o.desk("203", Incoming::Wait);
        o.calls(desk, "999");
        o.answers(reception);
        let words = "Emergency call. Repairs one, extension 203, Northgate House, has dialled 999.";
        o.is_over(reception, secs(12));
        o.heard(reception, words);
        o.did_not_hear(absent, words);
        o.answers(desk);
        assert_eq!(shown(o, services), SITE);
        o.talk_both_ways(desk, services);
        o.hangs_up(desk);
        all_over(o);
        assert_eq!(ends(o), 3, "the call for help, and two people told");
        let asked = lines_with(o, "407");
        assert_eq!(asked, 0, "nobody asks who calls for help\n{}", o.ladder());
    });
}

#[test]
fn a_phone_behind_an_edge_proves_itself_before_it_calls_for_help() {
    let name = "a_phone_behind_an_edge_proves_itself_before_it_calls_for_help";
    scenario_in(
        &Config::office().with("name = \"gw-1\"", "name = \"gw-1\"\nmax_calls = 1"),
        name,
        |o| {
            let services = o.outside("services", "999", answers(1));
            let edge = "10.0.1.3".parse().expect("an address");
            o.net.writes(edge, |text| {
                let path = "\r\nPath: <sip:10.0.1.3;lr>\r\nContact:";
                text.starts_with("REGISTER")
                    .then(|| text.replacen("\r\nContact:", path, 1))
            });
            let desk = o.desk("203", Incoming::Wait);
            let caller = o.caller;
            o.calls(caller, "2000");
            o.answers(caller);
            o.hums(caller);
            // By the edge anybody could come. The node is full, which is no matter.
            o.calls(desk, "999");
            o.answers(desk);
            assert_eq!(lines_with(o, "407 Proxy"), 1, "\n{}", o.ladder());
            assert_eq!(shown(o, services), SITE);
            o.talk_both_ways(desk, services);
            o.hangs_up(desk);
            o.hangs_up(caller);
            all_over(o);
        },
    );
}

#[test]
fn limits_and_a_drain_do_not_hold_up_a_call_for_help() {
    let config = Config::office()
        .with("name = \"gw-1\"", "name = \"gw-1\"\nmax_calls = 1")
        .with(
            "[limits]\nmay_dial = [\"_+44",
            "[limits]\ncalls = 1\nmay_dial = [\"_+44",
        );
    let name = "limits_and_a_drain_do_not_hold_up_a_call_for_help";
    scenario_in(&config, name, |o| {
        let services = o.outside("services", "112", answers(1));
        let desk = o.desk("203", answers(1));
        let other = o.desk("204", Incoming::Wait);
        let caller = o.caller;
        are_connected(o, "203", desk);
        // One call is all that the node and the trunk take, and then it drains.
        o.admin(Admin::Drain);
        o.calls(other, "2000");
        is_refused(o, other, 503);
        o.calls(other, "112");
        o.answers(other);
        o.talk_both_ways(other, services);
        o.admin(Admin::HangupAll);
        o.is_over(caller, secs(12));
        o.is_over(desk, secs(12));
        o.talk_both_ways(other, services);
        o.hangs_up(services);
        o.is_over(other, ms(100));
    });
}

#[test]
fn a_call_back_reaches_the_phone_that_called_for_help() {
    scenario("a_call_back_reaches_the_phone_that_called_for_help", |o| {
        let services = o.outside("services", "999", answers(1));
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.calls(desk, "999");
        o.answers(desk);
        o.hangs_up(desk);
        all_over(o);
        o.calls(services, SITE);
        o.answers(desk);
        o.talk_both_ways(services, desk);
        o.hangs_up(services);
        all_over(o);
        // Who does not answer leaves the call to whom it would go else.
        o.does(desk, Act::Incoming(rejects(480)));
        o.is_still(services);
        o.calls(services, SITE);
        o.ai_says("How can I help you?");
        o.hangs_up(services);
        all_over(o);
        // An hour later it is the office's number and nothing else.
        o.does(desk, Act::Incoming(answers(1)));
        o.run(secs(3600));
        o.calls(caller, SITE);
        o.ai_says("How can I help you?");
        o.hangs_up(caller);
        all_over(o);
    });
}

#[test]
fn a_call_for_help_that_a_trunk_refuses_goes_by_the_next() {
    let config = two_trunks()
        .with(
            "[phones]\ndomain",
            "location = { country = \"GB\", A3 = \"London\" }\n[phones]\ndomain",
        )
        .and(
            "trunks/second.toml",
            "[emergency]\nlocation = \"pidf-lo\"\n",
        );
    let name = "a_call_for_help_that_a_trunk_refuses_goes_by_the_next";
    scenario_in(&config, name, |o| {
        let backup = unregistered(o, "second trunk", answers(1));
        let _first = o.outside("first trunk", "999", rejects(403));
        let desk = o.desk("203", Incoming::Wait);
        o.calls(desk, "999");
        o.answers(desk);
        assert_eq!(shown(o, backup), SITE);
        let with_place = o.sent().iter().filter_map(|(_, p)| p.sip());
        let with_place: Vec<_> = with_place
            .filter(|s| s.header("Geolocation").is_some())
            .collect();
        assert!(!with_place.is_empty());
        o.talk_both_ways(desk, backup);
        o.hangs_up(desk);
        all_over(o);
    });
}

#[test]
fn a_location_that_the_trunk_cannot_read_is_left_out() {
    let config = Config::office()
        .with(
            "[phones]\ndomain",
            "location = { country = \"GB\", A3 = \"London\" }\n[phones]\ndomain",
        )
        .and(
            "trunks/carrier.toml",
            "[emergency]\nlocation = \"pidf-lo\"\n",
        );
    let name = "a_location_that_the_trunk_cannot_read_is_left_out";
    scenario_in(&config, name, |o| {
        let services = o.outside("services", "999", rejects(415));
        let desk = o.desk("203", Incoming::Wait);
        o.calls(desk, "999");
        o.until(secs(5), "it is refused", |w| {
            w.has_noticed(services, |e| matches!(e, PhoneEvent::Incoming { .. }))
        });
        o.does(services, Act::Incoming(answers(1)));
        o.answers(desk);
        o.talk_both_ways(desk, services);
        o.hangs_up(services);
        all_over(o);
    });
}

#[test]
fn the_test_line_does_all_of_it_and_calls_nobody_for_help() {
    scenario(
        "the_test_line_does_all_of_it_and_calls_nobody_for_help",
        |o| {
            let services = o.outside("services", "999", answers(1));
            let line = o.outside("test line", "+441632960999", answers(1));
            let reception = o.desk("200", answers(1));
            let desk = o.desk("203", Incoming::Wait);
            o.calls(desk, "*999");
            o.answers(desk);
            assert_eq!(shown(o, line), SITE);
            o.talk_both_ways(desk, line);
            o.is_over(reception, secs(12));
            o.heard(
            reception,
            "This is a test. Repairs one, extension 203, Northgate House, tries the emergency line.",
        );
            never_rang(o, services);
            o.hangs_up(line);
            all_over(o);
        },
    );
}

#[test]
fn nobody_but_a_phone_dials_an_emergency_number() {
    let config = Config::office().with(
        "may_dial = [\"_20X\", \"+441632960555\"",
        "may_dial = [\"_X!\", \"_20X\", \"+441632960555\"",
    );
    scenario_in(
        &config,
        "nobody_but_a_phone_dials_an_emergency_number",
        |o| {
            let services = o.outside("services", "999", answers(1));
            let caller = o.caller;
            o.calls(caller, "999");
            is_refused(o, caller, 404);
            // What else they call goes as ever.
            o.calls(caller, "2001");
            o.ends(Party::Gateway, Reason::Normal);
            let dialled = tandem_dialplan::DialTarget::Trunk {
                trunk: "carrier",
                number: "999",
            };
            let refused = o.plan().may_dial(Some("head"), dialled).map_err(|f| f.rule);
            assert_eq!(
                refused,
                Err(
                    "999 is an emergency number: only a phone dials it, for its own site"
                        .to_owned()
                )
            );
            never_rang(o, services);
        },
    );
}

#[test]
fn a_person_passes_a_caller_on_to_the_services() {
    scenario("a_person_passes_a_caller_on_to_the_services", |o| {
        let services = o.outside("services", "999", answers(1));
        let person = o.desk("203", answers(1));
        let caller = o.caller;
        o.asks_for_repairs();
        o.answers(person);
        o.is_briefed();
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        let to = tandem_sip::message::Uri::sip("999", "10.0.0.1:5060");
        o.does(person, Act::Refer { to });
        o.is_over(person, secs(5));
        assert_eq!(shown(o, services), SITE);
        o.talk_both_ways(caller, services);
        o.hangs_up(caller);
        all_over(o);
    });
}
