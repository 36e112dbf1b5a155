//! `tandem phones` and `tandem trunks`: what they say of an office where a phone has just registered, and without a gateway.

use super::lab::{Lab, golden};
use serde_json::json;
use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};
use tandem_sip::{
    api::Credentials,
    digest::{Challenge, answer},
};

const AT: &str = "--config office --data data";

/// One REGISTER of a phone that calls itself Snom, and the answer.
fn register(socket: &UdpSocket, gateway: SocketAddr, cseq: u32, authorization: &str) -> String {
    let at = socket.local_addr().expect("its address");
    let text = format!(
        "REGISTER sip:phones.northgate.example SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKr{cseq};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:201@phones.northgate.example>;tag=a\r\nTo: <sip:201@phones.northgate.example>\r\nCall-ID: register@{at}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:201@{at}>\r\nExpires: 300\r\nUser-Agent: snomD785/10.1\r\n{authorization}\
         Content-Length: 0\r\n\r\n"
    );
    socket.send_to(text.as_bytes(), gateway).expect("loopback");
    let mut buffer = [0; 4096];
    let n = socket.recv(&mut buffer).expect("an answer");
    String::from_utf8_lossy(&buffer[..n]).into_owned()
}

#[tokio::test]
async fn queues_say_who_is_there_and_people_are_paused_by_command() {
    let lab = Lab::new();
    let members = "members = [\"ext:201\", \"ext:202\"]";
    let waits = format!("{members}\nmax_wait = \"5m\"");
    lab.change("dialplans/reception.toml", members, &waits);
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let listed = lab.tandem(&format!("queues {AT}"));
    let nobody = "billing (reception): 0 waiting\n  ext:201      not registered\n  ext:202      not registered\n";
    assert_eq!(listed.out, nobody);
    let paused = lab.tandem(&format!("queues pause 202 {AT}"));
    assert_eq!(
        (paused.code, paused.out.as_str()),
        (Some(0), "queues do not ring 202 any more\n")
    );
    let json = lab.tandem(&format!("queues --json {AT}")).json();
    assert_eq!(json[0]["members"][1]["state"], "paused");
    let back = lab.tandem(&format!("queues resume 202 {AT}"));
    assert_eq!(back.out, "queues ring 202 again\n");
    assert_eq!(lab.tandem(&format!("queues {AT}")).out, nobody);
    let unknown = lab.tandem(&format!("queues pause 299 {AT}"));
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.err.contains("299 is in no queue"),
        "{}",
        unknown.err
    );
}

#[tokio::test]
async fn a_phone_that_registers_is_listed_and_so_are_the_trunks() {
    let lab = Lab::new();
    let password = std::fs::read_to_string(lab.path("office/secrets/201")).expect("a password");
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let gateway = SocketAddr::from((lab.ip, 5070));
    let socket = UdpSocket::bind((lab.ip, 0)).expect("a port");
    let limit = Some(Duration::from_secs(10));
    socket.set_read_timeout(limit).expect("a time-out");
    let challenge = register(&socket, gateway, 1, "");
    assert!(challenge.starts_with("SIP/2.0 401 "), "{challenge}");
    let wanted = challenge
        .lines()
        .find_map(|l| l.strip_prefix("WWW-Authenticate: "));
    let wanted = Challenge::parse(wanted.expect("a challenge")).expect("it can be read");
    let credentials = Credentials {
        username: "201".into(),
        password: password.trim().to_owned().into(),
        realm: None,
        hosts: Vec::new(),
    };
    let uri = "sip:phones.northgate.example";
    let proof = answer(&wanted, &credentials, "REGISTER", uri, b"", "c", 1);
    let ok = register(&socket, gateway, 2, &format!("Authorization: {proof}\r\n"));
    assert!(ok.starts_with("SIP/2.0 200 "), "{ok}");

    let phones = lab.tandem(&format!("phones --json {AT}")).json();
    let billing = phones
        .as_array()
        .and_then(|all| all.iter().find(|p| p["extension"] == "201"))
        .expect("phone 201");
    let contact = &billing["contacts"][0];
    assert_eq!(contact["user_agent"], "snomD785/10.1");
    let at = socket.local_addr().expect("its address").to_string();
    // The lab's own address has another name in what is printed.
    let port = at.rsplit(':').next().unwrap_or_default();
    assert_eq!(contact["address"], format!("127.0.0.1:{port}"));
    assert_eq!(
        (&contact["transport"], &billing["calls"]),
        (&json!("udp"), &json!(0))
    );
    let left = contact["expires_s"].as_u64();
    assert!(left.is_some_and(|s| (200..=300).contains(&s)), "{left:?}");
    let said = lab.tandem(&format!("phones {AT}"));
    assert!(
        said.out
            .contains("201     Billing one           registered, idle"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("200     Reception one         not registered\n")
    );

    let trunks = lab.tandem(&format!("trunks {AT}"));
    golden("trunks", &[trunks]);
    let json = lab.tandem(&format!("trunks --json {AT}")).json();
    assert_eq!(json[0]["trunk"], "carrier");
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
}

#[test]
fn without_a_gateway_there_is_one_clear_line() {
    let lab = Lab::new();
    let said = ["phones", "trunks"].map(|verb| lab.tandem(&format!("{verb} {AT}")));
    golden("nobody_lists", &said);
}
