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
fn a_dialog_on_tls_stays_with_whom_proved_who_they_are() {
    let by_tls = |remote: &str| Flow {
        transport: Transport::Tls,
        ..flow(remote)
    };
    let of = |contact: &str| {
        let mut dialog = called(&format!("Contact: {contact}\r\n"), "192.0.2.9:40001");
        dialog.heard(by_tls("192.0.2.9:40001"));
        dialog
    };
    for (contact, after) in [
        ("<sip:a@192.0.2.9:5071;transport=tls>", "192.0.2.9:5071"),
        ("<sips:a@192.0.2.9>", "192.0.2.9:5061"),
        ("<sip:a@192.0.2.77:5071;transport=tls>", "192.0.2.9:40001"),
        ("<sip:a@192.0.2.77>", "192.0.2.9:40001"),
    ] {
        let mut dialog = of(contact);
        let connection = by_tls("192.0.2.9:40001");
        assert_eq!(dialog.flow(), connection, "{contact}");
        dialog.disconnected(connection);
        assert_eq!(dialog.flow(), by_tls(after), "{contact}, once it is closed");
    }
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

#[test]
fn whoever_is_the_target_a_hop_or_was_heard_last_is_near() {
    let dialog = called(
        "Record-Route: <sip:192.0.2.7;lr>, <sip:p2;lr>\r\nContact: <sip:a@192.0.2.8>\r\n",
        "192.0.2.9:5060",
    );
    for (ip, near) in [
        ("192.0.2.7", true),
        ("192.0.2.8", true),
        ("192.0.2.9", true),
        ("192.0.2.10", false),
    ] {
        assert_eq!(dialog.is_near(ip.parse().unwrap()), near, "{ip}");
    }
}

#[test]
fn the_2xx_brings_the_route_set_of_an_early_dialog() {
    let mut dialog = calling("Record-Route: <sip:192.0.2.6;lr>\nContact: <sip:b@192.0.2.8>");
    let invite = request("");
    let mut response = Response::reply_to(&invite, 200, Some("them"));
    for route in ["<sip:p2;lr>", "<sip:192.0.2.7;lr>"] {
        response.headers.push(HeaderName::RecordRoute, route);
    }
    response
        .headers
        .push(HeaderName::Contact, "<sip:c@192.0.2.18?Subject=x>");
    dialog.confirm(&response, flow("192.0.2.19:5060"));
    let bye = dialog.request(Method::Bye, 8);
    assert_eq!(routes(&bye), ["<sip:192.0.2.7;lr>", "<sip:p2;lr>"]);
    assert_eq!(bye.uri.to_string(), "sip:c@192.0.2.18");
    assert!(dialog.is_near("192.0.2.19".parse().unwrap()));
    assert!(!dialog.is_near("192.0.2.6".parse().unwrap()));
}

#[test]
fn a_target_without_an_address_leaves_the_connection_as_it_is() {
    let mut dialog = called(
        "Contact: <sip:a@pbx.example;transport=tcp>\r\n",
        "192.0.2.9:40001",
    );
    let connection = Flow {
        transport: Transport::Tcp,
        ..flow("192.0.2.9:40001")
    };
    dialog.heard(connection);
    dialog.disconnected(connection);
    assert_eq!(dialog.flow(), connection, "nowhere else is known");
    // A datagram has no connection that could be closed.
    let mut dialog = called("Contact: <sip:a@10.0.0.5>\r\n", "198.51.100.3:40001");
    dialog.disconnected(flow("198.51.100.3:40001"));
    assert_eq!(dialog.flow(), flow("198.51.100.3:40001"));
}

#[test]
fn numbers_stay_below_2_to_the_31st() {
    let mut dialog = called("", "192.0.2.9:5060");
    dialog.local_cseq = 0x7fff_fffe;
    assert_eq!((dialog.next_cseq(), dialog.next_cseq()), (0x7fff_ffff, 0));
}

#[test]
fn an_address_that_only_a_private_network_knows_is_followed_there_alone() {
    let six = |remote: &str| Flow {
        local: "[2001:db8::1]:5060".parse().unwrap(),
        ..flow(remote)
    };
    let private = [
        "10.0.0.5:5060",
        "172.16.0.5:5060",
        "192.168.0.5:5060",
        "127.0.0.5:5060",
        "169.254.0.5:5060",
        "100.64.0.5:5060",
        "[::1]:5060",
        "[fd00::5]:5060",
        "[fe80::5]:5060",
    ];
    let public = ["192.0.2.8:5060", "100.128.0.5:5060", "[2001:db8::5]:5060"];
    for (addrs, known_outside) in [(&private[..], false), (&public[..], true)] {
        for addr in addrs {
            let target = Uri::sip("a", addr);
            let v6 = addr.starts_with('[');
            let (outside, inside) = match v6 {
                true => (six("[2001:db8::9]:1024"), six("[fd00::9]:1024")),
                false => (flow("198.51.100.9:1024"), flow("10.0.0.9:1024")),
            };
            let there = |from: Flow| Flow {
                remote: addr.parse().unwrap(),
                ..from
            };
            let expected = if known_outside {
                there(outside)
            } else {
                outside
            };
            assert_eq!(hop::follow(outside, &target), expected, "{addr}");
            assert_eq!(hop::follow(inside, &target), there(inside), "{addr}");
        }
    }
}

#[test]
fn what_cannot_be_reached_by_our_socket_is_not_followed() {
    let here = flow("192.0.2.9:1024");
    for target in [
        "sip:a@[2001:db8::5]",
        "sip:a@0.0.0.0",
        "sips:a@192.0.2.8",
        "sip:a@192.0.2.8;transport=sctp",
        "sip:a@pbx.example",
        "tel:+44207946000",
    ] {
        let target = Uri::parse(target).unwrap();
        assert_eq!(hop::follow(here, &target), here, "{target}");
    }
    let udp = Uri::parse("sip:a@192.0.2.9;transport=UDP").unwrap();
    let stream = Flow {
        transport: Transport::Tcp,
        ..here
    };
    assert_eq!(hop::follow(stream, &udp), flow("192.0.2.9:5060"));
}
