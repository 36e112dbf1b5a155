//! Route sets, targets and flows.

use super::*;
use crate::message::Message;
use std::net::SocketAddr;

fn flow(remote: &str) -> Flow {
    let local: SocketAddr = "192.0.2.1:5060".parse().unwrap();
    Flow {
        transport: Transport::Udp,
        local,
        remote: remote.parse().unwrap(),
    }
}

fn request(lines: &str) -> Request {
    let text = format!(
        "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n{lines}From: <sip:a@x>;tag=1\r\nTo: <sip:b@y>\r\n\
         Call-ID: c\r\nCSeq: 7 INVITE\r\n\r\n"
    );
    match Message::parse(text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn called(lines: &str, from: &str) -> Dialog {
    Dialog::from_request(&request(lines), "us", flow(from)).unwrap()
}

fn calling(lines: &str) -> Dialog {
    let invite = request("");
    let mut response = Response::reply_to(&invite, 200, Some("them"));
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response.headers.push(name, value);
    }
    Dialog::from_response(&invite, &response, flow("192.0.2.9:5060")).unwrap()
}

fn routes(request: &Request) -> Vec<String> {
    request
        .headers
        .all(&HeaderName::Route)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_called_side_takes_the_route_set_in_order() {
    let dialog = called(
        "Record-Route: <sip:192.0.2.7;lr>, <sip:p2;lr>\r\nContact: <sip:a@192.0.2.8>\r\n",
        "192.0.2.7:5060",
    );
    let bye = dialog.request(Method::Bye, 1);
    assert_eq!(bye.uri.to_string(), "sip:a@192.0.2.8");
    assert_eq!(routes(&bye), ["<sip:192.0.2.7;lr>", "<sip:p2;lr>"]);
    assert_eq!(dialog.flow(), flow("192.0.2.7:5060"));
    assert_eq!(bye.from().unwrap().tag(), Some("us"));
    assert_eq!(bye.to().unwrap().tag(), Some("1"));
}

#[test]
fn the_calling_side_takes_the_route_set_reversed() {
    let dialog = calling(
        "Record-Route: <sip:p2;lr>\nRecord-Route: <sip:192.0.2.7:5070;lr>\nContact: <sip:b@192.0.2.8>",
    );
    let bye = dialog.request(Method::Bye, 8);
    assert_eq!(routes(&bye), ["<sip:192.0.2.7:5070;lr>", "<sip:p2;lr>"]);
    assert_eq!(dialog.flow(), flow("192.0.2.7:5070"));
    assert_eq!(bye.to().unwrap().tag(), Some("them"));
}

#[test]
fn a_strict_router_becomes_the_request_uri() {
    let dialog = calling(
        "Record-Route: <sip:p2;lr>\nRecord-Route: <sip:192.0.2.7>\nContact: <sip:b@192.0.2.8>",
    );
    let bye = dialog.request(Method::Bye, 8);
    assert_eq!(bye.uri.to_string(), "sip:192.0.2.7");
    assert_eq!(routes(&bye), ["<sip:p2;lr>", "<sip:b@192.0.2.8>"]);
    assert_eq!(dialog.flow(), flow("192.0.2.7:5060"));
}

#[test]
fn a_contact_that_is_an_address_is_followed_and_a_name_is_not() {
    assert_eq!(
        called("Contact: <sip:a@192.0.2.8:5080>\r\n", "192.0.2.9:1024").flow(),
        flow("192.0.2.8:5080")
    );
    assert_eq!(
        called("Contact: <sip:a@pbx.example>\r\n", "192.0.2.9:1024").flow(),
        flow("192.0.2.9:1024")
    );
    let tcp = called(
        "Contact: <sip:a@192.0.2.8;transport=tcp>\r\n",
        "192.0.2.9:1024",
    )
    .flow();
    assert_eq!(
        tcp,
        Flow {
            transport: Transport::Tcp,
            ..flow("192.0.2.8:5060")
        }
    );
    assert_eq!(
        called("Contact: <sips:a@192.0.2.8>\r\n", "192.0.2.9:1024").flow(),
        flow("192.0.2.9:1024")
    );
}

#[test]
fn a_contact_behind_nat_is_not_followed() {
    let private = called("Contact: <sip:a@10.0.0.5:5060>\r\n", "198.51.100.3:40001");
    assert_eq!(private.flow(), flow("198.51.100.3:40001"));
    let seen_in_via = called(
        "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa;rport\r\nContact: <sip:a@10.0.0.5>\r\n",
        "10.9.9.9:40001",
    );
    assert_eq!(seen_in_via.flow(), flow("10.9.9.9:40001"));
    let same_network = called(
        "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa;rport\r\nContact: <sip:a@10.0.0.5>\r\n",
        "10.0.0.5:40001",
    );
    assert_eq!(
        same_network.flow(),
        flow("10.0.0.5:5060"),
        "it listens elsewhere than it sends from"
    );
}

#[test]
fn a_phone_called_by_its_binding_is_not_followed_behind_its_nat() {
    let mut invite = request("");
    invite.uri = Uri::parse("sip:a@10.0.0.5:5060").unwrap();
    let mut response = Response::reply_to(&invite, 200, Some("them"));
    response
        .headers
        .push(HeaderName::Contact, "<sip:a@10.0.0.5:5060>");
    let by_binding = Dialog::from_response(&invite, &response, flow("10.9.9.9:40001")).unwrap();
    assert_eq!(by_binding.flow(), flow("10.9.9.9:40001"));
    let direct = Dialog::from_response(&invite, &response, flow("10.0.0.5:5060")).unwrap();
    assert_eq!(direct.flow(), flow("10.0.0.5:5060"));
}

#[test]
fn the_connection_to_the_same_host_is_used_again() {
    let mut dialog = called(
        "Contact: <sip:a@192.0.2.9:5060;transport=tcp>\r\n",
        "192.0.2.9:40001",
    );
    let connection = Flow {
        transport: Transport::Tcp,
        ..flow("192.0.2.9:40001")
    };
    dialog.heard(connection);
    assert_eq!(dialog.flow(), connection);
}

#[test]
fn after_the_connection_closed_the_target_is_called() {
    let mut dialog = called(
        "Contact: <sip:a@192.0.2.9:5080;transport=tcp>\r\n",
        "192.0.2.9:40001",
    );
    let connection = Flow {
        transport: Transport::Tcp,
        ..flow("192.0.2.9:40001")
    };
    dialog.heard(connection);
    dialog.disconnected(Flow {
        transport: Transport::Tcp,
        ..flow("192.0.2.9:40002")
    });
    assert_eq!(dialog.flow(), connection, "another one");
    dialog.disconnected(connection);
    assert_eq!(
        dialog.flow(),
        Flow {
            transport: Transport::Tcp,
            ..flow("192.0.2.9:5080")
        }
    );
}

#[test]
fn numbers_rise_on_both_sides() {
    let mut dialog = called("Contact: <sip:a@192.0.2.8>\r\n", "192.0.2.8:5060");
    assert_eq!((dialog.next_cseq(), dialog.next_cseq()), (1, 2));
    let mut info = request("");
    for (number, admitted) in [(6, false), (8, true), (7, false), (8, true), (9, true)] {
        info.headers
            .set(HeaderName::CSeq, format_args!("{number} INVITE"));
        assert_eq!(
            dialog.admit(&info, flow("192.0.2.8:5060")),
            admitted,
            "{number}"
        );
    }
}

#[test]
fn a_target_refresh_changes_the_target_and_not_the_route() {
    let mut dialog = called(
        "Record-Route: <sip:192.0.2.7;lr>\r\nContact: <sip:a@192.0.2.8>\r\n",
        "192.0.2.7:5060",
    );
    dialog.refresh(
        &request("Record-Route: <sip:other;lr>\r\nContact: <sip:a@192.0.2.18>\r\n").headers,
    );
    let bye = dialog.request(Method::Bye, 1);
    assert_eq!(bye.uri.to_string(), "sip:a@192.0.2.18");
    assert_eq!(routes(&bye), ["<sip:192.0.2.7;lr>"]);
}
