//! Calls as they should be.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{HeaderName, Method};
use tandem_types::{Party, Reason};

#[test]
fn a_call_is_made_answered_and_hung_up_by_the_caller() {
    scenario(|w| {
        let a = w.invite();
        let (b, request) = w.invited(B);
        assert_eq!(request.body, sdp("offer").bytes);
        w.progress(B, b);
        let Event::Progress {
            session,
            early,
            response,
        } = w.event(A)
        else {
            panic!()
        };
        assert_eq!(
            (session, response.status, early.is_empty()),
            (a, 180, false)
        );
        w.accept(B, b);
        let response = w.answered(A, a);
        assert_eq!(response.body, sdp("answer").bytes);
        w.ack(A, a);
        assert_eq!(w.acked(B, b), None);
        assert_eq!(
            w.nodes[A].endpoint.call_id_of(a),
            w.nodes[B].endpoint.call_id_of(b)
        );
        w.hangup(A, a);
        let end = w.ended(A, a);
        assert_eq!((end.by, end.reason), (Party::Gateway, Reason::Normal));
        let end = w.ended(B, b);
        assert_eq!((end.by, end.reason), (Party::Caller, Reason::Normal));
        w.settle();
        let wire: Vec<_> = w
            .ladder
            .iter()
            .filter(|l| l.contains("->"))
            .map(|l| &l[7..])
            .collect();
        assert_eq!(
            wire,
            [
                "A->B INVITE",
                "B->A 100 INVITE",
                "B->A 180 INVITE",
                "B->A 200 INVITE",
                "A->B ACK",
                "A->B BYE",
                "B->A 200 BYE"
            ]
        );
    });
}

#[test]
fn the_called_one_hangs_up_with_a_reason() {
    scenario(|w| {
        let (a, b) = w.talk();
        let headers = tandem_sip::message::Headers::new()
            .with(HeaderName::Reason, "Q.850;cause=16;text=\"done\"")
            .with(HeaderName::Reason, "SIP ;cause=200");
        w.command(
            B,
            Command::Hangup {
                session: b,
                headers,
            },
        );
        w.ended(B, b);
        let Event::Ended { end, request, .. } = w.event(A) else {
            panic!()
        };
        assert_eq!((end.q850, end.sip), (16, 200));
        assert_eq!(request.unwrap().method, Method::Bye);
        assert_eq!(w.nodes[A].endpoint.flow_of(a), None, "gone");
    });
}

#[test]
fn a_refusal_reaches_the_caller_and_is_acked() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.reject(B, b, 486);
        assert_eq!(w.ended(B, b).reason, Reason::Busy);
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 486);
        w.settle();
        assert_eq!((w.count("B->A", "486"), w.count("A->B", "ACK")), (1, 1));
    });
}

#[test]
fn a_delayed_offer_is_answered_in_the_ack() {
    scenario(|w| {
        let mut invite = w.outgoing(A, B);
        invite.body = None;
        let a = w.invite_with(invite);
        let (b, request) = w.invited(B);
        assert!(request.body.is_empty());
        w.accept(B, b);
        w.answered(A, a);
        w.command(
            A,
            Command::Ack {
                session: a,
                body: Some(sdp("late answer")),
            },
        );
        assert_eq!(w.acked(B, b), Some(sdp("late answer")));
        w.hangup(B, b);
    });
}

#[test]
fn over_tcp_nothing_is_repeated_but_the_2xx() {
    scenario(|w| {
        w.transport = Transport::Tcp;
        let a = w.invite();
        let (b, request) = w.invited(B);
        assert!(request.top_via().unwrap().transport == "TCP");
        w.pass(5_000);
        w.accept(B, b);
        w.answered(A, a);
        w.pass(5_000);
        assert!(w.count("B->A", "200 INVITE") > 2, "no ACK yet");
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(A, a);
        w.settle();
        assert_eq!((w.count("A->B", "INVITE"), w.count("A->B", "BYE")), (1, 1));
    });
}

#[test]
fn a_ringing_call_repeats_its_180_each_minute() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.progress(B, b);
        w.pass(150_000);
        assert_eq!(w.count("B->A", "180 INVITE"), 3);
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.pass(100_000);
        assert_eq!(w.count("B->A", "180 INVITE"), 3);
        w.hangup(B, b);
    });
}

#[test]
fn an_invite_expires() {
    scenario(|w| {
        let mut invite = w.outgoing(A, B);
        invite.headers.push(HeaderName::Expires, 20);
        let a = w.invite_with(invite);
        let b = w.invited(B).0;
        w.progress(B, b);
        assert_eq!(w.ended(B, b).reason, Reason::Cancelled);
        assert_eq!(w.millis(), 20_010);
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 487);
    });
}

#[test]
fn nobody_is_there() {
    scenario(|w| {
        w.make_raw(B);
        let a = w.invite();
        assert_eq!(w.failed(A, a), Failure::TimedOut);
        assert_eq!(w.millis(), 32_000);
        let a = w.invite();
        let flow = w.flow(A, B);
        w.input(A, Input::TransportFailed { flow });
        assert_eq!(w.failed(A, a), Failure::Unreachable);
    });
}

#[test]
fn a_drained_endpoint_takes_no_call_and_keeps_those_it_has() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.command(
            B,
            Command::Drain {
                retry_after: Some(120),
            },
        );
        let second = w.invite();
        let Failure::Response(response) = w.failed(A, second) else {
            panic!()
        };
        assert_eq!(
            (
                response.status,
                response.headers.first(&HeaderName::RetryAfter)
            ),
            (503, Some("120"))
        );
        let key = w.request(A, a, Method::Info);
        let asked = w.asked(B, &Method::Info);
        w.respond(B, asked, 200);
        assert!(w.outcome(A, key).is_ok());
        w.hangup(A, a);
        w.ended(A, a);
        w.ended(B, b);
        w.command(B, Command::Drain { retry_after: None });
        let third = w.invite();
        let b = w.invited(B).0;
        w.reject(B, b, 480);
        assert!(matches!(w.failed(A, third), Failure::Response(_)));
    });
}

#[test]
fn a_replaces_header_finds_its_session() {
    scenario(|w| {
        let (a, b) = w.talk();
        let ours = w.nodes[A].endpoint.replaces_for(a).unwrap();
        assert_eq!(
            w.nodes[B].endpoint.replaces(&ours),
            Ok(b),
            "what A writes, B finds"
        );
        assert_eq!(
            w.nodes[A].endpoint.replaces(&ours),
            Err(481),
            "tags are from the receiver's side"
        );
        let early = tandem_sip::message::Replaces {
            early_only: true,
            ..ours.clone()
        };
        assert_eq!(w.nodes[B].endpoint.replaces(&early), Err(486));
        w.hangup(B, b);
        assert_eq!(
            w.nodes[B].endpoint.replaces(&ours),
            Err(603),
            "over just now"
        );
        w.ended(A, a);
        w.pass(100);
        assert_eq!(w.nodes[B].endpoint.replaces(&ours), Err(481), "gone");
    });
}

#[test]
fn a_replaces_header_finds_an_early_dialog_only_at_its_caller() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.progress(B, b);
        w.event(A);
        let theirs = w.nodes[B].endpoint.replaces_for(b).unwrap();
        let ours = w.nodes[A].endpoint.replaces_for(a).unwrap();
        for early_only in [true, false] {
            let with = |r: &tandem_sip::message::Replaces| tandem_sip::message::Replaces {
                early_only,
                ..r.clone()
            };
            assert_eq!(w.nodes[A].endpoint.replaces(&with(&theirs)), Ok(a));
            assert_eq!(w.nodes[B].endpoint.replaces(&with(&ours)), Err(481));
        }
        w.hangup(A, a);
        assert_eq!(w.nodes[A].endpoint.replaces(&theirs), Err(603), "cancelled");
        w.failed(A, a);
        w.ended(B, b);
    });
}
