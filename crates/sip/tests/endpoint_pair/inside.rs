//! Requests in a dialog, and outside of any.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{CSeq, HeaderName, Headers, Message, Method, NameAddr, Uri};
use tandem_types::Reason;

#[test]
fn each_method_is_asked_and_answered_both_ways() {
    scenario(|w| {
        let (a, b) = w.talk();
        let methods = [
            Method::Info,
            Method::Refer,
            Method::Notify,
            Method::Update,
            Method::Message,
        ];
        for method in methods {
            let key = w.request(A, a, method.clone());
            let asked = w.asked(B, &method);
            w.respond(B, asked, 202);
            assert_eq!(w.outcome(A, key).unwrap().status, 202);
            let key = w.request(B, b, method.clone());
            let asked = w.asked(A, &method);
            w.respond(A, asked, 488);
            assert!(matches!(w.outcome(B, key), Err(Failure::Response(r)) if r.status == 488));
        }
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_lost_request_or_answer_is_recovered_and_asked_once() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.lose("INFO");
        w.lose("200 INFO");
        let key = w.request(A, a, Method::Info);
        let asked = w.asked(B, &Method::Info);
        w.respond(B, asked, 200);
        assert!(w.outcome(A, key).is_ok());
        assert!(w.nodes[B].events.is_empty());
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn a_reinvite_moves_the_target() {
    scenario(|w| {
        let (a, b) = w.talk();
        let headers = Headers::new().with(HeaderName::Contact, "<sip:moved@192.0.2.1:5060>");
        let key = w.nodes[A].endpoint.allocate_key();
        let command = |headers: Headers| Command::Request {
            session: a,
            key,
            method: Method::Invite,
            headers,
            body: Some(sdp("again")),
        };
        w.command(A, command(headers));
        let asked = w.asked(B, &Method::Invite);
        let target = |w: &World| w.nodes[B].endpoint.remote_target(b).unwrap().to_string();
        assert_eq!(
            target(w),
            "sip:caller@192.0.2.1:5060",
            "not before it is agreed"
        );
        w.respond(B, asked, 200);
        assert_eq!(target(w), "sip:moved@192.0.2.1:5060");
        w.outcome(A, key).unwrap();
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn a_cancelled_reinvite_leaves_the_call_as_it_was() {
    scenario(|w| {
        w.make_raw(A);
        w.send(
            A,
            B,
            crate::raw::request(Method::Invite, "z9hG4bK1", "x", None),
        );
        let b = w.invited(B).0;
        w.accept(B, b);
        let tag = loop {
            let Message::Response(r) = w.arrival(A) else {
                panic!()
            };
            if r.status == 200 {
                break r.to().unwrap().tag().unwrap().to_owned();
            }
        };
        let in_dialog = |method: Method, branch: &str, cseq: u32| {
            let mut r = crate::raw::request(method.clone(), branch, "x", Some(&tag));
            r.headers.set(HeaderName::CSeq, CSeq::new(cseq, method));
            r
        };
        w.send(A, B, in_dialog(Method::Ack, "z9hG4bK2", 1));
        w.acked(B, b);
        w.send(A, B, in_dialog(Method::Invite, "z9hG4bK3", 2));
        let asked = w.asked(B, &Method::Invite);
        w.send(A, B, in_dialog(Method::Cancel, "z9hG4bK3", 2));
        w.pass(50);
        w.respond(B, asked, 200);
        w.send(A, B, in_dialog(Method::Ack, "z9hG4bK3", 2));
        w.pass(50);
        assert_eq!(
            (w.count("B->A", "200 CANCEL"), w.count("B->A", "487 INVITE")),
            (1, 1)
        );
        assert!(w.nodes[B].events.is_empty());
        w.send(A, B, in_dialog(Method::Invite, "z9hG4bK4", 3));
        let asked = w.asked(B, &Method::Invite);
        w.respond(B, asked, 488);
        w.send(A, B, in_dialog(Method::Bye, "z9hG4bK5", 4));
        w.ended(B, b);
    });
}

#[test]
fn a_dialog_that_the_far_end_forgot_is_ended() {
    for (method, ends) in [
        (Method::Info, true),
        (Method::Update, true),
        (Method::Message, false),
    ] {
        scenario(|w| {
            let (a, b) = w.talk();
            let key = w.request(A, a, method.clone());
            let asked = w.asked(B, &method);
            w.respond(B, asked, 481);
            assert!(matches!(w.outcome(A, key), Err(Failure::Response(r)) if r.status == 481));
            if ends {
                assert_eq!(w.ended(A, a).reason, Reason::Protocol);
                w.ended(B, b);
            } else {
                w.hangup(A, a);
            }
        });
    }
}

#[test]
fn open_questions_get_487_when_the_call_ends() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.request(A, a, Method::Info);
        let info = w.asked(B, &Method::Info);
        let invite = w.request(A, a, Method::Invite);
        let asked = w.asked(B, &Method::Invite);
        w.hangup(B, b);
        w.ended(B, b);
        w.respond(B, info, 200);
        w.respond(B, asked, 200);
        for _ in 0..2 {
            let Event::Response {
                result: Err(Failure::Response(r)),
                ..
            } = w.event(A)
            else {
                panic!()
            };
            assert_eq!(r.status, 487);
        }
        w.ended(A, a);
        w.settle();
        assert_eq!(
            (w.count("B->A", "487 INFO"), w.count("B->A", "487 INVITE")),
            (1, 1)
        );
        assert_eq!(w.count("B->A", "200 INVITE"), 1, "the call's own");
        let _ = invite;
    });
}

#[test]
fn requests_in_early_dialogs_reach_both_users() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.progress(B, b);
        w.event(A);
        let key = w.request(B, b, Method::Update);
        let asked = w.asked(A, &Method::Update);
        w.respond(A, asked, 200);
        assert!(w.outcome(B, key).is_ok());
        let key = w.request(A, a, Method::Info);
        let asked = w.asked(B, &Method::Info);
        w.respond(B, asked, 200);
        assert!(w.outcome(A, key).is_ok());
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_caller_may_send_bye_before_the_answer() {
    scenario(|w| {
        w.make_raw(A);
        w.send(
            A,
            B,
            crate::raw::request(Method::Invite, "z9hG4bK1", "x", None),
        );
        let b = w.invited(B).0;
        w.progress(B, b);
        let tag = loop {
            let Message::Response(r) = w.arrival(A) else {
                panic!()
            };
            if r.status == 180 {
                break r.to().unwrap().tag().unwrap().to_owned();
            }
        };
        let mut bye = crate::raw::request(Method::Bye, "z9hG4bK2", "x", Some(&tag));
        bye.headers.set(HeaderName::CSeq, "2 BYE");
        w.send(A, B, bye);
        assert_eq!(w.ended(B, b).reason, Reason::Cancelled);
        w.settle();
        assert_eq!(
            (
                w.count("B->A", "200 BYE"),
                w.count("B->A", "487 INVITE") > 1
            ),
            (1, true)
        );
    });
}

#[test]
fn updates_do_not_overlap() {
    scenario(|w| {
        let (a, b) = w.talk();
        let first = w.request(A, a, Method::Update);
        let asked = w.asked(B, &Method::Update);
        let second = w.request(A, a, Method::Update);
        assert!(matches!(w.outcome(A, second), Err(Failure::Response(r)) if r.status == 500));
        let theirs = w.request(B, b, Method::Update);
        assert!(matches!(w.outcome(B, theirs), Err(Failure::Response(r)) if r.status == 491));
        w.respond(B, asked, 200);
        assert!(w.outcome(A, first).is_ok());
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn requests_outside_dialogs_are_asked_and_answered() {
    scenario(|w| {
        let uri = Uri::sip("b", &World::addr(B).to_string());
        let out = OutgoingRequest {
            flow: w.flow(A, B),
            method: Method::Register,
            target: uri.clone(),
            from: NameAddr::new(uri.clone()),
            to: NameAddr::new(uri),
            call_id: Some("again".into()),
            cseq: 41,
            headers: Headers::new().with(HeaderName::Contact, "<sip:a@192.0.2.1>"),
            credentials: None,
        };
        let key = w.nodes[A].endpoint.allocate_key();
        w.command(
            A,
            Command::Send {
                key,
                request: Box::new(out.clone()),
            },
        );
        let Event::OutOfDialog {
            key: asked,
            flow,
            request,
        } = w.event(B)
        else {
            panic!()
        };
        assert_eq!((flow, request.cseq().unwrap().number), (w.flow(B, A), 41));
        assert_eq!(request.call_id(), Some("again"));
        w.respond(B, asked, 200);
        let response = w.outcome(A, key).unwrap();
        assert!(response.to().unwrap().tag().is_some());

        let key = w.nodes[A].endpoint.allocate_key();
        let options = OutgoingRequest {
            method: Method::Options,
            call_id: None,
            ..out
        };
        w.command(
            A,
            Command::Send {
                key,
                request: Box::new(options),
            },
        );
        assert_eq!(w.outcome(A, key).unwrap().status, 200);
        assert!(w.nodes[B].events.is_empty(), "answered by itself");
    });
}
