//! Both sides at once.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{HeaderName, Message, Method};
use tandem_types::{Party, Reason};

fn status(result: Result<Box<tandem_sip::message::Response>, Failure>) -> u16 {
    match result {
        Ok(response) => response.status,
        Err(Failure::Response(response)) => response.status,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn byes_cross() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.hangup(A, a);
        w.hangup(B, b);
        assert_eq!(w.ended(A, a).by, Party::Gateway);
        assert_eq!(w.ended(B, b).by, Party::Gateway);
        w.settle();
        assert_eq!(
            (w.count("A->B", "200 BYE"), w.count("B->A", "200 BYE")),
            (1, 1)
        );
        assert!(w.nodes[A].events.is_empty() && w.nodes[B].events.is_empty());
    });
}

#[test]
fn reinvites_cross_and_both_get_491() {
    scenario(|w| {
        let (a, b) = w.talk();
        let (x, y) = (
            w.request(A, a, Method::Invite),
            w.request(B, b, Method::Invite),
        );
        assert_eq!(status(w.outcome(A, x)), 491);
        assert_eq!(status(w.outcome(B, y)), 491);
        w.pass(3_000);
        let again = w.request(A, a, Method::Invite);
        let asked = w.asked(B, &Method::Invite);
        w.respond(B, asked, 200);
        assert_eq!(status(w.outcome(A, again)), 200);
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_second_reinvite_of_ours_is_refused_here() {
    scenario(|w| {
        let (a, b) = w.talk();
        let first = w.request(A, a, Method::Invite);
        let second = w.request(A, a, Method::Invite);
        assert_eq!(status(w.outcome(A, second)), 491);
        let asked = w.asked(B, &Method::Invite);
        let third = w.request(B, b, Method::Invite);
        assert_eq!(status(w.outcome(B, third)), 491, "theirs is open");
        w.respond(B, asked, 200);
        let fourth = w.request(B, b, Method::Invite);
        assert_eq!(status(w.outcome(B, fourth)), 491, "their ACK is missing");
        assert_eq!(status(w.outcome(A, first)), 200);
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(B, b);
        w.ended(A, a);
        w.settle();
        assert_eq!(w.count("A->B", "INVITE"), 2);
    });
}

#[test]
fn a_reinvite_whose_ack_is_lost_is_acked_again() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.lose("ACK");
        let key = w.request(B, b, Method::Invite);
        let asked = w.asked(A, &Method::Invite);
        w.respond(A, asked, 200);
        assert_eq!(status(w.outcome(B, key)), 200);
        w.ack(B, b);
        w.acked(A, a);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_reinvite_that_is_never_acked_ends_the_call() {
    scenario(|w| {
        let (a, b) = w.talk();
        let key = w.request(A, a, Method::Invite);
        let asked = w.asked(B, &Method::Invite);
        w.respond(B, asked, 200);
        assert_eq!(status(w.outcome(A, key)), 200);
        assert_eq!(w.ended(B, b).reason, Reason::Protocol);
        assert_eq!(w.ended(A, a).by, Party::Caller);
    });
}

#[test]
fn a_bye_comes_while_our_reinvite_is_open() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.request(A, a, Method::Invite);
        w.asked(B, &Method::Invite);
        w.hold("487 INVITE", 100);
        w.hangup(B, b);
        w.ended(B, b);
        assert_eq!(w.ended(A, a).by, Party::Caller);
        w.settle();
        assert_eq!(w.count("B->A", "487 INVITE"), 1);
        assert!(w.nodes[A].events.is_empty(), "nothing more comes of it");
    });
}

#[test]
fn we_hang_up_while_our_reinvite_is_open_and_a_200_crosses() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.request(A, a, Method::Invite);
        let asked = w.asked(B, &Method::Invite);
        w.hold("BYE", 100);
        w.hangup(A, a);
        w.ended(A, a);
        w.respond(B, asked, 200);
        w.acked(B, b);
        w.ended(B, b);
        w.settle();
        assert!(w.nodes[A].events.is_empty());
    });
}

#[test]
fn a_reinvite_that_stays_unanswered_does_not_outlive_its_call() {
    scenario(|w| {
        let (a, _) = w.talk();
        w.make_raw(B);
        w.nodes[B].endpoint =
            tandem_sip::endpoint::Endpoint::new(config(), tandem_types::Rng::seeded(9));
        w.request(A, a, Method::Invite);
        let Message::Request(again) = w.arrival(B) else {
            panic!()
        };
        w.send(
            B,
            A,
            tandem_sip::message::Response::reply_to(&again, 183, None),
        );
        w.pass(100);
        w.hangup(A, a);
        let bye = loop {
            if let Message::Request(r) = w.arrival(B)
                && r.method == Method::Bye
            {
                break r;
            }
        };
        w.send(
            B,
            A,
            tandem_sip::message::Response::reply_to(&bye, 200, None),
        );
    });
}

#[test]
fn hung_up_before_the_ack_the_bye_waits_for_it() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.accept(B, b);
        w.hangup(B, b);
        assert_eq!(w.ended(B, b).by, Party::Gateway);
        w.answered(A, a);
        w.pass(700);
        assert_eq!(w.count("B->A", "BYE"), 0);
        assert_eq!(w.count("B->A", "200 INVITE"), 2);
        w.ack(A, a);
        assert_eq!(w.ended(A, a).by, Party::Caller);
        w.settle();
        assert!(w.nodes[B].events.is_empty());
    });
}

#[test]
fn a_caller_hangs_up_before_it_acks_and_the_ack_goes_first() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.accept(B, b);
        w.answered(A, a);
        w.hangup(A, a);
        w.ended(A, a);
        w.acked(B, b);
        w.ended(B, b);
    });
}

#[test]
fn a_bye_overtakes_the_ack() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.accept(B, b);
        w.answered(A, a);
        w.hold("ACK", 50);
        w.ack(A, a);
        w.hangup(A, a);
        w.ended(B, b);
        w.settle();
        assert_eq!(
            w.count("B->A", "200 INVITE"),
            1,
            "no more of them after the BYE"
        );
        assert!(w.nodes[B].events.is_empty());
    });
}

#[test]
fn a_second_invite_in_an_unanswered_session_gets_500_with_retry_after() {
    scenario(|w| {
        w.make_raw(A);
        let invite = crate::raw::request(Method::Invite, "z9hG4bK1", "x", None);
        w.send(A, B, invite.clone());
        let b = w.invited(B).0;
        w.progress(B, b);
        let tag = loop {
            let Message::Response(r) = w.arrival(A) else {
                panic!()
            };
            if let Some(tag) = r.to().unwrap().tag() {
                break tag.to_owned();
            }
        };
        let mut second = crate::raw::request(Method::Invite, "z9hG4bK2", "x", Some(&tag));
        second.headers.set(HeaderName::CSeq, "2 INVITE");
        w.send(A, B, second);
        let response = loop {
            let Message::Response(r) = w.arrival(A) else {
                panic!()
            };
            if r.status != 100 {
                break r;
            }
        };
        assert_eq!(response.status, 500);
        let wait: u32 = response
            .headers
            .first(&HeaderName::RetryAfter)
            .unwrap()
            .parse()
            .unwrap();
        assert!(wait <= 10);
        w.reject(B, b, 486);
    });
}

#[test]
fn an_overlapping_reinvite_of_theirs_gets_500_with_retry_after_and_the_first_goes_on() {
    scenario(|w| {
        w.make_raw(A);
        let request = crate::raw::request;
        w.send(A, B, request(Method::Invite, "z9hG4bK1", "x", None));
        let b = w.invited(B).0;
        w.accept(B, b);
        let final_of = |w: &mut World, cseq: u32| loop {
            if let Message::Response(r) = w.arrival(A)
                && r.status >= 200
                && r.cseq().unwrap().number == cseq
            {
                return r;
            }
        };
        let tag = final_of(w, 1).to().unwrap().tag().unwrap().to_owned();
        let inside = |method: Method, branch: &str, cseq: u32| {
            let mut r = request(method.clone(), branch, "x", Some(&tag));
            r.headers.set(HeaderName::CSeq, format!("{cseq} {method}"));
            r
        };
        w.send(A, B, inside(Method::Ack, "z9hG4bKa1", 1));
        w.acked(B, b);
        w.send(A, B, inside(Method::Invite, "z9hG4bK2", 2));
        let first = w.asked(B, &Method::Invite);
        w.send(A, B, inside(Method::Invite, "z9hG4bK3", 3));
        let refused = final_of(w, 3);
        assert_eq!(refused.status, 500);
        assert!(refused.headers.retry_after().unwrap().seconds <= 10);
        w.send(A, B, inside(Method::Ack, "z9hG4bK3", 3));
        w.respond(B, first, 200);
        assert_eq!(final_of(w, 2).status, 200);
        w.send(A, B, inside(Method::Ack, "z9hG4bKa2", 2));
        w.acked(B, b);
        w.send(A, B, inside(Method::Bye, "z9hG4bK4", 4));
        w.ended(B, b);
    });
}
