//! Requests that are too large for UDP.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::message::{HeaderName, Headers, Message, Method, NameAddr, Request, Response, Uri};

fn tcp(w: &World) -> Flow {
    Flow {
        transport: Transport::Tcp,
        ..w.flow(A, B)
    }
}

/// Headers of so many bytes.
fn words(bytes: usize) -> Headers {
    Headers::new().with(HeaderName::Subject, "x".repeat(bytes))
}

/// A calls B, who may be reached by TCP too, with so many bytes to say.
fn call(w: &mut World, bytes: usize) -> SessionId {
    let invite = OutgoingInvite {
        large: Some(tcp(w)),
        headers: words(bytes),
        ..w.outgoing(A, B)
    };
    w.invite_with(invite)
}

/// As its Via says.
fn way(request: &Request) -> String {
    request.top_via().expect("a Via").transport.to_string()
}

fn no_connection(w: &mut World) {
    let flow = tcp(w);
    w.input(A, Input::TransportFailed { flow });
}

/// B has the INVITE by this transport; it is answered and ACKed.
fn comes_by(w: &mut World, a: SessionId, transport: &str) -> SessionId {
    let (b, request) = w.invited(B);
    assert_eq!(way(&request), transport);
    w.accept(B, b);
    w.answered(A, a);
    w.ack(A, a);
    w.acked(B, b);
    b
}

fn over(w: &mut World, a: SessionId, b: SessionId) {
    w.hangup(A, a);
    w.ended(A, a);
    w.ended(B, b);
}

#[test]
fn a_large_invite_goes_by_tcp() {
    scenario(|w| {
        let a = call(w, 1300);
        let b = comes_by(w, a, "TCP");
        over(w, a, b);
    });
}

#[test]
fn its_dialog_stays_with_udp_where_the_peer_does_not_ask_for_tcp() {
    scenario(|w| {
        w.make_raw(B);
        let a = call(w, 1300);
        let Message::Request(invite) = w.arrival(B) else {
            panic!("an INVITE")
        };
        let mut response = Response::reply_to(&invite, 200, Some("b"));
        let contact = NameAddr::new(Uri::sip("callee", &World::addr(B).to_string()));
        response.headers.push(HeaderName::Contact, contact);
        w.put(B, A, Transport::Tcp, Message::from(response).to_bytes());
        w.answered(A, a);
        let flow = w.nodes[A].endpoint.flow_of(a).expect("a dialog");
        assert_eq!(flow, w.flow(A, B));
        w.hangup(A, a);
        w.ended(A, a);
    });
}

#[test]
fn a_small_one_goes_by_udp() {
    scenario(|w| {
        let a = call(w, 500);
        let b = comes_by(w, a, "UDP");
        over(w, a, b);
    });
}

#[test]
fn where_nobody_listens_by_tcp_it_goes_by_udp_after_all_and_the_next_one_at_once() {
    scenario(|w| {
        w.lose("INVITE");
        let a = call(w, 1300);
        no_connection(w);
        let b = comes_by(w, a, "UDP");
        over(w, a, b);
        let a = call(w, 1300);
        let b = comes_by(w, a, "UDP");
        over(w, a, b);
        // A firewall may have been opened since.
        w.pass(600_000);
        let a = call(w, 1300);
        let b = comes_by(w, a, "TCP");
        over(w, a, b);
    });
}

#[test]
fn a_call_that_is_given_up_before_the_connection_failed_rings_nobody() {
    scenario(|w| {
        w.lose("INVITE");
        let a = call(w, 1300);
        w.hangup(A, a);
        no_connection(w);
        w.failed(A, a);
        assert_eq!(w.count("A->B", "INVITE"), 0, "{:#?}", w.ladder);
    });
}

#[test]
fn a_large_request_in_the_dialog_takes_the_same_ways() {
    scenario(|w| {
        let a = call(w, 500);
        let b = comes_by(w, a, "UDP");
        for fails in [false, true] {
            if fails {
                w.lose("INFO");
            }
            let key = w.nodes[A].endpoint.allocate_key();
            w.command(
                A,
                Command::Request {
                    session: a,
                    key,
                    method: Method::Info,
                    headers: words(1300),
                    body: None,
                },
            );
            if fails {
                no_connection(w);
            }
            let Event::Request {
                key: asked,
                request,
                ..
            } = w.event(B)
            else {
                panic!("not asked");
            };
            assert_eq!(way(&request), if fails { "UDP" } else { "TCP" });
            w.respond(B, asked, 200);
            assert!(w.outcome(A, key).is_ok());
        }
        over(w, a, b);
    });
}
