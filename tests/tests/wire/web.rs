//! SIP over WebSocket (RFC 7118), by the WebSockets of Debian's python3-websockets: refused without the subprotocol and from strange pages,
//! registered, and called by the connection that it opened.

use super::{
    baresip::Like,
    lab::{Lab, SOON, eventually},
    raw::SIPS,
    stage::Stage,
    tls::with_tls,
};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
};
use tandem_standin::authority::Authority;

const PORT: u16 = 8080;

struct Page {
    child: Child,
    out: std::path::PathBuf,
}

impl Page {
    fn open(lab: &Lab, url: &str, password: &str, ca: Option<&Path>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/web.py");
        let out = lab.path("page");
        let file = std::fs::File::create(&out).expect("a file");
        let child = Command::new("/usr/bin/python3")
            .arg(script)
            .args([url, "202", password, "phones.northgate.example"])
            .args(ca)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .spawn()
            .expect("python3 (package python3-websockets; `make setup` installs it)");
        Self { child, out }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    async fn says(&self, line: &str) {
        let all = || self.said();
        let what = format!("the page says {line:?}");
        let limit =
            tokio::time::timeout(SOON, eventually(&what, SOON, async || all().contains(line)));
        assert!(limit.await.is_ok(), "{}", self.said());
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All of it, by `ws` or `wss`.
async fn registers_and_is_called(stage: Stage, url: &str, by: &str, ca: Option<&Path>) {
    let password = stage.office.password("202");
    let mut page = Page::open(&stage.lab, url, &password, ca);
    page.says("keepalive").await;
    let said = page.said();
    for line in [
        "without-subprotocol 400",
        "other-page 403",
        "our-page open",
        "subprotocol sip",
        "challenged 401",
        "registered 200",
        "pong",
        "keepalive '\\r\\n'",
    ] {
        assert!(said.contains(line), "no {line:?} in\n{said}");
    }
    let mut caller = stage.phone(1, "201", Like::default()).await;
    let dial = format!("sip:202@{}", stage.gateway());
    caller.command("dial", &dial).await;
    let closed = caller.until("CALL_CLOSED").await;
    assert!(
        closed["param"].as_str().is_some_and(|p| p.contains("486")),
        "{closed}"
    );
    page.says("ACK").await;
    let said = page.said();
    let invite = format!("INVITE SIP/2.0/{by} sip:202@df7jal23ls0d.invalid;transport=ws");
    assert!(said.contains(&invite), "no {invite:?} in\n{said}");
    eventually(
        "the connection is closed, and the phone is gone",
        SOON,
        async || {
            let _ = page.child.try_wait();
            let snapshot = stage.running.gateway().snapshot().await;
            snapshot.is_some_and(|s| s.phones.iter().all(|(user, _)| user != "202"))
        },
    )
    .await;
    let _ = stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_on_a_websocket_registers_and_is_called_by_it() {
    let stage = Stage::with(114, |lab, office| {
        let tcp = format!("\"tcp://{}:5060\"", lab.gateway());
        office
            .with(
                "tandem.toml",
                &tcp,
                &format!("{tcp}, \"ws://{}:{PORT}\"", lab.gateway()),
            )
            .with(
                "tandem.toml",
                "[sip]\n",
                "[sip]\nwebsocket_origins = [\"https://phones.example\"]\n",
            )
    })
    .await;
    let url = format!("ws://{}:{PORT}/", stage.gateway());
    registers_and_is_called(stage, &url, "WS", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_on_a_secure_websocket_registers_and_is_called_by_it() {
    let authority = Authority::new("Northgate").expect("a key");
    let stage = Stage::with(115, |lab, office| {
        let gateway = lab.gateway();
        let tls = format!("\"tls://{gateway}:{SIPS}\"");
        with_tls(lab, office, &authority)
            .with(
                "tandem.toml",
                &tls,
                &format!("{tls}, \"wss://{gateway}:{PORT}\""),
            )
            .with(
                "tandem.toml",
                "[sip]\n",
                "[sip]\nwebsocket_origins = [\"https://phones.example\"]\n",
            )
    })
    .await;
    let url = format!("wss://{}:{PORT}/", stage.gateway());
    let ca = stage.lab.path("office/tls/ca.pem");
    registers_and_is_called(stage, &url, "WSS", Some(&ca)).await;
}
