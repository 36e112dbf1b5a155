//! 401 and 407.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::digest::{Verdict, Verifier};
use tandem_sip::message::{HeaderName, Headers, Message, Method, Request, Response};

fn credentials(password: &str) -> Credentials {
    Credentials {
        username: "u".into(),
        password: password.to_owned().into(),
        realm: None,
        hosts: vec![World::addr(B).ip().into()],
    }
}

/// A raw B that challenges until the answer is right.
struct Guard(Verifier);

impl Guard {
    fn new() -> Self {
        Self(Verifier::new([1; 32]))
    }
    fn refuse(&mut self, w: &mut World, request: &Request, stale: bool) {
        let mut response = Response::reply_to(request, 407, Some("g"));
        for challenge in self.0.challenge(w.now, "home", stale) {
            response
                .headers
                .push(HeaderName::ProxyAuthenticate, challenge);
        }
        w.send(B, A, response);
    }
    fn verdict(&mut self, w: &World, request: &Request) -> Option<Verdict> {
        let header = request.headers.first(&HeaderName::ProxyAuthorization)?;
        let (method, uri) = (request.method.as_str(), request.uri.to_string());
        Some(
            self.0
                .verify(w.now, header, "home", method, &uri, &request.body, |_| {
                    Some("p".into())
                }),
        )
    }
}

/// The next request at B that is no ACK.
fn next(w: &mut World) -> Request {
    loop {
        if let Message::Request(r) = w.arrival(B)
            && r.method != Method::Ack
        {
            return r;
        }
    }
}

fn invite(w: &mut World, password: &str) -> SessionId {
    w.make_raw(B);
    let mut invite = w.outgoing(A, B);
    invite.credentials = Some(credentials(password));
    w.invite_with(invite)
}

#[test]
fn a_challenged_invite_is_sent_again_with_the_answer() {
    scenario(|w| {
        let mut guard = Guard::new();
        let a = invite(w, "p");
        let first = next(w);
        guard.refuse(w, &first, false);
        let second = next(w);
        assert!(matches!(
            guard.verdict(w, &second),
            Some(Verdict::Ok { .. })
        ));
        assert_eq!(first.call_id(), second.call_id());
        assert_eq!(first.from(), second.from());
        assert_ne!(first.top_via(), second.top_via());
        assert_eq!(
            (first.cseq().unwrap().number, second.cseq().unwrap().number),
            (1, 2)
        );
        let mut ok = Response::reply_to(&second, 200, Some("b"));
        ok.headers
            .push(HeaderName::Contact, "<sip:b@192.0.2.2:5060>");
        w.send(B, A, ok);
        w.answered(A, a);
        w.ack(A, a);
        let ack = loop {
            let Message::Request(r) = w.arrival(B) else {
                panic!()
            };
            if r.method == Method::Ack && r.cseq().unwrap().number == 2 {
                break r;
            }
        };
        let answer = |r: &Request| {
            r.headers
                .first(&HeaderName::ProxyAuthorization)
                .map(str::to_owned)
        };
        assert_eq!(answer(&ack), answer(&second), "the ACK has the INVITE's");
        w.hangup(A, a);
        w.ended(A, a);
        let bye = next(w);
        assert!(
            matches!(guard.verdict(w, &bye), Some(Verdict::Ok { .. })),
            "answered unasked"
        );
        assert!(bye.cseq().unwrap().number > 2);
        w.send(B, A, Response::reply_to(&bye, 200, None));
    });
}

#[test]
fn a_wrong_password_is_told_after_one_try() {
    scenario(|w| {
        let mut guard = Guard::new();
        let a = invite(w, "wrong");
        for _ in 0..2 {
            let request = next(w);
            assert!(!matches!(
                guard.verdict(w, &request),
                Some(Verdict::Ok { .. })
            ));
            guard.refuse(w, &request, false);
        }
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 407);
        w.settle();
        assert_eq!(w.count("A->B", "INVITE"), 2);
    });
}

#[test]
fn a_stale_nonce_is_answered_once_more() {
    scenario(|w| {
        let mut guard = Guard::new();
        let a = invite(w, "p");
        for stale in [false, true, true] {
            let request = next(w);
            guard.refuse(w, &request, stale);
        }
        let Failure::Response(response) = w.failed(A, a) else {
            panic!()
        };
        assert_eq!(response.status, 407);
    });
}

#[test]
fn without_credentials_the_challenge_is_told() {
    scenario(|w| {
        w.make_raw(B);
        let a = w.invite();
        let request = next(w);
        Guard::new().refuse(w, &request, false);
        assert!(matches!(w.failed(A, a), Failure::Response(r) if r.status == 407));
    });
}

#[test]
fn hung_up_meanwhile_it_is_not_sent_again() {
    scenario(|w| {
        let a = invite(w, "p");
        let request = next(w);
        w.hangup(A, a);
        Guard::new().refuse(w, &request, false);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
        w.settle();
        assert_eq!(w.count("A->B", "INVITE"), 1);
    });
}

#[test]
fn requests_in_a_dialog_and_a_bye_are_sent_again_too() {
    scenario(|w| {
        let mut guard = Guard::new();
        let a = invite(w, "p");
        let first = next(w);
        let mut ok = Response::reply_to(&first, 200, Some("b"));
        ok.headers
            .push(HeaderName::Contact, "<sip:b@192.0.2.2:5060>");
        w.send(B, A, ok);
        w.answered(A, a);
        w.ack(A, a);
        for method in [Method::Info, Method::Invite] {
            let key = w.request(A, a, method.clone());
            let mut request = next(w);
            if method == Method::Info {
                guard.refuse(w, &request, false);
                request = next(w);
            }
            assert!(
                matches!(guard.verdict(w, &request), Some(Verdict::Ok { .. })),
                "{method}"
            );
            w.send(B, A, Response::reply_to(&request, 200, None));
            assert!(w.outcome(A, key).is_ok());
            w.ack(A, a);
        }
        w.hangup(A, a);
        w.ended(A, a);
        let bye = next(w);
        guard.refuse(w, &bye, false);
        let again = next(w);
        assert_eq!(again.method, Method::Bye);
        assert!(matches!(guard.verdict(w, &again), Some(Verdict::Ok { .. })));
        w.send(B, A, Response::reply_to(&again, 200, None));
        w.pass(100);
        assert_eq!(w.nodes[A].endpoint.census().sessions, 0);
    });
}

/// A raw A has called B, which answered with credentials: B's session, and the tag of its dialog.
fn called(w: &mut World) -> (SessionId, String) {
    w.make_raw(A);
    w.send(
        A,
        B,
        crate::raw::request(Method::Invite, "z9hG4bK1", "x", None),
    );
    let b = w.invited(B).0;
    let mut credentials = credentials("p");
    credentials.hosts = vec![World::addr(A).ip().into()];
    w.command(
        B,
        Command::Accept {
            session: b,
            credentials: Some(credentials),
            headers: Headers::new(),
            body: Some(sdp("answer")),
        },
    );
    let tag = loop {
        match w.arrival(A) {
            Message::Response(r) if r.status == 200 => {
                break r.to().unwrap().tag().unwrap().to_owned();
            }
            Message::Response(_) => {}
            Message::Request(r) => panic!("{:?}", r.method),
        }
    };
    w.send(
        A,
        B,
        crate::raw::request(Method::Ack, "z9hG4bK2", "x", Some(&tag)),
    );
    w.acked(B, b);
    w.nodes[A].arrived.clear();
    (b, tag)
}

/// The next request at a raw node, which refuses it with 407.
fn challenged(w: &mut World, guard: &mut Guard, at: Node) -> Request {
    let Message::Request(request) = w.arrival(at) else {
        panic!("a response")
    };
    let mut response = Response::reply_to(&request, 407, None);
    for challenge in guard.0.challenge(w.now, "home", false) {
        response
            .headers
            .push(HeaderName::ProxyAuthenticate, challenge);
    }
    w.send(at, B, response);
    request
}

#[test]
fn the_bye_of_a_call_that_came_in_is_answered_for_too() {
    scenario(|w| {
        let mut guard = Guard::new();
        let (b, _) = called(w);
        w.hangup(B, b);
        w.ended(B, b);
        let bye = challenged(w, &mut guard, A);
        let Message::Request(again) = w.arrival(A) else {
            panic!("a response")
        };
        assert_eq!((&bye.method, &again.method), (&Method::Bye, &Method::Bye));
        assert!(matches!(guard.verdict(w, &again), Some(Verdict::Ok { .. })));
        assert!(again.cseq().unwrap().number > bye.cseq().unwrap().number);
        w.send(A, B, Response::reply_to(&again, 200, None));
        w.pass(100);
        assert_eq!(w.nodes[B].endpoint.census().sessions, 0);
    });
}

/// The far end has moved its Contact to a host that the credentials are not for: no answer, not even one that was given before.
#[test]
fn whoever_the_call_was_moved_to_gets_no_answer() {
    scenario(|w| {
        let mut guard = Guard::new();
        let (b, tag) = called(w);
        let key = w.request(B, b, Method::Info);
        let info = challenged(w, &mut guard, A);
        let Message::Request(again) = w.arrival(A) else {
            panic!("a response")
        };
        assert!(matches!(guard.verdict(w, &again), Some(Verdict::Ok { .. })));
        w.send(A, B, Response::reply_to(&again, 200, None));
        assert!(w.outcome(B, key).is_ok());
        assert!(!info.headers.contains(&HeaderName::ProxyAuthorization));

        w.make_raw(C);
        let mut update = crate::raw::request(Method::Update, "z9hG4bK3", "x", Some(&tag));
        update.headers.set(HeaderName::CSeq, "2 UPDATE");
        let there = format!("<sip:thief@{}>", World::addr(C));
        update.headers.set(HeaderName::Contact, there);
        w.send(A, B, update);
        let asked = w.asked(B, &Method::Update);
        w.respond(B, asked, 200);
        w.hangup(B, b);
        w.ended(B, b);
        let bye = challenged(w, &mut guard, C);
        assert_eq!(bye.method, Method::Bye);
        assert!(!bye.headers.contains(&HeaderName::ProxyAuthorization));
        w.settle();
        assert_eq!(w.count("B->C", "BYE"), 1, "no answer to a stranger");
    });
}
