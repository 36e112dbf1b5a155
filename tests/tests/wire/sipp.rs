//! SIPp as a caller, a carrier or a far end: one of the scenarios in `sipp/`, played once.
//!
//! A scenario that needs telling when waits for a MESSAGE with its Call-ID (`raw::cue`), whose subject says what:
//! `talk` a burst of its tone and silence then, `tone` its tone for good, `silence`, `bye`.

use super::{
    lab::{Lab, SOON, tail},
    raw::SIP,
    sound,
};
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tandem_codec::Law;

/// How a mark begins; its name follows.
const INSERT: &str = "<!-- insert: ";

/// What a caller's sound begins with.
const SILENCE: &str = "<exec rtp_stream=\"silence.alaw,-1,8,PCMA/8000\"/>";

/// What one plays.
pub(crate) struct Plays<'a> {
    /// A file in `sipp/`, without its ending.
    pub(crate) scenario: &'a str,
    /// Another, whose pieces are inserted at the marks of the first.
    pub(crate) and: Option<&'a str>,
    /// The number that is called; nothing for a scenario that is called.
    pub(crate) calls: &'a str,
    /// Its tone.
    pub(crate) hz: f64,
    /// The caller's name, as it is written before the address.
    pub(crate) name: &'a str,
    /// Where it sends to: nothing, the gateway.
    pub(crate) by: Option<Ipv4Addr>,
    /// It sends no sound of its own, and its port for sound is the one that recordings are played from.
    pub(crate) muted: bool,
    /// Further arguments.
    pub(crate) more: &'a [&'a str],
}

impl<'a> Plays<'a> {
    /// The caller of `caller.xml`, with the caller's tone.
    pub(crate) fn caller(number: &'a str) -> Self {
        Self {
            scenario: "caller",
            and: None,
            calls: number,
            hz: sound::CALLER,
            name: "",
            by: None,
            muted: false,
            more: &[],
        }
    }

    /// A far end that answers.
    pub(crate) fn called(hz: f64) -> Self {
        Self {
            scenario: "called-180-200-expect-either-bye",
            and: None,
            calls: "",
            hz,
            name: "",
            by: None,
            muted: false,
            more: &[],
        }
    }
}

/// A running scenario. Ended by its id when dropped.
pub(crate) struct Sipp {
    name: String,
    child: Child,
    dir: PathBuf,
    pub(crate) ip: Ipv4Addr,
}

impl Sipp {
    /// Starts a scenario at an address of the carrier's.
    pub(crate) fn start(lab: &Lab, n: u8, plays: Plays<'_>) -> Self {
        let talk = sound::tone(plays.hz, 1200);
        Self::play(lab, lab.carrier(n), &plays, talk)
    }

    /// As `start`, with something else to say than a burst of its tone.
    pub(crate) fn saying(lab: &Lab, n: u8, plays: Plays<'_>, talk: Vec<i16>) -> Self {
        Self::play(lab, lab.carrier(n), &plays, talk)
    }

    /// A phone that registers, from an address that is no trunk's.
    pub(crate) fn phone(lab: &Lab, plays: Plays<'_>) -> Self {
        Self::play(lab, lab.stranger(), &plays, sound::silence(8))
    }

    fn play(lab: &Lab, ip: Ipv4Addr, plays: &Plays<'_>, talk: Vec<i16>) -> Self {
        let folder = format!("sipp-{}-{}", ip.octets()[3], plays.scenario);
        let dir = lab.folder(&folder);
        for (name, pcm) in [
            ("silence", sound::silence(120_000)),
            ("talk", [talk, sound::silence(120_000)].concat()),
            ("tone", sound::tone(plays.hz, 120_000)),
        ] {
            lab.write(&format!("{folder}/{name}.alaw"), sound::coded(Law::A, &pcm));
        }
        let scenario = lab.write(&format!("{folder}/scenario.xml"), scenario(plays));
        let ip_text = ip.to_string();
        let mut command = Command::new("sipp");
        command
            .current_dir(&dir)
            .arg(format!("{}:{SIP}", plays.by.unwrap_or(lab.gateway())))
            .arg("-sf")
            .arg(scenario)
            .args(["-i", &ip_text, "-mi", &ip_text, "-p", &SIP.to_string()])
            .args(["-m", "1", "-nostdin", "-timeout", "100s", "-timeout_error"])
            .args([
                "-trace_msg",
                "-message_file",
                "messages",
                "-trace_err",
                "-error_file",
                "errors",
            ])
            .args(["-trace_logs", "-log_file", "log"])
            .args(["-key", "name", plays.name])
            .args(plays.more);
        if !plays.calls.is_empty() {
            command.args(["-s", plays.calls]);
        }
        let out = std::fs::File::create(dir.join("out")).expect("a file");
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a file"))
            .stderr(out)
            .spawn()
            .expect("sipp (package sip-tester; `make setup` installs it)");
        let name = format!("sipp {} at {ip}", plays.scenario);
        Self {
            name,
            child,
            dir,
            ip,
        }
    }

    /// Waits for the end of the scenario; anything that it did not expect fails the test.
    pub(crate) async fn finished(&mut self) {
        let status = self.ended(SOON).await;
        assert!(
            status.success(),
            "{} ended with {status}\n{}",
            self.name,
            self.story()
        );
    }

    /// Waits until it ends, however.
    pub(crate) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        let wait = async {
            loop {
                tick.tick().await;
                if let Some(status) = self.child.try_wait().expect("a child of ours") {
                    return status;
                }
            }
        };
        match tokio::time::timeout(limit, wait).await {
            Ok(status) => status,
            Err(_) => panic!(
                "{} did not end within {} s\n{}",
                self.name,
                limit.as_secs(),
                self.story()
            ),
        }
    }

    /// Waits until its port is open, where it is called.
    pub(crate) async fn listens(&mut self) {
        // /proc/net/udp has the address as the number that it is in memory, and the port, in hexadecimal.
        let place = format!("{:08X}:{SIP:04X}", u32::from_ne_bytes(self.ip.octets()));
        let what = format!("{} listens", self.name);
        super::lab::eventually(&what, SOON, async || {
            ["/proc/net/udp", "/proc/net/tcp"]
                .iter()
                .any(|table| std::fs::read_to_string(table).is_ok_and(|open| open.contains(&place)))
        })
        .await;
    }

    /// Waits until a caller takes cues: before that one would be a message that it does not expect.
    pub(crate) async fn hears_cues(&self) {
        self.logs("hears its cues").await;
    }

    /// Waits until it has written this into its log.
    pub(crate) async fn logs(&self, line: &str) {
        let what = format!("{} writes {line:?}", self.name);
        super::lab::eventually(&what, SOON, async || {
            let log = std::fs::read_to_string(self.dir.join("log"));
            log.is_ok_and(|log| log.contains(line))
        })
        .await;
    }

    /// Every message that it sent and received.
    pub(crate) fn messages(&self) -> String {
        std::fs::read_to_string(self.dir.join("messages")).unwrap_or_default()
    }

    /// What its logs say, for a failure.
    fn story(&self) -> String {
        let of = |name: &str| format!("--- {name}\n{}\n", tail(&self.dir.join(name)));
        [of("errors"), of("messages"), of("out")].concat()
    }
}

/// The scenario's text, with what is inserted.
fn scenario(plays: &Plays<'_>) -> String {
    let file = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/wire/sipp")
            .join(name)
            .with_extension("xml");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let mut text = file(plays.scenario);
    if plays.muted {
        text = text.replace("[rtpstream_audio_port]", "[media_port]");
        text = text.replacen(SILENCE, "", 1);
    }
    let more = plays.and.map(file).unwrap_or_default();
    for piece in more.split(INSERT).skip(1) {
        let (name, piece) = piece.split_once(" -->").expect("a comment's end");
        let mark = format!("{INSERT}{name} -->");
        assert!(text.contains(&mark), "{} has no {mark}", plays.scenario);
        // An empty line at its end would be the end of a message's head.
        text = text.replace(&mark, piece.trim_end());
    }
    without_marks(&text)
}

/// What is left of the marks would be sent where they stand in a message.
fn without_marks(text: &str) -> String {
    let mut pieces = text.split(INSERT);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once("-->").expect("a comment's end");
        out.push_str(rest);
    }
    out
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
