//! Session timers (RFC 4028): both refreshers, 422, and who does not refresh.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{CSeq, HeaderName, Headers, Message, Method, Request, Response};
use tandem_types::{Party, Reason};

const MINUTE: u64 = 60_000;

fn line(headers: &Headers, name: &HeaderName) -> String {
    headers.first(name).unwrap_or("none").to_owned()
}

/// The next message at a raw A that is not a 100.
fn next(w: &mut World) -> Message {
    loop {
        match w.arrival(A) {
            Message::Response(r) if r.status == 100 => {}
            other => return other,
        }
    }
}

fn next_request(w: &mut World, method: &Method) -> Request {
    loop {
        if let Message::Request(r) = next(w)
            && r.method == *method
        {
            return r;
        }
    }
}

fn next_response(w: &mut World, status: u16) -> Response {
    loop {
        match next(w) {
            Message::Response(r) if r.status == status => return r,
            Message::Response(r) => panic!("{}", r.status),
            Message::Request(_) => {}
        }
    }
}

/// A raw A calls B, whose interval is `expires`; B's session and tag, and its 2xx.
fn called_by_raw(
    w: &mut World,
    expires: u32,
    edit: impl Fn(&mut Headers),
) -> (SessionId, String, Response) {
    w.make_raw(A);
    w.set_timer(B, expires, 90);
    let mut invite = crate::raw::request(Method::Invite, "z9hG4bK1", "x", None);
    edit(&mut invite.headers);
    w.send(A, B, invite);
    let b = w.invited(B).0;
    w.accept(B, b);
    let ok = next_response(w, 200);
    let tag = ok.to().unwrap().tag().unwrap().to_owned();
    w.send(A, B, inside(Method::Ack, "z9hG4bK2", 1, &tag));
    w.acked(B, b);
    (b, tag, ok)
}

fn inside(method: Method, branch: &str, cseq: u32, tag: &str) -> Request {
    let mut r = crate::raw::request(method.clone(), branch, "x", Some(tag));
    r.headers.set(HeaderName::CSeq, CSeq::new(cseq, method));
    r
}

fn with_updates(headers: &mut Headers) {
    headers.push(HeaderName::Allow, "INVITE, ACK, BYE, UPDATE");
}

fn end_by_raw(w: &mut World, b: SessionId, tag: &str, cseq: u32) {
    w.send(A, B, inside(Method::Bye, "z9hG4bKbye", cseq, tag));
    next_response(w, 200);
    w.ended(B, b);
}

#[test]
fn the_called_side_refreshes_and_a_long_call_stays() {
    scenario(|w| {
        w.set_timer(A, 1800, 90);
        w.set_timer(B, 1200, 90);
        let a = w.invite();
        let (b, invite) = w.invited(B);
        assert_eq!(line(&invite.headers, &HeaderName::SessionExpires), "1800");
        assert!(invite.headers.lists(&HeaderName::Supported, "timer"));
        w.accept(B, b);
        let ok = w.answered(A, a);
        assert_eq!(
            line(&ok.headers, &HeaderName::SessionExpires),
            "1200;refresher=uas"
        );
        assert!(!ok.headers.lists(&HeaderName::Require, "timer"));
        w.ack(A, a);
        w.acked(B, b);
        for _ in 0..6 {
            w.pass(10 * MINUTE);
            let asked = w.asked(A, &Method::Update);
            w.respond(A, asked, 200);
        }
        w.pass(MINUTE);
        assert_eq!(w.count("B->A", "UPDATE"), 6);
        assert!(w.nodes[A].events.is_empty() && w.nodes[B].events.is_empty());
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn the_caller_ends_the_call_that_the_called_side_does_not_refresh() {
    scenario(|w| {
        w.set_timer(A, 90, 90);
        w.set_timer(B, 90, 90);
        let (a, _) = w.talk();
        let start = w.millis();
        w.make_raw(B);
        w.nodes[B].endpoint =
            tandem_sip::endpoint::Endpoint::new(config(), tandem_types::Rng::seeded(9));
        let end = w.ended(A, a);
        assert_eq!((end.by, end.reason), (Party::Caller, Reason::Lost));
        // A third of 90 s before the end; the 2xx came an ACK earlier than `talk` ended.
        assert_eq!(w.millis() - start, 60_000 - 10);
    });
}

#[test]
fn a_third_of_the_interval_is_at_most_32_seconds() {
    scenario(|w| {
        let (b, ..) = called_by_raw(w, 1800, |h| {
            h.push(HeaderName::Supported, "timer");
            h.push(HeaderName::SessionExpires, "600;refresher=uac");
        });
        let start = w.millis();
        w.ended(B, b);
        assert_eq!(w.millis() - start, 600_000 - 32_000 - 20);
        let bye = next_request(w, &Method::Bye);
        w.send(A, B, Response::reply_to(&bye, 200, None));
    });
}

#[test]
fn a_caller_that_refreshes_keeps_the_call() {
    scenario(|w| {
        let (b, tag, ok) = called_by_raw(w, 1800, |h| {
            h.push(HeaderName::Supported, "timer");
            h.push(HeaderName::SessionExpires, "90;refresher=uac");
        });
        assert_eq!(
            line(&ok.headers, &HeaderName::SessionExpires),
            "90;refresher=uac"
        );
        assert_eq!(line(&ok.headers, &HeaderName::Require), "timer");
        for n in 2..5 {
            w.pass(45_000);
            let mut update = inside(Method::Update, &format!("z9hG4bKu{n}"), n, &tag);
            update.headers.push(HeaderName::Supported, "timer");
            update
                .headers
                .push(HeaderName::SessionExpires, "90;refresher=uac");
            w.send(A, B, update);
            let asked = w.asked(B, &Method::Update);
            w.respond(B, asked, 200);
            let ok = next_response(w, 200);
            assert_eq!(
                line(&ok.headers, &HeaderName::SessionExpires),
                "90;refresher=uac"
            );
        }
        assert!(w.nodes[B].events.is_empty());
        end_by_raw(w, b, &tag, 9);
    });
}

#[test]
fn a_caller_without_timers_is_refreshed_by_us() {
    scenario(|w| {
        let (b, tag, ok) = called_by_raw(w, 600, with_updates);
        assert_eq!(
            line(&ok.headers, &HeaderName::SessionExpires),
            "600;refresher=uas"
        );
        assert_eq!(line(&ok.headers, &HeaderName::Require), "none");
        w.pass(300_000);
        let update = next_request(w, &Method::Update);
        assert!(update.body.is_empty(), "field note 14");
        assert_eq!(
            line(&update.headers, &HeaderName::SessionExpires),
            "600;refresher=uac"
        );
        w.send(A, B, Response::reply_to(&update, 200, None));
        w.pass(299_000);
        assert_eq!(w.count("B->A", "UPDATE"), 1);
        w.pass(1_100);
        let again = next_request(w, &Method::Update);
        w.send(A, B, Response::reply_to(&again, 200, None));
        end_by_raw(w, b, &tag, 2);
    });
}

#[test]
fn too_short_an_interval_draws_422_and_is_raised() {
    scenario(|w| {
        w.set_timer(A, 90, 90);
        w.set_timer(B, 1800, 300);
        let a = w.invite();
        let (b, invite) = w.invited(B);
        assert_eq!(w.count("B->A", "422 INVITE"), 1);
        assert_eq!(line(&invite.headers, &HeaderName::SessionExpires), "300");
        assert_eq!(line(&invite.headers, &HeaderName::MinSe), "300");
        assert_eq!(invite.cseq().unwrap().number, 2);
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn a_peer_that_is_never_content_is_given_up() {
    scenario(|w| {
        w.set_timer(A, 90, 90);
        w.make_raw(B);
        let a = w.invite();
        for n in 1..=4 {
            let Message::Request(invite) = w.arrival(B) else {
                panic!()
            };
            let mut short = Response::reply_to(&invite, 422, Some("t"));
            short.headers.push(HeaderName::MinSe, 90 + n);
            w.send(B, A, short);
            let ack = w.arrival(B);
            assert!(matches!(ack, Message::Request(r) if r.method == Method::Ack));
        }
        assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 422));
    });
}

#[test]
fn a_422_that_asks_for_no_more_is_a_refusal() {
    for min_se in ["90", "soon"] {
        scenario(|w| {
            w.set_timer(A, 90, 90);
            w.make_raw(B);
            let a = w.invite();
            let Message::Request(invite) = w.arrival(B) else {
                panic!()
            };
            let mut short = Response::reply_to(&invite, 422, Some("t"));
            short.headers.push(HeaderName::MinSe, min_se);
            w.send(B, A, short);
            assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 422));
            w.settle();
            assert_eq!(w.count("A->B", "INVITE"), 1);
        });
    }
}

#[test]
fn a_422_to_an_update_is_answered_with_a_longer_interval() {
    scenario(|w| {
        let (b, tag, _) = called_by_raw(w, 600, with_updates);
        w.pass(300_000);
        let update = next_request(w, &Method::Update);
        let mut short = Response::reply_to(&update, 422, None);
        short.headers.push(HeaderName::MinSe, 900);
        w.send(A, B, short);
        let again = next_request(w, &Method::Update);
        assert_eq!(
            line(&again.headers, &HeaderName::SessionExpires),
            "900;refresher=uac"
        );
        assert_eq!(line(&again.headers, &HeaderName::MinSe), "900");
        let mut ok = Response::reply_to(&again, 200, None);
        ok.headers
            .push(HeaderName::SessionExpires, "900;refresher=uac");
        w.send(A, B, ok);
        w.pass(449_000);
        assert_eq!(w.count("B->A", "UPDATE"), 2);
        w.pass(1_100);
        let update = next_request(w, &Method::Update);
        w.send(A, B, Response::reply_to(&update, 200, None));
        end_by_raw(w, b, &tag, 2);
    });
}

#[test]
fn a_peer_without_timers_is_not_refused_for_a_proxys_short_interval() {
    scenario(|w| {
        let (b, tag, ok) = called_by_raw(w, 1800, |h| {
            h.push(HeaderName::SessionExpires, "60");
        });
        assert_eq!(
            line(&ok.headers, &HeaderName::SessionExpires),
            "60;refresher=uas"
        );
        end_by_raw(w, b, &tag, 2);
    });
}

#[test]
fn an_absurd_interval_is_no_storm() {
    scenario(|w| {
        w.set_timer(A, 1800, 90);
        w.make_raw(B);
        let a = w.invite();
        let Message::Request(invite) = w.arrival(B) else {
            panic!()
        };
        let mut ok = Response::reply_to(&invite, 200, Some("t"));
        ok.headers
            .push(HeaderName::SessionExpires, "0;refresher=uac");
        ok.headers.push(HeaderName::Allow, "UPDATE");
        w.send(B, A, ok);
        w.answered(A, a);
        w.ack(A, a);
        w.pass(44_000);
        assert_eq!(w.count("A->B", "UPDATE"), 0);
        w.pass(1_500);
        assert_eq!(w.count("A->B", "UPDATE"), 1);
        w.hangup(A, a);
    });
}

#[test]
fn who_does_not_know_update_gets_the_users_reinvite() {
    for knows in [false, true] {
        scenario(|w| {
            let (b, tag, _) = called_by_raw(w, 600, |h| {
                if knows {
                    with_updates(h);
                }
            });
            w.pass(299_000);
            if knows {
                w.pass(1_500);
                let update = next_request(w, &Method::Update);
                w.send(A, B, Response::reply_to(&update, 501, None));
            }
            assert_eq!(w.event(B), Event::Refresh { session: b });
            assert_eq!(
                w.event(B),
                Event::Refresh { session: b },
                "nothing came of it"
            );
            let key = w.request(B, b, Method::Invite);
            let invite = next_request(w, &Method::Invite);
            assert_eq!(
                line(&invite.headers, &HeaderName::SessionExpires),
                "600;refresher=uac"
            );
            let mut ok = Response::reply_to(&invite, 200, None);
            ok.headers
                .push(HeaderName::SessionExpires, "600;refresher=uac");
            w.send(A, B, ok);
            w.outcome(B, key).unwrap();
            w.ack(B, b);
            next_request(w, &Method::Ack);
            w.pass(299_000);
            assert!(w.nodes[B].events.is_empty());
            assert_eq!(w.event(B), Event::Refresh { session: b });
            end_by_raw(w, b, &tag, 2);
        });
    }
}

#[test]
fn a_refresh_that_draws_481_or_silence_ends_the_call() {
    for silent in [false, true] {
        scenario(|w| {
            let (b, ..) = called_by_raw(w, 600, with_updates);
            w.pass(300_000);
            let update = next_request(w, &Method::Update);
            if !silent {
                w.send(A, B, Response::reply_to(&update, 481, None));
            }
            let end = w.ended(B, b);
            let reason = if silent {
                Reason::Lost
            } else {
                Reason::Protocol
            };
            assert_eq!(end.reason, reason);
        });
    }
}

#[test]
fn a_refresh_that_is_refused_otherwise_is_tried_again_and_the_call_stays() {
    for (status, least, most) in [(488, 75_000, 75_050), (491, 0, 2_050)] {
        scenario(|w| {
            let (b, tag, _) = called_by_raw(w, 600, with_updates);
            w.pass(300_000);
            for _ in 0..20 {
                let update = next_request(w, &Method::Update);
                w.send(A, B, Response::reply_to(&update, status, None));
                let start = w.millis();
                let before = w.count("B->A", "UPDATE");
                while w.count("B->A", "UPDATE") == before {
                    w.step();
                }
                let waited = w.millis() - start;
                assert!((least..most).contains(&waited), "{waited}");
            }
            end_by_raw(w, b, &tag, 2);
        });
    }
}

#[test]
fn the_pause_after_glare_is_longer_for_who_called() {
    scenario(|w| {
        let (a, b) = w.talk();
        for _ in 0..50 {
            let caller = w.nodes[A].endpoint.pause_after_glare(a).as_millis();
            assert!((2_100..=4_000).contains(&caller) && caller % 10 == 0);
            let called = w.nodes[B].endpoint.pause_after_glare(b).as_millis();
            assert!(called <= 2_000 && called % 10 == 0);
        }
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_reinvite_of_the_users_counts_as_a_refresh() {
    scenario(|w| {
        w.set_timer(A, 600, 90);
        w.set_timer(B, 600, 90);
        let (a, b) = w.talk();
        w.pass(250_000);
        let key = w.request(B, b, Method::Invite);
        let asked = w.asked(A, &Method::Invite);
        w.respond(A, asked, 200);
        w.outcome(B, key).unwrap();
        w.ack(B, b);
        w.acked(A, a);
        w.pass(299_000);
        assert_eq!(w.count("B->A", "UPDATE"), 0);
        w.pass(1_200);
        assert_eq!(w.count("B->A", "UPDATE"), 1);
        let asked = w.asked(A, &Method::Update);
        w.respond(A, asked, 200);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_session_that_is_over_has_no_timers() {
    scenario(|w| {
        w.set_timer(A, 90, 90);
        w.set_timer(B, 90, 90);
        let (a, b) = w.talk();
        w.lose("BYE");
        w.hangup(B, b);
        w.ended(B, b);
        w.ended(A, a);
        w.pass(200_000);
        assert_eq!(w.count("B->A", "UPDATE"), 0);
    });
}
