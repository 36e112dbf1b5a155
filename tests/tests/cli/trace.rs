//! `tandem trace` of a call that a running gateway has seen: the ladder, the messages, a capture, and the same capture
//! read by tshark.

use super::lab::{Lab, golden};
use std::{
    net::{SocketAddr, UdpSocket},
    process::Command,
    time::Duration,
};

const AT: &str = "--config office --data data";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 39998 RTP/AVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\na=sendrecv\r\n";

/// A call to the echo, from INVITE to BYE.
pub(super) fn calls_the_echo(lab: &Lab) {
    let gateway = SocketAddr::from((lab.ip, 5070));
    let socket = UdpSocket::bind((lab.ip, 5999)).expect("a port");
    socket
        .set_read_timeout(Some(Duration::from_secs(15)))
        .expect("a time-out");
    let at = socket.local_addr().expect("its address");
    let request = |method: &str, cseq: u32, to: &str, body: &str| {
        let more = match body {
            "" => "",
            _ => {
                "Authorization: Digest username=\"x\", response=\"s3cret\"\r\nContent-Type: application/sdp\r\n"
            }
        };
        let text = format!(
            "{method} sip:2000@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{cseq}{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+441632960001@{at}>;tag=cli\r\nTo: {to}\r\nCall-ID: cli@{at}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:x@{at}>\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.send_to(text.as_bytes(), gateway).expect("loopback");
    };
    let answer = |status: &str| loop {
        let mut buffer = [0; 4096];
        let n = socket.recv(&mut buffer).expect("an answer in time");
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if text.starts_with(&format!("SIP/2.0 {status}")) {
            return text;
        }
    };
    let to = format!("<sip:2000@{gateway}>");
    request("INVITE", 1, &to, SDP);
    let ok = answer("200");
    let to = ok
        .lines()
        .find_map(|l| l.strip_prefix("To: "))
        .expect("a To");
    request("ACK", 1, to, "");
    request("BYE", 2, to, "");
    answer("200");
}

pub(super) fn tshark(lab: &Lab, fields: &[&str]) -> String {
    let mut command = Command::new("tshark");
    command.args(["-n", "-d", "udp.port==5070,sip", "-T", "fields", "-r"]);
    command.arg(lab.path("call.pcapng"));
    for field in fields {
        command.args(["-e", field]);
    }
    let out = command.output().expect("tshark is installed");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[tokio::test]
async fn a_call_is_traced_and_its_capture_is_read_by_tshark() {
    let lab = Lab::new();
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    calls_the_echo(&lab);
    serving.says("call ended").await;
    // Rows follow the journal.
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let calls = loop {
        tick.tick().await;
        let calls = lab.tandem(&format!("calls --json {AT}")).json();
        if calls[0]["ended_by"].is_string() {
            break calls;
        }
    };
    let id = calls[0]["uniqueid"].as_str().expect("a call").to_owned();

    let ladder = lab.tandem(&format!("trace {id} {AT}"));
    for line in [
        "INVITE 2000 SDP",
        "200 OK (INVITE) SDP",
        "ACK 2000",
        "BYE 2000",
        "200 OK (BYE)",
    ] {
        assert!(ladder.out.contains(line), "{line} in\n{}", ladder.out);
    }
    let messages = lab.tandem(&format!("trace {id} --messages {AT}"));
    let json = lab.tandem(&format!("trace {id} --json {AT}")).json();
    let count = json.as_array().expect("a list").len();
    assert_eq!(messages.out.matches("---- ").count(), count);
    for gone in ["s3cret", "d0RmdmcmVC"] {
        assert!(!messages.out.contains(gone), "{gone} in\n{}", messages.out);
        assert!(!json.to_string().contains(gone));
    }

    let written = lab.tandem(&format!("trace {id} --pcapng call.pcapng {AT}"));
    assert_eq!(
        (written.code, written.out.as_str()),
        (Some(0), ""),
        "{}",
        written.err
    );
    let seen = tshark(
        &lab,
        &[
            "ip.src",
            "udp.srcport",
            "sip.Method",
            "sip.Status-Code",
            "sdp.media.port",
            "_ws.malformed",
        ],
    );
    let seen = seen.replace(&lab.ip.to_string(), "HERE");
    let expected = "HERE\t5999\tINVITE\t\t39998\t\n";
    assert!(seen.starts_with(expected), "{seen}");
    for line in [
        "HERE\t5999\tACK\t\t\t\n",
        "HERE\t5999\tBYE\t\t\t\n",
        "HERE\t5070\t\t200\t\t\n",
    ] {
        assert!(seen.contains(line), "{line:?} in\n{seen}");
    }
    assert_eq!(seen.lines().count(), count);
    // The times are those of the messages.
    let times = tshark(&lab, &["frame.time_epoch"]);
    let at = json[0]["at"].as_i64().expect("microseconds");
    let seconds = format!("{}.{:06}", at / 1_000_000, at % 1_000_000);
    assert!(times.starts_with(&seconds), "{seconds} {times}");

    let written = written
        .naming(&id, "ID")
        .naming(&format!("{count} messages"), "N messages");
    golden(
        "pcapng",
        &[
            written,
            lab.tandem("trace 7ZZZ --pcapng call.pcapng --messages"),
        ],
    );
    let nowhere = lab.tandem(&format!("trace {id} --pcapng nowhere/call.pcapng {AT}"));
    assert_eq!(nowhere.code, Some(1));
    assert!(
        nowhere
            .err
            .contains("nowhere/call.pcapng cannot be written"),
        "{}",
        nowhere.err
    );
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
}
