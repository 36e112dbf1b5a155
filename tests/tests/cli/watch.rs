//! `tandem watch` in a terminal (a pseudo-terminal, read as a terminal reads it), beside a gateway that stops and comes back.

use super::lab::Lab;
use nix::pty::{Winsize, openpty};
use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, UdpSocket},
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

const SIZE: Winsize = Winsize {
    ws_row: 24,
    ws_col: 110,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// A verb in a terminal of its own.
struct Tty {
    child: Child,
    keys: File,
    shown: Arc<Mutex<vt100::Parser>>,
    reader: Option<JoinHandle<()>>,
}

impl Tty {
    fn start(lab: &Lab, words: &str) -> Self {
        let pty = openpty(Some(&SIZE), None).expect("a pseudo-terminal");
        let side = || Stdio::from(pty.slave.try_clone().expect("its other side"));
        let child = lab
            .command_of(words)
            .env("TERM", "xterm-256color")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("it starts");
        drop(pty.slave);
        let mut out = File::from(pty.master);
        let keys = out.try_clone().expect("its keyboard");
        let shown = Arc::new(Mutex::new(vt100::Parser::new(SIZE.ws_row, SIZE.ws_col, 0)));
        let screen = shown.clone();
        // Ends when nobody holds the other side any more.
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = out.read(&mut bytes) {
                let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
                screen.process(&bytes[..n]);
            }
        });
        Self {
            child,
            keys,
            shown,
            reader: Some(reader),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it reads keys");
    }

    /// What stands on the screen now.
    fn screen(&self) -> vt100::Screen {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.screen().clone()
    }

    /// Waits until this stands there.
    async fn shows(&self, what: &str) {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        let shown = async {
            while !self.screen().contents().contains(what) {
                tick.tick().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), shown).await;
        assert!(
            in_time.is_ok(),
            "no {what:?} in\n{}",
            self.screen().contents()
        );
    }

    /// How it ended, and the terminal as it left it.
    fn ended(mut self) -> (ExitStatus, vt100::Screen) {
        let status = self.child.wait().expect("it ends");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("all is read");
        }
        let screen = self.screen();
        (status, screen)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A caller with a telephone of four messages.
struct Caller {
    socket: UdpSocket,
    gateway: SocketAddr,
    /// To, as the gateway has tagged it.
    to: String,
}

impl Caller {
    /// Calls the echo, and is answered.
    fn call(lab: &Lab) -> Self {
        let socket = UdpSocket::bind((lab.ip, 0)).expect("a port");
        let limit = Some(Duration::from_secs(10));
        socket.set_read_timeout(limit).expect("a time-out");
        let gateway = SocketAddr::from((lab.ip, 5070));
        let to = format!("<sip:2000@{gateway}>");
        let mut this = Self {
            socket,
            gateway,
            to,
        };
        let ip = lab.ip;
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
        );
        this.send("INVITE", 1, &sdp);
        let mut buffer = [0; 4096];
        let answer = loop {
            let n = this.socket.recv(&mut buffer).expect("an answer");
            let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                break text;
            }
        };
        assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
        let to = answer.lines().find_map(|l| l.strip_prefix("To: "));
        this.to = to.expect("a To").to_owned();
        this.send("ACK", 1, "");
        this
    }

    fn send(&self, method: &str, cseq: u32, sdp: &str) {
        let (at, gateway, to) = (
            self.socket.local_addr().expect("its address"),
            self.gateway,
            &self.to,
        );
        let kind = match sdp {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        let text = format!(
            "{method} sip:2000@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{method}{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:+441632960007@{at}>;tag=w\r\nTo: {to}\r\nCall-ID: watched@{at}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:caller@{at}>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.socket
            .send_to(text.as_bytes(), gateway)
            .expect("loopback");
    }
}

/// The terminal is what it was.
fn restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
}

#[tokio::test]
async fn calls_are_watched_and_a_gateway_that_stops_is_waited_for() {
    let lab = Lab::with_story().await;
    let serve = "serve --config office --data data";
    let mut serving = lab.running(serve);
    serving.says("tandem: ready").await;
    let mut tty = Tty::start(&lab, "watch --config office --data data");
    tty.shows("0 calls of 200").await;
    let screen = tty.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor());
    // Three calls, the newest on top; the oldest has words.
    tty.press("jj");
    tty.shows("i was charged twice").await;
    tty.press("2");
    tty.shows("no messages of this call are kept").await;
    tty.press("3");
    tty.shows("203     Repairs").await;
    // One that goes on, with its messages.
    let caller = Caller::call(&lab);
    tty.press("n2");
    tty.shows("+441632960007").await;
    tty.shows("1 call of 200").await;
    tty.shows("INVITE").await;
    caller.send("BYE", 2, "");
    tty.shows("answered, ended by caller").await;
    tty.shows("BYE").await;
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
    tty.shows("no gateway answers at").await;
    let mut serving = lab.running(serve);
    serving.says("tandem: ready").await;
    tty.shows("0 calls of 200").await;
    tty.press("\u{3}");
    let (status, screen) = tty.ended();
    assert_eq!(status.code(), Some(0));
    restored(&screen);
    serving.signal("-TERM");
    assert_eq!(serving.ended().code, Some(0));
}

#[tokio::test]
async fn a_signal_gives_the_terminal_back() {
    let lab = Lab::new();
    let tty = Tty::start(&lab, "watch --config office --data data");
    tty.shows("no gateway answers at").await;
    let pid = tty.child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(sent.is_ok_and(|s| s.success()));
    let (status, screen) = tty.ended();
    assert_eq!(status.code(), Some(0));
    restored(&screen);
}

#[test]
fn without_a_terminal_it_says_what_does_without() {
    let lab = Lab::new();
    let said = lab.tandem("watch --config office --data data");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .starts_with("tandem: `tandem watch` needs a terminal;"),
        "{}",
        said.err
    );
    let wrong = lab.tandem("watch --config nowhere");
    assert_ne!(wrong.code, Some(0));
}
