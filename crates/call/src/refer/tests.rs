//! The table of a REFER, cell by cell, and its times.

use super::*;

const WAIT: Duration = Duration::from_secs(20);

fn at(ms: u64) -> Mono {
    Mono(ms * 1_000_000)
}

fn notify(status: u16, terminated: bool) -> Input {
    let status = (status > 0).then_some(status);
    Input::Notify { status, terminated }
}

fn events() -> [Input; 10] {
    [
        Input::Response(202),
        Input::Response(603),
        Input::Response(408),
        notify(100, false),
        notify(180, false),
        notify(0, false),
        notify(0, true),
        notify(200, true),
        notify(486, true),
        Input::Bye,
    ]
}

/// A referral in each of its states.
fn states() -> [Referral; 3] {
    let sent = Referral::sent(at(0), WAIT);
    let mut accepted = sent.clone();
    assert_eq!(accepted.handle_input(at(0), Input::Response(202)), None);
    let mut over = sent.clone();
    assert!(over.handle_input(at(0), Input::Response(500)).is_some());
    [sent, accepted, over]
}

#[test]
fn every_cell_is_as_the_diagram_says() {
    let failed = |reason, sip| Some(Outcome::Failed(reason, sip));
    let (yes, unknown) = (Some(Outcome::Succeeded), Some(Outcome::Unknown));
    // A 603 to the REFER is the trunk's, one in a NOTIFY the target's.
    let table = [
        [
            None,
            failed(Reason::Blocked, 603),
            failed(Reason::NoAnswer, 408),
            None,
            None,
            None,
            unknown,
            yes,
            failed(Reason::Busy, 486),
            unknown,
        ],
        [
            None,
            None,
            None,
            None,
            None,
            None,
            unknown,
            yes,
            failed(Reason::Busy, 486),
            yes,
        ],
        [None; 10],
    ];
    for (state, row) in states().into_iter().zip(table) {
        for (event, outcome) in events().into_iter().zip(row) {
            let mut r = state.clone();
            let before = format!("{r:?}, {event:?}");
            assert_eq!(r.handle_input(at(1), event), outcome, "{before}");
            assert_eq!(
                r.poll_timeout().is_none(),
                outcome.is_some() || state.state == State::Over
            );
            if outcome.is_some() {
                assert_eq!(r.handle_input(at(2), Input::Bye), None, "{before}: once");
            }
        }
    }
}

#[test]
fn a_notify_of_603_is_a_person_who_declines() {
    let [_, mut accepted, _] = states();
    let outcome = accepted.handle_input(at(1), notify(603, true));
    assert_eq!(outcome, Some(Outcome::Failed(Reason::Declined, 603)));
}

#[test]
fn the_edges_of_status_classes() {
    for (status, outcome) in [
        (199, None),
        (200, Some(Outcome::Succeeded)),
        (299, Some(Outcome::Succeeded)),
        (300, Some(Outcome::Failed(Reason::Moved, 300))),
    ] {
        let [_, mut accepted, _] = states();
        assert_eq!(accepted.handle_input(at(1), notify(status, false)), outcome);
    }
    for (status, accepted) in [(199, false), (200, true), (299, true), (300, false)] {
        let mut r = Referral::sent(at(0), WAIT);
        let outcome = r.handle_input(at(1), Input::Response(status));
        assert_eq!(outcome.is_none(), accepted, "{status}");
    }
}

#[test]
fn it_rang_once_a_notify_said_18x() {
    for (status, rang) in [
        (100, false),
        (179, false),
        (180, true),
        (183, true),
        (199, true),
    ] {
        let [mut sent, _, _] = states();
        sent.handle_input(at(1), notify(status, false));
        assert_eq!(sent.rang(), rang, "{status}");
        sent.handle_input(at(2), notify(100, false));
        assert_eq!(sent.rang(), rang, "it is not forgotten");
    }
}

#[test]
fn the_wait_begins_with_the_first_sign_that_it_was_accepted() {
    for first in [Input::Response(202), notify(100, false)] {
        let mut r = Referral::sent(at(0), WAIT);
        assert_eq!(r.poll_timeout().map(|(at, _)| at), Some(at(33_000)));
        assert_eq!(r.handle_timeout(at(32_999)), None);
        r.handle_input(at(30_000), first);
        assert_eq!(r.poll_timeout().map(|(at, _)| at), Some(at(50_000)));
        r.handle_input(at(40_000), notify(180, false));
        r.handle_input(at(40_001), Input::Response(202));
        assert_eq!(r.poll_timeout().map(|(at, _)| at), Some(at(50_000)));
        assert_eq!(r.handle_timeout(at(49_999)), None);
        assert_eq!(r.handle_timeout(at(50_000)), Some(Outcome::Unknown));
        assert_eq!(r.handle_timeout(at(50_000)), None);
        assert_eq!(r.poll_timeout(), None);
    }
}

#[test]
fn without_any_answer_it_failed_though_the_transaction_forgot_to_say_so() {
    let mut r = Referral::sent(at(0), WAIT);
    let outcome = r.handle_timeout(at(33_000));
    assert_eq!(outcome, Some(Outcome::Failed(Reason::NoAnswer, 408)));
    assert_eq!(r.handle_timeout(at(34_000)), None);
}

#[test]
fn a_sipfrag_is_read_as_far_as_its_status() {
    for (body, status) in [
        ("SIP/2.0 180 Ringing\r\n", Some(180)),
        ("SIP/2.0 200 OK\r\nContact: <sip:a>\r\n", Some(200)),
        ("SIP/2.0 699", Some(699)),
        ("SIP/2.0 100", Some(100)),
        ("SIP/2.0 99 Early", None),
        ("SIP/2.0 700 Late", None),
        ("SIP/3.0 200 OK", None),
        ("INVITE sip:a SIP/2.0", None),
        ("", None),
    ] {
        assert_eq!(sipfrag_status(body.as_bytes()), status, "{body:?}");
    }
    assert_eq!(sipfrag_status(b"SIP/2.0 200 \xff"), None);
}

#[test]
fn states_and_events_are_called_as_in_the_table() {
    assert_eq!(states().map(|r| r.step()), ["sent", "accepted", "over"]);
    crate::cells::taken();
    let mut entered = Vec::new();
    for event in events() {
        Referral::sent(at(0), WAIT).handle_input(at(0), event);
        entered.extend(
            crate::cells::taken()
                .into_keys()
                .map(|(_, state, event)| (state, event)),
        );
    }
    let all = [
        "2xx",
        "3xx to 6xx",
        "408 or no answer",
        "NOTIFY 1xx or empty",
        "NOTIFY 1xx or empty",
        "NOTIFY 1xx or empty",
        "NOTIFY terminated, no final status",
        "NOTIFY 2xx",
        "NOTIFY 3xx to 6xx",
        "BYE",
    ];
    assert_eq!(entered, all.map(|event| ("sent", event)));
}
