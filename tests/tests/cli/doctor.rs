//! `tandem doctor`: what it says of a gateway that does not run, of one that does, and of calls that were turned away.

use super::lab::Lab;
use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

const AT: &str = "--config office --data data";

#[test]
fn where_no_gateway_runs_it_says_what_would_keep_one_from_it() {
    let lab = Lab::new();
    let taken = UdpSocket::bind((lab.ip, 5070)).expect("a port");
    let said = lab.tandem(&format!("doctor {AT}"));
    assert_eq!(said.code, Some(1), "{}", said.out);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = words(&said.out);
    for line in [
        "ok configuration no errors, no warnings",
        "FAIL gateway nobody answers at 127.0.0.1:8088 it does not run: `tandem serve --config DIR`",
        "FAIL udp 127.0.0.1:5070 Address already in use (os error 98) see who has it (ss -lunp, ss -ltnp), or choose another listen",
        "ok tcp 127.0.0.1:5070 free",
        "ok provider pocketsphinx speech recognition by phrases, US English",
        "No call was turned away in the last hour.",
    ] {
        assert!(told.contains(line), "{line:?} in\n{}", said.out);
    }
    let disk = said.out.lines().find(|l| l.contains(" disk "));
    assert!(
        disk.is_some_and(|l| l.contains(" MB free at data/journal")),
        "{}",
        said.out
    );
    drop(taken);
    let said = words(&lab.tandem(&format!("doctor {AT}")).out);
    assert!(said.contains("ok udp 127.0.0.1:5070 free"), "{said}");
}

/// An INVITE from there, and the status of its answer; `None` when there is none soon.
fn calls(lab: &Lab, from: UdpSocket, number: &str) -> Option<String> {
    let gateway = SocketAddr::from((lab.ip, 5070));
    let at = from.local_addr().expect("its address");
    from.set_read_timeout(Some(Duration::from_millis(800)))
        .expect("a time-out");
    let text = format!(
        "INVITE sip:{number}@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:+441632960001@{at}>;tag=a\r\nTo: <sip:{number}@{gateway}>\r\nCall-ID: {number}@{at}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:x@{at}>\r\nContent-Length: 0\r\n\r\n"
    );
    from.send_to(text.as_bytes(), gateway).expect("loopback");
    let mut buffer = [0; 4096];
    loop {
        let n = from.recv(&mut buffer).ok()?;
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let status = text.get(8..11)?.to_owned();
        if !status.starts_with('1') {
            return Some(status);
        }
    }
}

#[tokio::test]
async fn a_call_that_was_turned_away_is_explained_by_the_line_that_would_let_it_in() {
    let lab = Lab::new();
    // A network of its own, so that a neighbour on the same machine is a stranger.
    lab.change(
        "trunks/carrier.toml",
        "127.0.0.0/8",
        &format!("{}/32", lab.ip),
    );
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    let carrier = || UdpSocket::bind((lab.ip, 0)).expect("a port");
    for _ in 0..2 {
        assert_eq!(calls(&lab, carrier(), "99999").as_deref(), Some("404"));
    }
    let stranger = UdpSocket::bind("127.1.2.3:0").expect("a port");
    assert_eq!(calls(&lab, stranger, "2000"), None);

    let said = lab.tandem(&format!("doctor {AT}"));
    let numbers = lab
        .tandem("dialplan test --to +442079460100 --config office")
        .out;
    assert!(numbers.contains("dialplans/reception.toml:"), "{numbers}");
    for line in [
        "ok    gateway                0 of ",
        "Calls turned away in the last hour, the newest first:",
        "+441632960001 -> 2000 from 127.1.2.3: silence, 1 time\n    no trunk has 127.1.2.3, and no phone is registered from there\n    \
         if it is your carrier: add it to allow_from in trunks/carrier.toml\n",
        "+441632960001 -> 99999 from 127.0.0.1: 404, 2 times\n    no dialplan that takes calls of trunk `carrier` has 99999\n    \
         add it to numbers of dialplans/reception.toml (dialplans/reception.toml:",
    ] {
        assert!(said.out.contains(line), "{line:?} in\n{}", said.out);
    }
    let json = lab.tandem(&format!("doctor --json {AT}")).json();
    assert_eq!(json["rejected"][1]["status"], 404);
    assert_eq!(json["rejected"][1]["times"], 2);
    serving.signal("-TERM");
    serving.ended();
}
