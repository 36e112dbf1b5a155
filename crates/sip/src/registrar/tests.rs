//! Bindings come, change and go.

use super::*;
use crate::api::Transport;
use crate::message::Message;
use tandem_types::Wall;

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono(seconds * 1_000_000_000),
        wall: Wall(0),
    }
}

fn registrar() -> Registrar {
    Registrar::new(RegistrarConfig {
        min_expires: 60,
        max_expires: 600,
        default_expires: 300,
        max_contacts: 3,
    })
}

fn flow(remote: &str) -> Flow {
    let local = "192.0.2.1:5060".parse().unwrap();
    Flow {
        transport: Transport::Udp,
        local,
        remote: remote.parse().unwrap(),
    }
}

fn register(cseq: u32, lines: &str) -> Request {
    let text = format!(
        "REGISTER sip:office SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK{cseq};rport\r\n\
         From: <sip:200@office>;tag=1\r\nTo: <sip:200@office>\r\nCall-ID: c\r\nCSeq: {cseq} REGISTER\r\n{lines}\r\n"
    );
    match Message::parse(text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn send(registrar: &mut Registrar, seconds: u64, cseq: u32, lines: &str) -> (u16, Vec<String>) {
    let from = flow("198.51.100.3:40001");
    let reply = registrar.handle_register(at(seconds), &register(cseq, lines), from, "200");
    (
        reply.status,
        reply
            .headers
            .all(&HeaderName::Contact)
            .map(str::to_owned)
            .collect(),
    )
}

fn uris(registrar: &Registrar) -> Vec<String> {
    registrar
        .contacts("200")
        .iter()
        .map(|b| b.uri.to_string())
        .collect()
}

#[test]
fn a_phone_is_bound_where_its_register_came_from_until_its_time_is_over() {
    let mut r = registrar();
    let (status, listed) = send(
        &mut r,
        0,
        1,
        "Contact: <sip:200@10.0.0.5:5060>;expires=120\r\n",
    );
    assert_eq!(
        (status, listed),
        (200, vec!["<sip:200@10.0.0.5:5060>;expires=120".to_owned()])
    );
    assert_eq!(r.contacts("200")[0].flow, flow("198.51.100.3:40001"));
    assert!(r.is_bound("198.51.100.3:40001".parse().unwrap()));
    assert!(!r.is_bound("198.51.100.3:40002".parse().unwrap()));
    assert!(r.is_bound_as("198.51.100.3:40001".parse().unwrap(), "200"));
    assert!(!r.is_bound_as("198.51.100.3:40001".parse().unwrap(), "201"));
    assert!(matches!(
        r.poll_output(),
        Some(RegistrarEvent::Bound { .. })
    ));
    r.handle_timeout(at(119));
    assert_eq!(r.poll_output(), None, "early is a no-op");
    assert_eq!(r.poll_timeout().unwrap().0, at(120).mono);
    r.handle_timeout(at(120));
    assert!(matches!(
        r.poll_output(),
        Some(RegistrarEvent::Unbound { expired: true, .. })
    ));
    assert!(!r.is_bound("198.51.100.3:40001".parse().unwrap()));
    assert_eq!((r.contacts("200"), r.poll_timeout()), (vec![], None));
}

#[test]
fn a_refresh_moves_the_expiry_and_is_no_event() {
    let mut r = registrar();
    send(&mut r, 0, 1, "Contact: <sip:200@a>\r\n");
    r.poll_output();
    let (_, listed) = send(&mut r, 200, 2, "Contact: <sip:200@a>\r\nExpires: 9999\r\n");
    assert_eq!(listed, ["<sip:200@a>;expires=600"], "cut to the longest");
    assert_eq!(r.poll_output(), None);
    assert_eq!(r.poll_timeout().unwrap().0, at(800).mono);
    let (_, listed) = send(&mut r, 300, 3, "");
    assert_eq!(
        listed,
        ["<sip:200@a>;expires=500"],
        "without Contact it is a question"
    );
}

#[test]
fn too_short_a_time_draws_423_and_zero_unbinds() {
    let mut r = registrar();
    let short = register(1, "Contact: <sip:200@a>;expires=30\r\n");
    let reply = r.handle_register(at(0), &short, flow("198.51.100.3:1"), "200");
    assert_eq!(
        (reply.status, reply.headers.first(&HeaderName::MinExpires)),
        (423, Some("60"))
    );
    assert_eq!(uris(&r), [""; 0]);
    send(&mut r, 0, 2, "Contact: <sip:200@a>, <sip:200@b>\r\n");
    assert_eq!(
        send(&mut r, 1, 3, "Contact: <sip:200@a>;expires=0\r\n").1,
        ["<sip:200@b>;expires=299"]
    );
    assert_eq!(uris(&r), ["sip:200@b"]);
}

#[test]
fn a_star_unbinds_all_and_only_with_expires_0() {
    let mut r = registrar();
    send(&mut r, 0, 1, "Contact: <sip:200@a>, <sip:200@b>\r\n");
    assert_eq!(send(&mut r, 1, 2, "Contact: *\r\n").0, 400);
    assert_eq!(send(&mut r, 1, 2, "Contact: *\r\nExpires: 60\r\n").0, 400);
    assert_eq!(
        send(&mut r, 1, 2, "Contact: *, <sip:200@c>\r\nExpires: 0\r\n").0,
        400
    );
    assert_eq!(
        send(&mut r, 1, 1, "Contact: *\r\nExpires: 0\r\n").0,
        500,
        "an old one"
    );
    assert_eq!(uris(&r).len(), 2);
    assert_eq!(
        send(&mut r, 1, 2, "Contact: *\r\nExpires: 0\r\n"),
        (200, vec![])
    );
    assert_eq!(uris(&r), [""; 0]);
}

#[test]
fn an_old_number_changes_nothing() {
    let mut r = registrar();
    send(&mut r, 0, 5, "Contact: <sip:200@a>\r\n");
    assert_eq!(
        send(&mut r, 1, 5, "Contact: <sip:200@a>;expires=0\r\n").0,
        500
    );
    assert_eq!(
        send(&mut r, 1, 4, "Contact: <sip:200@b>, <sip:200@a>\r\n").0,
        500
    );
    assert_eq!(
        uris(&r),
        ["sip:200@a"],
        "all of a REGISTER is done or nothing"
    );
    assert_eq!(send(&mut r, 1, 4, "Contact: <nonsense>\r\n").0, 400);
}

#[test]
fn the_phone_refreshed_longest_ago_is_pushed_out() {
    let mut r = registrar();
    for (cseq, contact) in [(1, "a"), (2, "b"), (3, "c"), (4, "a"), (5, "d")] {
        send(
            &mut r,
            cseq.into(),
            cseq,
            &format!("Contact: <sip:200@{contact}>\r\n"),
        );
    }
    assert_eq!(uris(&r), ["sip:200@d", "sip:200@a", "sip:200@c"]);
}

#[test]
fn instance_ids_tell_phones_apart() {
    let mut r = registrar();
    let contact = |host: &str, id: &str| {
        format!("Contact: <sip:200@{host}>;+sip.instance=\"<urn:uuid:{id}>\"\r\n")
    };
    send(&mut r, 0, 1, &contact("10.0.0.5", "1"));
    send(&mut r, 0, 2, &contact("10.0.0.5", "2"));
    assert_eq!(
        uris(&r).len(),
        2,
        "the same private address behind two NATs"
    );
    send(&mut r, 0, 3, &contact("10.0.0.77", "1"));
    assert_eq!(
        uris(&r),
        ["sip:200@10.0.0.77", "sip:200@10.0.0.5"],
        "a phone with a new address"
    );
}

#[test]
fn a_closed_connection_unbinds_its_phones() {
    let mut r = registrar();
    let tcp = Flow {
        transport: Transport::Tcp,
        ..flow("198.51.100.3:40001")
    };
    r.handle_register(
        at(0),
        &register(1, "Contact: <sip:200@a;transport=tcp>\r\n"),
        tcp,
        "200",
    );
    send(&mut r, 0, 2, "Contact: <sip:200@b>\r\n");
    r.handle_flow_closed(flow("198.51.100.3:40001"));
    assert_eq!(uris(&r).len(), 2);
    r.handle_flow_closed(tcp);
    assert_eq!(uris(&r), ["sip:200@b"]);
}

#[test]
fn a_phone_behind_proxies_is_called_by_the_way_that_they_wrote() {
    let mut r = registrar();
    let path = "Path: <sip:inner;lr>, <sip:outer;lr;ob>\r\nContact: <sip:200@10.0.0.5>\r\n";
    let reply = r.handle_register(at(0), &register(1, path), flow("198.51.100.3:5060"), "200");
    let told: Vec<_> = reply.headers.all(&HeaderName::Path).collect();
    assert_eq!(
        told,
        ["<sip:inner;lr>", "<sip:outer;lr;ob>"],
        "so that the phone and its proxies see what is kept"
    );
    let way = |r: &Registrar| {
        let hops = r.contacts("200").remove(0).path;
        hops.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(way(&r), told);
    // Moved to a network of its own: the old way is not its any more.
    send(&mut r, 1, 2, "Contact: <sip:200@10.0.0.5>\r\n");
    assert!(way(&r).is_empty());
    let (status, _) = send(
        &mut r,
        2,
        3,
        "Path: <sip:\r\nContact: <sip:200@10.0.0.5>\r\n",
    );
    assert_eq!(status, 400, "a way that cannot be read is none");
}
