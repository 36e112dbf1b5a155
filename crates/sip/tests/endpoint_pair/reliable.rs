//! Reliable provisional responses (RFC 3262), both roles.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{CSeq, HeaderName, Message, Method, RAck, Request, Response};
use tandem_types::{Party, Reason};

fn pair(w: &mut World, a: Reliable, b: Reliable) -> (SessionId, SessionId) {
    w.set_reliable(A, a);
    w.set_reliable(B, b);
    let a = w.invite();
    (a, w.invited(B).0)
}

fn progress(w: &mut World, status: u16) -> Box<Response> {
    match w.event(A) {
        Event::Progress { response, .. } if response.status == status => response,
        other => panic!("{other:?}"),
    }
}

fn rseq(response: &Response) -> u32 {
    response
        .headers
        .first(&HeaderName::RSeq)
        .unwrap()
        .parse()
        .unwrap()
}

fn hang_up(w: &mut World, a: SessionId, b: SessionId) {
    w.answered(A, a);
    w.ack(A, a);
    w.acked(B, b);
    w.hangup(A, a);
    w.ended(B, b);
}

#[test]
fn each_is_acknowledged_in_order_and_told_once() {
    scenario(|w| {
        let (a, b) = pair(w, Reliable::Supported, Reliable::Required);
        w.progress(B, b);
        w.progress_with(B, b, 183, Some(sdp("early")));
        let first = progress(w, 180);
        assert!(first.headers.lists(&HeaderName::Require, "100rel"));
        let second = progress(w, 183);
        assert_eq!(rseq(&second), rseq(&first) + 1);
        assert_eq!(w.count("A->B", "PRACK"), 1, "the second waited");
        w.pass(100);
        assert_eq!(
            (w.count("A->B", "PRACK"), w.count("B->A", "200 PRACK")),
            (2, 2)
        );
        w.accept(B, b);
        hang_up(w, a, b);
    });
}

#[test]
fn where_it_is_only_supported_a_bare_180_is_not_acknowledged() {
    scenario(|w| {
        let (a, b) = pair(w, Reliable::Supported, Reliable::Supported);
        w.progress(B, b);
        assert!(!progress(w, 180).headers.contains(&HeaderName::RSeq));
        w.progress_with(B, b, 183, Some(sdp("early")));
        progress(w, 183);
        w.pass(100);
        assert_eq!(w.count("A->B", "PRACK"), 1);
        w.accept(B, b);
        hang_up(w, a, b);
    });
}

#[test]
fn a_peer_that_cannot_gets_none_and_one_that_demands_gets_all() {
    for (asks, offers, expected) in [
        (Reliable::Off, Reliable::Required, 0),
        (Reliable::Required, Reliable::Off, 1),
    ] {
        scenario(|w| {
            let (a, b) = pair(w, asks, offers);
            w.progress(B, b);
            progress(w, 180);
            w.pass(100);
            assert_eq!(w.count("A->B", "PRACK"), expected);
            w.accept(B, b);
            hang_up(w, a, b);
        });
    }
}

#[test]
fn who_demands_it_of_a_peer_that_does_not_know_it_gets_420() {
    scenario(|w| {
        w.set_reliable(A, Reliable::Required);
        let a = w.invite();
        assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 420));
    });
}

#[test]
fn without_an_offer_it_is_not_asked_for() {
    scenario(|w| {
        w.set_reliable(A, Reliable::Required);
        w.set_reliable(B, Reliable::Required);
        let mut invite = w.outgoing(A, B);
        invite.body = None;
        let a = w.invite_with(invite);
        let (b, request) = w.invited(B);
        assert!(!request.headers.lists(&HeaderName::Require, "100rel"));
        assert!(!request.headers.lists(&HeaderName::Supported, "100rel"));
        w.hangup(A, a);
        w.pass(100);
        w.ended(B, b);
        w.failed(A, a);
    });
}

#[test]
fn a_lost_1xx_a_lost_prack_and_its_lost_answer_are_recovered() {
    for lost in ["180", "PRACK", "200 PRACK"] {
        scenario(|w| {
            let (a, b) = pair(w, Reliable::Supported, Reliable::Required);
            w.lose(lost);
            w.progress(B, b);
            progress(w, 180);
            w.pass(1_000);
            assert_eq!(w.count("B->A", "200 PRACK"), 1, "{lost}");
            assert!(w.nodes[A].events.is_empty(), "told once");
            let sent = w.count("B->A", "180");
            w.pass(5_000);
            assert_eq!(w.count("B->A", "180"), sent, "quiet after the PRACK");
            w.accept(B, b);
            hang_up(w, a, b);
        });
    }
}

#[test]
fn nobody_acknowledges_and_the_invite_is_refused() {
    scenario(|w| {
        w.set_reliable(B, Reliable::Required);
        let (b, _) = raw_call(w, "");
        w.progress(B, b);
        let start = w.millis();
        let end = w.ended(B, b);
        assert_eq!(
            (end.by, end.reason, end.sip),
            (Party::Caller, Reason::Protocol, 504)
        );
        assert_eq!(w.millis() - start, 32_000);
        assert_eq!(
            w.count("B->A", "180"),
            6 + 1,
            "0.5 to 16 s, doubled each time"
        );
        let refusal = raw_response(w, 504);
        let mut ack = crate::raw::request(Method::Ack, "z9hG4bK1", "x", None);
        ack.headers.set(
            HeaderName::To,
            refusal.headers.first(&HeaderName::To).unwrap(),
        );
        w.send(A, B, ack);
    });
}

#[test]
fn the_2xx_waits_for_the_prack_of_a_session_description_only() {
    for (body, waits) in [(Some(sdp("early")), true), (None, false)] {
        scenario(|w| {
            w.lose("PRACK");
            let (a, b) = pair(w, Reliable::Supported, Reliable::Required);
            w.progress_with(B, b, 183, body.clone());
            w.accept(B, b);
            w.pass(100);
            assert_eq!(w.count("B->A", "200 INVITE"), usize::from(!waits));
            w.pass(600);
            assert_eq!(w.count("B->A", "200 PRACK"), 1, "also after the 2xx");
            assert!(w.count("B->A", "200 INVITE") > 0);
            hang_up(w, a, b);
        });
    }
}

#[test]
fn a_cancel_and_a_refusal_end_the_repetitions() {
    scenario(|w| {
        w.lose("PRACK");
        let (a, b) = pair(w, Reliable::Supported, Reliable::Required);
        w.progress(B, b);
        progress(w, 180);
        w.hangup(A, a);
        w.ended(B, b);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
    });
    scenario(|w| {
        w.lose("PRACK");
        let (a, b) = pair(w, Reliable::Supported, Reliable::Required);
        w.progress(B, b);
        w.reject(B, b, 486);
        w.ended(B, b);
        assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 486));
        w.pass(2_000);
        assert_eq!(w.count("B->A", "180"), 1);
    });
}

#[test]
fn two_forks_are_acknowledged_each_in_its_dialog() {
    scenario(|w| {
        for node in [A, B, C] {
            w.set_reliable(node, Reliable::Required);
        }
        w.forks = true;
        let a = w.invite();
        let (b, c) = (w.invited(B).0, w.invited(C).0);
        w.progress(B, b);
        w.progress(C, c);
        progress(w, 180);
        progress(w, 180);
        w.pass(100);
        assert_eq!((w.count("A->B", "PRACK"), w.count("A->C", "PRACK")), (1, 1));
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.accept(C, c);
        w.acked(C, c);
        w.ended(C, c);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

/// A raw A calls B with `Supported: 100rel` and this offer: B's session, and its tag once a 1xx came.
fn raw_call(w: &mut World, offer: &'static str) -> (SessionId, Request) {
    w.make_raw(A);
    let mut invite = crate::raw::request(Method::Invite, "z9hG4bK1", "x", None);
    invite.headers.push(HeaderName::Supported, "100rel");
    if !offer.is_empty() {
        invite
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        invite.body = offer.into();
    }
    w.send(A, B, invite.clone());
    (w.invited(B).0, invite)
}

fn raw_response(w: &mut World, status: u16) -> Response {
    loop {
        if let Message::Response(r) = w.arrival(A)
            && r.status == status
        {
            return r;
        }
    }
}

fn prack(to: &Response, branch: &str, cseq: u32, rack: &str, body: &'static str) -> Request {
    let tag = to.to().unwrap().tag().unwrap().to_owned();
    let mut r = crate::raw::request(Method::Prack, branch, "x", Some(&tag));
    r.headers
        .set(HeaderName::CSeq, CSeq::new(cseq, Method::Prack));
    r.headers.push(HeaderName::RAck, rack);
    if !body.is_empty() {
        r.headers.push(HeaderName::ContentType, "application/sdp");
        r.body = body.into();
    }
    r
}

#[test]
fn a_prack_for_nothing_gets_481() {
    scenario(|w| {
        w.set_reliable(B, Reliable::Required);
        let (b, _) = raw_call(w, "offer");
        w.progress(B, b);
        let ringing = raw_response(w, 180);
        let n = rseq(&ringing);
        let right = format!("{n} 1 INVITE");
        let wrong = [
            format!("{} 1 INVITE", n + 1),
            format!("{n} 2 INVITE"),
            format!("{n} 1 UPDATE"),
            "nonsense".to_owned(),
        ];
        for (i, rack) in (2..).zip(&wrong) {
            w.send(A, B, prack(&ringing, &format!("z9hG4bKp{i}"), i, rack, ""));
            raw_response(w, 481);
        }
        w.send(A, B, prack(&ringing, "z9hG4bKp8", 8, &right, ""));
        raw_response(w, 200);
        w.send(A, B, prack(&ringing, "z9hG4bKp9", 9, &right, ""));
        raw_response(w, 481);
        w.hangup(B, b);
    });
}

#[test]
fn the_answer_to_our_offer_comes_in_the_prack() {
    scenario(|w| {
        w.set_reliable(B, Reliable::Required);
        let (b, _) = raw_call(w, "");
        w.progress_with(B, b, 183, Some(sdp("our offer")));
        let early = raw_response(w, 183);
        let rack = format!("{} 1 INVITE", rseq(&early));
        w.send(A, B, prack(&early, "z9hG4bKp2", 2, &rack, "the answer"));
        raw_response(w, 200);
        let Event::Pracked { session, body } = w.event(B) else {
            panic!()
        };
        assert_eq!((session, &body.bytes[..]), (b, &b"the answer"[..]));
        w.hangup(B, b);
    });
}

#[test]
fn an_offer_in_a_prack_is_the_users_to_answer() {
    scenario(|w| {
        w.set_reliable(B, Reliable::Required);
        let (b, _) = raw_call(w, "offer");
        w.progress_with(B, b, 183, Some(sdp("answer")));
        let early = raw_response(w, 183);
        let rack = format!("{} 1 INVITE", rseq(&early));
        w.send(A, B, prack(&early, "z9hG4bKp2", 2, &rack, "another offer"));
        let asked = w.asked(B, &Method::Prack);
        w.respond(B, asked, 200);
        assert_eq!(raw_response(w, 200).cseq().unwrap().method, Method::Prack);
        w.hangup(B, b);
    });
}

#[test]
fn repeated_and_early_ones_are_dropped() {
    scenario(|w| {
        w.set_reliable(A, Reliable::Supported);
        w.make_raw(B);
        let a = w.invite();
        let Message::Request(invite) = w.arrival(B) else {
            panic!()
        };
        let send = |w: &mut World, status: u16, rseq: u32| {
            let mut r = Response::reply_to(&invite, status, Some("t"));
            r.headers.push(HeaderName::Require, "100rel");
            r.headers.push(HeaderName::RSeq, rseq);
            let contact = format!("<sip:b@{}>", World::addr(B));
            r.headers.push(HeaderName::Contact, contact);
            w.send(B, A, r);
            w.pass(50);
        };
        send(w, 180, 7);
        send(w, 180, 7);
        send(w, 183, 9);
        send(w, 181, 8);
        send(w, 183, 9);
        let statuses: Vec<u16> = std::iter::from_fn(|| w.nodes[A].events.pop_front())
            .map(|e| match e {
                Event::Progress { response, .. } => response.status,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(statuses, [180, 181, 183]);
        let mut racks = Vec::new();
        while let Some(message) = w.nodes[B].arrived.pop_front() {
            let Message::Request(r) = message else {
                panic!()
            };
            if r.method != Method::Prack {
                continue;
            }
            let rack = RAck::parse(r.headers.first(&HeaderName::RAck).unwrap()).unwrap();
            if racks.last() != Some(&rack.to_string()) {
                racks.push(rack.to_string());
            }
            w.send(B, A, Response::reply_to(&r, 200, None));
        }
        assert_eq!(racks, ["7 1 INVITE", "8 1 INVITE", "9 1 INVITE"]);
        w.send(B, A, Response::reply_to(&invite, 486, Some("t")));
        assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 486));
    });
}
