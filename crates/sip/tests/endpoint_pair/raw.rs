//! One endpoint and a peer that does as it likes: what is refused, with what, and where responses go.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{
    CSeq, HeaderName, Message, Method, NameAddr, Request, Response, Uri, Via,
};

/// A request from A's address to B, with a minimum of headers.
pub(crate) fn request(
    method: Method,
    branch: &str,
    call_id: &str,
    to_tag: Option<&str>,
) -> Request {
    let mut to = NameAddr::new(Uri::sip("b", &World::addr(B).to_string()));
    if let Some(tag) = to_tag {
        to = to.with_tag(tag);
    }
    let mut r = Request::new(method.clone(), to.uri.clone());
    r.headers
        .push(HeaderName::Via, Via::new("UDP", World::addr(A), branch));
    r.headers.push(HeaderName::MaxForwards, 70);
    let from = NameAddr::new(Uri::sip("a", &World::addr(A).to_string()));
    r.headers
        .push(HeaderName::From, from.clone().with_tag("raw"));
    r.headers.push(HeaderName::To, to);
    r.headers.push(HeaderName::CallId, call_id);
    r.headers.push(HeaderName::CSeq, CSeq::new(1, method));
    r.headers.push(HeaderName::Contact, from);
    r
}

fn response(w: &mut World) -> Response {
    loop {
        match w.arrival(A) {
            Message::Response(r) if r.status != 100 => return r,
            Message::Response(_) => {}
            Message::Request(r) => panic!("{:?}", r.method),
        }
    }
}

/// What B answers to one request of a raw A.
fn answer(edit: impl Fn(&mut Request), method: Method) -> Response {
    let mut out = None;
    let mut w = World::new(false);
    w.make_raw(A);
    let mut r = request(method, "z9hG4bKraw", "x", None);
    edit(&mut r);
    w.send(A, B, r);
    out.replace(response(&mut w));
    w.settle();
    assert!(w.nodes[B].events.is_empty());
    out.unwrap()
}

fn header(r: &Response, name: HeaderName) -> String {
    r.headers.first(&name).unwrap_or("none").to_owned()
}

#[test]
fn refusals_are_as_the_rfc_has_them() {
    let unknown = answer(|_| (), "DANCE".parse().unwrap());
    assert_eq!(unknown.status, 501);
    assert!(header(&unknown, HeaderName::Allow).contains("INVITE, ACK, BYE"));
    let known = answer(|_| (), Method::Publish);
    assert_eq!(known.status, 405);
    assert!(header(&known, HeaderName::Allow).contains("INVITE, ACK, BYE"));
    assert_eq!(answer(|_| (), Method::Subscribe).status, 489);
    assert_eq!(
        answer(
            |r| r.headers.push(HeaderName::Event, "keep-alive"),
            Method::Notify
        )
        .status,
        489
    );
    let required = answer(
        |r| r.headers.push(HeaderName::Require, "replaces, 100rel, x"),
        Method::Invite,
    );
    assert_eq!(
        (required.status, header(&required, HeaderName::Unsupported)),
        (420, "100rel, x".into())
    );
    assert_eq!(
        answer(
            |r| r.headers.set(HeaderName::MaxForwards, 0),
            Method::Invite
        )
        .status,
        483
    );
    assert_eq!(
        answer(
            |r| r.headers.set(HeaderName::MaxForwards, 0),
            Method::Options
        )
        .status,
        200
    );
    let body = |kind: &'static str| {
        move |r: &mut Request| {
            r.headers.push(HeaderName::ContentType, kind);
            r.body = "x".into();
        }
    };
    let text = answer(body("text/plain"), Method::Invite);
    assert_eq!(
        (text.status, header(&text, HeaderName::Accept)),
        (415, "application/sdp".into())
    );
    let zipped = answer(
        |r| {
            body("application/sdp")(r);
            r.headers.push(HeaderName::ContentEncoding, "gzip");
        },
        Method::Invite,
    );
    assert_eq!(
        (zipped.status, header(&zipped, HeaderName::AcceptEncoding)),
        (415, "identity".into())
    );
    assert_eq!(
        answer(|r| r.uri = Uri::parse("h323:a@b").unwrap(), Method::Invite).status,
        416
    );
    assert_eq!(
        answer(
            |r| {
                r.headers.remove(&HeaderName::CSeq);
            },
            Method::Invite
        )
        .status,
        400
    );
    for method in [Method::Bye, Method::Info, Method::Update] {
        assert_eq!(answer(|_| (), method).status, 481);
    }
}

#[test]
fn a_refusal_bears_a_tag_and_our_name() {
    let refused = answer(|_| (), Method::Publish);
    assert!(
        refused
            .to()
            .unwrap()
            .tag()
            .is_some_and(|tag| tag.starts_with("07")),
        "the shard in front"
    );
    assert_eq!(header(&refused, HeaderName::Server), "tandem-test");
}

#[test]
fn options_says_what_we_can() {
    let options = answer(|_| (), Method::Options);
    assert_eq!(options.status, 200);
    assert_eq!(header(&options, HeaderName::Accept), "application/sdp");
    assert_eq!(header(&options, HeaderName::Supported), "replaces");
    assert!(header(&options, HeaderName::Allow).contains("REFER"));
}

#[test]
fn an_unknown_dialog_gets_481_and_an_ack_silence() {
    for method in [Method::Bye, Method::Invite, Method::Info, Method::Options] {
        let mut w = World::new(false);
        w.make_raw(A);
        w.send(A, B, request(method, "z9hG4bK1", "x", Some("nobody")));
        assert_eq!(response(&mut w).status, 481);
        let mut ack = request(Method::Ack, "z9hG4bK1", "x", Some("nobody"));
        ack.headers.set(HeaderName::CSeq, "1 ACK");
        w.send(A, B, ack.clone());
        ack.headers.set(
            HeaderName::Via,
            Via::new("UDP", World::addr(A), "z9hG4bKother"),
        );
        w.send(A, B, ack);
        w.settle();
        assert!(w.nodes[A].arrived.is_empty());
    }
}

#[test]
fn a_repeated_invite_is_one_call_and_a_merged_one_gets_482() {
    scenario(|w| {
        w.make_raw(A);
        let invite = request(Method::Invite, "z9hG4bK1", "x", None);
        w.send(A, B, invite.clone());
        let b = w.invited(B).0;
        w.progress(B, b);
        w.send(A, B, invite.clone());
        let mut other_way = invite;
        other_way
            .headers
            .set(HeaderName::Via, Via::new("UDP", World::addr(A), "z9hG4bK2"));
        w.send(A, B, other_way);
        w.pass(100);
        let all: Vec<u16> = w.nodes[A]
            .arrived
            .drain(..)
            .filter_map(|m| match m {
                Message::Response(r) => Some(r.status),
                Message::Request(_) => None,
            })
            .collect();
        assert_eq!(
            all,
            [100, 180, 180, 482],
            "the repetition draws the last 1xx"
        );
        assert!(w.nodes[B].events.is_empty());
        w.reject(B, b, 404);
    });
}

#[test]
fn a_lower_number_in_a_dialog_gets_500() {
    scenario(|w| {
        w.make_raw(A);
        let mut invite = request(Method::Invite, "z9hG4bK1", "x", None);
        invite.headers.set(HeaderName::CSeq, "5 INVITE");
        w.send(A, B, invite);
        let b = w.invited(B).0;
        w.accept(B, b);
        let tag = response(w).to().unwrap().tag().unwrap().to_owned();
        let mut ack = request(Method::Ack, "z9hG4bK2", "x", Some(&tag));
        ack.headers.set(HeaderName::CSeq, "5 ACK");
        w.send(A, B, ack);
        w.acked(B, b);
        let mut info = request(Method::Info, "z9hG4bK3", "x", Some(&tag));
        info.headers.set(HeaderName::CSeq, "4 INFO");
        w.send(A, B, info);
        assert_eq!(response(w).status, 500);
        let mut bye = request(Method::Bye, "z9hG4bK4", "x", Some(&tag));
        bye.headers.set(HeaderName::CSeq, "6 BYE");
        bye.headers.set(HeaderName::MaxForwards, 0);
        w.send(A, B, bye);
        assert_eq!(
            response(w).status,
            200,
            "a dialog is not torn for Max-Forwards"
        );
        w.ended(B, b);
    });
}

#[test]
fn an_ack_that_kept_the_branch_of_its_invite_counts() {
    scenario(|w| {
        w.make_raw(A);
        w.send(A, B, request(Method::Invite, "z9hG4bK1", "x", None));
        let b = w.invited(B).0;
        w.accept(B, b);
        let tag = response(w).to().unwrap().tag().unwrap().to_owned();
        let mut ack = request(Method::Ack, "z9hG4bK1", "x", Some(&tag));
        ack.headers.set(HeaderName::CSeq, "1 ACK");
        w.send(A, B, ack);
        w.acked(B, b);
        w.make_raw(A);
        w.hangup(B, b);
        let Message::Request(bye) = w.arrival(A) else {
            panic!()
        };
        w.send(A, B, Response::reply_to(&bye, 200, None));
    });
}

#[test]
fn a_branch_without_the_cookie_is_matched_by_the_rest() {
    scenario(|w| {
        w.make_raw(A);
        let invite = request(Method::Invite, "1", "x", None);
        w.send(A, B, invite.clone());
        let b = w.invited(B).0;
        w.send(A, B, invite);
        w.pass(50);
        assert!(w.nodes[B].events.is_empty(), "a repetition");
        let mut cancel = request(Method::Cancel, "1", "x", None);
        cancel.headers.set(HeaderName::CSeq, "1 CANCEL");
        w.send(A, B, cancel);
        w.ended(B, b);
    });
}

/// Where B's endpoint sends the answer to OPTIONS with this Via, when it came from that port.
fn answered_at(via: &str, port: u16) -> (std::net::SocketAddr, Via) {
    let mut w = World::new(false);
    let mut r = request(Method::Options, "z9hG4bK1", "x", None);
    r.headers.set(HeaderName::Via, via);
    let remote = std::net::SocketAddr::from(([198, 51, 100, 3], port));
    let from = Flow {
        transport: Transport::Udp,
        local: World::addr(B),
        remote,
    };
    let input = Input::Message {
        from,
        message: r.into(),
        urgent: false,
    };
    let endpoint = &mut w.nodes[B].endpoint;
    endpoint.handle_input(w.now, input);
    let mut sent = None;
    while let Some(output) = endpoint.poll_output() {
        if let Output::Transmit { flow, bytes, .. } = output {
            sent = Some((
                flow.remote,
                Message::parse(bytes).unwrap().top_via().unwrap().clone(),
            ));
        }
    }
    w.settle();
    sent.unwrap()
}

#[test]
fn responses_go_back_where_rport_says_else_to_the_port_of_sent_by() {
    let (to, via) = answered_at("SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1;rport", 40001);
    assert_eq!(to.to_string(), "198.51.100.3:40001");
    assert_eq!(
        (via.received().unwrap().to_string(), via.rport()),
        ("198.51.100.3".into(), Some(40001))
    );
    let (to, via) = answered_at("SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1", 40001);
    assert_eq!(to.to_string(), "198.51.100.3:5062");
    assert_eq!(
        (via.received().unwrap().to_string(), via.rport()),
        ("198.51.100.3".into(), None)
    );
    let (to, via) = answered_at("SIP/2.0/UDP 198.51.100.3;branch=z9hG4bK1", 40001);
    assert_eq!(
        (to.to_string(), via.received()),
        ("198.51.100.3:5060".into(), None)
    );
    let (to, _) = answered_at(
        "SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1;maddr=203.0.113.7",
        40001,
    );
    assert_eq!(
        to.to_string(),
        "198.51.100.3:5060",
        "nobody aims our responses"
    );
}

#[test]
fn what_belongs_to_nothing_is_not_known_and_what_does_is_where_it_should_come_from() {
    scenario(|w| {
        let near = w.flow(B, A);
        let elsewhere = Flow {
            remote: "203.0.113.7:5060".parse().unwrap(),
            ..near
        };
        let stray: Message = request(Method::Bye, "z9hG4bK9", "x", Some("y")).into();
        assert!(!w.nodes[B].endpoint.knows(near, &stray));
        let (a, b) = w.talk();
        let call_id = w.nodes[B].endpoint.call_id_of(b).unwrap().to_owned();
        let ours = w.nodes[B].endpoint.replaces_for(b).unwrap();
        let mut bye = request(Method::Bye, "z9hG4bK9", &call_id, Some(&ours.from_tag));
        let theirs = bye.from().unwrap().uri.clone();
        bye.headers.set(
            HeaderName::From,
            NameAddr::new(theirs).with_tag(&ours.to_tag),
        );
        let bye = Message::from(bye);
        assert!(w.nodes[B].endpoint.knows(near, &bye));
        assert_eq!(w.nodes[B].endpoint.session_of(&bye), Some(b));
        assert!(
            !w.nodes[B].endpoint.knows(elsewhere, &bye),
            "whoever has seen the tags ends no call with them"
        );
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn an_invite_is_cancelled_from_where_it_came() {
    scenario(|w| {
        w.make_raw(A);
        let invite = request(Method::Invite, "z9hG4bKraw", "x", None);
        w.send(A, B, invite.clone());
        let (b, _) = w.invited(B);
        let cancel: Message = request(Method::Cancel, "z9hG4bKraw", "x", None).into();
        let near = w.flow(B, A);
        let elsewhere = Flow {
            remote: "203.0.113.7:5060".parse().unwrap(),
            ..near
        };
        let endpoint = &w.nodes[B].endpoint;
        assert!(endpoint.knows(near, &cancel) && endpoint.knows(near, &invite.clone().into()));
        assert!(!endpoint.knows(elsewhere, &cancel));
        assert!(!endpoint.knows(elsewhere, &invite.into()));
        w.send(A, B, cancel);
        w.ended(B, b);
        w.settle();
    });
}

#[test]
fn a_response_with_two_vias_is_not_ours() {
    scenario(|w| {
        w.make_raw(B);
        let a = w.invite();
        let Message::Request(invite) = w.arrival(B) else {
            panic!()
        };
        let mut response = Response::reply_to(&invite, 404, Some("b"));
        response
            .headers
            .push(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx");
        w.send(B, A, response);
        w.pass(100);
        assert!(w.nodes[A].events.is_empty());
        w.failed(A, a);
    });
}

#[test]
fn odd_answers_to_an_invite_leave_nothing_behind() {
    scenario(|w| {
        w.make_raw(B);
        let a = w.invite();
        let Message::Request(invite) = w.arrival(B) else {
            panic!()
        };
        let mut response = Response::reply_to(&invite, 200, None);
        response.headers.set(HeaderName::From, "nonsense <");
        response.headers.set(HeaderName::To, ";;;");
        w.send(B, A, response);
        w.answered(A, a);
        w.hangup(A, a);
        w.ended(A, a);
    });
}
