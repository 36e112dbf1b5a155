//! A phone watches a colleague's (RFC 6665, RFC 4235): its lamp follows each call. Who is of the same pickup group takes what rings there.

use super::{common::*, steps::*};
use tandem_sip::message::{HeaderName, Headers, Replaces};

pub(crate) fn watches(o: &mut Office, watcher: PhoneId, whom: &str, package: &str, expires: u32) {
    o.does(
        watcher,
        Act::Watch {
            whom: whom.into(),
            package: package.into(),
            expires,
        },
    );
    o.run(ms(300));
}

/// Subscription-State and document of each NOTIFY so far.
pub(crate) fn told(o: &Office, watcher: PhoneId) -> Vec<(String, String)> {
    let told = |(_, e): (Mono, &PhoneEvent)| match e {
        PhoneEvent::Notified { state, body } => Some((state.clone(), body.clone())),
        _ => None,
    };
    o.noticed(watcher).into_iter().filter_map(told).collect()
}

/// What each document says of its calls: `early`, `confirmed`, `terminated`, or nothing where there are none.
fn lamp(o: &Office, watcher: PhoneId) -> Vec<String> {
    let states = |(_, body): (String, String)| {
        let all = body.split("<state>").skip(1);
        let all = all.filter_map(|rest| rest.split("</state>").next());
        all.collect::<Vec<_>>().join(" ")
    };
    told(o, watcher).into_iter().map(states).collect()
}

fn answers_to_watching(o: &Office, watcher: PhoneId) -> Vec<u16> {
    let status = |(_, e): (Mono, &PhoneEvent)| match e {
        PhoneEvent::Watching { status } => Some(*status),
        _ => None,
    };
    o.noticed(watcher).into_iter().filter_map(status).collect()
}

/// Nobody watches any more: the subscriptions have run out.
pub(crate) fn run_out(o: &mut Office) {
    o.until(secs(100), "the subscriptions run out", |w| {
        w.census().subscriptions == 0
    });
}

#[test]
fn a_lamp_shows_a_colleagues_calls() {
    scenario("a_lamp_shows_a_colleagues_calls", |o| {
        let desk = o.desk("203", answers(2));
        let watcher = o.desk("201", Incoming::Wait);
        watches(o, watcher, "203", "dialog", 60);
        assert_eq!(answers_to_watching(o, watcher), [200]);
        assert_eq!(lamp(o, watcher), [""]);
        let caller = o.caller;
        o.calls(caller, "203");
        o.answers(caller);
        o.talk_both_ways(caller, desk);
        assert_eq!(lamp(o, watcher), ["", "early", "confirmed"]);
        assert!(
            !told(o, watcher)[1].1.contains("+44"),
            "who calls is no business of theirs"
        );
        o.hangs_up(caller);
        o.is_over(desk, secs(1));
        o.ends(Party::Caller, Reason::Normal);
        o.run(ms(300));
        assert_eq!(lamp(o, watcher), ["", "early", "confirmed", "terminated"]);
        run_out(o);
        let last = told(o, watcher).pop().expect("told");
        assert_eq!(last.0, "terminated;reason=timeout");
    });
}

#[test]
fn a_lamp_shows_calls_of_a_colleagues_own_and_those_who_are_busy_when_it_is_lit() {
    let name = "a_lamp_shows_calls_of_a_colleagues_own_and_those_who_are_busy_when_it_is_lit";
    scenario(name, |o| {
        let (desk, other) = (o.desk("203", Incoming::Wait), o.desk("204", answers(1)));
        let watcher = o.desk("201", Incoming::Wait);
        watches(o, watcher, "203", "dialog", 60);
        o.calls(desk, "204");
        o.answers(desk);
        o.talk_both_ways(desk, other);
        let last = told(o, watcher).pop().expect("told").1;
        assert!(last.contains("direction=\"initiator\""), "{last}");
        watches(o, watcher, "204", "dialog", 60);
        let last = told(o, watcher).pop().expect("told").1;
        assert!(
            last.contains("confirmed") && last.contains("entity=\"sip:204@"),
            "{last}"
        );
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
        run_out(o);
    });
}

#[test]
fn what_is_not_theirs_is_refused_to_phones() {
    scenario("what_is_not_theirs_is_refused_to_phones", |o| {
        let watcher = o.desk("201", Incoming::Wait);
        for (whom, package, expires) in [
            ("203", "presence", 60),
            ("299", "dialog", 60),
            ("203", "message-summary", 60),
            ("203", "dialog", 20),
            ("201", "message-summary", 60),
        ] {
            watches(o, watcher, whom, package, expires);
        }
        assert_eq!(answers_to_watching(o, watcher), [489, 404, 403, 423, 200]);
        let (state, body) = told(o, watcher).pop().expect("told");
        assert!(state.starts_with("active"), "{state}");
        assert!(body.starts_with("Messages-Waiting: no\r\n"), "{body}");
        let stranger = unregistered(o, "stranger", Incoming::Wait);
        watches(o, stranger, "203", "dialog", 60);
        assert_eq!(answers_to_watching(o, stranger), [] as [u16; 0]);
        run_out(o);
    });
}

/// A phone that watches is switched off: it is told in vain, for as long as a request is repeated, and never again.
#[test]
fn a_phone_that_is_switched_off_is_told_nothing_more() {
    scenario("a_phone_that_is_switched_off_is_told_nothing_more", |o| {
        let desk = o.desk("203", answers(1));
        let watcher = o.desk("201", Incoming::Wait);
        watches(o, watcher, "203", "dialog", 3600);
        o.does(watcher, Act::IgnoreEverything(true));
        let caller = o.caller;
        o.calls(caller, "203");
        o.answers(caller);
        o.talk_both_ways(caller, desk);
        o.until(secs(40), "it is forgotten", |w| {
            w.census().subscriptions == 0
        });
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn whoever_leaves_says_so_to_those_who_watch() {
    scenario("whoever_leaves_says_so_to_those_who_watch", |o| {
        let watcher = o.desk("201", Incoming::Wait);
        watches(o, watcher, "203", "dialog", 3600);
        o.admin(tandem_call::Admin::Drain);
        o.run(ms(300));
        let last = told(o, watcher).pop().expect("told");
        assert_eq!(last.0, "terminated;reason=probation;retry-after=10");
        assert_eq!(o.census().subscriptions, 0);
        watches(o, watcher, "203", "dialog", 3600);
        assert_eq!(answers_to_watching(o, watcher), [200, 503]);
    });
}

fn one_group() -> Config {
    let mut config = Config::office();
    for name in ["Billing one", "Repairs one"] {
        let (old, new) = (
            format!("name = \"{name}\""),
            format!("name = \"{name}\"\npickup = [\"floor\"]"),
        );
        config = config.with(&old, &new);
    }
    config
}

/// What the watcher's key would send: the dialog that its lamp shows, from the other side.
fn seen(o: &Office, watcher: PhoneId) -> Headers {
    let body = told(o, watcher).pop().expect("told").1;
    let part = |name: &str| {
        let (_, rest) = body.split_once(&format!(" {name}=\"")).expect(name);
        rest.split('"').next().expect("a quote").to_owned()
    };
    let replaces = Replaces {
        call_id: part("call-id").into(),
        to_tag: part("remote-tag").into(),
        from_tag: part("local-tag").into(),
        early_only: true,
    };
    Headers::new().with(HeaderName::Replaces, replaces)
}

#[test]
fn a_colleagues_ringing_call_is_picked_up() {
    scenario_in(
        &one_group(),
        "a_colleagues_ringing_call_is_picked_up",
        |o| {
            let desk = o.desk("203", Incoming::Ring);
            let watcher = o.desk("201", Incoming::Wait);
            watches(o, watcher, "203", "dialog", 60);
            let caller = o.caller;
            o.calls(caller, "203");
            o.until(secs(5), "the lamp blinks", |w| {
                w.has_noticed(
                    watcher,
                    |e| matches!(e, PhoneEvent::Notified { body, .. } if body.contains("early")),
                )
            });
            let body = told(o, watcher).pop().expect("told").1;
            assert!(
                body.contains("sip:+441632960001@phones.example"),
                "who calls is shown: {body}"
            );
            let replaces = seen(o, watcher);
            o.calls_with(watcher, "203", replaces);
            o.answers(caller);
            o.talk_both_ways(caller, watcher);
            o.is_over(desk, secs(1));
            assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
            assert_eq!(
                lamp(o, watcher).last().map(String::as_str),
                Some("terminated")
            );
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            run_out(o);
        },
    );
}

/// A person who picks a transfer up is briefed as the one who was rung would have been.
#[test]
fn whoever_picks_a_transfer_up_is_told_who_it_is() {
    scenario_in(
        &one_group(),
        "whoever_picks_a_transfer_up_is_told_who_it_is",
        |o| {
            let desk = o.desk("203", Incoming::Ring);
            let watcher = o.desk("201", Incoming::Wait);
            watches(o, watcher, "203", "dialog", 60);
            o.asks_for_repairs();
            o.until(secs(20), "the lamp blinks", |w| {
                w.has_noticed(
                    watcher,
                    |e| matches!(e, PhoneEvent::Notified { body, .. } if body.contains("early")),
                )
            });
            let replaces = seen(o, watcher);
            o.calls_with(watcher, "203", replaces);
            assert!(o.is_briefed().contains("heating"), "{}", o.ladder());
            o.run(secs(1));
            o.presses(watcher, "1");
            let caller = o.caller;
            o.talk_both_ways(caller, watcher);
            assert!(!o.is_up(desk));
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            run_out(o);
        },
    );
}

/// Without a group in common nobody picks anything up, whatever they know of it.
#[test]
fn nobody_else_picks_a_call_up() {
    scenario("nobody_else_picks_a_call_up", |o| {
        let desk = o.desk("203", answers(3));
        let thief = o.desk("201", Incoming::Wait);
        let caller = o.caller;
        o.calls(caller, "203");
        o.until(secs(2), "it rings", |w| {
            w.has_noticed(desk, |e| matches!(e, PhoneEvent::Incoming { .. }))
        });
        o.run(ms(200));
        let dialog = o.phone(desk).dialog().expect("a call");
        o.calls_with(
            thief,
            "203",
            Headers::new().with(HeaderName::Replaces, dialog),
        );
        is_refused(o, thief, 403);
        o.answers(caller);
        o.talk_both_ways(caller, desk);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
