//! Who is let in, and how the gateway closes.

use super::{
    kamailio::{Kamailio, Role},
    lab::{Lab, SOON, eventually, listen, tail},
    office::{FRONT_DESK, HTTP, Office},
    raw::{self, ask},
    sipp::{Plays, Sipp},
    sound::CALLER,
    stage::Stage,
};
use std::{
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tandem_tests::binary;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long an unknown source waits for nothing.
const SILENCE: Duration = Duration::from_millis(800);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_is_answered_to_those_we_know_and_strangers_hear_nothing() {
    let stage = Stage::set(19).await;
    let (gateway, carrier, stranger) =
        (stage.gateway(), stage.lab.carrier(1), stage.lab.stranger());
    let to = |user: &str| format!("sip:{user}{gateway}");
    let answer = ask(carrier, gateway, "OPTIONS", &to(""), "", SOON)
        .await
        .expect("an answer");
    assert!(
        answer.starts_with("SIP/2.0 200") && answer.contains("\r\nAllow: INVITE"),
        "{answer}"
    );
    for (method, user) in [
        ("OPTIONS", ""),
        ("INVITE", "+442079460100@"),
        ("MESSAGE", "200@"),
        ("BYE", "x@"),
    ] {
        let answer = ask(stranger, gateway, method, &to(user), "", SILENCE).await;
        assert_eq!(answer, None, "{method} of a stranger");
    }
    // A phone may be anywhere: its REGISTER is challenged, and learns nothing else. It gets no more bytes than it sent, so that nobody
    // sends one in another's name to have them flooded.
    let contact = format!("Contact: <sip:201@{stranger}>\r\n");
    let short = ask(stranger, gateway, "REGISTER", &to(""), &contact, SILENCE).await;
    assert_eq!(short, None, "its challenge would be longer");
    let more = format!(
        "{contact}Expires: 600\r\nSupported: path, outbound, gruu\r\nUser-Agent: Desk phone of the lobby, 2.19.5\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, INFO, UPDATE, MESSAGE, SUBSCRIBE\r\n"
    );
    let elsewhere = "sip:phones.elsewhere.example";
    let other = ask(stranger, gateway, "REGISTER", elsewhere, &more, SILENCE).await;
    assert_eq!(other, None, "a domain that is not served");
    let sent = raw::request("REGISTER", &to(""), (stranger, 5060).into(), "x", &more);
    let answer = ask(stranger, gateway, "REGISTER", &to(""), &more, SOON)
        .await
        .expect("a challenge");
    assert!(
        answer.len() <= sent.len(),
        "{} to {}\n{answer}",
        answer.len(),
        sent.len()
    );
    assert!(!answer.contains("Tandem"), "{answer}");
    assert!(
        answer.starts_with("SIP/2.0 401") && answer.contains("WWW-Authenticate: Digest"),
        "{answer}"
    );
    // What nobody implements is refused with its own answer, to those we know.
    let answer = ask(carrier, gateway, "FROBNICATE", &to("x@"), "", SOON)
        .await
        .expect("an answer");
    assert!(
        answer.starts_with("SIP/2.0 405") || answer.starts_with("SIP/2.0 501"),
        "{answer}"
    );
    let _ = stage.strike().await;
}

/// `tandem serve`. Ended by its id when dropped.
struct Serving {
    child: Child,
    log: std::path::PathBuf,
}

impl Serving {
    async fn start(lab: &Lab, office: &Office) -> Self {
        let dir = office.write(lab);
        let log = lab.path("serve.log");
        let errors = std::fs::File::create(&log).expect("a file");
        let child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(&dir)
            .arg("--data")
            .arg(lab.folder("data"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .expect("it starts");
        let this = Self { child, log };
        this.says("ready").await;
        this
    }

    async fn says(&self, what: &str) {
        let log = &self.log;
        let text = format!("`tandem serve` saying {what:?}");
        eventually(&text, Duration::from_secs(60), async || {
            tail(log).contains(what)
        })
        .await;
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(status.is_ok_and(|s| s.success()), "kill {name}");
    }

    async fn exit(&mut self, limit: Duration) -> Option<i32> {
        let mut code = None;
        let child = &mut self.child;
        eventually("`tandem serve` ends", limit, async || {
            match child.try_wait() {
                Ok(Some(status)) => {
                    code = status.code();
                    true
                }
                _ => false,
            }
        })
        .await;
        code
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn http(ip: Ipv4Addr, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect((ip, HTTP)).await else {
        return String::new();
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {ip}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _ = stream.read_to_string(&mut answer).await;
    }
    answer
}

/// What `tandem calls --json` prints of the data that a server has left.
fn calls(lab: &Lab) -> serde_json::Value {
    let out = Command::new(binary())
        .args(["calls", "--json", "--config"])
        .arg(lab.path("office"))
        .arg("--data")
        .arg(lab.path("data"))
        .output()
        .expect("it runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_calls_end_by_themselves_refuses_new_ones_and_writes_everything() {
    let lab = Lab::new(20);
    let mut serving = Serving::start(&lab, &Office::shipped(&lab)).await;
    let (gateway, carrier) = (lab.gateway(), lab.carrier(1));
    // A proxy that spreads calls over several gateways asks each once a second.
    let role = Role::Carrier { beyond: carrier };
    let dispatcher = Kamailio::start(&lab, lab.carrier(5), role).await;
    eventually(
        "the dispatcher takes the gateway for alive",
        SOON,
        async || dispatcher.dispatches() == "AP",
    )
    .await;
    let options = format!("sip:{gateway}");
    assert!(
        ask(carrier, gateway, "OPTIONS", &options, "", SOON)
            .await
            .is_some_and(|a| a.starts_with("SIP/2.0 200"))
    );
    assert!(
        http(gateway, "/health/ready")
            .await
            .starts_with("HTTP/1.1 200")
    );
    // fail2ban reads this line.
    let stranger = lab.stranger();
    assert_eq!(
        ask(stranger, gateway, "OPTIONS", &options, "", SILENCE).await,
        None
    );
    let log = tail(&serving.log);
    let line = log
        .lines()
        .find(|l| l.contains(&stranger.to_string()))
        .unwrap_or_default();
    let (before, after) = line
        .split_once(&format!("tandem::refused: refused source={stranger} port="))
        .unwrap_or_else(|| panic!("{log}"));
    assert!(
        before.ends_with(" WARN ") && after.ends_with(" why=\"unknown-source\""),
        "{line}"
    );

    let plays = Plays {
        more: &["-cid_str", "before-the-end@%s"],
        ..Plays::caller("2000")
    };
    let mut caller = Sipp::start(&lab, 3, plays);
    eventually("the call is answered", SOON, async || {
        caller.messages().contains("SIP/2.0 200")
    })
    .await;
    serving.signal("-TERM");
    serving.says("draining").await;
    eventually("OPTIONS says 503", SOON, async || {
        let answer = ask(carrier, gateway, "OPTIONS", &options, "", SOON)
            .await
            .unwrap_or_default();
        answer.starts_with("SIP/2.0 503") && answer.contains("\r\nRetry-After:")
    })
    .await;
    let ready = http(gateway, "/health/ready").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    eventually("the dispatcher sends it nothing more", SOON, async || {
        dispatcher.dispatches() == "IP"
    })
    .await;
    let (desk, contact) = (
        format!("sip:{FRONT_DESK}@{gateway}"),
        "Contact: <sip:x@127.0.0.1>\r\n",
    );
    let refused = ask(carrier, gateway, "INVITE", &desk, contact, SOON)
        .await
        .unwrap_or_default();
    assert!(refused.starts_with("SIP/2.0 503"), "{refused}");
    assert!(
        serving.child.try_wait().is_ok_and(|s| s.is_none()),
        "a call still runs"
    );

    // The call ends by itself, and so does the server.
    let ip = caller.ip;
    super::raw::cue(ip, &format!("before-the-end@{ip}"), "bye").await;
    caller.finished().await;
    assert_eq!(serving.exit(SOON).await, Some(0), "{}", tail(&serving.log));
    assert!(
        tail(&serving.log).contains("every call had ended"),
        "{}",
        tail(&serving.log)
    );
    let calls = calls(&lab);
    let all = calls.as_array().expect("a list");
    assert_eq!(all.len(), 1, "{calls}");
    assert_eq!(
        (all[0]["ended_by"].as_str(), all[0]["reason"].as_str()),
        (Some("caller"), Some("normal")),
        "{calls}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_says_goodbye_to_the_calls_that_run_and_writes_everything() {
    let lab = Lab::new(21);
    let mut serving = Serving::start(&lab, &Office::shipped(&lab)).await;
    let mut caller = Sipp::start(
        &lab,
        3,
        Plays {
            hz: CALLER,
            ..Plays::caller("2000")
        },
    );
    eventually("the call is answered", SOON, async || {
        caller.messages().contains("SIP/2.0 200")
    })
    .await;
    serving.signal("-INT");
    serving.says("draining").await;
    let _ = listen(300).await;
    serving.signal("-INT");
    assert_eq!(
        serving.exit(Duration::from_secs(25)).await,
        Some(0),
        "{}",
        tail(&serving.log)
    );
    caller.finished().await;
    assert!(caller.messages().contains("\nBYE "), "the gateway hung up");
    let calls = calls(&lab);
    assert_eq!(
        (calls[0]["ended_by"].as_str(), calls[0]["reason"].as_str()),
        (Some("gateway"), Some("draining")),
        "{calls}"
    );
}
