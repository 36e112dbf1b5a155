//! Subscriptions come, are told, and go.

use super::*;
use crate::api::Transport;
use crate::message::{Message, Replaces, Uri};
use tandem_types::Wall;

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono(seconds * 1_000_000_000),
        wall: Wall(0),
    }
}

fn notifier() -> Notifier {
    Notifier::new(NotifierConfig {
        min_expires: 60,
        max_expires: 3600,
        default_expires: 600,
        per_user: 3,
        total: 5,
    })
}

fn flow(transport: Transport) -> Flow {
    Flow {
        transport,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.7:5060".parse().unwrap(),
    }
}

const UDP: Transport = Transport::Udp;

/// A SUBSCRIBE of a phone at 192.0.2.7; `tag`: ours, in the dialog.
fn subscribe(call_id: &str, cseq: u32, tag: Option<&str>, lines: &str) -> Request {
    let tag = tag.map_or_else(String::new, |tag| format!(";tag={tag}"));
    let text = format!(
        "SUBSCRIBE sip:200@office SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{call_id}{cseq}\r\n\
         From: <sip:201@office>;tag=theirs\r\nTo: <sip:200@office>{tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} SUBSCRIBE\r\nContact: <sip:201@192.0.2.7:5060>\r\n{lines}\r\n"
    );
    match Message::parse(text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn grant(user: &str, parties: bool) -> Grant {
    Grant {
        user: user.into(),
        of: "200".into(),
        entity: "sip:200@office".into(),
        parties,
        contact: NameAddr::new(Uri::sip("tandem", "192.0.2.1:5060")),
        tag: "ours".into(),
    }
}

const DIALOG: &str = "Event: dialog\r\nAccept: application/dialog-info+xml\r\n";

/// Subscribes, and gives the status and the NOTIFYs that follow.
fn asks(n: &mut Notifier, now: u64, request: &Request) -> (u16, Vec<Notify>) {
    let reply = n.handle_subscribe(at(now), flow(UDP), request, grant("201", true));
    (reply.status, drained(n))
}

fn drained(n: &mut Notifier) -> Vec<Notify> {
    std::iter::from_fn(|| n.poll_output()).collect()
}

fn state_of(notify: &Notify) -> String {
    let state = notify.request.headers.first(&HeaderName::SubscriptionState);
    state.unwrap_or_default().to_owned()
}

fn text_of(notify: &Notify) -> String {
    String::from_utf8(notify.request.body.to_vec()).unwrap()
}

/// The NOTIFY is answered so; what follows.
fn answered(n: &mut Notifier, now: u64, notify: &Notify, status: u16) -> Vec<Notify> {
    answered_with(n, now, notify, Response::new(status))
}

fn answered_with(n: &mut Notifier, now: u64, notify: &Notify, response: Response) -> Vec<Notify> {
    let key = RequestKey(now * 1000 + u64::from(response.status));
    n.sent(key, notify.subscription);
    let result = match response.is_success() {
        true => Ok(Box::new(response)),
        false => Err(Failure::Response(Box::new(response))),
    };
    n.handle_response(at(now), key, &result);
    drained(n)
}

fn line(id: &str, state: LineState) -> Line {
    Line {
        of: "200".into(),
        id: id.into(),
        initiator: false,
        state,
        parties: Some(Parties {
            number: "+441632960001".into(),
            name: Some("A & B".into()),
            replaces: Some(Replaces {
                call_id: "c@1".into(),
                to_tag: "gateway".into(),
                from_tag: "phone".into(),
                early_only: false,
            }),
        }),
    }
}

const CALL: CallId = CallId(7);

fn changes(n: &mut Notifier, now: u64, lines: Vec<Line>) -> Vec<Notify> {
    n.handle_lines(at(now), CALL, lines);
    drained(n)
}

#[test]
fn a_lamp_follows_a_call_from_ringing_to_its_end() {
    let mut n = notifier();
    let (status, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    assert_eq!((status, first.len()), (200, 1));
    assert_eq!(state_of(&first[0]), "active;expires=600");
    let r = &first[0].request;
    assert_eq!(r.uri.to_string(), "sip:201@192.0.2.7:5060");
    assert_eq!(
        r.headers.first(&HeaderName::From),
        Some("<sip:200@office>;tag=ours")
    );
    assert_eq!(
        r.headers.first(&HeaderName::To),
        Some("<sip:201@office>;tag=theirs")
    );
    assert_eq!(r.headers.first(&HeaderName::Event), Some("dialog"));
    assert!(text_of(&first[0]).contains("version=\"0\" state=\"full\" entity=\"sip:200@office\""));
    assert!(!text_of(&first[0]).contains("<dialog "));
    assert!(answered(&mut n, 1, &first[0], 200).is_empty());

    let rings = changes(&mut n, 2, vec![line("x", LineState::Early)]);
    let text = text_of(&rings[0]);
    let head = "<dialog id=\"x\" call-id=\"c@1\" local-tag=\"phone\" remote-tag=\"gateway\" direction=\"recipient\">\r\n<state>early</state>";
    assert!(
        text.contains(head) && text.contains("version=\"1\""),
        "{text}"
    );
    assert!(
        text.contains("<identity display=\"A &amp; B\">sip:+441632960001@office</identity>"),
        "{text}"
    );
    assert!(answered(&mut n, 3, &rings[0], 200).is_empty());
    let up = changes(&mut n, 4, vec![line("x", LineState::Confirmed)]);
    assert!(text_of(&up[0]).contains("<state>confirmed</state>"));
    assert!(answered(&mut n, 5, &up[0], 200).is_empty());
    let over = changes(&mut n, 6, Vec::new());
    let text = text_of(&over[0]);
    assert!(
        text.contains(
            "<dialog id=\"x\" direction=\"recipient\"><state>terminated</state></dialog>"
        ),
        "{text}"
    );
    assert!(answered(&mut n, 7, &over[0], 200).is_empty());
    assert!(changes(&mut n, 8, Vec::new()).is_empty(), "nothing is new");
}

#[test]
fn whoever_may_not_pick_up_sees_that_and_not_with_whom() {
    let mut n = notifier();
    let r = subscribe("a", 1, None, DIALOG);
    changes(&mut n, 0, vec![line("x", LineState::Early)]);
    let reply = n.handle_subscribe(at(0), flow(UDP), &r, grant("201", false));
    assert_eq!(reply.status, 200);
    let text = text_of(&drained(&mut n)[0]);
    assert!(text.contains("<state>early</state>"), "{text}");
    assert!(
        !text.contains("+44") && !text.contains("call-id") && !text.contains("<remote>"),
        "{text}"
    );
}

#[test]
fn one_notify_at_a_time_and_what_changed_meanwhile_is_told_as_it_is_then() {
    let mut n = notifier();
    let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    assert!(changes(&mut n, 1, vec![line("x", LineState::Early)]).is_empty());
    assert!(changes(&mut n, 1, vec![line("x", LineState::Confirmed)]).is_empty());
    let next = answered(&mut n, 2, &first[0], 200);
    assert_eq!(next.len(), 1);
    assert!(text_of(&next[0]).contains("confirmed"));
    // Came and went: there is nothing to tell.
    assert!(
        changes(
            &mut n,
            3,
            vec![line("x", LineState::Confirmed), line("y", LineState::Early)]
        )
        .is_empty()
    );
    assert!(changes(&mut n, 3, vec![line("x", LineState::Confirmed)]).is_empty());
    assert!(answered(&mut n, 4, &next[0], 200).is_empty());
}

#[test]
fn another_extension_is_none_of_theirs() {
    let mut n = notifier();
    let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    answered(&mut n, 0, &first[0], 200);
    let other = Line {
        of: "201".into(),
        ..line("x", LineState::Early)
    };
    assert!(changes(&mut n, 1, vec![other]).is_empty());
}

#[test]
fn a_subscription_is_refreshed_and_runs_out() {
    let mut n = notifier();
    let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    answered(&mut n, 0, &first[0], 200);
    let again = format!("{DIALOG}Expires: 90\r\n");
    let (status, told) = asks(&mut n, 500, &subscribe("a", 2, Some("ours"), &again));
    assert_eq!(
        (status, state_of(&told[0])),
        (200, "active;expires=90".into())
    );
    answered(&mut n, 500, &told[0], 200);
    assert_eq!(n.len(), 1);
    assert_eq!(n.poll_timeout().map(|(at, _)| at), Some(at(590).mono));
    n.handle_timeout(at(589));
    assert!(drained(&mut n).is_empty());
    n.handle_timeout(at(590));
    let last = drained(&mut n);
    assert_eq!(state_of(&last[0]), "terminated;reason=timeout");
    let late = subscribe("a", 3, Some("ours"), DIALOG);
    assert_eq!(asks(&mut n, 590, &late).0, 481, "it is over");
    assert!(answered(&mut n, 591, &last[0], 200).is_empty());
    assert!(n.is_empty() && n.dialogs.is_empty() && n.under_way.is_empty());
}

#[test]
fn a_fetch_is_told_once_and_an_unsubscribe_ends_it() {
    let mut n = notifier();
    let fetch = format!("{DIALOG}Expires: 0\r\n");
    let (status, told) = asks(&mut n, 0, &subscribe("a", 1, None, &fetch));
    assert_eq!(
        (status, state_of(&told[0])),
        (200, "terminated;reason=timeout".into())
    );
    answered(&mut n, 0, &told[0], 200);
    assert!(n.is_empty());
    let (_, first) = asks(&mut n, 1, &subscribe("b", 1, None, DIALOG));
    // Before the first NOTIFY is answered: it is told after it.
    let (status, none) = asks(&mut n, 1, &subscribe("b", 2, Some("ours"), &fetch));
    assert_eq!((status, none.len()), (200, 0));
    let last = answered(&mut n, 2, &first[0], 200);
    assert_eq!(state_of(&last[0]), "terminated;reason=timeout");
    answered(&mut n, 3, &last[0], 200);
    assert!(n.is_empty() && n.dialogs.is_empty());
}

#[test]
fn who_does_not_answer_or_knows_of_nothing_is_dropped() {
    for status in [481, 404, 500] {
        let mut n = notifier();
        let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
        assert!(answered(&mut n, 1, &first[0], status).is_empty());
        assert!(n.is_empty(), "{status}");
    }
    for failure in [Failure::TimedOut, Failure::Unreachable] {
        let mut n = notifier();
        let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
        n.sent(RequestKey(1), first[0].subscription);
        n.handle_response(at(32), RequestKey(1), &Err(failure));
        assert!(n.is_empty() && n.dialogs.is_empty());
    }
}

#[test]
fn who_says_when_to_come_back_is_told_then() {
    let mut n = notifier();
    let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    let mut busy = Response::new(503);
    busy.headers.push(HeaderName::RetryAfter, 20);
    assert!(answered_with(&mut n, 1, &first[0], busy).is_empty());
    assert!(changes(&mut n, 2, vec![line("x", LineState::Early)]).is_empty());
    n.handle_timeout(at(21));
    let told = drained(&mut n);
    assert!(text_of(&told[0]).contains("<state>early</state>"));
}

#[test]
fn what_cannot_be_had_is_refused_and_leaves_nothing() {
    let mut n = notifier();
    let cases = [
        ("Event: presence\r\n", 489),
        ("", 489),
        ("Event: dialog\r\nExpires: 59\r\n", 423),
        ("Event: dialog\r\nAccept: application/pidf+xml\r\n", 406),
    ];
    for (lines, expected) in cases {
        let (status, told) = asks(&mut n, 0, &subscribe("a", 1, None, lines));
        assert_eq!((status, told.len()), (expected, 0), "{lines}");
    }
    let unknown = subscribe("a", 2, Some("ours"), DIALOG);
    assert_eq!(asks(&mut n, 0, &unknown).0, 481);
    assert!(n.is_empty() && n.dialogs.is_empty());
    for range in [
        "*/*",
        "application/*;q=0.5",
        "text/plain, Application/Dialog-Info+xml",
    ] {
        let lines = format!("Event: dialog\r\nAccept: {range}\r\n");
        assert_eq!(
            asks(&mut notifier(), 0, &subscribe("a", 1, None, &lines)).0,
            200
        );
    }
}

#[test]
fn a_dialog_is_its_owners_alone_and_its_requests_come_in_order() {
    let mut n = notifier();
    let _ = asks(&mut n, 0, &subscribe("a", 5, None, DIALOG));
    let again = subscribe("a", 6, Some("ours"), DIALOG);
    let reply = n.handle_subscribe(at(1), flow(UDP), &again, grant("202", true));
    assert_eq!(reply.status, 403);
    assert_eq!(
        asks(&mut n, 1, &subscribe("a", 4, Some("ours"), DIALOG)).0,
        500
    );
    let other = subscribe("a", 7, Some("ours"), "Event: dialog;id=2\r\n");
    assert_eq!(asks(&mut n, 1, &other).0, 481);
}

#[test]
fn there_are_so_many_of_a_user_and_so_many_in_all() {
    let mut n = notifier();
    let mut status = |user: &str, id: &str| {
        let request = subscribe(id, 1, None, DIALOG);
        n.handle_subscribe(at(0), flow(UDP), &request, grant(user, true))
            .status
    };
    let all: Vec<u16> = ["a", "b", "c", "d"].map(|id| status("201", id)).into();
    assert_eq!(all, [200, 200, 200, 503]);
    let all: Vec<u16> = ["e", "f", "g"].map(|id| status("202", id)).into();
    assert_eq!(all, [200, 200, 503]);
}

#[test]
fn messages_that_wait_are_none() {
    let mut n = notifier();
    let (status, told) = asks(
        &mut n,
        0,
        &subscribe("a", 1, None, "Event: message-summary\r\n"),
    );
    assert_eq!(status, 200);
    let text = text_of(&told[0]);
    assert!(
        text.starts_with("Messages-Waiting: no\r\n") && text.contains("Voice-Message: 0/0 (0/0)")
    );
    answered(&mut n, 0, &told[0], 200);
    assert!(changes(&mut n, 1, vec![line("x", LineState::Early)]).is_empty());
}

#[test]
fn all_end_when_we_leave_and_a_closed_connection_takes_its_own_along() {
    let mut n = notifier();
    let (_, first) = asks(&mut n, 0, &subscribe("a", 1, None, DIALOG));
    answered(&mut n, 0, &first[0], 200);
    n.leave(10);
    let last = drained(&mut n);
    assert_eq!(
        state_of(&last[0]),
        "terminated;reason=probation;retry-after=10"
    );
    answered(&mut n, 1, &last[0], 481);
    assert!(n.is_empty());

    let request = subscribe("b", 1, None, DIALOG);
    let tcp = flow(Transport::Tcp);
    n.handle_subscribe(at(0), tcp, &request, grant("201", true));
    n.handle_flow_closed(flow(UDP));
    assert_eq!(n.len(), 1);
    n.handle_flow_closed(tcp);
    assert!(n.is_empty() && drained(&mut n).is_empty());
}

#[test]
fn messages_that_wait_are_told_once_and_to_nobody_else() {
    const MESSAGES: &str = "Event: message-summary\r\n";
    let mut n = notifier();
    let waits = |n: &mut Notifier, now, of: &str, new, old| {
        n.handle_messages(at(now), of, Messages { new, old });
        drained(n)
    };
    assert_eq!(waits(&mut n, 0, "200", 2, 0), [], "nobody has asked");
    let (_, first) = asks(&mut n, 1, &subscribe("a", 1, None, MESSAGES));
    assert!(text_of(&first[0]).contains("Messages-Waiting: yes\r\n"));
    assert!(text_of(&first[0]).contains("Voice-Message: 2/0 (0/0)"));
    // A lamp of the same extension knows nothing of them.
    let (_, lamp) = asks(&mut n, 1, &subscribe("b", 1, None, DIALOG));
    assert_eq!(answered(&mut n, 2, &lamp[0], 200), []);
    // What changes while a NOTIFY is under way is told after it, as it is by then.
    assert_eq!(waits(&mut n, 2, "200", 1, 1), []);
    assert_eq!(waits(&mut n, 2, "200", 0, 2), []);
    let next = answered(&mut n, 3, &first[0], 200);
    assert_eq!(next.len(), 1);
    assert!(text_of(&next[0]).contains("Messages-Waiting: no\r\n"));
    assert!(text_of(&next[0]).contains("Voice-Message: 0/2 (0/0)"));
    assert_eq!(answered(&mut n, 4, &next[0], 200), []);
    assert_eq!(waits(&mut n, 5, "200", 0, 2), [], "no news");
    assert_eq!(waits(&mut n, 5, "201", 3, 0), [], "somebody else's");
    assert_eq!(waits(&mut n, 6, "200", 0, 0).len(), 1);
}
