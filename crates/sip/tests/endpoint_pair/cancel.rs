//! CANCEL, early, late and crossing.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{HeaderName, Headers, Message, Method, Response};
use tandem_types::{Party, Reason};

#[test]
fn a_ringing_call_is_cancelled() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.progress(B, b);
        w.event(A);
        let headers = Headers::new().with(
            HeaderName::Reason,
            "SIP;cause=200;text=\"Call completed elsewhere\"",
        );
        w.command(
            A,
            Command::Hangup {
                session: a,
                headers,
            },
        );
        let Event::Ended { end, request, .. } = w.event(B) else {
            panic!()
        };
        assert_eq!(
            (end.by, end.reason, end.sip),
            (Party::Caller, Reason::ElsewhereAnswered, 200)
        );
        assert_eq!(request.unwrap().method, Method::Cancel);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        w.settle();
        assert_eq!(
            (w.count("B->A", "200 CANCEL"), w.count("B->A", "487 INVITE")),
            (1, 1)
        );
    });
}

#[test]
fn a_cancel_waits_for_the_first_1xx() {
    scenario(|w| {
        w.lose("INVITE");
        let a = w.invite();
        w.hangup(A, a);
        w.pass(400);
        assert_eq!(w.count("A->B", "CANCEL"), 0);
        let b = w.invited(B).0;
        assert_eq!(w.ended(B, b).reason, Reason::Cancelled);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        assert!(w.nodes[A].events.is_empty());
    });
}

#[test]
fn a_200_that_crosses_the_cancel_gets_ack_and_bye() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.progress(B, b);
        w.event(A);
        w.accept(B, b);
        w.hangup(A, a);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        w.acked(B, b);
        assert_eq!(w.ended(B, b).reason, Reason::Normal);
        w.settle();
        assert_eq!(
            (w.count("B->A", "200 CANCEL"), w.count("A->B", "ACK")),
            (1, 1)
        );
        assert_eq!(w.count("A->B", "BYE"), 1);
    });
}

#[test]
fn a_200_to_an_invite_hung_up_before_any_1xx_gets_ack_and_bye() {
    scenario(|w| {
        w.lose("100");
        let a = w.invite();
        let b = w.invited(B).0;
        w.hangup(A, a);
        w.accept(B, b);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        w.acked(B, b);
        w.ended(B, b);
        w.settle();
        assert_eq!(w.count("A->B", "CANCEL"), 0);
    });
}

#[test]
fn a_lost_487_is_repeated() {
    scenario(|w| {
        w.lose("487");
        w.lose("200 CANCEL");
        let a = w.invite();
        let b = w.invited(B).0;
        w.pass(50);
        w.hangup(A, a);
        w.ended(B, b);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        w.settle();
        assert_eq!(w.count("A->B", "CANCEL"), 2);
    });
}

#[test]
fn a_cancel_that_nobody_heeds_is_given_up() {
    scenario(|w| {
        w.make_raw(B);
        let a = w.invite();
        let Message::Request(invite) = w.arrival(B) else {
            panic!()
        };
        w.send(B, A, Response::reply_to(&invite, 180, Some("b")));
        w.event(A);
        w.hangup(A, a);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        assert_eq!(w.millis(), 20 + 32_000);
        w.send(B, A, Response::reply_to(&invite, 200, Some("b")));
        w.pass(100);
        assert_eq!(w.count("A->B", "ACK"), 0, "nobody is left to ACK it");
    });
}

#[test]
fn a_refusal_that_crosses_the_cancel_is_told_as_it_is() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.pass(50);
        w.hangup(A, a);
        w.reject(B, b, 486);
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 486);
        w.settle();
        assert_eq!(
            w.count("B->A", "200 CANCEL"),
            1,
            "its INVITE is known still"
        );
    });
}

#[test]
fn an_invited_one_hangs_up_instead_of_answering() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.hangup(B, b);
        assert_eq!(w.ended(B, b).by, Party::Gateway);
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 480);
    });
}

#[test]
fn a_cancel_for_nothing_gets_481() {
    scenario(|w| {
        w.make_raw(A);
        let mut cancel = crate::raw::request(Method::Cancel, "z9hG4bKnone", "x", None);
        cancel.headers.set(HeaderName::CSeq, "1 CANCEL");
        w.send(A, B, cancel);
        let Message::Response(response) = w.arrival(A) else {
            panic!()
        };
        assert_eq!(response.status, 481);
    });
}
