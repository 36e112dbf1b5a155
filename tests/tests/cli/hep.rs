//! A capture server that nobody here wrote gets a copy of what is said: Debian's sngrep listens, tshark reads what it kept.

use super::{
    lab::Lab,
    trace::{calls_the_echo, tshark},
};
use std::{
    net::{SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    time::Duration,
};

struct Sngrep(Child);

impl Sngrep {
    /// One that listens.
    async fn at(addr: SocketAddr, file: &std::path::Path) -> Self {
        let child = Command::new("sngrep")
            .args(["-N", "-q", "-L", &format!("udp:{addr}"), "-O"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sngrep is installed");
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let listens = async {
            // Its port is taken: it is there.
            while UdpSocket::bind(addr).is_ok() {
                tick.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listens)
            .await
            .expect("sngrep listens");
        Self(child)
    }

    /// Ends it; what it has heard is written.
    fn end(mut self) {
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(told.is_ok_and(|s| s.success()));
        self.0.wait().expect("it ends");
    }
}

impl Drop for Sngrep {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_capture_server_gets_what_is_said_in_calls_and_outside_them() {
    let lab = Lab::new();
    let homer = SocketAddr::from((lab.ip, 9060));
    lab.add(
        "tandem.toml",
        &format!("[telemetry]\nhep = {{ to = \"udp:{homer}\", agent_id = 7 }}\n"),
    );
    let sngrep = Sngrep::at(homer, &lab.path("call.pcapng")).await;
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    calls_the_echo(&lab);
    serving.says("call ended").await;
    asks(&lab);
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
    sngrep.end();

    let seen = tshark(
        &lab,
        &[
            "ip.src",
            "ip.dst",
            "udp.srcport",
            "sip.Method",
            "sip.Status-Code",
            "_ws.malformed",
        ],
    )
    .replace(&lab.ip.to_string(), "HERE");
    let lines: Vec<&str> = seen.lines().collect();
    for line in [
        "HERE\tHERE\t5999\tINVITE\t\t",
        "HERE\tHERE\t5070\t\t200\t",
        "HERE\tHERE\t5999\tACK\t\t",
        "HERE\tHERE\t5999\tBYE\t\t",
        "HERE\tHERE\t5998\tOPTIONS\t\t",
    ] {
        assert!(lines.contains(&line), "{line:?} in\n{seen}");
    }
    let secrets = tshark(&lab, &["sip.auth", "sdp.media_attr"]);
    assert!(
        !secrets.contains("s3cret") && !secrets.contains("d0RmdmcmVC"),
        "{secrets}"
    );
}

/// OPTIONS, which no call has anything to do with.
fn asks(lab: &Lab) {
    let gateway = SocketAddr::from((lab.ip, 5070));
    let socket = UdpSocket::bind((lab.ip, 5998)).expect("a port");
    socket
        .set_read_timeout(Some(Duration::from_secs(15)))
        .expect("a time-out");
    let at = socket.local_addr().expect("its address");
    let text = format!(
        "OPTIONS sip:{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKask\r\nMax-Forwards: 70\r\n\
         From: <sip:x@{at}>;tag=ask\r\nTo: <sip:{gateway}>\r\nCall-ID: ask@{at}\r\nCSeq: 1 OPTIONS\r\n\
         Contact: <sip:x@{at}>\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send_to(text.as_bytes(), gateway).expect("loopback");
    let mut buffer = [0; 4096];
    let n = socket.recv(&mut buffer).expect("an answer");
    assert!(buffer[..n].starts_with(b"SIP/2.0 200"));
}
